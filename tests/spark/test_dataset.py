"""Datasets on the local file system: layout, equal readers, schema changes, days that appear whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore as hc
import hftcore.spark as hs
from hftcore.errors import DatasetError
from hftcore.spark.dataset.staging import bucket_of
from hftcore.spark.dataset.store import LocalStore

DAY = "2013-10-07"


def rows(n: int = 60, price: float = 100.0) -> pa.Table:
    """``n`` rows of five symbols, not sorted; every type of column that a tape has, with nulls."""
    at = [(7 * i) % n for i in range(n)]
    return pa.table(
        {
            "symbol": [f"S{i % 5}" for i in at],
            "source_seq": pa.array(at, pa.int64()),
            "px": [price + i / 8 if i % 7 else None for i in at],
            "qty_lots": pa.array([i if i % 3 else None for i in at], pa.int64()),
            "is_quote": [i % 2 == 0 for i in at],
            "ts": pa.array([1_000_000 * i for i in at], pa.timestamp("us", tz="UTC")),
        }
    )


def in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([("symbol", "ascending"), ("source_seq", "ascending")])


@pytest.fixture
def dataset(tmp_path: Path) -> hs.Dataset:
    return hs.Dataset(tmp_path.as_uri(), layout=hs.Layout(n_buckets=3))


def test_files_are_one_per_bucket_and_sorted_inside(dataset: hs.Dataset, tmp_path: Path) -> None:
    published = dataset.publish(DAY, rows())
    assert published.n_rows == 60
    assert [one.bucket for one in published.files] == sorted({bucket_of(f"S{i}", 3) for i in range(5)})
    for one in published.files:
        assert one.path.startswith(f"date={DAY}/run=")
        assert f"/bucket={one.bucket}/" in one.path
        stored = pq.read_table(tmp_path / one.path, partitioning=None)
        assert stored.equals(in_order(stored))
    assert in_order(dataset.to_arrow()).equals(in_order(rows()))


@pytest.mark.parametrize("writer", ["arrow", "spark"])
def test_arrow_pandas_polars_and_spark_read_the_same(dataset: hs.Dataset, spark: Any, writer: str) -> None:
    given = rows() if writer == "arrow" else spark.createDataFrame(rows())
    dataset.publish(DAY, given)
    dataset.publish("2013-10-08", rows(33, price=5.0))
    expected = pa.concat_tables([in_order(rows()), in_order(rows(33, price=5.0))])
    found = dataset.to_arrow()
    assert in_order(found).equals(in_order(expected))
    assert pa.Table.from_pandas(dataset.to_pandas(), schema=found.schema, preserve_index=False).equals(found)
    assert dataset.to_polars().to_arrow().cast(found.schema).equals(found)
    assert in_order(dataset.to_spark().toArrow().cast(found.schema)).equals(in_order(found))


def test_spark_and_arrow_write_the_same_layout(tmp_path: Path, spark: Any) -> None:
    layout = hs.Layout(n_buckets=3, row_group_rows=10, compression="lz4")
    found = []
    for name, given in (("arrow", rows()), ("spark", spark.createDataFrame(rows()))):
        dataset = hs.Dataset((tmp_path / name).as_uri(), layout=layout)
        files = [(one.bucket, pq.ParquetFile(tmp_path / name / one.path)) for one in dataset.publish(DAY, given).files]
        assert {one.metadata.row_group(0).column(0).compression for _, one in files} == {"LZ4"}
        found.append([(bucket, one.metadata.num_row_groups, one.read().to_pydict()) for bucket, one in files])
    assert found[0] == found[1]


def test_a_symbol_is_read_from_its_bucket_alone(dataset: hs.Dataset, tmp_path: Path, spark: Any) -> None:
    published = dataset.publish(DAY, rows())
    whole = dataset.to_arrow()
    one = dataset.to_arrow(symbols="S3")
    assert one.equals(whole.filter(pa.compute.equal(whole["symbol"], "S3")))
    assert in_order(dataset.to_spark(symbols=["S3"]).toArrow().cast(one.schema)).equals(one)
    assert dataset.to_arrow(symbols="S3", columns=["px"]).equals(one.select(["px"]))
    bucket = bucket_of("S3", 3)
    for other in (file for file in published.files if file.bucket != bucket):
        (tmp_path / other.path).unlink()
    assert dataset.to_arrow(symbols="S3").equals(one)
    with pytest.raises(DatasetError, match=r"part-00000\.parquet is gone, \d+ bytes were published"):
        dataset.to_arrow()


def test_events_come_back_as_they_were(dataset: hs.Dataset) -> None:
    events = hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=2, rate=500)
    dataset.publish("2020-01-02", events)
    table = dataset.to_arrow().sort_by("source_seq")
    assert hc.read_events(table) == events


def test_a_new_nullable_column_reads_null_before_its_day(dataset: hs.Dataset, spark: Any) -> None:
    dataset.publish("2013-10-07", rows())
    dataset.publish("2013-10-08", rows().append_column("venue", pa.array(["Q"] * 60)))
    found = dataset.to_arrow()
    assert found["venue"].null_count == 60
    assert found.column_names[-1] == "venue"
    assert in_order(dataset.to_spark().toArrow().cast(found.schema))["venue"].null_count == 60
    with pytest.raises(DatasetError, match="column venue is missing"):
        dataset.publish("2013-10-09", rows())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_columns("px"), "day 2013-10-08: column px is missing"),
        (lambda t: t.set_column(2, "px", t["px"].cast(pa.float32())), "column px is float, expected double"),
        (
            lambda t: t.append_column(pa.field("v", pa.int64(), nullable=False), pa.array([1] * 60)),
            "new column v must be nullable",
        ),
        (lambda t: t.drop_columns("source_seq"), "column source_seq is missing: the layout sorts by it"),
        (lambda t: t.append_column("bucket", t["qty_lots"]), "column bucket: the name is taken"),
        (lambda t: t.append_column("l", pa.array([[1]] * 60)), "column l: list<.*> does not read the same"),
        (
            lambda t: t.append_column("u", pa.array([2**63] * 60, pa.uint64())),
            "column u: uint64 does not fit int64",
        ),
        (
            lambda t: t.append_column("ns", pa.array([1] * 60, pa.timestamp("ns"))),
            r"column ns: timestamp\[ns\] does not fit timestamp\[us\]",
        ),
        (lambda t: t.set_column(0, "symbol", pa.nulls(60, pa.string())), "column symbol has 60 nulls"),
        (lambda t: t.slice(0, 0), "no rows"),
    ],
)
def test_a_day_that_does_not_fit_is_refused_and_changes_nothing(dataset: hs.Dataset, change: Any, message: str) -> None:
    dataset.publish("2013-10-07", rows())
    before = dataset.to_arrow()
    with pytest.raises(DatasetError, match=message):
        dataset.publish("2013-10-08", change(rows()))
    assert dataset.to_arrow().equals(before)


def test_spark_rows_without_a_symbol_are_refused(dataset: hs.Dataset, spark: Any) -> None:
    table = rows().set_column(0, "symbol", pa.array(["S1"] * 59 + [None]))
    with pytest.raises(DatasetError, match="column symbol has 1 nulls"):
        dataset.publish(DAY, spark.createDataFrame(table))
    assert dataset.days() == []


_CRASHING = """\
import os, signal, sys
import pyarrow as pa, pyarrow.parquet as pq
import hftcore.spark as hs
from hftcore.spark.dataset.staging import bucket_of
from hftcore.spark.dataset.store import LocalStore
def die(self, path, data):
    os.kill(os.getpid(), signal.SIGKILL)
