"""Scored rows to a real cluster: what is written, what is refused, and what a second attempt leaves out."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore.spark as hs
from hftcore.errors import KafkaError, ParameterError
from hftcore.kafka import Cluster, OnceReader, partition_of
from hftcore.spark.stream.schema import SCORED_ARROW, SCORED_DDL
from hftcore.spark.stream.writer import Writer, forget

KINDS = ("decision", "order", "fill", "dead_letter")
SYMBOLS = ("AAA", "BBB", "CCC")


def frame(partition: int, offset: int, ordinal: int = 0, tail: bytes = b"x") -> bytes:
    return bytes(16) + struct.pack("<QII", partition << 48 | offset, 7, ordinal) + tail


def row(kind: str, symbol: str, partition: int, offset: int, value: bytes, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "symbol": symbol, "partition": partition, "offset": offset, "value": value, **more}


def batch(first: int, n: int) -> list[dict[str, Any]]:
    """Rows of ``n`` events from offset ``first`` on, in two partitions."""
    rows = []
    for offset in range(first, first + n):
        for partition in (0, 1):
            symbol = SYMBOLS[(offset + partition) % 3]
            for kind in ("decision", "order"):
                value = frame(partition, offset, tail=kind.encode())
                rows.append(row(kind, symbol, partition, offset, value, ordinal=0))
    rows.append(row("dead_letter", "AAA", 1, first + n, b"\xffno event", reason="not JSON", topic="in"))
    counts = {"events": 2 * n + 1, "decisions": 2 * n, "dead_letters": 1, "duplicates": 2}
    rows.append(row("counts", "AAA", 0, first + n, json.dumps(counts).encode()))
    return rows


def add_batch(folder: Path, rows: list[dict[str, Any]]) -> None:
    """A file appears at once, as one micro-batch of the stream."""
    table = pa.Table.from_pylist(rows, SCORED_ARROW)
    folder.mkdir(exist_ok=True)
    n = len(list(folder.glob("*.parquet")))
    pq.write_table(table, folder / f".{n}.tmp")
    (folder / f".{n}.tmp").rename(folder / f"{n:03}.parquet")
    os.utime(folder / f"{n:03}.parquet", (1_700_000_000 + n, 1_700_000_000 + n))


@pytest.fixture
def out(kafka: Cluster, topics: Callable[..., str]) -> dict[str, str]:
    return {kind: topics(partitions=2, name=kind) for kind in KINDS}


@pytest.fixture
def stream(spark: Any, tmp_path: Path) -> Any:
    folder = tmp_path / "rows"
    folder.mkdir()
    return spark.readStream.schema(SCORED_DDL).option("maxFilesPerTrigger", "1").parquet(str(folder))


def everything(kafka: Cluster, out: dict[str, str]) -> dict[str, list[Any]]:
    with OnceReader(kafka.bootstrap, list(out.values())) as reader:
        found = list(reader.read())
        assert reader.once.n_dropped == 0, "the sink itself wrote something twice"
    return {kind: [m for m in found if m.topic == topic] for kind, topic in out.items()}


def test_rows_become_messages_once(
    spark: Any, kafka: Cluster, out: dict[str, str], stream: Any, tmp_path: Path
) -> None:
    folder, checkpoint = tmp_path / "rows", str(tmp_path / "checkpoint")
    for first in (0, 20):
        add_batch(folder, batch(first, 20))
    query = hs.publish(stream, kafka.bootstrap, out, checkpoint, trigger={"availableNow": True}, name="one")
    query.awaitTermination()
    progress = [hs.BatchProgress.of(p) for p in query.recentProgress if p.numInputRows]
    assert [p.counts["published"] for p in progress] == [81, 81]
    assert progress[0].counts["events"] == 41
    assert progress[0].counts["duplicates"] == 2
    assert "one: batch 0: 82 messages" in str(progress[0])
    assert "81 published" in str(hs.lag(query))

    found = everything(kafka, out)
    assert [m.value for m in found["order"] if m.partition == 1] == [frame(1, o, tail=b"order") for o in range(40)]
    assert [str(m.name) for m in found["decision"] if m.partition == 0] == [f"7:0:{o}:0" for o in range(40)]
    first = found["decision"][0]
    headers = {"id": b"7:0:0:0", "kind": b"decision", "batch": bytes(8)}
    assert (first.key, dict(first.headers)) == (b"AAA", headers)
    assert [(m.partition, m.key, m.value) for m in found["dead_letter"]] == [(1, b"AAA", b"\xffno event")] * 2
    headers = {"source": b"in:1:40", "reason": b"not JSON", "batch": (1).to_bytes(8, "little")}
    assert dict(found["dead_letter"][1].headers) == headers

    # The commit of the last batch is lost: the driver died behind the last acknowledgement. It is written again.
    for commit in (tmp_path / "checkpoint" / "commits").glob("*1*"):
        commit.unlink()
    add_batch(folder, batch(40, 5))
    query = hs.publish(stream, kafka.bootstrap, out, checkpoint, trigger={"availableNow": True}, name="two")
    query.awaitTermination()
    again = [hs.BatchProgress.of(p) for p in query.recentProgress if p.numInputRows]
    assert [(p.batch, p.counts["published"], p.counts["left_out"]) for p in again] == [(1, 0, 81), (2, 21, 0)]
    assert len(everything(kafka, out)["decision"]) == 90

    # The same topics as a DataFrame.
    from pyspark.sql import functions as sf

    told = {"kafka.bootstrap.servers": kafka.bootstrap, "subscribe": ",".join(out.values()), "includeHeaders": "true"}
    table = hs.once(spark.read.format("kafka").options(**told, startingOffsets="earliest").load())
    counted = {row.topic: row["count"] for row in table.groupBy("topic").count().collect()}
    assert counted == {out["decision"]: 90, out["order"]: 90, out["dead_letter"]: 3}
    assert {r.id for r in table.where(sf.col("topic") == out["dead_letter"]).collect()} >= {"in:1:20:0", "in:1:40:0"}


def test_a_second_attempt_writes_what_the_first_did_not(kafka: Cluster, out: dict[str, str]) -> None:
    counts = dict.fromkeys(KINDS, 2)
    rows = pa.RecordBatch.from_pylist(batch(0, 50), SCORED_ARROW)
    lost = Writer(kafka.bootstrap, out, counts, by_symbol=False, settings={}, patience_s=20, run="a").part(3, 0, 0)
    lost.take(rows.slice(0, 70))
    lost.finish()  # what it sent arrived, but it never told Spark
    forget()
    writer = Writer(kafka.bootstrap, out, counts, by_symbol=False, settings={}, patience_s=20, run="a")
    for attempt, left_out in ((1, 70), (2, 201)):
        part = writer.part(3, 0, attempt)
        part.take(rows)
        totals = part.finish()
        assert (totals["left_out"], totals["published"]) == (left_out, 201 - left_out)
    later = writer.part(4, 0, 0)
    later.take(rows)
    assert later.finish()["published"] == 201, "another batch of a process that knows the partition: nobody looks"
    forget()


def test_partitions_by_symbol(kafka: Cluster, topics: Callable[..., str]) -> None:
    out = {kind: topics(partitions=3, name=kind) for kind in KINDS}
    writer = Writer(kafka.bootstrap, out, dict.fromkeys(KINDS, 3), True, {}, 20, run="b")
    part = writer.part(0, 0, 0)
    part.take(pa.RecordBatch.from_pylist(batch(0, 30), SCORED_ARROW))
    part.finish()
    forget()
    with OnceReader(kafka.bootstrap, [out["decision"]]) as reader:
        assert all(m.partition == partition_of(m.key, 3) for m in reader.read())


def test_wrong_use_is_refused_at_the_start(
    spark: Any, kafka: Cluster, out: dict[str, str], stream: Any, topics: Callable[..., str], tmp_path: Path
) -> None:
    def start(rows: Any = stream, names: dict[str, str] = out, **more: Any) -> None:
        hs.publish(rows, kafka.bootstrap, names, str(tmp_path / "never"), **more)

    with pytest.raises(ParameterError, match="rows must be a streaming DataFrame"):
        start(spark.createDataFrame([], SCORED_DDL))
    with pytest.raises(ParameterError, match=r"columns of hs\.score, 'value' is missing"):
        start(stream.drop("value"))
    with pytest.raises(ParameterError, match="topics must have exactly decision, order, fill, dead_letter, had fill"):
        start(names={"fill": "x"})
    with pytest.raises(ParameterError, match="topics must be four different ones"):
        start(names=dict.fromkeys(KINDS, "x"))
    with pytest.raises(ParameterError, match="by must be 'source' or 'symbol', was 'key'"):
        start(by="key")
    with pytest.raises(KafkaError, match="topic nowhere is not there"):
        start(names=out | {"fill": "nowhere"})
    with pytest.raises(KafkaError, match=r"must have 2 partitions as topic .* has, had 1"):
        start(names=out | {"fill": topics()})
    with pytest.raises(KafkaError, match=r"must have 4 partitions as the input has, had 2"):
        start(n_partitions=4)
    with pytest.raises(ParameterError, match="df must have the column 'headers'"):
        hs.once(spark.createDataFrame([], "key binary, topic string, partition int, offset bigint"))
    assert not (tmp_path / "never").exists()


def test_a_batch_that_nobody_acknowledges_fails(kafka: Cluster, topics: Callable[..., str]) -> None:
    out = {kind: topics(config={"min.insync.replicas": "3"}, name=kind) for kind in KINDS}
    bootstrap = kafka.bootstrap
    writer = Writer(bootstrap, out, dict.fromkeys(KINDS, 1), False, {}, patience_s=5.0, run="c")
    part = writer.part(0, 0, 0)
    part.take_row("decision", "AAA", 0, 0, None, "in", frame(0, 0))
    assert part.finish()["published"] == 1
    kafka.kill(next(node for node in (1, 2, 3) if node != kafka.leader(out["decision"])))
    part = writer.part(1, 0, 0)
    part.take_row("decision", "AAA", 0, 1, None, "in", frame(0, 1))
    with pytest.raises(KafkaError, match=r"no acknowledgement for 5 s, 1 messages wait"):
        part.finish()
    forget()
    kafka.heal()
