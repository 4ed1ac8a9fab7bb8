"""Averages, bands and slopes against TA-Lib, pandas and exact fractions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore.errors import SpecError

prices = st.lists(st.integers(1, 10**7), min_size=2, max_size=200).map(lambda ticks: np.array(ticks) / 100)
WALK = 100 + np.random.default_rng(11).normal(size=4000).cumsum() * 0.01
HARD = {
    "walk": WALK,
    "constant": np.full(300, 27.355),
    "offset": 1e9 + np.round(WALK * 64) / 64,
    "tiny": WALK * 1e-7,
    "duplicates": np.repeat(np.round(WALK[:400], 2), 5),
}
each = pytest.mark.parametrize("px", list(HARD.values()), ids=list(HARD))


def close(ours: np.ndarray, theirs: Any, scale: float, rtol: float = 1e-9) -> None:
    """Equal but for ``rtol`` of the value, or of what the value is a difference of."""
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * scale)


def wilder_of(px: np.ndarray, period: int) -> np.ndarray:
    """pandas' recursion from the mean of the first ``period``."""
    seeded = np.concatenate([[px[:period].mean()], px[period:]])
    out = pd.Series(seeded).ewm(alpha=1 / period, adjust=False).mean().to_numpy()
    return np.concatenate([np.full(period - 1, np.nan), out])


@each
@pytest.mark.parametrize("period", [1, 2, 14])
def test_wilder_is_the_recursion_of_pandas(px: np.ndarray, period: int) -> None:
    close(hc.features.Wilder(period).transform(px), wilder_of(px, period), px.max(), 1e-12)


def test_rsi_is_made_of_wilders_averages() -> None:
    change = np.diff(WALK)
    up, down = (hc.features.Wilder(14).transform(np.maximum(s * change, 0)) for s in (1, -1))
    rsi = hc.features.Rsi(14).transform(WALK)[1:]
    np.testing.assert_allclose(rsi, 100 * up / (up + down), rtol=1e-12)


