"""hs.features gives the bytes of FeaturePipeline.transform, however the work is cut up."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc

hs = pytest.importorskip("hftcore.spark", exc_type=ImportError)


@pytest.fixture(scope="module")
def tape(busy_events: Callable[..., hc.Events]) -> hc.Events:
    return busy_events()


@pytest.fixture(scope="module")
def frame(tape: hc.Events, as_frame: Callable[..., Any]) -> Any:
    return as_frame(tape)


@pytest.mark.parametrize(("n_partitions", "batch"), [(1, 7), (2, 1_000), (7, 1), (7, 100_000)])
def test_bytes_are_those_of_the_pipeline(
    frame: Any, tape: hc.Events, wide_spec: Any, n_partitions: int, batch: int
) -> None:
    cuts: dict[str, Any] = {"partitions": [n_partitions], "batches": [batch], "forms": ["arrow"]}
    (row,) = hs.feature_parity(frame, tape, wide_spec(), **cuts)
    assert row.n_rows > 1_500
    assert row.n_bytes == row.n_rows * 15 * 8
    assert row.bytes_differing == 0


@pytest.mark.parametrize("form", ["arrow", "pandas"])
@pytest.mark.parametrize("rows_on", ["quote", "trade", "any"])
def test_both_forms_give_the_rows_the_spec_asks_for(
    frame: Any, tape: hc.Events, wide_spec: Any, form: str, rows_on: str
) -> None:
    spec = wide_spec(rows=rows_on)
    rows = hs.features(frame, spec, instruments=tape.instruments, form=form)
    assert rows.columns == ["symbol", "ts_event_ns", "source_seq", *spec.names]
    assert hs.differing_bytes(rows, tape, spec)[0] == 0
    keys = rows.select("symbol", "source_seq", "ts_event_ns").toArrow().sort_by("source_seq")
    at = np.searchsorted(tape.data["source_seq"], keys["source_seq"].to_numpy().astype(np.uint64))
    assert keys["ts_event_ns"].to_numpy().tolist() == tape.data["ts_event_ns"][at].tolist()
    assert keys["symbol"].to_pylist() == [tape.instruments[int(i)].symbol for i in tape.data["symbol_id"][at]]


def test_levels_of_the_order_book_come_along_where_the_spec_reads_them(as_frame: Any) -> None:
    events = hc.generate(seed=5, symbols=["AAA", "BBB"], seconds=5, rate=300, book_levels=3)
    columns = [hc.weighted_mid(levels=3), hc.book_order_flow(levels=3, window=9), hc.ema("mid_px", period=5)]
    spec = hc.FeatureSpec("levels", columns, rows="any")
    rows = hs.features(as_frame(events), spec, instruments=events.instruments, n_partitions=3)
    differ, n_bytes = hs.differing_bytes(rows, events, spec)
    assert n_bytes == 8 * len(columns) * len(events)
    assert differ == 0
    with pytest.raises(hc.errors.ParameterError, match="reads the order book, which goes on"):
        hs.features(as_frame(events), spec, instruments=events.instruments, by_session=True)


def test_a_byte_that_differs_is_counted(frame: Any, tape: hc.Events, wide_spec: Any) -> None:
    from pyspark.sql import functions as sf

    spec = wide_spec()
    rows = hs.features(frame, spec, instruments=tape.instruments)
    name = spec.names[4]  # an average: NaN at first, which a product leaves alone
    other = rows.withColumn(name, sf.col(name) * 1.0000000000000002)
    assert hs.differing_bytes(other, tape, spec)[0] > 500
    everything, n_bytes = hs.differing_bytes(rows.where("source_seq > 100"), tape, spec)
    assert everything == n_bytes


def test_the_table_as_spark_infers_it_gives_the_same(
    spark: Any, tape: hc.Events, wide_spec: Any, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    pq.write_table(tape.to_arrow(), tmp_path / "events.parquet")
    inferred = spark.read.parquet(str(tmp_path))
    assert dict(inferred.dtypes)["source_seq"] == "decimal(20,0)"
    instruments, spec = hs.read_instruments(tmp_path), wide_spec()
    assert instruments == tape.instruments
    rows = hs.features(inferred, spec, instruments=instruments, order=("ts_event_ns", "source_seq"))
    assert hs.differing_bytes(rows, tape, spec)[0] == 0


@pytest.mark.parametrize("session", [None, ("13:30:00", "20:00:00")])
def test_sessions_apart_or_together_are_the_same_bytes(
    busy_events: Any, as_frame: Any, wide_spec: Any, session: Any
) -> None:
    tape = busy_events(n_symbols=2, seconds=2.0, sessions=3)
    df, spec = as_frame(tape), wide_spec("session_open", session=session)
    for by_session in (False, True):
        rows = hs.features(df, spec, instruments=tape.instruments, n_partitions=3, by_session=by_session)
        differ, n_bytes = hs.differing_bytes(rows, tape, spec)
        assert n_bytes > 100_000
        assert differ == 0


def test_weights_spread_the_busy_symbols(frame: Any, tape: hc.Events, wide_spec: Any) -> None:
    from pyspark.sql import functions as sf

    spec = wide_spec()
    assert sum(hs.symbol_counts(frame).values()) == len(tape)
    weights = {"S0": 9, "S1": 3, "S2": 3, "S3": 3, "S4": 0}
    rows = hs.features(frame, spec, instruments=tape.instruments, n_partitions=2, weights=weights)
    assert hs.differing_bytes(rows, tape, spec)[0] == 0
    placed = rows.select("symbol", sf.spark_partition_id().alias("part")).distinct().collect()
    part = {row["symbol"]: row["part"] for row in placed}
    assert part["S1"] == part["S2"] == part["S3"] != part["S0"]


@pytest.mark.skipif(not os.environ.get("HFTCORE_DATA"), reason="HFTCORE_DATA is not set")
def test_real_quotes_and_trades(as_frame: Any) -> None:
    folder = Path(os.environ["HFTCORE_DATA"], "us_equities_taq")
    events = hc.read_events([folder / f"{what}_20131007.parquet" for what in ("quotes", "trades")])
    events = events[len(events) // 2 : len(events) // 2 + 120_000]
    spec = hc.FeatureSpec.load(Path(hc.__file__).parent / "specs" / "demo.toml")
    rows = hs.features(as_frame(events), spec, instruments=events.instruments, n_partitions=7)
    differ, n_bytes = hs.differing_bytes(rows, events, spec)
    assert n_bytes > 10_000 * len(spec.names) * 8
    assert differ == 0
