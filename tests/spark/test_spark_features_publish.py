"""Workers that write their features themselves publish the bytes of this process, whole or not at all."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import EventError, ParameterError

hs = pytest.importorskip("hftcore.spark", exc_type=ImportError)

DAY = "2024-01-02"


@pytest.fixture(scope="module")
def tape(busy_events: Callable[..., hc.Events]) -> hc.Events:
    return busy_events()


@pytest.fixture(scope="module")
def frame(tape: hc.Events, as_frame: Callable[..., Any]) -> Any:
    return as_frame(tape)


def wanted(tape: hc.Events, spec: hc.FeatureSpec) -> bytes:
    """The values of the pipeline in this process, in the order of the tape."""
    return hc.FeaturePipeline(spec, tape.instruments).transform(tape).tobytes()


def values(table: Any, spec: hc.FeatureSpec) -> bytes:
    table = table.sort_by("source_seq")
    return np.column_stack([table[name].to_numpy() for name in spec.names]).tobytes()


@pytest.mark.parametrize("where", ["file", "s3", "hdfs"])
def test_each_place_holds_the_bytes_of_the_pipeline(
    where: str, frame: Any, tape: hc.Events, wide_spec: Any, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    root = tmp_path.as_uri() if where == "file" else request.getfixturevalue(where)
    url = f"{root if isinstance(root, str) else root.url}/{uuid.uuid4().hex}"
    dataset, spec = hs.Dataset(url, layout=hs.Layout(n_buckets=3, row_group_rows=700)), wide_spec()
    done = hs.publish_features(dataset, DAY, frame, spec, instruments=tape.instruments, with_state=True)
    assert hs.Dataset(url).days() == [done.day]
    found = dataset.to_arrow()
    assert found.column_names == ["symbol", "ts_event_ns", "source_seq", *spec.names]
    assert found.num_rows == done.day.n_rows > 1_500
    assert values(found, spec) == wanted(tape, spec)
    assert values(dataset.to_spark().toArrow(), spec) == wanted(tape, spec)
    assert set(done.states) == set(tape.instruments.symbols)
    if where == "file":
        for one in done.day.files:
            stored = pq.ParquetFile(tmp_path / url.rsplit("/", 1)[1] / one.path)
            rows = stored.read(columns=["symbol", "source_seq"])
            assert rows.equals(rows.sort_by([("symbol", "ascending"), ("source_seq", "ascending")]))
            groups = [stored.metadata.row_group(i).num_rows for i in range(stored.metadata.num_row_groups)]
            assert groups[:-1] == [700] * (len(groups) - 1)


def test_days_of_one_tape_are_chained_by_their_states(
    busy_events: Any, as_frame: Any, spark: Any, wide_spec: Any, tmp_path: Path
) -> None:
    tape, spec = busy_events(n_symbols=3, seconds=2.0, sessions=2), wide_spec("continuous")
    day = tape.data["ts_event_ns"] // 86_400_000_000_000
    dataset = hs.Dataset(tmp_path.as_uri(), layout=hs.Layout(n_buckets=2, max_file_rows=150))
    states: dict[str, bytes] = {}
    for number, name in enumerate(("2024-01-02", "2024-01-03")):
        events = as_frame(tape[day == day[0] + number])
        before = spark.createDataFrame(list(states.items()), "symbol string, state binary") if states else None
        options: dict[str, Any] = {"instruments": tape.instruments, "state": before, "with_state": True}
        done = hs.publish_features(dataset, name, events, spec, **options)
        states = done.states
        assert len(done.day.files) > 2, "a full file is followed by another"
    assert values(dataset.to_arrow(), spec) == wanted(tape, spec)


def test_a_worker_that_fails_publishes_nothing_and_the_day_stays(
    frame: Any, tape: hc.Events, wide_spec: Any, tmp_path: Path
) -> None:
    from pyspark.sql import functions as sf

    dataset, spec = hs.Dataset(tmp_path.as_uri(), layout=hs.Layout(n_buckets=2, row_group_rows=100)), wide_spec()
    hs.publish_features(dataset, DAY, frame, spec, instruments=tape.instruments)
    before = values(dataset.to_arrow(), spec)
    last = int(tape.data["source_seq"][-1])
    broken = frame.withColumn("kind", sf.when(sf.col("source_seq") > last - 50, "candle").otherwise(sf.col("kind")))
    with pytest.raises(EventError, match="kind must be trade, quote, book_level or control"):
        hs.publish_features(dataset, DAY, broken, wide_spec(), instruments=tape.instruments)
    assert values(dataset.to_arrow(), spec) == before


def test_what_an_attempt_that_was_not_taken_left_is_vacuumed(
    frame: Any, tape: hc.Events, wide_spec: Any, tmp_path: Path
) -> None:
    dataset, spec = hs.Dataset(tmp_path.as_uri(), layout=hs.Layout(n_buckets=2)), wide_spec()
    done = hs.publish_features(dataset, DAY, frame, spec, instruments=tape.instruments)
    before, path = values(dataset.to_arrow(), spec), done.day.files[0].path
    twin = tmp_path / path.replace(".parquet", "9.parquet")
    twin.write_bytes((tmp_path / path).read_bytes()[:1_000])  # half a file of a killed twin
    assert values(dataset.to_arrow(), spec) == before
    assert dataset.to_spark().count() == done.day.n_rows
    assert dataset.vacuum(older_than_s=-60) == [str(twin.relative_to(tmp_path))]
    assert values(dataset.to_arrow(), spec) == before


def test_a_dataset_sorted_otherwise_is_refused(frame: Any, tape: hc.Events, wide_spec: Any, tmp_path: Path) -> None:
    dataset = hs.Dataset(tmp_path.as_uri(), layout=hs.Layout(order=("ts_event_ns", "source_seq")))
    with pytest.raises(ParameterError, match="features are sorted by symbol and source_seq"):
        hs.publish_features(dataset, DAY, frame, wide_spec(), instruments=tape.instruments, order="source_seq")