@given(prices, st.integers(2, 12), st.integers(1, 20), st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_macd_matches_talib(px: np.ndarray, fast: int, more: int, signal: int) -> None:
    theirs = talib.MACD(px, fast, fast + more, signal)
    first = fast + more + signal - 2
    for output, other in zip(("line", "signal", "histogram"), theirs, strict=True):
        ours = hc.features.Macd(fast, fast + more, signal, output=output).transform(px)
        close(ours[first:], other[first:], px.max())
        lookback = first if output != "line" else fast + more - 1
        assert np.isnan(ours[:lookback]).all()
        assert not np.isnan(ours[lookback:]).any()


@each
def test_macd_matches_talib_on_hard_series(px: np.ndarray) -> None:
    for output, other in zip(("line", "signal", "histogram"), talib.MACD(px, 12, 26, 9), strict=True):
        close(hc.features.Macd(12, 26, 9, output=output).transform(px)[33:], other[33:], px.max(), 1e-12)


@pytest.mark.parametrize("output", ["line", "signal", "histogram"])
def test_macd_forgets_its_seeds_as_warm_up_says(output: str) -> None:
    one, other = (hc.features.Macd(5, 9, 8, output=output) for _ in range(2))
    x = WALK[:300]
    gap = np.abs(one.transform(x) - other.transform(np.where(np.arange(300) < one.lookback + 1, x + 0.01, x)))
    assert 0 < gap[one.warm_up(1e-6) :].max() <= 1e-5 * np.nanmax(gap)


def test_macd_wants_fast_below_slow() -> None:
    with pytest.raises(SpecError, match="fast must be < slow, was 26 and 12"):
        hc.features.Macd(26, 12, 9)


@given(prices, st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_roc_matches_talib(px: np.ndarray, lag: int) -> None:
    np.testing.assert_array_equal(hc.features.Roc(lag).transform(px), talib.MOM(px, lag))
    close(hc.features.Roc(lag, output="pct").transform(px), talib.ROC(px, lag), 100.0)


def test_a_share_of_nothing_is_no_number() -> None:
    out = hc.features.Roc(1, output="pct").transform(np.array([0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(out, [np.nan, np.nan, 100.0])


@given(prices, st.integers(2, 30), st.floats(0.5, 4.0))
@settings(max_examples=40, deadline=None)
def test_bollinger_matches_talib(px: np.ndarray, n: int, k: float) -> None:
    upper, middle, lower = talib.BBANDS(px, n, k, k, 0)
    loss = 1e-7 * px.max()  # their variance is a difference of squares
    np.testing.assert_allclose(hc.features.Bollinger(n, output="upper", k=k).transform(px), upper, atol=k * loss * 100)
    np.testing.assert_allclose(hc.features.Bollinger(n, output="lower", k=k).transform(px), lower, atol=k * loss * 100)
    assert len(middle) == len(px)


@each
@pytest.mark.parametrize(("std", "ddof"), [("population", 0), ("sample", 1)])
@pytest.mark.parametrize("n", [2, 20])
def test_bollinger_is_its_definition(px: np.ndarray, std: str, ddof: int, n: int) -> None:
    windows = np.lib.stride_tricks.sliding_window_view(px.astype(np.longdouble), n)
    mean, sigma = windows.mean(axis=1), windows.std(axis=1, ddof=ddof)
    sigma[np.ptp(windows, axis=1) == 0] = 0
    with np.errstate(invalid="ignore", divide="ignore"):
        twin = {
            "upper": mean + 2 * sigma,
            "lower": mean - 2 * sigma,
            "bandwidth": 4 * sigma / mean,
            "pct_b": np.where(sigma == 0, 0.5, (windows[:, -1] - mean + 2 * sigma) / (4 * sigma)),
        }
    for output, expected in twin.items():
        ours = hc.features.Bollinger(n, output=output, std=std).transform(px)[n - 1 :]
        atol = 1e-9 if output == "pct_b" else 8 * 2.0**-60 / px.min()  # inputs enter as multiples of 2^-60
        np.testing.assert_allclose(ours, expected.astype(float), rtol=1e-9, atol=atol)


def test_bollinger_shares_the_window_of_the_rolling_statistics() -> None:
    both = [hc.rolling_mean("mid_px", window=20), hc.bollinger("mid_px", window=20)]
    assert hc.FeatureSpec("x", both).columns[1].unit == "frac"
    ours = hc.features.Bollinger(20, output="upper", k=3.0, std="sample").transform(WALK)
    mean, std = hc.features.RollingMean(20).transform(WALK), hc.features.RollingStd(20).transform(WALK)
    np.testing.assert_array_equal(ours, mean + 3.0 * std)


def exact_slopes(px: np.ndarray, n: int) -> list[float]:
    slopes = []
    for t in range(n - 1, len(px)):
        x = [Fraction(v) for v in px[t - n + 1 : t + 1]]
        top = sum((2 * i - n + 1) * v for i, v in enumerate(x))
        slopes.append(float(top / Fraction(n * (n * n - 1), 6)))
    return slopes


@given(
    st.lists(st.floats(-1e9, 1e9).filter(lambda x: x == 0 or abs(x) >= 2**-8), min_size=2, max_size=60).map(np.array),
    st.integers(2, 20),
)
@settings(max_examples=40, deadline=None)
def test_slope_is_within_an_ulp_of_the_exact_one(px: np.ndarray, n: int) -> None:
    ours = hc.features.Slope(n).transform(px)[n - 1 :]
    expected = np.array(exact_slopes(px, n))
    assert (np.abs(ours - expected) <= np.spacing(np.abs(expected))).all()


@each
@pytest.mark.parametrize("n", [2, 14, 200])
def test_slope_matches_talib(px: np.ndarray, n: int) -> None:
    close(hc.features.Slope(n).transform(px), talib.LINEARREG_SLOPE(px, n), px.max(), 1e-10)


def test_slope_does_not_remember_what_left() -> None:
    rng = np.random.default_rng(3)
    past, window = rng.normal(size=500) * 1e8, WALK[:30]
    fresh, used = hc.features.Slope(30), hc.features.Slope(30)
    used.transform(past)
    assert used.transform(window)[-1:].tobytes() == fresh.transform(window)[-1:].tobytes()
    longest = hc.features.Slope(2**13)
    assert longest.transform(np.full(2**13 + 5, -1.09e12))[-1] == 0.0, "the largest sums fit"


def test_decay_ema_matches_pandas() -> None:
    rng = np.random.default_rng(5)
    ts_ns = rng.integers(0, 400_000_000, len(WALK)).cumsum()
    ts_ns[1000:1010] = ts_ns[1000]  # ticks of one time
    ts_ns[2000:] += 3600 * 10**9  # a silence
    for half_life in ("100ms", "1s", "7m"):
        theirs = pd.Series(WALK).ewm(halflife=half_life, times=pd.Series(pd.to_datetime(ts_ns))).mean()
        ours = hc.features.DecayEma(half_life).transform(WALK, ts_ns)
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_decay_ema_of_one_time_is_the_mean_and_a_silence_forgets() -> None:
    ema = hc.features.DecayEma("1s")
    assert [ema.update(x, 5) for x in (1.0, 2.0, 6.0)] == [1.0, 1.5, 3.0]
    assert ema.update(7.0, 4) == 3.0, "older than the newest"
    assert ema.update(9.0, 10**15) == 9.0
    assert ema.update(10.0, 10**15 + 10**9) == pytest.approx((9 * 0.5 + 10) / 1.5, rel=1e-15)


def test_decay_ema_wants_a_time() -> None:
    with pytest.raises(SpecError, match='half_life must be a time such as "5s", was 5'):
        hc.features.DecayEma(5)
    with pytest.raises(SpecError, match="366 days"):
        hc.features.DecayEma("0s")
    with pytest.raises(ValueError, match="needs ts_ns"):
        hc.features.DecayEma("1s").update(1.0)
    assert hc.FeatureSpec("x", [hc.decay_ema("mid_px", half_life="1000ms")]).columns[0].params["half_life"] == "1s"
