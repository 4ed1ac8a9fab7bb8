"""The input of a stream campaign, and what a replay that never saw Spark makes of it."""

from __future__ import annotations

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


@dataclass(slots=True)
class Market:
    """A tape in slices, one a round; bad messages are among the good ones.

    Parameters
    ----------
    seed : int
    n_rounds : int
    n_per_round : int
        Messages of a slice, about.
    """

    seed: int
    n_rounds: int
    n_per_round: int
    instruments: InstrumentTable = field(init=False)
    slices: list[Sequence[Message]] = field(init=False)
    _taken: list[list[bytes]] = field(init=False)

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
            self._taken[message.partition].append(message.value)

    @property
    def n_sent(self) -> int:
        """Messages in the topic."""
        return sum(map(len, self._taken))

    def ends(self) -> dict[int, int]:
        """By partition, the offset behind its last message."""
        return {partition: len(values) for partition, values in enumerate(self._taken)}

    def expected(self, artifact: Artifact, topic: str) -> list[dict[str, list[tuple[Place, bytes]]]]:
        """By partition and kind, what the outputs must hold of all that was sent: ids' places and values, in order."""
        return [self._of_partition(artifact, partition, topic) for partition in range(N_PARTITIONS)]

    def _of_partition(self, artifact: Artifact, partition: int, topic: str) -> dict[str, list[tuple[Place, bytes]]]:
        own = [one for one in self.instruments if partition_of(one.symbol, N_PARTITIONS) == partition]
        table = InstrumentTable(own)
        values = self._taken[partition]
        decoder = _core.event.WireDecoder(WIRE_FORMAT, [one._native() for one in own], list(range(len(own))), {})
        tape, places, bad = decoder.decode(values)
        tape = tape.copy()
        tape["source_seq"] = (np.uint64(partition) << np.uint64(_OFFSET_BITS)) | places.astype(np.uint64)
        run = replay(
            artifact,
            Events(tape, table, topic),
            strategy=Threshold(**STRATEGY),  # type: ignore[arg-type]
            risk=RiskLimits(**RISK),  # type: ignore[arg-type]
            execution=SimulatedExchange(**EXECUTION),
            config_epoch=EPOCH,
            feed="events",
            timed=False,
        )
        found: dict[str, list[tuple[Place, bytes]]] = {name(kind): [] for kind in RECORD_KINDS}
        for frame in split_journal(run.journal_bytes).frames:
            if frame.kind in RECORD_KINDS:
                found[name(frame.kind)].append((_place(frame.data), frame.data))
        found[name(Kind.DEAD_LETTER)] = [((partition, int(at), 0), values[at]) for at, _ in bad]
        return found


def name(kind: Kind) -> str:
    """The kind's word in a scored stream."""
    return kind.name.lower()


def _place(frame: bytes) -> Place:
    from hftcore.kafka.batch_headers import MessageId

    found = MessageId.of_frame(frame)
    return int(found.origin.split(":")[1]), found.offset, found.ordinal
