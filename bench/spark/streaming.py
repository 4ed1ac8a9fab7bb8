"""How fast is the scored stream on Spark, and where does its time go? With a real Kafka of three brokers.

    python bench/spark/streaming.py rows                         # rows/s at large batches, one line per setting
    python bench/spark/streaming.py latency --rate 2000          # producer's schedule to the reader of decisions

rows: a topic is filled first, then read in batches of ``--batch`` to the noop sink (``--publish``: to Kafka). A smaller
number in ``native share`` than before means that Spark's part grew; a smaller one in ``rows/s`` at the same share means
that all of it did. The rival is the engine alone: the same messages through the same native calls in this process.

latency: counted from the time at which a message was due (open loop), until a consumer of the decisions has it.

Two cores run the brokers, the producer, Spark and the reader: nothing here says what a cluster does.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import threading
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from stream_cost import cpu_s, native_us

import hftcore as hc
import hftcore.spark as hs
from hftcore.kafka import Cluster, KafkaTarget, feed
from hftcore.proof.chaos.model import busy_artifact
from hftcore.records import EventKind

N_SYMBOLS = 100
N_PARTITIONS = 2
N_WARM = 3
OUTPUTS = ("decision", "order", "fill", "dead_letter")
BATCH_ROWS = "spark.sql.execution.arrow.maxRecordsPerBatch"
BASE: dict[str, Any] = {"key": "symbol", "fmt": "json", "n_buckets": 8}
CASES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "as delivered": ({}, {}),
    "packed": ({"fmt": "packed"}, {}),
    "an engine per partition": ({"key": "partition"}, {}),
    "2 buckets": ({"n_buckets": 2}, {}),
    "32 buckets": ({"n_buckets": 32}, {}),
    "1,000 rows per Arrow batch": ({}, {BATCH_ROWS: "1000"}),
    "100,000 rows per Arrow batch": ({}, {BATCH_ROWS: "100000"}),
    "Arrow batches of 64 MiB at most": ({}, {"spark.sql.execution.arrow.maxBytesPerBatch": str(64 << 20)}),
    "no checksum files in the checkpoint": ({}, {"spark.sql.streaming.checkpoint.fileChecksum.enabled": "false"}),
}


def market(n: int) -> hc.Events:
    return hc.generate(seed=7, symbols=[f"S{i:03d}" for i in range(N_SYMBOLS)], seconds=n / 20_000, rate=20_000.0)


def make_topics(cluster: Cluster, *names: str) -> list[str]:
    topics = [f"{name}-{uuid.uuid4().hex[:8]}" for name in names]
    for topic in topics:
        cluster.create_topic(topic, N_PARTITIONS, config={"min.insync.replicas": "2"})
    return topics


def start(
    spark: Any, cluster: Cluster, art: hc.Artifact, table: Any, topic: str, told: dict[str, Any], **how: Any
) -> Any:
    """A query over a topic; ``how``: batch, outputs (None: noop), folder, available_now."""
    stream = hs.read_kafka(spark, cluster.bootstrap, topic, max_offsets_per_trigger=how["batch"])
    strategy = hc.Threshold(how.get("threshold", 0.6))
    rows = hs.score(stream, art, instruments=table, strategy=strategy, n_partitions=N_PARTITIONS, **BASE | told)
    if how["outputs"]:
        topics = dict(zip(OUTPUTS, how["outputs"], strict=True))
        trigger = {"availableNow": True} if how["available_now"] else None
        return hs.publish(rows, cluster.bootstrap, topics, how["folder"], trigger=trigger, n_partitions=N_PARTITIONS)
    writer = rows.writeStream.format("noop").option("checkpointLocation", how["folder"])
    return (writer.trigger(availableNow=True) if how["available_now"] else writer).start()


def run_out(query: Any, spark: Any) -> tuple[list[dict[str, Any]], tuple[float, float]]:
    """Wait for a query's end: the progress of what counts, and CPU time per row of JVM and Python in microseconds."""
    marks: dict[int, tuple[float, float]] = {}
    while query.isActive:
        query.awaitTermination(0.1)
        last = query.lastProgress
        if last is not None and last.numInputRows:
            marks.setdefault(last.batchId, cpu_s(spark))
    progress = [json.loads(p.json) for p in query.recentProgress if p.numInputRows]
    batches = sorted(batch for batch in marks if batch >= N_WARM - 1)
    rows = sum(p["numInputRows"] for p in progress if batches[0] < p["batchId"] <= batches[-1])
    first, last_mark = marks[batches[0]], marks[batches[-1]]
    per_row = [(b - a) / max(rows, 1) * 1e6 for a, b in zip(first, last_mark, strict=True)]
    return progress[N_WARM:], (per_row[0], per_row[1])


