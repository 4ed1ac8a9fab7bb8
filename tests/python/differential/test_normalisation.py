"""Normalisation against scikit-learn, NumPy, pandas and exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation
from sklearn.preprocessing import QuantileTransformer, RobustScaler, StandardScaler

import hftcore as hc
from hftcore.errors import ParameterError, SpecError
from hftcore.features import QuantileMap, RunningZScore, Scale

finite = st.floats(-1e9, 1e9)


@pytest.fixture(scope="module")
def events() -> hc.Events:
    return hc.generate(seed=5, symbols=["AAA", "BBB"], seconds=60, rate=80, book_levels=1)


@pytest.fixture(scope="module")
def spec() -> hc.FeatureSpec:
    features = [
        hc.ema("mid_px", period=6, name="slow-one"),
        hc.rsi("slow-one", period=5, name="r"),
        hc.expr("r * 2 + rolling_mean(`slow-one`, 9)", name="mixed"),
        hc.rolling_mean("mid_px", window="3s", name="timed"),
        hc.time_since_quote(),
        hc.trade_imbalance(window=9, name="flow"),
    ]
    return hc.FeatureSpec("normalised", features, rows="any")


def rows_of(spec: hc.FeatureSpec, events: hc.Events) -> np.ndarray:
    return hc.FeaturePipeline(spec).transform(events)


def scaled(column: np.ndarray, params: dict[str, float]) -> np.ndarray:
    return (column - params["center"]) / params["scale"]


@pytest.mark.parametrize(("method", "scaler"), [("zscore", StandardScaler()), ("robust", RobustScaler())])
def test_fitted_columns_equal_scikit_learn(
    method: str, scaler: StandardScaler | RobustScaler, spec: hc.FeatureSpec, events: hc.Events
) -> None:
    rows = rows_of(spec, events)
    wanted = [name for name in spec.names if name != "time_since_quote"]  # most are 0: no interquartile range
    fitted = hc.fit_normalisation(spec, events, columns=wanted, method=method)
    ours = rows_of(fitted, events)
    assert ours[:, : len(spec.names)].tobytes() == rows.tobytes(), "the columns before stay"
    for i, name in enumerate(wanted, len(spec.names)):
        column = rows[:, spec.names.index(name)]
        theirs = scaler.fit_transform(column[~np.isnan(column)][:, None])[:, 0]
        np.testing.assert_allclose(ours[~np.isnan(column), i], theirs, rtol=1e-9, atol=1e-9)
        params = dict(fitted.columns[i].params)
        assert scaled(column, params).tobytes() == ours[:, i].tobytes(), "the bits that the fitted numbers say"


def test_ranks_equal_scikit_learn(spec: hc.FeatureSpec, events: hc.Events) -> None:
    rows = rows_of(spec, events)
    fitted = hc.fit_normalisation(spec, rows, method="rank", n_knots=100)
    ours = rows_of(fitted, events)
    for i, name in enumerate(spec.names):
        values = rows[:, i][~np.isnan(rows[:, i])]
        knots = np.array(str(fitted.column(f"{name}_rank").params["knots"]).split(), float)
        theirs = QuantileTransformer(n_quantiles=100, subsample=None).fit(values[:, None])
        np.testing.assert_allclose(knots, theirs.quantiles_[:, 0], rtol=1e-12)
        inside = (values > knots[0] + 1e-6) & (values < knots[-1] - 1e-6)  # nearer is the bound itself, there
        mapped = ours[:, len(spec.names) + i][~np.isnan(rows[:, i])]
        np.testing.assert_allclose(mapped[inside], theirs.transform(values[:, None])[:, 0][inside], atol=1e-12)
        assert mapped.min() == 0.0
        assert mapped.max() == 1.0


@pytest.mark.parametrize("method", ["zscore", "mad", "rank"])
def test_columns_in_place_have_the_values_of_columns_beside(
    method: str, spec: hc.FeatureSpec, events: hc.Events
) -> None:
    names = ["slow-one", "mixed", "timed", "flow"]
    beside = rows_of(hc.fit_normalisation(spec, events, columns=names, method=method), events)
    placed = hc.fit_normalisation(spec, events, columns=names, method=method, replace=True)
    assert placed.names == spec.names
    inside = rows_of(placed, events)
    for name in spec.names:
        at = spec.names.index(name)
        same = len(spec.names) + names.index(name) if name in names else at
        np.testing.assert_array_equal(inside[:, at], beside[:, same])
    assert hc.FeatureSpec.from_json(placed.canonical_json()) == placed


def test_nan_rows_do_not_count_and_the_numbers_are_in_the_spec(spec: hc.FeatureSpec) -> None:
    rows = np.full((300, len(spec.names)), np.nan)
    rows[::2, 1] = np.arange(150.0)
    rows[1::4, 1] = np.inf
    fitted = hc.fit_normalisation(spec, rows, columns=["r"], method="robust", clip=3.0)
    assert dict(fitted.column("r_robust").params) == {"center": 74.5, "scale": 74.5, "clip": 3.0}
    assert fitted.sha256 != spec.sha256
    mad = hc.fit_normalisation(spec, rows, columns=["r"], method="mad").column("r_mad").params
    assert mad["scale"] == 1.4826 * median_abs_deviation(np.arange(150.0))
    for columns, text in ((["mixed"], "'mixed' has 0 values"), (["mixd"], "did you mean 'mixed'")):
        with pytest.raises(SpecError, match=text):
            hc.fit_normalisation(spec, rows, columns=columns)
    rows[:, 2] = 0.5
    with pytest.raises(SpecError, match=r"'mixed' is constant \(.*0.5.* in 300 rows\)"):
        hc.fit_normalisation(spec, rows, columns=["r", "mixed"])
    rows[0, 2] = 0.7
    with pytest.raises(SpecError, match="'mixed': its interquartile range is 0"):
        hc.fit_normalisation(spec, rows, columns=["mixed"], method="robust")
    with pytest.raises(SpecError, match="did you mean 'robust'"):
        hc.fit_normalisation(spec, rows, method="robst")
    with pytest.raises(ParameterError, match=r"shape \(n, 6\)"):
        hc.fit_normalisation(spec, rows[:, :2])


def test_a_replaced_column_that_another_symbol_reads_is_refused(events: hc.Events) -> None:
    spec = hc.FeatureSpec("peers", [hc.ema("mid_px", period=3, name="e"), hc.expr("e - e@BBB", name="gap")])
    with pytest.raises(SpecError, match="reads it of another symbol"):
        hc.fit_normalisation(spec, events, columns=["e"], replace=True)
    assert "gap_zscore" in hc.fit_normalisation(spec, events, min_values=10).names


@given(st.lists(finite, min_size=1, max_size=40), finite, st.floats(1e-6, 1e9), st.sampled_from([0.0, 2.5]))
def test_scale_is_numpy(x: list[float], center: float, scale: float, clip: float) -> None:
    wanted = (np.array(x) - center) / scale
    wanted = np.clip(wanted, -clip, clip) if clip else wanted
    assert Scale(center, scale, clip=clip).transform(np.array(x)).tobytes() == wanted.tobytes()


@given(st.lists(st.integers(-8, 8), min_size=2, max_size=12), st.lists(st.floats(-10, 10), min_size=1, max_size=30))
def test_quantile_map_is_numpy_and_never_falls(knots: list[int], x: list[float]) -> None:
    q = np.sort(np.array(knots, float))
    if q[0] == q[-1]:
        return
    shares = np.linspace(0.0, 1.0, len(q))
    values = np.sort(np.concatenate([x, q]))
    both = 0.5 * (np.interp(values, q, shares) - np.interp(-values, -q[::-1], -shares[::-1]))
    both[values <= q[0]], both[values >= q[-1]] = 0.0, 1.0
    ours = QuantileMap(q).transform(values)
    np.testing.assert_allclose(ours, both, atol=1e-14)
    assert (np.diff(ours) >= 0.0).all()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Scale(0, 0), "Scale: scale must be > 0, was 0"),
        (lambda: Scale(0, -1), r"scale must be in \[0"),
        (lambda: QuantileMap([1.0]), "knots must be 2 to 256 numbers, was 1"),
        (lambda: QuantileMap(range(257)), "knots must be 2 to 256 numbers, was 257"),
        (lambda: QuantileMap([1, 3, 2]), "knots must not fall, was 3.0* and then 2.0*"),
        (lambda: QuantileMap("1, 1"), "knots must not all be equal"),
        (lambda: QuantileMap("1 two"), "knots must be numbers"),
        (lambda: QuantileMap([1, "x"]), "knots"),
        (lambda: QuantileMap([1, float("nan")]), "knots"),
        (lambda: RunningZScore(flat=float("nan")), "flat must be in"),
    ],
)
def test_what_breaks_a_rule_is_named(make: object, text: str) -> None:
    with pytest.raises((SpecError, TypeError), match=text):
        make()  # type: ignore[operator]


def exact_zscore(x: list[Fraction]) -> float:
    n = len(x)
    mean = sum(x, Fraction(0)) / n
    variance = sum(((v - mean) ** 2 for v in x), Fraction(0)) / (n - 1)
    return float(x[-1] - mean) / float(variance) ** 0.5 if variance else 0.0


@given(st.lists(st.one_of(st.floats(-1e9, 1e9), st.floats(1e9, 1e9 + 1), st.just(0.1)), min_size=2, max_size=25))
@settings(max_examples=80)
def test_running_zscore_is_that_of_exact_fractions(x: list[float]) -> None:
    fixed = [Fraction(round(Fraction(v) * 2**60), 2**60) for v in x]
    ours = RunningZScore().transform(np.array(x))
    wanted = [exact_zscore(fixed[: i + 1]) for i in range(1, len(x))]
    np.testing.assert_allclose(ours[1:], wanted, rtol=1e-12)
    shuffled = RunningZScore().transform(np.array(sorted(x[:-1]) + x[-1:]))
    assert ours[-1:].tobytes() == shuffled[-1:].tobytes(), "the order of the inputs before is forgotten"


def test_running_zscore_is_that_of_pandas() -> None:
    x = np.round(2**20 * (100 + np.random.default_rng(1).normal(size=3000).cumsum() * 0.01)) / 2**20
    series = pd.Series(x)
    wanted = (series - series.expanding().mean()) / series.expanding().std()
    np.testing.assert_allclose(RunningZScore().transform(x)[1:], wanted[1:], rtol=1e-8, atol=1e-9)
    assert RunningZScore().transform(x + 2.0**30).tobytes() == RunningZScore().transform(x).tobytes()