LocalStore.replace = die  # the first small file: all large ones are there
hs.Dataset(sys.argv[1]).publish("2013-10-07", pq.read_table(sys.argv[2]))
"""


def test_a_writer_killed_before_it_publishes_leaves_the_old_day(dataset: hs.Dataset, tmp_path: Path) -> None:
    dataset.publish(DAY, rows())
    before = dataset.to_arrow()
    source = tmp_path / "given.parquet"
    pq.write_table(rows(90, price=7.0), source)
    killed = subprocess.run([sys.executable, "-c", _CRASHING, dataset.url, source], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list((tmp_path / f"date={DAY}").iterdir())) == 2, "the killed writer's files are there"
    assert dataset.to_arrow().equals(before)
    assert dataset.vacuum() == [], "they are young: their writer might live"
    assert len(dataset.vacuum(older_than_s=0)) == 1
    assert dataset.to_arrow().equals(before)


def test_readers_during_writes_see_one_version_or_the_other(dataset: hs.Dataset) -> None:
    small, large = rows(40), rows(80)
    dataset.publish(DAY, small)
    done, seen = threading.Event(), []

    def read() -> None:
        while not done.is_set():
            seen.append(in_order(dataset.to_arrow()))

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(30):
        dataset.publish(DAY, large if i % 2 == 0 else small)
    done.set()
    reader.join()
    wholes = [in_order(small), in_order(large)]
    assert len(seen) > 5
    assert all(any(one.equals(whole) for whole in wholes) for one in seen)


def test_a_frame_keeps_its_files_until_vacuum(dataset: hs.Dataset, spark: Any) -> None:
    dataset.publish(DAY, rows(40))
    frame = dataset.to_spark()
    dataset.publish(DAY, rows(80))
    assert frame.count() == 40
    assert dataset.to_spark().count() == 80


def test_what_is_no_dataset_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no dataset: nothing was published there"):
        hs.Dataset(tmp_path.as_uri()).to_arrow()
    with pytest.raises(DatasetError, match="must read file:///absolute/path"):
        hs.Dataset("file://there/x")
    with pytest.raises(DatasetError, match="must read file:///path, s3a://"):
        hs.Dataset("ticks")
    with pytest.raises(DatasetError, match="compression must be one of zstd, lz4, snappy, none, was 'gzip'"):
        hs.Layout(compression="gzip")  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match="n_buckets must be >= 1, was 0"):
        hs.Layout(n_buckets=0)
    with pytest.raises(DatasetError, match="day must read YYYY-MM-DD, was '7 Oct'"):
        hs.Dataset(tmp_path.as_uri()).publish("7 Oct", rows())
    LocalStore(tmp_path).replace("_dataset.json", b"{}")
    with pytest.raises(DatasetError, match=r"_dataset\.json cannot be read"):
        hs.Dataset(tmp_path.as_uri())


def test_a_layout_is_fixed_when_the_dataset_is_made(dataset: hs.Dataset) -> None:
    dataset.publish(DAY, rows())
    assert hs.Dataset(dataset.url).layout.n_buckets == 3
    with pytest.raises(DatasetError, match=r"its layout is .*n_buckets=3"):
        hs.Dataset(dataset.url, layout=hs.Layout(n_buckets=4))
