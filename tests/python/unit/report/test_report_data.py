from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from hftcore.errors import HftError
from hftcore.report import Latency, Percentiles, PnlCurve, Quality, ReportData, Trading

TRADING = {
    "n_rows": 10,
    "n_decisions": 2,
    "orders": 1,
    "fills": 1,
    "fees": 0.25,
    "realised_pnl": 1.0,
    "unrealised_pnl": 0.5,
    "net_pnl": 1.25,
}


def test_json_comes_back_equal(invented):
    assert ReportData.from_json(invented.to_json()) == invented


def test_json_holds_what_follows_from_the_confusion_matrix_too(invented):
    plain = json.loads(invented.to_json())
    assert plain["quality"]["overall"]["mcc"] == invented.quality.overall.mcc
    assert plain["quality"]["overall"]["majority"]["accuracy"] == invented.quality.overall.majority.accuracy


def test_only_title_and_source_are_needed():
    data = ReportData.from_dict({"title": "t", "data_source": "generator, seed 7"})
    assert data == ReportData(title="t", data_source="generator, seed 7")
    with pytest.raises(HftError, match=r"report\.data_source is missing"):
        ReportData.from_dict({"title": "t"})


def test_numpy_values_become_plain():
    data = ReportData.from_dict(
        {"title": "t", "data_source": "s", "trading": {**TRADING, "n_rows": np.int64(10), "fees": np.float64(0.25)}}
    )
    assert type(data.trading.n_rows) is int
    assert ReportData.from_json(data.to_json()) == data


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"trading": {**TRADING, "fills": "one"}}, r"report\.trading\.fills must be int, was 'one'"),
        ({"trading": {**TRADING, "fees": float("nan")}}, r"report\.trading\.fees must be finite, was nan"),
        ({"trading": {**TRADING, "net_pnl": 1.5}}, r"report\.trading: net_pnl must be .* = 1\.25, was 1\.5"),
        ({"trading": {**TRADING, "profit": 1}}, r"report\.trading has no field 'profit'; it has n_rows, "),
        ({"importance": ["mid"]}, r"report\.importance must be an object, was list"),
        ({"latency": {"stages": {"ring": {"count": 1}}}}, r"report\.latency\.stages\.ring\.p50 is missing"),
        ({"quality": {"overall": {"classes": [0], "confusion": [[0]]}}}, r"report\.quality\.overall: confusion must"),
        ({"quality": {"overall": {"classes": [0]}}}, r"report\.quality\.overall: .*confusion"),
    ],
)
def test_the_first_fault_is_named_by_its_path(part, message):
    with pytest.raises(HftError, match=message):
        ReportData.from_dict({"title": "t", "data_source": "s", **part})


def test_text_that_is_no_json_is_refused():
    with pytest.raises(HftError, match="not JSON"):
        ReportData.from_json("{")


def test_a_figure_that_is_not_finite_is_not_written():
    data = ReportData(title="t", data_source="s", importance={"mid": float("inf")})
    with pytest.raises(HftError, match=r"report\.importance\.mid must be finite"):
        data.to_dict()


def test_percentiles_may_not_fall():
    with pytest.raises(ValueError, match="must not fall"):
        Percentiles(count=1, p50=5, p90=4, p99=6, p99_9=7, max=8)


def test_money_that_counts_fees_twice_is_refused():
    with pytest.raises(ValueError, match="realised \\+ unrealised - fees"):
        Trading(**{**TRADING, "realised_pnl": 0.75})


def test_thinning_keeps_ends_extremes_and_the_drawdown_of_the_whole():
    rng = np.random.default_rng(1)
    worth = rng.normal(0.0, 1.0, 50_000).cumsum()
    curve = PnlCurve.of(np.arange(worth.size), worth, by_symbol={"A": 2 * worth}, max_points=500)
    assert len(curve.ts_ns) <= 502
    assert (curve.ts_ns[0], curve.ts_ns[-1]) == (0, worth.size - 1)
    assert (min(curve.equity), max(curve.equity)) == (worth.min(), worth.max())
    peak = np.maximum(np.maximum.accumulate(worth), 0.0)
    assert curve.max_drawdown == (peak - worth).max()
    assert curve.by_symbol["A"] == tuple(2 * x for x in curve.equity)


def test_a_short_curve_is_kept_whole():
    curve = PnlCurve.of([1, 2, 3], [0.0, -2.0, 1.0])
    assert curve == PnlCurve(ts_ns=(1, 2, 3), equity=(0.0, -2.0, 1.0), max_drawdown=2.0)


@pytest.mark.parametrize(("ts", "equity"), [([], []), ([1, 2], [0.0])])
def test_a_curve_needs_points_and_their_times(ts, equity):
    with pytest.raises(ValueError, match="same shape"):
        PnlCurve.of(ts, equity)


def test_quality_is_split_by_symbol():
    q = Quality.of([0, 1, 0], [0, 0, 0], ["B", "A", "B"])
    assert list(q.by_symbol) == ["A", "B"]
    assert q.by_symbol["B"].accuracy == 1.0
    assert sum(c.n_rows for c in q.by_symbol.values()) == q.overall.n_rows


def test_parts_are_frozen(invented):
    with pytest.raises(dataclasses.FrozenInstanceError):
        invented.title = "another"
    assert dataclasses.replace(invented, latency=Latency()).latency.stages == {}
