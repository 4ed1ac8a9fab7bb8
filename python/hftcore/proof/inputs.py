"""A shard's input, read again: lanes from their topics, then one sequence in the recorded order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import ProofError
from hftcore.proof.decoding import MessageDecoder
from hftcore.proof.guard import guard
from hftcore.proof.log import Log
from hftcore.proof.order import InputOrder
from hftcore.proof.settings import PARTITION_BITS
from hftcore.records import EventArray, Flag, aligned, take_events

_OFFSET_BITS = 48


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An input that is no event: what its dead letter must hold."""

    n_inputs: int  # taken so far, this one included
    source: str
    key: bytes
    value: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One partition of an input topic as it was read: events where messages decode, the bytes where they do not."""

    lane: int
    topic: str
    partition: int
    offsets: npt.NDArray[np.int64]
    events: EventArray  # zeros where a message is none
    poison: Mapping[int, tuple[bytes, bytes, str]]  # index -> key, value, reason
    sha256: str  # over offset, length and bytes of each value

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True, slots=True)
class ShardInput:
    """What the engine saw: ``tape`` in input order, ``n_inputs`` taken up to each of its events."""

    tape: EventArray
    n_inputs: npt.NDArray[np.int64]
    dead_letters: tuple[DeadLetter, ...]
    n_left_out: int
    n_gaps: int
    n_stale: int


def read_lane(
    log: Log,
    decoder: MessageDecoder,
    lane: int,
    source: tuple[str, int],
    span: tuple[int, int],
    most: int | None,
    progress: Callable[[int], None],
) -> Lane:
    """Read and decode one lane's messages in an offset span, but no more than ``most``."""
    topic, partition = source
    offsets: list[int] = []
    parts: list[EventArray] = []
    poison: dict[int, tuple[bytes, bytes, str]] = {}
    digest = hashlib.sha256()
    for read in log.read(topic, partition, *span):
        portion = read if most is None else read[: most - len(offsets)]
        values = [message.value for message in portion]
        part: EventArray = _core.event.empty_events(len(values))
        good, places, bad = decoder.decode(values)
        part.view("V64")[places] = good.view("V64")
        for i, reason in bad:
            poison[len(offsets) + i] = (portion[i].key, portion[i].value, reason)
        for message in portion:
            digest.update(message.offset.to_bytes(8, "little") + len(message.value).to_bytes(4, "little"))
            digest.update(message.value)
        offsets.extend(message.offset for message in portion)
        parts.append(part)
        progress(len(portion))
        if most is not None and len(offsets) >= most:
            break
    events: EventArray = _core.event.empty_events(len(offsets))
    if parts:
        events.view("V64")[:] = np.concatenate([part.view("V64") for part in parts])
    return Lane(lane, topic, partition, np.asarray(offsets, np.int64), events, poison, digest.hexdigest())


def in_order(
    lanes: Sequence[Lane], order: InputOrder, n_symbols: int, guarded: bool, last_numbers: Sequence[int] = ()
) -> ShardInput:
    """Put the lanes together as the shard took them, and leave out what its sequence guard left out.

    Raises
    ------
    ProofError
        If the order names a lane that was not read.
    """
    n = len(order.codes)
    joined: EventArray = _core.event.empty_events(n)
    good = np.ones(n, np.bool_)
    offsets = np.zeros(n, np.int64)
    dead: dict[int, DeadLetter] = {}
    unplaced = np.ones(n, np.bool_)
    for lane in lanes:
        at = np.flatnonzero(order.lanes == lane.lane)
        unplaced[at] = False
        joined.view("V64")[at] = lane.events.view("V64")[: len(at)]
        offsets[at] = lane.offsets[: len(at)]
        for i, (key, value, reason) in lane.poison.items():
            if i < len(at):
                place = int(at[i])
                good[place] = False
                source = f"{lane.topic}:{lane.partition}:{lane.offsets[i]}"
                dead[place] = DeadLetter(order.first + place + 1, source, key, value, reason)
    if unplaced.any():
        raise ProofError(f"input {order.first + int(np.argmax(unplaced))}: its lane is none of the configuration's")
    places = np.flatnonzero(good)
    tape = take_events(joined, places)
    topics = (order.lanes[places] >> np.uint16(PARTITION_BITS)).astype(np.int64)
    seen = guard(tape, topics * n_symbols + tape["symbol_id"], guarded, last_numbers)
    tape["flags"][seen.gap] |= int(Flag.GAP_BEFORE)
    tape["flags"][order.stale[places]] |= int(Flag.STALE)
    tape["source_seq"] = order.lanes[places].astype(np.uint64) << np.uint64(_OFFSET_BITS) | offsets[places].astype(
        np.uint64
    )
    kept = np.flatnonzero(seen.keep)
    letters = tuple(dead[place] for place in sorted(dead))
    n_stale = int(order.stale[places][kept].sum())
    n_inputs = (places[kept] + order.first + 1).astype(np.int64)
    return ShardInput(
        aligned(take_events(tape, kept)), n_inputs, letters, seen.n_left_out, int(seen.gap.sum()), n_stale
    )
