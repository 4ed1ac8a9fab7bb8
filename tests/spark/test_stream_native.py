"""The stream's engines without Spark: any split of a topic, with the state saved and loaded between, is the replay."""

from __future__ import annotations

import json
import struct
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import hftcore as hc
from hftcore import _core
from hftcore.errors import EventError, ModelMismatchError, ParameterError
from hftcore.kafka import partition_of
from hftcore.spark.stream.bucket import Bucket, Messages
from hftcore.spark.stream.packing import Packer, binary_parts, place_of, read_chunk
from hftcore.spark.stream.schema import SCORED_ARROW
from hftcore.spark.stream.settings import ScoreSettings

from .streaming import EPOCH, N_PARTITIONS, TRADING, Topic, expected, make_topic, shortened

SIZES = (1, 7, 1_000, 100_000)


def groups_of(topic: Topic, settings: ScoreSettings) -> dict[int, list[tuple[int, int, bytes, bytes]]]:
    """The messages of each bucket, or partition."""
    if settings.key == "partition":
        group = [m[0] for m in topic.messages]
    else:
        keys = binary_parts(pa.array([m[2] for m in topic.messages], pa.binary()))
        group = _core.engine.key_buckets(*keys, settings.n_buckets).tolist()
    found = defaultdict(list)
    for bucket, message in zip(group, topic.messages, strict=True):
        found[bucket].append(message)
    return found


def parts_of(messages: list[tuple[int, int, bytes, bytes]]) -> Iterator[Messages]:
    for partition in sorted({m[0] for m in messages}):
        rows = [m for m in messages if m[0] == partition]
        yield Messages.of("ticks", partition, [m[2] for m in rows], [m[3] for m in rows], [m[1] for m in rows])


def played(
    topic: Topic, model: hc.Artifact, settings: ScoreSettings, size: int
) -> tuple[dict[str, bytes], Counter[str], list[tuple[Any, ...]]]:
    """Frames of each key, sums of the counts, dead letters; each batch begins from the state that the last one left."""
    frames: dict[str, bytes] = defaultdict(bytes)
    counts: Counter[str] = Counter()
    dead = []
    for group, messages in groups_of(topic, settings).items():
        bucket, blob = Bucket(settings, model, group), b""
        for at in range(0, len(messages), size):
            bucket.restore(blob) if blob else bucket.reset()
            for batch in bucket.take(parts_of(messages[at : at + size])):
                assert batch.schema.equals(SCORED_ARROW)
                for row in batch.to_pylist():
                    if row["kind"] == "counts":
                        told = json.loads(row["value"])
                        counts.update({k: v for k, v in told.items() if isinstance(v, int)})
                    elif row["kind"] == "dead_letter":
                        dead.append((row["partition"], row["offset"], row["symbol"], row["reason"], row["value"]))
                    else:
                        key = row["symbol"] if settings.key == "symbol" else str(row["partition"])
                        frames[key] += row["value"]
            blob = bucket.snapshot()
    return frames, counts, dead


@pytest.mark.parametrize("fmt", ["json", "avro", "avro_bare", "packed"])
def test_any_batch_size_gives_the_frames_of_the_replay_of_each_symbol(busy: hc.Artifact, fmt: str) -> None:
    whole = make_topic(3, 6_000, fmt)
    first_dead = None
    for size, n_buckets in zip(SIZES, (3, 1, 4, 8), strict=True):
        topic = shortened(whole, 700) if size == 1 else whole
        right, told = expected(topic, busy, "symbol")
        frames, counts, dead = played(topic, busy, topic.settings(n_buckets=n_buckets), size)
        assert frames == {symbol: bytes_ for symbol, bytes_ in right.items() if bytes_}
        for name in ("messages", "dead_letters", "events", "decisions", "fills"):
            assert counts[name] == told[name], name
        assert counts["duplicates"] + counts["late"] == told["left_out"]
        assert counts["redelivered"] == 0
        assert len(dead) == told["dead_letters"]
        if size != 1:
            first_dead = first_dead or sorted(dead)
            assert sorted(dead) == first_dead
    assert told["decisions"] > 200
    assert told["dead_letters"] > 40
    assert counts["duplicates"] > 0
    assert counts["late"] > 10
    assert counts["out_of_order"] > 0
    assert counts["gaps"] > 10
    assert counts["resets"] >= 8


@pytest.mark.parametrize("fmt", ["json", "packed"])
def test_any_batch_size_gives_the_frames_of_the_replay_of_each_shard(busy: hc.Artifact, fmt: str) -> None:
    whole = make_topic(4, 5_000, fmt)
    for size in SIZES:
        topic = shortened(whole, 500) if size == 1 else whole
        right, told = expected(topic, busy, "partition")
        settings = topic.settings(key="partition", n_partitions=N_PARTITIONS)
        frames, counts, _ = played(topic, busy, settings, size)
        assert frames == {shard: bytes_ for shard, bytes_ in right.items() if bytes_}
        assert counts["decisions"] == told["decisions"]
    assert told["decisions"] > 100


