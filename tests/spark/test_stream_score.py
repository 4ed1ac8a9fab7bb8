"""A real topic through Spark's stateful operator: the replay's frames, whatever the batches, also after a restart."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

import hftcore as hc
import hftcore.spark as hs
from hftcore.errors import ParameterError
from hftcore.spark.stream.checks import CHANGELOG, PROVIDER

from .streaming import EPOCH, N_PARTITIONS, TRADING, expected, make_topic

_RANK = {"decision": 0, "order": 1, "fill": 2}


def write(bootstrap: str, topic: str, messages: list[tuple[int, int, bytes, bytes]]) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5})
    for partition, _, key, value in messages:
        producer.produce(topic, value, key, partition)
        producer.poll(0)
    assert producer.flush(30) == 0


def run(rows: Any, out: Path, checkpoint: Path) -> list[dict]:
    """Everything that is in the topic now; returns the progress of each batch that had messages."""
    query = rows.writeStream.format("parquet").trigger(availableNow=True)
    query = query.option("checkpointLocation", str(checkpoint)).start(str(out))
    assert query.awaitTermination(180)
    return [p for p in query.recentProgress if p["numInputRows"]]


def read(out: Path) -> tuple[dict[str, bytes], Counter, list[dict]]:
    """Frames by symbol and by partition, sums of the counts, dead letters."""
    rows = ds.dataset(out, format="parquet", exclude_invalid_files=True).to_table().to_pylist()
    counts: Counter[str] = Counter()
    frames: dict[str, bytes] = defaultdict(bytes)
    for row in rows:
        if row["kind"] == "counts":
            counts.update({k: v for k, v in json.loads(row["value"]).items() if isinstance(v, int)})
    records = [row for row in rows if row["kind"] in _RANK]
    records.sort(key=lambda r: (r["partition"], r["offset"], r["ordinal"], _RANK[r["kind"]]))
    for row in records:
        frames[row["symbol"]] += row["value"]
        frames[str(row["partition"])] += row["value"]
    return frames, counts, [row for row in rows if row["kind"] == "dead_letter"]


@pytest.mark.parametrize(("key", "fmt"), [("symbol", "json"), ("partition", "avro")])
def test_a_topic_gives_the_replay_in_any_batches_also_after_a_restart(
    spark: Any, kafka: Any, topics: Callable[..., str], busy: hc.Artifact, tmp_path: Path, key: str, fmt: str
) -> None:
    topic = make_topic(11, 4_000, fmt)
    name = topics(N_PARTITIONS)
    told = {"instruments": topic.tape.instruments, "key": key, "fmt": fmt, "config_epoch": EPOCH, "numbered": True}
    told |= {"n_buckets": 3, "n_partitions": N_PARTITIONS, **TRADING}

    def rows(size: int | None, **other: Any) -> Any:
        stream = hs.read_kafka(spark, kafka.bootstrap, name, max_offsets_per_trigger=size)
        return hs.score(stream, busy, **told | other)

    out, checkpoint = tmp_path / "out", tmp_path / "checkpoint"
    write(kafka.bootstrap, name, topic.messages[:1_500])
    assert len(run(rows(700), out, checkpoint)) >= 2
    write(kafka.bootstrap, name, topic.messages[1_500:])
    assert len(run(rows(100_000), out, checkpoint)) == 1  # another batch size, from the checkpoint

    right, right_counts = expected(topic, busy, key)
    frames, counts, dead = read(out)
    assert {name: frames[name] for name in right} == right
    for name_, n in right_counts.items():
        if name_ != "left_out":
            assert counts[name_] == n, name_
    assert right_counts["decisions"] > 100
    assert len(dead) == right_counts["dead_letters"]
    assert {row["topic"] for row in dead} == {name}

    write(kafka.bootstrap, name, topic.messages[:50])
    with pytest.raises(Exception, match=r"the strategy is .* in the state and .* here"):
        run(rows(None, strategy=hc.Threshold(0.9)), out, checkpoint)


def test_wrong_use_explains_itself(spark: Any, busy: hc.Artifact) -> None:
    table = make_topic(1, 100, "packed").tape.instruments
    stream = spark.readStream.format("rate").load()
    columns = ("binary('a') key", "binary('a') value", "'t' topic", "0 partition", "value offset")
    good = stream.selectExpr(*columns)

    def refused(words: str, frame: Any = good, **told: Any) -> None:
        with pytest.raises(ParameterError, match=words):
            hs.score(frame, busy, instruments=table, **told)

    refused("must be a streaming DataFrame .* was a batch one; .* hftcore.replay", spark.range(3))
    refused("stream lacks key, topic, partition, offset: .* it has timestamp, value", stream)
    refused(
        "column 'partition' must be int, was bigint", stream.selectExpr(*columns[:3], "value partition", "value offset")
    )
    refused("order must be .*'partition', 'offset'.* was", order=("ts_event_ns",))
    refused("needs n_partitions", key="partition")
    with pytest.raises(ParameterError, match="topic must be the name of one topic, was 'a,b'"):
        hs.read_kafka(spark, "localhost:1", "a,b")
    with pytest.raises(ParameterError, match="max_offsets_per_trigger must be >= 1, was 0"):
        hs.read_kafka(spark, "localhost:1", "a", max_offsets_per_trigger=0)
    for name, bad in ((PROVIDER, "org.example.Other"), (CHANGELOG, "false")):
        before = spark.conf.get(name)
        try:
            spark.conf.set(name, bad)
            refused(f"{name} must be .*, was {bad}: .*hs.session sets it")
        finally:
            spark.conf.set(name, before)
