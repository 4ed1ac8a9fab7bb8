"""What a report is put together from must belong together, and its figures must be those of the right class."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import ReportError
from hftcore.metrics import Classification
from hftcore.report.assemble import assemble
from hftcore.table import FeatureTable

# Scores of down, flat, up for rows that went down, flat, up and up.
SCORES = np.array([[0.7, 0.2, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.6, 0.3, 0.1]])
HAPPENED = np.array([-1, 0, 1, 1], np.int8)
WINDOW_NS = (1_000, 2_000)


def artifact(classes: tuple[int, ...] = (-1, 0, 1), **changes: Any) -> Any:
    """What a report asks of an artefact, its scores dictated, in the order of its classes."""
    spec = SimpleNamespace(name="tiny", sha256="5" * 64)
    columns = [(-1, 0, 1).index(label) if label in (-1, 0, 1) else 0 for label in classes]
    parts = {
        "spec": spec,
        "classes": classes,
        "model_id": "queue imbalance",
        "importance": {"x": 1.0},
        "training": {"window_ns": WINDOW_NS},
        "predict_proba": lambda X: SCORES[:, columns],
    }
    return SimpleNamespace(**parts | changes)


def table(first_ns: int = 3_000, spec_sha256: str = "5" * 64) -> FeatureTable:
    n = len(HAPPENED)
    return FeatureTable(
        names=("x",),
        X=np.zeros((n, 1)),
        y=HAPPENED,
        symbol=np.array(["AAA"] * n, dtype=object),
        ts_event_ns=first_ns + np.arange(n),
        session_id=np.zeros(n, np.int64),
        event_index=np.arange(n),
        about={
            "source": "hand-made",
            "spec_sha256": spec_sha256,
            "label": {"horizon": 1, "deadband_ticks": 0.0, "smoothing": "mean"},
        },
    )


def report(**parts: Any) -> Any:
    return assemble(title="t", data_source="s", real_data=False, **{"artifact": artifact(), **parts})


@pytest.fixture(scope="module")
def runs(imbalance_artifact, make_tape):
    tape = make_tape([(0, 0, 1000, 90, 1001, 10), (1, 0, 1010, 10, 1011, 90)])
    return hc.replay(imbalance_artifact, tape), hc.replay(imbalance_artifact, tape, rate_hz=2_000.0)


@pytest.mark.parametrize("classes", [(-1, 0, 1), (1, 0, -1), (0, 1, -1)])
def test_scores_follow_their_class_whatever_the_order_in_the_artefact(classes):
    data = report(artifact=artifact(classes), table=table())
    expected = Classification.of(HAPPENED, [-1, 0, 1, -1], proba=SCORES)
    assert data.quality.overall == expected
    assert data.calibration["up"].p_mean == pytest.approx((0.1, 0.3, 0.8))
    assert data.calibration["up"].hit_frac == pytest.approx((0.5, 0.0, 1.0))


def test_a_model_of_other_classes_cannot_be_scored_on_a_table():
    with pytest.raises(ReportError, match=r"\(-1, 0, 1\), the artefact has \(0, 1\)"):
        report(artifact=artifact((0, 1)), table=table())


def test_a_table_of_another_spec_is_refused():
    with pytest.raises(ReportError, match=r"table: made with spec 6+, the artefact has spec 5+"):
        report(table=table(spec_sha256="6" * 64))


@pytest.mark.parametrize("part", ["run", "paced"])
def test_a_run_of_another_model_is_refused(runs, part):
    with pytest.raises(ReportError, match=f"{part}: replayed model queue imbalance, the artefact is model other"):
        report(artifact=artifact(model_id="other"), **{part: runs[1]})


def test_a_run_as_fast_as_it_goes_is_not_paced(runs):
    with pytest.raises(ReportError, match="paced: must be a replay at a fixed rate"):
        report(paced=runs[0])


def test_runs_that_belong_together_are_reported(runs):
    data = report(run=runs[0], paced=runs[1])
    assert data.latency.rate_hz == 2_000.0
    assert data.trading.net_pnl == runs[0].profit.net
    assert not data.trading.in_sample


@pytest.mark.parametrize(
    ("first_ns", "in_sample"), [(3_000, 0), (2_000, 0), (1_999, 2), (1_500, 4), (997, 0), (998, 2), (100, 0)]
)
def test_rows_of_the_training_period_are_counted_as_in_sample(first_ns, in_sample):
    data = report(table=table(first_ns))
    assert data.quality.in_sample_rows == in_sample
    assert ("in sample" in data.model.test_period) == (in_sample > 0)


def test_a_tape_of_the_training_period_is_traded_in_sample(runs):
    times = runs[0].pnl.ts_ns
    seen = artifact(training={"window_ns": (int(times[0]), int(times[-1]))})
    assert report(artifact=seen, run=runs[0]).trading.in_sample


def test_an_open_position_without_a_mark_has_no_net(runs):
    run = runs[0]
    rows = tuple(dataclasses.replace(row, unrealised_half_tick_lots=None) for row in run.profit.rows)
    unmarked = dataclasses.replace(run)
    unmarked.__dict__["profit"] = dataclasses.replace(run.profit, rows=rows)
    trading = report(run=unmarked).trading
    assert trading.net_pnl is None
    assert trading.unrealised_pnl is None
    assert trading.by_symbol["AAA"].net_pnl is None
    assert trading.realised_pnl == pytest.approx(0.09)