def _without_offsets(frames: bytes) -> list[tuple[int, bytes]]:
    """Each frame's kind and all of its payload but the place of its message."""
    found, at = [], 0
    while at < len(frames):
        n_bytes, _, kind = struct.unpack_from("<IIH", frames, at)
        found.append((kind, frames[at + 24 : at + 16 + n_bytes]))
        at += 16 + n_bytes
    return found


def test_a_dead_letter_keeps_its_bytes_and_place_and_changes_no_engine(busy: hc.Artifact) -> None:
    clean = make_topic(5, 2_000, "json", ())
    bad = [(0, b"AAA", b'{"half": '), (0, b"BBB", b""), (1, b"\xff\xfe", clean.messages[0][3])]
    spoiled, offsets = [], Counter()
    for i, (partition, _, key, value) in enumerate(clean.messages):
        if i % 100 == 0:
            where, bad_key, bad_value = bad[i // 100 % len(bad)]
            spoiled.append((where, offsets[where], bad_key, bad_value))
            offsets[where] += 1
        spoiled.append((partition, offsets[partition], key, value))
        offsets[partition] += 1
    settings = clean.settings(n_buckets=2)
    right, _, ends = played(clean, busy, settings, 300)
    frames, _, dead = played(Topic(clean.tape, "json", spoiled), busy, settings, 300)
    assert {k: _without_offsets(v) for k, v in frames.items()} == {k: _without_offsets(v) for k, v in right.items()}
    assert len(dead) == len(ends) + 21
    reasons = Counter((symbol, reason) for _, _, symbol, reason, _ in dead)
    assert reasons["AAA", "bad syntax"] + reasons["AAA", "truncated"] == 7
    assert reasons[None, "key is not the symbol"] == 7, "a key that is no UTF-8 is null"
    assert {value for _, _, symbol, _, value in dead if symbol == "BBB"} == {b""}


def test_what_comes_again_is_left_out(busy: hc.Artifact) -> None:
    topic = make_topic(6, 2_000, "packed", ())
    settings = topic.settings(n_buckets=1)
    bucket = Bucket(settings, busy)
    rows = [m for m in topic.messages if m[0] == 0]
    first = list(bucket.take(parts_of(rows[:600])))
    blob = bucket.snapshot()
    again = list(bucket.take(parts_of(rows[:600])))
    counts = json.loads(again[-1].to_pylist()[0]["value"])
    assert len(again) == 1
    assert counts["redelivered"] == 600
    assert counts["messages"] == 0
    assert bucket.snapshot() == blob
    assert len(first) == 2


def test_a_symbol_has_one_partition(busy: hc.Artifact) -> None:
    topic = make_topic(6, 500, "packed", ())
    symbol = topic.messages[0][2]
    other = (partition_of(symbol, N_PARTITIONS) + 1) % N_PARTITIONS
    value = topic.messages[0][3]
    bucket = Bucket(topic.settings(n_buckets=1), busy)
    list(bucket.take(parts_of(topic.messages[:1])))
    with pytest.raises(
        EventError, match=f"symbol {symbol.decode()} came from partition .* give the topic's n_partitions"
    ):
        list(bucket.take([Messages.of("ticks", other, [symbol], [value], [10_000])]))
    knows = Bucket(topic.settings(n_buckets=1, n_partitions=N_PARTITIONS), busy)
    batches = list(knows.take([Messages.of("ticks", other, [symbol], [value], [10_000])]))
    assert batches[0].to_pylist()[0]["reason"] == "not in its key's partition"
    with pytest.raises(EventError, match="a stream has one topic"):
        list(knows.take([Messages.of("others", other, [symbol], [value], [10_001])]))


def test_a_state_of_something_else_is_refused_by_name(busy: hc.Artifact) -> None:
    topic = make_topic(7, 400, "packed", ())
    settings = topic.settings()
    bucket = Bucket(settings, busy)
    list(bucket.take(parts_of(topic.messages)))
    blob = bucket.snapshot()
    others = {
        "the strategy": {"strategy": hc.Threshold(0.9)},
        "risk": {"risk": hc.RiskLimits(max_order_qty=1)},
        "the execution": {"execution": hc.SimulatedExchange()},
        "config_epoch": {"config_epoch": EPOCH + 1},
        "numbered": {"numbered": False},
        "n_buckets": {"n_buckets": 9},
        "n_partitions": {"n_partitions": N_PARTITIONS},
        "the key": {"key": "partition", "n_partitions": N_PARTITIONS},
    }
    for name, change in others.items():
        other = Bucket(topic.settings(**change), busy)
        with pytest.raises(ModelMismatchError, match=rf"{name} is .* in the state and .* here"):
            other.restore(blob)
    with pytest.raises(ModelMismatchError, match="checksum does not match"):
        bucket.restore(blob[:-3] + b"abc")
    table = hc.InstrumentTable([*topic.tape.instruments, hc.Instrument("ZZZ")])
    with pytest.raises(ModelMismatchError, match="the instrument table is"):
        Bucket(
            ScoreSettings(table.to_json(), fmt="packed", config_epoch=EPOCH, numbered=True, **TRADING), busy
        ).restore(blob)
    json_too = Bucket(topic.settings(fmt="json"), busy)
    json_too.restore(blob)  # how messages are written is no part of what they made


def test_chunks_hold_every_message_once_in_the_order_of_its_partition() -> None:
    rng = np.random.default_rng(3)
    n = 2_000
    keys = [None if i % 97 == 0 else f"S{i % 11}".encode() for i in range(n)]
    values = [None if i % 89 == 0 else rng.bytes(int(rng.integers(0, 40))) for i in range(n)]
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array(keys, pa.binary()),
            pa.array(values, pa.binary()),
            pa.array([f"t{i % 2}" for i in range(n)]),
            pa.array([i % 3 for i in range(n)], pa.int32()),
            pa.array(rng.permutation(n), pa.int64()),
        ],
        names=["key", "value", "topic", "partition", "offset"],
    )
    right = {
        (f"t{i % 2}", i % 3, int(batch.column("offset")[i].as_py())): (keys[i] or b"", values[i] or b"")
        for i in range(n)
    }
    for n_buckets in (0, 1, 5):
        found = {}
        placed = {}
        for out in Packer(n_buckets)(iter([batch])):
            for row in out.to_pylist():
                part = read_chunk(row["chunk"]).to_pydict()
                assert part["offset"] == sorted(part["offset"])
                assert (row["first"], row["last"]) == (part["offset"][0], part["offset"][-1])
                for key, value, offset in zip(part["key"], part["value"], part["offset"], strict=True):
                    found[row["topic"], row["partition"], offset] = (key, value)
                    group = row["partition"] if n_buckets == 0 else key
                    assert placed.setdefault(group, row["place"]) == row["place"]
        assert found == right


