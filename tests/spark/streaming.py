"""Tapes as topics, and what each key must make of them: by the replay and by code that is not the stream's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

import hftcore as hc
from hftcore import _core
from hftcore.kafka import partition_of
from hftcore.proof.chaos.tape import SCHEMA_ID, Tape, TapeKind, make_tape
from hftcore.proof.frames import RECORD_KINDS, split_journal
from hftcore.proof.guard import guard
from hftcore.records import Flag, take_events
from hftcore.spark.stream.settings import ScoreSettings

DEFECTS = ("gaps", "out_of_order", "duplicates", "sequence_reset", "clock_step", "poison")
N_PARTITIONS = 2
EPOCH = 7
TRADING = {
    "strategy": hc.Threshold(0.42, order_qty=5, hold="20ms"),
    "risk": hc.RiskLimits(max_open_positions=2, max_order_qty=50, max_position_qty=50, stop_loss_bps=20.0),
    "execution": hc.SimulatedExchange(fee_per_unit=0.001),
}


def own_schema() -> dict[int, str]:
    from importlib.resources import files

    return {SCHEMA_ID: (files("hftcore") / "schema" / "event.avsc").read_text()}


@dataclass(frozen=True)
class Topic:
    """Messages in order, each as (partition, offset, key, value)."""

    tape: Tape
    fmt: str
    messages: list[tuple[int, int, bytes, bytes]]

    def settings(self, **more: Any) -> ScoreSettings:
        told = {"fmt": self.fmt, "config_epoch": EPOCH, "numbered": True, "schemas": {}, **TRADING, **more}
        if self.fmt.startswith("avro"):
            told["schemas"] = own_schema()
        return ScoreSettings(self.tape.instruments.to_json(), **told)


def make_topic(seed: int, n_events: int, fmt: str, defects: tuple[str, ...] = DEFECTS) -> Topic:
    tape = make_tape(TapeKind(seed, n_events, fmt.split("_")[0], 1, N_PARTITIONS, defects))
    offsets: dict[int, int] = defaultdict(int)
    messages = []
    for one in tape.messages:
        value = one.value[5:] if fmt == "avro_bare" else one.value
        messages.append((one.partition, offsets[one.partition], one.key, value))
        offsets[one.partition] += 1
    return Topic(tape, fmt, messages)


def expected(topic: Topic, artifact: hc.Artifact, key: str) -> tuple[dict[str, bytes], dict[str, int]]:
    """The frames of each symbol, or of each partition; and what must have been counted over all."""
    table = topic.tape.instruments
    symbols = list(table.symbols)
    # Bare records are compared with those behind the header: the stream must tell them apart from its settings alone.
    values = [b"\0\0\0\0\1" + v if topic.fmt == "avro_bare" else v for _, _, _, v in topic.messages]
    decoder = _core.event.WireDecoder(
        topic.fmt.split("_")[0], table._native(), list(range(len(table))), own_schema() if "avro" in topic.fmt else {}
    )
    events, places, bad = decoder.decode(values)
    where = np.array([(p, o) for p, o, _, _ in topic.messages], np.uint64)[places]
    told = guard(events, events["symbol_id"].astype(np.int64), True)
    data = take_events(events, np.arange(len(events)))
    data["flags"][told.gap] |= int(Flag.GAP_BEFORE)
    data["source_seq"] = where[:, 0] << np.uint64(48) | where[:, 1]
    frames = {}
    decisions = fills = 0
    for group in range(len(symbols) if key == "symbol" else N_PARTITIONS):
        mine = (
            [group] if key == "symbol" else [i for i, s in enumerate(symbols) if partition_of(s, N_PARTITIONS) == group]
        )
        rows = np.flatnonzero(np.isin(data["symbol_id"], mine) & told.keep)
        of_group = take_events(data, rows)
        if key == "partition":  # a shard knows its own instruments alone
            of_group["symbol_id"] = np.searchsorted(mine, of_group["symbol_id"]).astype(np.uint32)
        instruments = table if key == "symbol" else hc.InstrumentTable([table[i] for i in mine])
        run = hc.replay(
            artifact, hc.Events(of_group, instruments), config_epoch=EPOCH, feed="events", timed=False, **TRADING
        )
        kept = [frame.data for frame in split_journal(run.journal_bytes).frames if frame.kind in RECORD_KINDS]
        frames[symbols[group] if key == "symbol" else str(group)] = b"".join(kept)
        decisions, fills = decisions + len(run.decisions), fills + len(run.fills)
    counted = {
        "messages": len(topic.messages),
        "dead_letters": len(bad),
        "events": int(told.keep.sum()),
        "decisions": decisions,
        "fills": fills,
        "left_out": told.n_left_out,
    }
    return frames, counted


def shortened(topic: Topic, n: int) -> Topic:
    return replace(topic, messages=topic.messages[:n])
