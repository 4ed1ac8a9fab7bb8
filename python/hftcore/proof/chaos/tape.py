"""The market of a chaos round: a seeded tape as messages, with whatever is wrong with it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hftcore import _core
from hftcore.events import Events
from hftcore.generator import generate
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.kafka import partition_of
from hftcore.records import EventArray, EventKind, Flag, take_events

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH")
SCHEMA_ID = 1
_MAX_PX_TICKS = 1_000_000
_EVENT_RATE_HZ = 500.0  # in event time: slow enough for holding times and cooldowns to end
_END = b"\xff end of the tape"


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way to ``topic`` (an index) and partition."""

    topic: int
    partition: int
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class TapeKind:
    """What makes a tape. ``defects`` are names of ``DEFECTS``."""

    seed: int
    n_events: int
    wire_format: str
    n_topics: int = 1
    n_partitions: int = 2
    defects: tuple[str, ...] = ()

    @property
    def single_lane(self) -> bool:
        """Whether a shard's input order is its topic's own."""
        return self.n_topics == 1


@dataclass(frozen=True, slots=True)
class Tape:
    """Messages in the order of their schedule; the last of each lane is no event: its dead letter says, all taken."""

    kind: TapeKind
    instruments: InstrumentTable
    messages: tuple[Message, ...]
    n_defects: int

    def ends(self) -> set[tuple[int, int]]:
        """Lanes, as (topic, partition)."""
        return {(message.topic, message.partition) for message in self.messages}


def make_tape(kind: TapeKind) -> Tape:
    """Generate a tape: eight symbols, quotes and trades; with two topics some of the trades go to the second."""
    table = InstrumentTable(Instrument(symbol, max_px_ticks=_MAX_PX_TICKS) for symbol in SYMBOLS)
    rate = _EVENT_RATE_HZ
    events = generate(
        seed=kind.seed, symbols=tuple(table), seconds=kind.n_events / rate, rate=rate, signal=0.8, book_levels=0
    )
    data = take_events(events.data, np.arange(len(events)))
    topics = _second_topic(data) if kind.n_topics == 2 else np.zeros(len(data), np.int64)
    draw = random.Random(f"{kind.seed} defects")
    data, topics, n_defects = _spoil_events(data, topics, kind.defects, draw)
    values = _core.event.encode_messages(kind.wire_format, data, table._native(), SCHEMA_ID)
    partitions = [partition_of(symbol, kind.n_partitions) for symbol in SYMBOLS]
    messages = [
        Message(int(topic), partitions[symbol], SYMBOLS[symbol].encode(), value)
        for topic, symbol, value in zip(topics, data["symbol_id"].tolist(), values, strict=True)
    ]
    if "poison" in kind.defects:
        messages, n_poison = _poison(messages, draw)
        n_defects += n_poison
    lanes = [(topic, partition) for topic in range(kind.n_topics) for partition in range(kind.n_partitions)]
    messages.extend(Message(topic, partition, b"", _END) for topic, partition in lanes)
    return Tape(kind, table, tuple(messages), n_defects)


def clean_events(kind: TapeKind) -> Events:
    """The events of a tape without defects, for a replay that never saw Kafka."""
    rate = _EVENT_RATE_HZ
    table = [Instrument(symbol, max_px_ticks=_MAX_PX_TICKS) for symbol in SYMBOLS]
    return generate(seed=kind.seed, symbols=table, seconds=kind.n_events / rate, rate=rate, signal=0.8, book_levels=0)


def is_end(value: bytes) -> bool:
    """Whether a message is the last one of its lane."""
    return value == _END


def _second_topic(data: EventArray) -> np.ndarray:
    """1 for the trades of every other symbol, 0 for what stays in the first topic.

    A topic that a client reads ahead of the other makes the other's events old, and old events are left out. Symbols
    within one topic are decided on whatever the other does.
    """
    second: np.ndarray = (data["kind"] == EventKind.TRADE) & (data["symbol_id"] % 2 == 1)
    return second.astype(np.int64)


def _spoil_events(
    data: EventArray, topics: np.ndarray, defects: Sequence[str], draw: random.Random
) -> tuple[EventArray, np.ndarray, int]:
    """Number the events as a feed does, then lose, repeat, swap or renumber some; returns how many."""
    rows = list(range(len(data)))
    numbers = _numbers(data, topics)
    n = max(20, len(rows) // 200)
    n_defects = 0
    if "clock_step" in defects:  # the venue's clock jumps an hour ahead and back, and a second back for good
        third = len(rows) // 3
        data["ts_event_ns"][third : third + 200] += 3_600 * 10**9
        data["ts_event_ns"][2 * third :] -= 10**9
        n_defects += 2
    if "sequence_reset" in defects:
        at = len(rows) // 2
        first_of = {}
        for i in range(at, len(rows)):
            stream = (int(topics[i]), int(data["symbol_id"][i]))
            if stream not in first_of:
                first_of[stream] = int(numbers[i])
                data["flags"][i] |= int(Flag.SEQUENCE_RESET)
            numbers[i] -= first_of[stream] - 1
        n_defects += len(first_of)
    data["source_seq"] = numbers
    if "gaps" in defects:
        for at in sorted(draw.sample(range(len(rows)), n), reverse=True):
            del rows[at]
        n_defects += n
    if "out_of_order" in defects:
        for at in draw.sample(range(len(rows) - 8), n):
            rows[at], rows[at + 7] = rows[at + 7], rows[at]
        n_defects += n
    if "duplicates" in defects:
        for at in sorted(draw.sample(range(len(rows) - 50), n), reverse=True):
            rows.insert(at + draw.randrange(1, 50), rows[at])
        n_defects += n
    chosen = np.asarray(rows, np.int64)
    return take_events(data, chosen), topics[chosen], n_defects


def _numbers(data: EventArray, topics: np.ndarray) -> np.ndarray:
    """The feed's number of each event: every symbol of every topic counts from 1."""
    numbers = np.zeros(len(data), np.uint64)
    streams = topics * len(SYMBOLS) + data["symbol_id"]
    for stream in np.unique(streams):
        at = np.flatnonzero(streams == stream)
        numbers[at] = np.arange(1, len(at) + 1, dtype=np.uint64)
    return numbers


def _poison(messages: list[Message], draw: random.Random) -> tuple[list[Message], int]:
    """Messages that are no events, between the others."""
    spoiled = list(messages)
    n = max(20, len(messages) // 100)
    for at in sorted(draw.sample(range(len(messages)), n), reverse=True):
        victim = messages[at]
        body = bytearray(victim.value)
        how = draw.randrange(6)
        if how == 0:
            bad = bytes(body[: draw.randrange(len(body))])  # cut
        elif how == 1:
            bad = bytes(body) + b"}"  # something behind the end
        elif how == 2:
            bad = b""
        elif how == 3:
            bad = draw.randbytes(draw.randrange(1, 200))
        elif how == 4:
            bad = bytes(8) + bytes(body[8:16]) + b"\xff" * (len(body) - 16)  # times, sizes and codes out of range
        else:
            bad = b'{"symbol": "AAA", "kind": "quote", "bid_px": NaN}'
        spoiled.insert(at, Message(victim.topic, victim.partition, victim.key, bad))
    return spoiled, n
