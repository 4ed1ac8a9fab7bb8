"""Wrong use explains itself: before Spark runs where that can be, else with symbol and row, as an error of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import EventError, OutOfOrderError, ParameterError, SpecError

hs = pytest.importorskip("hftcore.spark", exc_type=ImportError)


@pytest.fixture(scope="module")
def tape(busy_events: Callable[..., hc.Events]) -> hc.Events:
    return busy_events(n_symbols=3, seconds=2.0)


@pytest.fixture(scope="module")
def frame(tape: hc.Events, as_frame: Callable[..., Any]) -> Any:
    return as_frame(tape).cache()


@pytest.fixture(scope="module")
def run(tape: hc.Events, wide_spec: Any) -> Callable[..., int]:
    def run_it(df: Any, spec: hc.FeatureSpec | None = None, **options: Any) -> int:
        given = {"instruments": tape.instruments} | options
        with hs.worker_errors():
            return int(hs.features(df, spec or wide_spec(), **given).count())

    return run_it


def instant(*features: Any, **options: Any) -> hc.FeatureSpec:
    return hc.FeatureSpec(
        "instant", features or [hc.mid(), hc.spread(), hc.microprice(), hc.queue_imbalance()], **options
    )


def test_stateful_features_need_keys(frame: Any, run: Any) -> None:
    with pytest.raises(SpecError, match=r"keyed=False .*: ema_mid_px_5 \(ema\), rsi_\w+ \(rsi\); use keyed=True"):
        run(frame, instant(hc.mid(), hc.ema("mid_px", period=5), hc.rsi("mid_px", period=3)), keyed=False)
    with pytest.raises(SpecError, match=r"rows = 'any' \(a trade's row shows the quote before it\)"):
        run(frame, instant(rows="any"), keyed=False)
    with pytest.raises(SpecError, match=r"drop 'unchanged'"):
        run(frame, instant(drop=("unchanged",)), keyed=False)
    with pytest.raises(SpecError, match=r"clean crossed = 'hold', clean stale = 'flag'; use keyed=True"):
        run(frame, instant(clean={"crossed": "hold", "locked": "nan", "stale": "flag"}), keyed=False)
    with pytest.raises(SpecError, match=r"'late' needs ts_recv_ns, which these columns do not carry"):
        run(frame, instant(clean={"late": "drop"}))


def test_another_symbols_values_are_not_at_hand(frame: Any, run: Any) -> None:
    with pytest.raises(SpecError, match="reads values of 'S1': each symbol is computed on its own here"):
        run(frame, instant(hc.expr("mid_px - mid_px@S1")))


def test_a_stateless_map_is_allowed_and_needs_no_order(frame: Any, tape: hc.Events) -> None:
    from pyspark.sql import functions as sf

    spec = instant(drop=("suspicious", "locked"))
    shuffled = frame.orderBy(sf.xxhash64("source_seq"))
    rows = hs.features(shuffled, spec, instruments=tape.instruments, keyed=False)
    assert hs.differing_bytes(rows, tape, spec)[0] == 0


def test_sorted_partitions_need_no_shuffle(frame: Any, tape: hc.Events, wide_spec: Any) -> None:
    df = frame.repartition(3, "symbol").sortWithinPartitions("source_seq")
    rows = hs.features(df, wide_spec(), instruments=tape.instruments, presorted=True)
    assert hs.differing_bytes(rows, tape, wide_spec())[0] == 0


def test_unsorted_rows_are_named(frame: Any, run: Any) -> None:
    df = frame.repartition(2, "symbol").sortWithinPartitions("bid_px_ticks", "source_seq")
    with pytest.raises(
        OutOfOrderError, match=r"^S\d, row with source_seq \d+: source_seq falls within the symbol: .*so"
    ):
        run(df, presorted=True)


def test_a_second_shuffle_is_found_before_anything_runs(frame: Any, run: Any) -> None:
    df = frame.repartition(2, "symbol").sortWithinPartitions("source_seq").repartition(2)
    with pytest.raises(OutOfOrderError, match=r"presorted=True, but S0 lies in partitions 0, 1: .*shuffled again"):
        run(df, presorted=True)


def test_time_that_falls_in_the_given_order_names_symbol_and_row(frame: Any, run: Any) -> None:
    from pyspark.sql import functions as sf

    late = sf.when(sf.col("source_seq") == 2000, sf.col("ts_event_ns") - 10**9).otherwise(sf.col("ts_event_ns"))
    with pytest.raises(OutOfOrderError, match=r"^S\d, row with source_seq 2000: ts_event_ns \d+ is older"):
        run(frame.withColumn("ts_event_ns", late).withColumn("kind", sf.lit("quote")).na.fill(1))


def test_an_order_that_does_not_tell_events_apart_is_refused(frame: Any, run: Any) -> None:
    with pytest.raises(OutOfOrderError, match=r"two events of the symbol have the same ts_event_ns: name columns"):
        run(frame, order="ts_event_ns")
    with pytest.raises(OutOfOrderError, match=r"two events of the symbol have the same source_seq"):
        run(frame.unionAll(frame))


def test_cells_that_cannot_become_events_name_their_row(tape: hc.Events, frame: Any, run: Any) -> None:
    from pyspark.sql import functions as sf

    def at(column: str, value: Any, where: str = "source_seq = 1500") -> Any:
        return frame.withColumn(column, sf.when(sf.expr(where), sf.lit(value)).otherwise(sf.col(column)))

    quote = int(np.flatnonzero(tape.data["kind"] == 2)[70])
    with pytest.raises(EventError, match=rf"^S\d, row with source_seq {quote}: a price or quantity .* is null$"):
        run(at("ask_qty_lots", None, f"source_seq = {quote}"))
    with pytest.raises(EventError, match=r"row with source_seq 1500: kind must be trade, quote, book_level or control"):
        run(at("kind", "candle"))
    with pytest.raises(EventError, match=r"^XYZ, row with source_seq \d+: no instrument for this symbol; there are S0"):
        run(at("symbol", "XYZ", f"source_seq = {quote}"))
    with pytest.raises(EventError, match=rf"^None, row with source_seq {quote}: symbol must not be null"):
        run(at("symbol", None, f"source_seq = {quote}"), n_partitions=1)


def test_what_can_be_seen_at_once_is_said_at_once(frame: Any, run: Any, wide_spec: Any, tape: hc.Events) -> None:
    with pytest.raises(EventError, match=r"the DataFrame lacks kind, source_seq"):
        run(frame.drop("kind", "source_seq"))
    with pytest.raises(EventError, match=r"column 'bid_px_ticks' must be tinyint or .* was double"):
        run(frame.withColumn("bid_px_ticks", frame["bid_px_ticks"].cast("double")))
    with pytest.raises(ParameterError, match=r"form must be one of arrow, pandas, was 'polars'"):
        run(frame, form="polars")
    with pytest.raises(ParameterError, match=r"n_partitions must be >= 1, was 0"):
        run(frame, n_partitions=0)
    with pytest.raises(ParameterError, match=r"weights\['S1'\] must be >= 0, was -1"):
        run(frame, weights={"S1": -1})
    with pytest.raises(ParameterError, match=r"order must name one or more columns"):
        run(frame, order=())
    with pytest.raises(ParameterError, match=r"by_session=True needs .* has origin 'continuous'"):
        run(frame, by_session=True)
    with pytest.raises(ParameterError, match=r"presorted=True shuffle nothing"):
        run(frame, presorted=True, n_partitions=2)
    with pytest.raises(ParameterError, match=r"state must have the columns symbol and state, lacks state"):
        run(frame, state=frame.select("symbol"))
    with pytest.raises(ParameterError, match=r"instruments must be the InstrumentTable"):
        run(frame, instruments=7)
    with pytest.raises(SpecError, match=r"spec must be a FeatureSpec, was str"):
        hs.features(frame, "spec.toml", instruments=tape.instruments)


def test_errors_that_are_not_ours_stay_what_they_are() -> None:
    with pytest.raises(KeyError), hs.worker_errors():
        raise KeyError("x")


def test_twins_and_sinks_that_mind_them(
    spark: Any, frame: Any, tape: hc.Events, wide_spec: Any, tmp_path: Path
) -> None:
    rows = hs.features(frame, wide_spec(), instruments=tape.instruments)
    mark = str(tmp_path / "delivered")

    def sink(partition: Iterator[Any]) -> None:
        n = sum(1 for _ in partition)
        with Path(mark).open("a") as file:
            file.write(f"{n}\n")

    hs.deliver(rows, sink, idempotent=False)  # no twins here
    assert sum(map(int, Path(mark).read_text().split())) == rows.count()

    class Conf:
        def __init__(self, values: dict[str, str]) -> None:
            self.values = values

        def get(self, key: str, fallback: str) -> str:
            return self.values.get(key, fallback)

    class Speculating:
        """The DataFrame of a session that speculates: a setting of the JVM's start."""

        columns = rows.columns

        def __init__(self, **values: str) -> None:
            conf = Conf({key.replace("_", "."): value for key, value in values.items()})
            self.sparkSession = type("S", (), {"sparkContext": type("C", (), {"getConf": lambda self: conf})()})

    with pytest.raises(ParameterError, match=r"spark.speculation is on and the sink is not idempotent: .* twin"):
        hs.deliver(Speculating(spark_speculation="true"), sink, idempotent=False)
    version = {"spark_hadoop_mapreduce_fileoutputcommitter_algorithm_version": "2"}
    with pytest.raises(ParameterError, match=r"algorithm.version=2 moves a task's files when the task ends"):
        hs.write_features(Speculating(spark_speculation="true", **version), str(tmp_path / "out"))
