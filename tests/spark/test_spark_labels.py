"""Labels on Spark are those of hftcore.labels, and none of them reaches a feature or a test fold unnoticed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import TrainingDataError

hs = pytest.importorskip("hftcore.spark", exc_type=ImportError)

HORIZON = 20


@pytest.fixture(scope="module")
def tape(busy_events: Callable[..., hc.Events]) -> hc.Events:
    return busy_events(n_symbols=2, seconds=3.0, sessions=2)


@pytest.fixture(scope="module")
def frame(tape: hc.Events, as_frame: Callable[..., Any]) -> Any:
    return as_frame(tape).cache()


@pytest.fixture(scope="module")
def spec(wide_spec: Any) -> hc.FeatureSpec:
    return wide_spec("session_open")


@pytest.fixture(scope="module")
def rows(frame: Any, tape: hc.Events, spec: hc.FeatureSpec) -> Any:
    return hs.features(frame, spec, instruments=tape.instruments).cache()


@pytest.fixture(scope="module")
def joined(frame: Any, rows: Any, tape: hc.Events) -> Any:
    made = hs.labels(frame, rows, instruments=tape.instruments, horizon=HORIZON, deadband={"S0": "0.5"})
    return hs.join_labels(rows, made).cache()


def test_values_are_those_of_the_library(joined: Any, tape: hc.Events, spec: hc.FeatureSpec) -> None:
    pipeline = hc.FeaturePipeline(spec, tape.instruments)
    matrix = pipeline.transform(tape)
    wanted = hc.labels.direction(tape, HORIZON, deadband={"S0": "0.5"}, rows=pipeline.rows)
    found = joined.toArrow().sort_by("source_seq")
    assert found["source_seq"].to_numpy().tolist() == tape.data["source_seq"][wanted.rows].tolist()
    assert found["label"].to_numpy().tolist() == wanted.values.tolist()
    assert found["label_end_ns"].to_numpy().tolist() == tape.data["ts_event_ns"][wanted.ends].tolist()
    keep = np.searchsorted(pipeline.rows, wanted.rows)
    columns = np.column_stack([found[name].to_numpy() for name in spec.names])
    assert columns.tobytes() == matrix[keep].tobytes()


def test_a_purged_split_has_no_label_that_touches_the_test(joined: Any, tape: hc.Events) -> None:
    ts = tape.data["ts_event_ns"]
    start, end = int(ts[len(ts) // 4]), int(ts[len(ts) // 4] + 700_000_000)
    train, test = hs.purged_split(joined, start, end, embargo_ns=100_000_000)
    hs.check_no_overlap(train, test)
    kept, tested, every = train.count(), test.count(), joined.count()
    assert min(kept, tested) > 100
    assert kept + tested < every - HORIZON  # some rows know both sides

    plain = joined.where((joined["ts_event_ns"] < start) | (joined["ts_event_ns"] >= end))
    with pytest.raises(TrainingDataError, match=r"^S\d: the training row at \d+ ns has a label that sees until"):
        hs.check_no_overlap(plain, test)
    with pytest.raises(TrainingDataError, match="the test has no rows"):
        hs.check_no_overlap(train, test.where("label = 5"))
    with pytest.raises(ValueError, match="test_end_ns must be >"):
        hs.purged_split(joined, end, start)
    with pytest.raises(ValueError, match="embargo_ns must be >= 0, was -1"):
        hs.purged_split(joined, start, end, -1)


def test_a_planted_future_feature_is_caught(frame: Any, tape: hc.Events, spec: hc.FeatureSpec) -> None:
    from pyspark.sql import Window
    from pyspark.sql import functions as sf

    cut = int(tape.data["ts_event_ns"][len(tape) // 3])
    before = frame.where(frame["ts_event_ns"] < cut)

    def made(df: Any, planted: bool) -> Any:
        rows = hs.features(df, spec, instruments=tape.instruments)
        ahead = Window.partitionBy("symbol").orderBy("source_seq")
        return rows.withColumn("peek", sf.lead("mid", 3).over(ahead)) if planted else rows

    hs.check_no_future(made(frame, False), made(before, False), spec.names)
    with pytest.raises(TrainingDataError, match=r"^column 'peek' knows the future: \d+ of \d+ rows change"):
        hs.check_no_future(made(frame, True), made(before, True), [*spec.names, "peek"])
