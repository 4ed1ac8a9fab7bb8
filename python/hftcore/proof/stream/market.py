"""The input of a stream campaign, and what a replay that never saw Spark makes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from hftcore import _core
from hftcore.artifact import Artifact
from hftcore.events import Events
from hftcore.instruments import InstrumentTable
from hftcore.kafka import partition_of
from hftcore.proof.chaos.tape import Message, TapeKind, make_tape
from hftcore.proof.frames import RECORD_KINDS, Kind, split_journal
from hftcore.run import RiskLimits, SimulatedExchange, Threshold, replay

EPOCH = 7
N_PARTITIONS = 2
WIRE_FORMAT = "json"
_OFFSET_BITS = 48

STRATEGY = {"threshold": 0.5, "order_qty": 3, "cooldown": "5ms", "hold": "400ms"}
RISK = {
    "max_open_positions": 6,
    "max_order_qty": 10,
    "max_position_qty": 10,
    "stop_loss_bps": 20.0,
    "stop_out_pause": "1s",
}
EXECUTION = {"fee_bps": 0.3}

Place = tuple[int, int, int]  # partition, offset, ordinal
Lane = tuple[int, str]  # a partition and, where each symbol has an engine, the messages' key: in it all stands in order
Expected = dict[str, list[tuple[Place, bytes]]]  # by kind: ids' places and values, in order


@dataclass(slots=True)
class Market:
    """A tape in slices, one a round; bad messages are among the good ones.

    Parameters
    ----------
    seed : int
    n_rounds : int
    n_per_round : int
        Messages of a slice, about.
    key : {"partition", "symbol"}
        What has an engine of its own.
    """

    seed: int
    n_rounds: int
    n_per_round: int
    key: str = "partition"
    instruments: InstrumentTable = field(init=False)
    slices: list[Sequence[Message]] = field(init=False)
    _taken: list[list[Message]] = field(init=False)

    def __post_init__(self) -> None:
        kind = TapeKind(self.seed, self.n_rounds * self.n_per_round, WIRE_FORMAT, 1, N_PARTITIONS, ("poison",))
        tape = make_tape(kind)
        size = -(-len(tape.messages) // self.n_rounds)
        self.instruments = tape.instruments
        self.slices = [tape.messages[i * size : (i + 1) * size] for i in range(self.n_rounds)]
        self._taken = [[] for _ in range(N_PARTITIONS)]

    def sent(self, messages: Sequence[Message]) -> None:
        """Note what lies in the topic: offsets are the places in their partition."""
        for message in messages:
            self._taken[message.partition].append(message)

    @property
    def n_sent(self) -> int:
        """Messages in the topic."""
        return sum(map(len, self._taken))

    def ends(self) -> dict[int, int]:
        """By partition, the offset behind its last message."""
        return {partition: len(values) for partition, values in enumerate(self._taken)}

    def lane(self, partition: int, key: bytes) -> Lane:
        """That of a message with this key."""
        return partition, key.decode() if self.key == "symbol" else ""

    def expected(self, artifact: Artifact, topic: str) -> dict[Lane, Expected]:
        """What the outputs must hold of all that was sent."""
        lanes: dict[Lane, list[tuple[int, bytes]]] = defaultdict(list)
        for partition, messages in enumerate(self._taken):
            for offset, message in enumerate(messages):
                lanes[self.lane(partition, message.key)].append((offset, message.value))
        return {lane: self._of_lane(artifact, lane[0], taken, topic) for lane, taken in lanes.items()}

    def _of_lane(self, artifact: Artifact, partition: int, taken: list[tuple[int, bytes]], topic: str) -> Expected:
        known = list(self.instruments)  # by an engine of one symbol; a shard knows its own
        if self.key == "partition":
            known = [one for one in known if partition_of(one.symbol, N_PARTITIONS) == partition]
        decoder = _core.event.WireDecoder(WIRE_FORMAT, [one._native() for one in known], list(range(len(known))), {})
        offsets = np.array([offset for offset, _ in taken], np.uint64)
        tape, places, bad = decoder.decode([value for _, value in taken])
        tape = tape.copy()
        tape["source_seq"] = (np.uint64(partition) << np.uint64(_OFFSET_BITS)) | offsets[places]
        run = replay(
            artifact,
            Events(tape, InstrumentTable(known), topic),
            strategy=Threshold(**STRATEGY),  # type: ignore[arg-type]
            risk=RiskLimits(**RISK),  # type: ignore[arg-type]
            execution=SimulatedExchange(**EXECUTION),
            config_epoch=EPOCH,
            feed="events",
            timed=False,
        )
        found: Expected = {name(kind): [] for kind in RECORD_KINDS}
        for frame in split_journal(run.journal_bytes).frames:
            if frame.kind in RECORD_KINDS:
                found[name(frame.kind)].append((_place(frame.data), frame.data))
        found[name(Kind.DEAD_LETTER)] = [((partition, taken[at][0], 0), taken[at][1]) for at, _ in bad]
        return found


def name(kind: Kind) -> str:
    """The kind's word in a scored stream."""
    return kind.name.lower()


def _place(frame: bytes) -> Place:
    from hftcore.kafka.batch_headers import MessageId

    found = MessageId.of_frame(frame)
    return int(found.origin.split(":")[1]), found.offset, found.ordinal