def rows_per_second(args: argparse.Namespace) -> list[dict[str, Any]]:
    found = []
    with tempfile.TemporaryDirectory() as folder, Cluster(benchmark=True, tied=True) as cluster:
        art = busy_artifact(Path(folder) / "busy.hft")
        events = market(args.batch * (args.batches + N_WARM))
        spark = hs.session("stream", cores=2, connectors=("kafka",))
        topics: dict[str, str] = {}
        for name, (told, conf) in CASES.items():
            if args.only and args.only not in name:
                continue
            fmt = (BASE | told)["fmt"]
            if fmt not in topics:
                [topics[fmt]] = make_topics(cluster, fmt)
                sent = feed(events, KafkaTarget(cluster.bootstrap, dict.fromkeys(EventKind, topics[fmt])), fmt)
                assert sent.ok, sent
            before = {key: spark.conf.get(key) for key in conf}
            for key, value in conf.items():
                spark.conf.set(key, value)
            outputs = make_topics(cluster, *OUTPUTS) if args.publish else None
            with tempfile.TemporaryDirectory() as checkpoint:
                how = {"batch": args.batch, "outputs": outputs, "folder": checkpoint, "available_now": True}
                query = start(spark, cluster, art, events.instruments, topics[fmt], told, **how)
                progress, cpu = run_out(query, spark)
            for key, value in before.items():
                spark.conf.set(key, value)
            found.append(line(name, progress, native_us(events[: args.batch], art, BASE | told, N_PARTITIONS), cpu))
            print(found[-1]["text"], flush=True)
        spark.stop()
    return found


def line(
    name: str, progress: list[dict[str, Any]], native: tuple[float, float], cpu: tuple[float, float]
) -> dict[str, Any]:
    """A case's medians: the trigger, its phases, and what the native calls alone would take on one core."""
    times = [p["durationMs"] for p in progress]
    median = {key: statistics.median(t.get(key, 0) for t in times) for key in {k for t in times for k in t}}
    rows = statistics.median(p["numInputRows"] for p in progress)
    state = progress[-1]["stateOperators"][0] if progress[-1]["stateOperators"] else {}
    row: dict[str, Any] = {
        "case": name,
        "rows_per_s": round(rows / median["triggerExecution"] * 1000),
        "trigger_ms": median["triggerExecution"],
        "phases_ms": median,
        "state_ms": {key: state.get(key, 0) for key in ("allUpdatesTimeMs", "commitTimeMs")},
        "state_bytes": state.get("memoryUsedBytes", 0),
        "pack_us": round(native[0], 3),
        "engine_us": round(native[1], 3),
        "native_share": round(rows * sum(native) / 1e3 / median["triggerExecution"], 3),
        "jvm_cpu_us": round(cpu[0], 3),
        "python_cpu_us": round(cpu[1], 3),
        "batches": len(times),
    }
    phases = ", ".join(
        f"{key} {median.get(key, 0):.0f}" for key in ("addBatch", "queryPlanning", "walCommit", "commitOffsets")
    )
    row["text"] = (
        f"{name:30} {row['rows_per_s']:>9,} rows/s  trigger {row['trigger_ms']:>6.0f} ms ({phases})  native "
        f"{row['pack_us']:.2f} + {row['engine_us']:.2f} us a row = {row['native_share']:.0%} of one core's time; "
        f"CPU {cpu[0]:.2f} us a row in the JVM, {cpu[1]:.2f} in Python"
    )
    return row


