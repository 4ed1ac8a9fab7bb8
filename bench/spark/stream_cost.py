"""What a scored stream costs the processor: the native calls alone, and all of Spark's processes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import hftcore as hc
from hftcore import _core
from hftcore.kafka import partition_of
from hftcore.spark.stream.bucket import Bucket, Messages
from hftcore.spark.stream.packing import Packer, read_chunk
from hftcore.spark.stream.settings import ScoreSettings


def native_us(events: hc.Events, art: hc.Artifact, told: dict[str, Any], n_partitions: int) -> tuple[float, float]:
    """CPU time per message of packing, and of the engines, in this process."""
    values = _core.event.encode_messages(told["fmt"], events.data, events.instruments._native(), 1)
    keys = [events.instruments.symbols[i].encode() for i in events.data["symbol_id"].tolist()]
    n = len(values)
    columns = [pa.array(keys, pa.binary()), pa.array(values, pa.binary()), pa.array(["t"] * n)]
    partitions = pa.array([partition_of(key, n_partitions) for key in keys], pa.int32())
    batch = pa.RecordBatch.from_arrays(
        [*columns, partitions, pa.array(np.arange(n))], names=["key", "value", "topic", "partition", "offset"]
    )
    by_symbol = told["key"] == "symbol"
    begin = time.process_time()
    packer = Packer(told["n_buckets"] if by_symbol else 0)
    chunks = [
        row for at in range(0, n, 10_000) for b in packer(iter([batch.slice(at, 10_000)])) for row in b.to_pylist()
    ]
    packed = time.process_time()
    buckets: dict[int, Bucket] = {}
    settings = ScoreSettings(
        events.instruments.to_json(), told["key"], told["fmt"], n_buckets=told["n_buckets"], n_partitions=n_partitions
    )
    for row in chunks:
        if row["place"] not in buckets:
            buckets[row["place"]] = Bucket(settings, art, row["partition"])
    made = time.process_time()
    for row in chunks:
        part = read_chunk(row["chunk"])
        messages = Messages(
            row["topic"], row["partition"], part.column("key"), part.column("value"), part.column("offset")
        )
        for _ in buckets[row["place"]].take([messages]):
            pass
    return (packed - begin) / n * 1e6, (time.process_time() - made) / n * 1e6


def cpu_s(spark: Any) -> tuple[float, float]:
    """CPU seconds so far of Spark's JVM, and of its Python workers: what other load on the machine does not change."""
    tick = os.sysconf("SC_CLK_TCK")
    stats: dict[int, tuple[int, float, float]] = {}  # by process: parent, own time, with ended children
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            cells = path.read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue  # it ended meanwhile
        times = [int(cell) / tick for cell in cells[11:15]]
        stats[int(path.parent.name)] = (int(cells[1]), sum(times[:2]), sum(times))
    jvm = spark.sparkContext._gateway.proc.pid
    family, python = {jvm}, 0.0
    while grown := {pid for pid, (parent, _, _) in stats.items() if parent in family} - family:
        family |= grown
        python += sum(stats[pid][2] for pid in grown)
    return stats[jvm][1], python
