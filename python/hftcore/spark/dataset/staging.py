"""Writing a day's files where no reader looks yet: sorted, one file per symbol bucket, from Arrow or by Spark."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from hftcore.errors import DatasetError
from hftcore.spark.dataset.manifest import DayFile, Layout
from hftcore.spark.dataset.schema import RESERVED
from hftcore.spark.dataset.store import Store

_SPARK_CODEC = {"lz4": "lz4_raw"}  # Arrow writes the same and calls it lz4; Parquet's first lz4 is Hadoop's own frame


def bucket_of(symbol: str, n_buckets: int) -> int:
    """The bucket of a symbol: CRC-32 of its UTF-8 bytes, modulo. Spark's ``crc32`` is the same."""
    return zlib.crc32(symbol.encode()) % n_buckets


def stage_arrow(store: Store, folder: str, table: pa.Table, layout: Layout) -> tuple[list[DayFile], int]:
    """Write a storable table under ``folder``; return its files and its rows.

    Raises
    ------
    DatasetError
        If a symbol or an order is null.
    """
    for name in (layout.symbol, *layout.order):
        if table.column(name).null_count:
            raise DatasetError(f"column {name} has {table.column(name).null_count} nulls: a row needs its place")
    table = table.replace_schema_metadata(None)
    found = []
    with tempfile.TemporaryDirectory(prefix="hftcore-stage-") as scratch:
        for bucket, rows in _buckets(table, layout):
            for part, start in enumerate(range(0, len(rows), layout.max_file_rows)):
                local = Path(scratch, "part.parquet")
                codec = layout.compression
                cut = rows.slice(start, layout.max_file_rows)
                pq.write_table(cut, local, compression=codec, row_group_size=layout.row_group_rows)
                path = f"{folder}/{RESERVED}={bucket}/part-{part:05d}.parquet"
                store.put(local, path)
                found.append(DayFile(path, local.stat().st_size, bucket))
    return found, len(table)


def stage_spark(store: Store, folder: str, frame: DataFrame, layout: Layout) -> tuple[list[DayFile], int]:
    """Let Spark write a frame under ``folder``, read back its keys, return its files and its rows.

    One shuffle: a bucket lies whole in one task, so that it becomes one file (more where it passes the layout's
    ``max_file_rows``).

    Raises
    ------
    DatasetError
        If a symbol or an order is null.
    """
    bucket = f.crc32(f.col(layout.symbol).cast("binary")) % layout.n_buckets
    keyed = frame.withColumn(RESERVED, f.coalesce(bucket, f.lit(0)).cast("int"))
    keys = [RESERVED, layout.symbol, *layout.order]
    rows = keyed.repartition(layout.n_buckets, RESERVED).sortWithinPartitions(*keys)
    # Spark's default is Parquet's old form of 96 bits, which readers take for nanoseconds.
    with _setting(frame.sparkSession, "spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS"):
        (
            rows.write.partitionBy(RESERVED)
            .option("compression", _SPARK_CODEC.get(layout.compression, layout.compression))
            .option("parquet.block.row.count.limit", str(layout.row_group_rows))
            .option("parquet.block.size", str(2**30))  # rows decide
            .option("maxRecordsPerFile", str(layout.max_file_rows))
            .parquet(store.url(folder))
        )
    found = [
        DayFile(one.path, one.n_bytes, int(one.path.removeprefix(f"{folder}/{RESERVED}=").partition("/")[0]))
        for one in store.files(folder)
        if one.path.endswith(".parquet")
    ]
    found.sort(key=lambda one: (one.bucket, one.path))
    if not found:
        return [], 0
    names = [layout.symbol, *layout.order]
    staged = frame.sparkSession.read.schema(frame.schema).parquet(*(store.url(one.path) for one in found))
    counts = staged.agg(f.count(f.lit(1)), *(f.count(f.col(name)) for name in names)).collect()[0]
    for name, present in zip(names, counts[1:], strict=True):
        if present != counts[0]:
            raise DatasetError(f"column {name} has {counts[0] - present} nulls: a row needs its place")
    return found, int(counts[0])


def check_sizes(store: Store, folder: str, files: Iterable[DayFile]) -> None:
    """Raise DatasetError unless the store has every file under ``folder``, with its size."""
    there = {one.path: one.n_bytes for one in store.files(folder)}
    for one in files:
        if there.get(one.path) != one.n_bytes:
            raise DatasetError(
                f"{store.url(one.path)}: a worker wrote {one.n_bytes} bytes, here are {there.get(one.path, 'none')}: "
                "the folder must be one file system that every machine sees"
            )


@contextmanager
def _setting(spark: SparkSession, key: str, value: str) -> Iterator[None]:
    """A setting of the caller's session, as it was afterwards."""
    before = str(spark.conf.get(key))
    spark.conf.set(key, value)
    try:
        yield
    finally:
        spark.conf.set(key, before)


def _buckets(table: pa.Table, layout: Layout) -> Iterator[tuple[int, pa.Table]]:
    """The rows of each bucket that has any, sorted by symbol and order."""
    symbols: Any = pc.dictionary_encode(table.column(layout.symbol).combine_chunks())
    of_symbol = np.array([bucket_of(s, layout.n_buckets) for s in symbols.dictionary.to_pylist()], np.int64)
    buckets: npt.NDArray[np.int64] = of_symbol[symbols.indices.to_numpy()] if len(table) else of_symbol
    for bucket in np.unique(buckets):
        rows = table.filter(pa.array(buckets == bucket))
        yield int(bucket), rows.sort_by([(name, "ascending") for name in (layout.symbol, *layout.order)])