def test_keys_that_can_be_no_symbol_are_one_group() -> None:
    keys = [b"\xff\x01", b"\xff\x02", b"", b"S1", None, b"x" * 250_001]
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array(keys, pa.binary()),
            pa.array([b"v"] * len(keys), pa.binary()),
            pa.array(["t"] * len(keys)),
            pa.array([0] * len(keys), pa.int32()),
            pa.array(range(len(keys)), pa.int64()),
        ],
        names=["key", "value", "topic", "partition", "offset"],
    )
    rows = [row for out in Packer(64)(iter([batch])) for row in out.to_pylist()]
    read = {row["place"]: read_chunk(row["chunk"]).to_pydict()["key"] for row in rows}
    assert sorted(map(len, read.values())) == [1, 5]
    assert [b"S1"] in read.values()
    assert [b"\xff\x01", b"\xff\x02", b"", b"", b"x" * 250_001] in read.values(), "their bytes stay as they were"


def test_places_are_spread_over_shuffle_partitions_and_never_change() -> None:
    places = [place_of(i) for i in range(256)]
    assert len(set(places)) == 256
    assert places[:8] == [place_of(i) for i in range(8)]


def test_a_shard_without_symbols_has_dead_letters_and_one_that_is_not_there_is_an_error(busy: hc.Artifact) -> None:
    topic = make_topic(8, 200, "json", ())
    message = topic.messages[0]
    settings = topic.settings(key="partition", n_partitions=4_000)
    empty = next(p for p in range(4_000) if not settings.places(p))
    part = Messages.of("ticks", empty, [message[2]], [message[3]], [0])
    first = next(Bucket(settings, busy, empty).take([part])).to_pylist()[0]
    assert (first["kind"], first["reason"], first["value"]) == ("dead_letter", "unknown symbol", message[3])
    with pytest.raises(ParameterError, match=r"n_partitions must be .* was 2: a message came from partition 2"):
        Bucket(topic.settings(key="partition", n_partitions=2), busy, 2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "venue"}, "key must be one of symbol, partition, was 'venue'"),
        ({"fmt": "xml"}, "fmt must be one of json, avro, avro_bare, packed, was 'xml'"),
        ({"n_buckets": 0}, r"n_buckets must be a whole number in \[1, 4096\], was 0"),
        ({"config_epoch": -1}, r"config_epoch must be a whole number in \[0, 4294967295\], was -1"),
        ({"key": "partition"}, "needs n_partitions"),
        ({"fmt": "avro"}, "schemas must hold the Avro schemas"),
        ({"fmt": "avro_bare", "schemas": {1: "{}", 2: "{}"}}, "needs the one schema"),
    ],
)
def test_wrong_settings_name_the_rule(change: dict, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        ScoreSettings("[]", **change)
