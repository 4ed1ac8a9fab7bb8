"""The same dataset on S3 (moto's server, the S3A connector) and on a real HDFS, one of whose DataNodes is killed."""

from __future__ import annotations

import uuid
from typing import Any

import pyarrow as pa
import pytest

import hftcore.spark as hs
from hftcore.errors import DatasetError
from hftcore.servers.waiting import wait_until
from hftcore.spark.dataset.store import HadoopStore

DAY = "2013-10-07"


def rows(n: int, price: float = 100.0) -> pa.Table:
    columns = {"symbol": [f"S{i % 5}" for i in range(n)], "source_seq": pa.array(range(n), pa.int64())}
    return pa.table(columns | {"px": [price + i / 8 if i % 7 else None for i in range(n)]})


def in_order(table: pa.Table) -> pa.Table:
    return table.sort_by([("symbol", "ascending"), ("source_seq", "ascending")])


@pytest.fixture(params=["s3", "hdfs"])
def place(request: pytest.FixtureRequest, spark: Any) -> str:
    root = request.getfixturevalue(request.param)
    return f"{root if isinstance(root, str) else root.url}/{uuid.uuid4().hex}"


def test_every_reader_reads_the_same_and_a_day_is_replaced_whole(place: str, spark: Any, monkeypatch: Any) -> None:
    dataset = hs.Dataset(place, layout=hs.Layout(n_buckets=2))
    with pytest.raises(DatasetError, match="nothing was published there"):
        dataset.to_arrow()
    dataset.publish(DAY, rows(50))
    dataset.publish("2013-10-08", spark.createDataFrame(rows(30, price=5.0)))
    found = dataset.to_arrow()
    assert in_order(found).equals(in_order(pa.concat_tables([rows(50), rows(30, price=5.0)])))
    assert pa.Table.from_pandas(dataset.to_pandas(), schema=found.schema, preserve_index=False).equals(found)
    assert dataset.to_polars().to_arrow().cast(found.schema).equals(found)
    assert in_order(dataset.to_spark().toArrow().cast(found.schema)).equals(in_order(found))

    def crash(self: HadoopStore, path: str, data: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(HadoopStore, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            dataset.publish(DAY, rows(70))
    assert dataset.to_arrow().equals(found), "what the crash left is followed by nobody"
    dataset.publish(DAY, rows(70))
    assert hs.Dataset(place).to_arrow(first=DAY, last=DAY).num_rows == 70
    removed = dataset.vacuum(older_than_s=-60)  # the store's clock need not be ours
    assert len(removed) == 2
    assert dataset.to_arrow().num_rows == 100


def test_a_dead_data_node_takes_no_row_away(hdfs: Any, spark: Any) -> None:
    dataset = hs.Dataset(f"{hdfs.url}/{uuid.uuid4().hex}", layout=hs.Layout(n_buckets=4))
    published = dataset.publish(DAY, rows(2_000))
    folder = dataset.url.removeprefix(hdfs.url)
    for one in published.files:
        wait_until(lambda path=one.path: hdfs.n_copies(f"{folder}/{path}") == 2, 20.0, f"{one.path} has no two copies")
    before = dataset.to_arrow()
    hdfs.kill(2)
    try:
        assert [one.state for one in hdfs.status()] == ["running", "running", "dead", "running"]
        assert dataset.to_arrow().equals(before)
        assert in_order(dataset.to_spark().toArrow().cast(before.schema)).equals(in_order(before))
        dataset.publish("2013-10-08", rows(100))
        assert dataset.to_spark().count() == 2_100
    finally:
        hdfs.restart(2)
