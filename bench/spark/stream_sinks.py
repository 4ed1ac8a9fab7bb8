"""Where should the producer run? Three ways for the same rows to the same topics, each acknowledged batch by batch.

    python bench/spark/stream_sinks.py --rows 1000 20000 --batches 12

- writer + noop: ``mapInArrow`` publishes and gives counts, the noop sink commits (what ``hs.publish`` does)
- foreachBatch: a call into the driver's Python for each batch, which starts a job with the same ``mapInArrow``
- foreach: Spark's row-by-row writer with open, process and close

Prints, for each way and batch size, the trigger's median and largest time and the rows per second. The first three
batches of a query are left out. Rows come from Spark's own source, so that reading costs the same for all. The ways
take turns ``--turns`` times: what the machine does besides is then the same for all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hftcore.spark as hs
from hftcore.kafka import Cluster
from hftcore.spark.stream.schema import SCORED_DDL
from hftcore.spark.stream.writer import METRICS_DDL, Part, Writer, observed

KINDS = ("decision", "order", "fill", "dead_letter")
N_PARTITIONS = 2
N_WARM = 3


def scored(spark: Any, n_rows: int) -> Any:
    """A stream of decisions, ``n_rows`` a batch, in two tasks."""
    source = (
        spark.readStream.format("rate-micro-batch").option("rowsPerBatch", n_rows).option("numPartitions", 2).load()
    )
    source_seq = "concat(reverse(unhex(lpad(hex(value), 12, '0'))), reverse(unhex(lpad(hex(p), 4, '0'))))"
    frame = f"concat(unhex(repeat('00', 16)), {source_seq}, unhex('0700000000000000'), unhex(repeat('00', 48)))"
    rows = source.selectExpr("value", f"value % {N_PARTITIONS} as p")
    values = {
        "kind": "'decision'", "symbol": "concat('S', cast(value % 100 as string))", "partition": "cast(p as int)",
        "offset": "value", "ordinal": "0", "value": frame,
    }  # fmt: skip
    columns = [field.split() for field in SCORED_DDL.split(", ")]
    return rows.selectExpr(*(f"cast({values.get(name, 'null')} as {kind}) as {name}" for name, kind in columns))


class RowWriter:
    """Spark's foreach interface over the same delivery."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._part: Part | None = None

    def open(self, partition: int, epoch: int) -> bool:
        from pyspark import TaskContext

        context = TaskContext.get()
        self._part = self._writer.part(epoch, partition, context.attemptNumber() if context else 0)
        return True

    def process(self, row: Any) -> None:
        assert self._part is not None
        self._part.take_row(row.kind, row.symbol, row.partition, row.offset, row.reason, row.topic, bytes(row.value))

    def close(self, error: Exception | None) -> None:
        if error is None and self._part is not None:
            self._part.finish()


def noop(rows: Any, writer: Writer) -> Any:
    return observed(rows.mapInArrow(writer.arrow, METRICS_DDL), "bench").writeStream.format("noop")


def foreach_batch(rows: Any, writer: Writer) -> Any:
    return rows.writeStream.foreachBatch(lambda df, _: df.mapInArrow(writer.arrow, METRICS_DDL).collect())


def foreach(rows: Any, writer: Writer) -> Any:
    return rows.writeStream.foreach(RowWriter(writer))


WAYS: dict[str, Callable[[Any, Writer], Any]] = {
    "writer + noop": noop,
    "foreachBatch": foreach_batch,
    "foreach": foreach,
}


def measure(spark: Any, cluster: Cluster, way: str, n_rows: int, n_batches: int) -> list[int]:
    """Run one query for so many batches: the trigger's time of each, in milliseconds."""
    topics = {kind: f"{kind}-{uuid.uuid4().hex[:8]}" for kind in KINDS}
    for topic in topics.values():
        cluster.create_topic(topic, N_PARTITIONS, config={"min.insync.replicas": "2"})
    writer = Writer(cluster.bootstrap, topics, dict.fromkeys(KINDS, N_PARTITIONS), False, {}, 60.0, uuid.uuid4().hex)
    with tempfile.TemporaryDirectory() as folder:
        started = WAYS[way](scored(spark, n_rows), writer).option("checkpointLocation", folder).start()
        while started.isActive and (started.lastProgress is None or started.lastProgress.batchId < n_batches + N_WARM):
            started.awaitTermination(0.2)
        if started.exception() is not None:
            raise started.exception()
        started.stop()
        times = [p.durationMs["triggerExecution"] for p in started.recentProgress if p.numInputRows][N_WARM:]
    cluster.delete_topics(*topics.values())
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 20_000], help="rows a batch")
    parser.add_argument("--batches", type=int, default=12)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = []
    with Cluster(failover="fast", tied=True) as cluster:
        spark = hs.session("sinks", cores=2, connectors=("kafka",), config={"spark.sql.shuffle.partitions": "2"})
        for n_rows in args.rows:
            times: dict[str, list[int]] = {way: [] for way in WAYS}
            for way in [*WAYS] * args.turns:
                times[way] += measure(spark, cluster, way, n_rows, args.batches)
            for way, each in times.items():
                median = statistics.median(each)
                row = {"way": way, "rows": n_rows, "batches": len(each), "median_ms": median, "max_ms": max(each)}
                found.append({**row, "rows_per_s": round(n_rows / median * 1000)})
                print(
                    "{way:14} {rows:>8,} rows  median {median_ms:>6.0f} ms  max {max_ms:>6.0f} ms"
                    "  {rows_per_s:>9,} rows/s".format(**found[-1]),
                    flush=True,
                )
        spark.stop()
    print("load average {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