class Reader(threading.Thread):
    """Notes when each decision came: (partition, offset of its message) to wall-clock nanoseconds."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        from confluent_kafka import Consumer, TopicPartition

        super().__init__(daemon=True)
        told = {
            "bootstrap.servers": bootstrap,
            "group.id": "bench",
            "fetch.wait.max.ms": 10,
            "enable.auto.commit": False,
        }
        self._consumer = Consumer(told)
        self._consumer.assign([TopicPartition(topic, p, 0) for p in range(N_PARTITIONS)])
        self.stopped = threading.Event()
        self.seen: dict[tuple[int, int], int] = {}

    def run(self) -> None:
        while not self.stopped.is_set():
            for message in self._consumer.consume(1000, 0.02):
                now = time.time_ns()
                for name, value in message.headers() or []:
                    if name == "id":
                        _, partition, offset, _ = bytes(value).split(b":")
                        self.seen.setdefault((int(partition), int(offset)), now)
        self._consumer.close()


def due_times(bootstrap: str, topic: str, n: int) -> dict[tuple[int, int], int]:
    """When each message of the input was due: its header ``t``."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "due", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, p, 0) for p in range(N_PARTITIONS)])
    due: dict[tuple[int, int], int] = {}
    while len(due) < n:
        for message in consumer.consume(10_000, 1.0):
            stamp = dict(message.headers())["t"]
            due[message.partition(), message.offset()] = int.from_bytes(stamp, "little")
    consumer.close()
    return due


def latency(args: argparse.Namespace) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder, Cluster(benchmark=True, tied=True) as cluster:
        art = busy_artifact(Path(folder) / "busy.hft")
        events = market(round(args.rate * (args.seconds + args.warm)))
        spark = hs.session("stream", cores=2, connectors=("kafka",))
        topic, *outputs = make_topics(cluster, "in", *OUTPUTS)
        how = {"batch": None, "outputs": outputs, "folder": f"{folder}/checkpoint", "available_now": False}
        query = start(
            spark, cluster, art, events.instruments, topic, {"n_buckets": args.buckets}, threshold=0.42, **how
        )
        reader = Reader(cluster.bootstrap, outputs[0])
        reader.start()
        target = KafkaTarget(cluster.bootstrap, dict.fromkeys(EventKind, topic))
        sent = feed(events, target, "json", rate=args.rate, time_header=True)
        assert sent.ok, sent
        time.sleep(6)
        reader.stopped.set()
        reader.join()
        batches = [json.loads(p.json) for p in query.recentProgress if p.numInputRows]
        query.stop()
        spark.stop()
        due = due_times(cluster.bootstrap, topic, len(events))
    begin = min(due.values()) + args.warm * 10**9
    waits = np.array([(came - due[where]) / 1e6 for where, came in reader.seen.items() if due[where] >= begin])
    p50, p99, most = np.percentile(waits, [50, 99, 100])
    later = batches[len(batches) * args.warm // (args.warm + args.seconds) :]
    names = {name for b in later for name in b["durationMs"]}
    phases = {name: statistics.median(b["durationMs"].get(name, 0) for b in later) for name in sorted(names)}
    row = {
        "case": f"{args.rate:.0f} events/s", "decisions": len(waits), "p50_ms": p50, "p99_ms": p99, "max_ms": most,
        "trigger_p50_ms": phases["triggerExecution"], "phases_ms": phases, "state": later[-1]["stateOperators"],
        "late_p99_ms": sent.lateness_ns["p99"] / 1e6,
    }  # fmt: skip
    row["text"] = (
        f"{row['case']}: schedule to reader p50 {p50:,.0f} ms, p99 {p99:,.0f} ms, max {most:,.0f} ms over "
        f"{len(waits):,} decisions; trigger p50 {row['trigger_p50_ms']:,.0f} ms; the producer was late by p99 "
        f"{row['late_p99_ms']:.1f} ms"
    )
    print(row["text"])
    return [row]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("rows", "latency"))
    parser.add_argument("--batch", type=int, default=200_000, help="rows: messages a batch")
    parser.add_argument("--batches", type=int, default=5, help="rows: batches that count")
    parser.add_argument("--only", help="rows: cases whose name has this")
    parser.add_argument("--publish", action="store_true", help="rows: to Kafka instead of the noop sink")
    parser.add_argument("--rate", type=float, default=2_000.0, help="latency: events per second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--warm", type=int, default=45, help="latency: seconds before those that count")
    parser.add_argument("--buckets", type=int, default=2, help="latency: of the symbols")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = rows_per_second(args) if args.what == "rows" else latency(args)
    load = os.getloadavg()
    print("load average {:.1f} {:.1f} {:.1f}".format(*load))
    if args.json:
        args.json.write_text(json.dumps({"load": load, "cases": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
