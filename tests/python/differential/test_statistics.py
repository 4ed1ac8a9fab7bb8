"""Rolling sum, variance and skewness against exact fractions, pandas, SciPy and TA-Lib."""

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import talib
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

from .exact import at_times, exact_windows, hard_series, inputs, nearest_sqrt, real_prices, rolling, ulps


def exact_skew(window: list[Fraction]) -> float:
    """Adjusted Fisher-Pearson, from exact moments."""
    n = len(window)
    mean = sum(window) / n
    second = sum((v - mean) ** 2 for v in window)
    third = sum((v - mean) ** 3 for v in window)
    if second == 0:
        return 0.0
    # sqrt(n (n - 1)) / (n - 2) * m3 / m2^1.5 = +-sqrt((n (n - 1) / (n - 2)^2) (m3 / n)^2 / (m2 / n)^3)
    square = Fraction(n * (n - 1), (n - 2) ** 2) * (third / n) ** 2 / (second / n) ** 3
    return float(np.copysign(nearest_sqrt(square), float(third)))


@given(inputs, st.integers(1, 12))
def test_the_sum_is_the_exact_sum_rounded_once(x: np.ndarray, n: int) -> None:
    assert hc.features.RollingSum(n).transform(x)[n - 1 :].tolist() == [float(sum(w)) for w in exact_windows(x, n)]


@given(inputs, st.integers(2, 12))
def test_the_variance_is_within_1_ulp_of_the_exact_one(x: np.ndarray, n: int) -> None:
    for w, var in zip(exact_windows(x, n), hc.features.RollingVar(n).transform(x)[n - 1 :], strict=True):
        mean = sum(w) / n
        assert ulps(var, float(sum((v - mean) ** 2 for v in w) / (n - 1))) <= 1


@given(inputs, st.integers(3, 12))
def test_the_skewness_is_within_4_ulp_of_the_exact_one(x: np.ndarray, n: int) -> None:
    for w, skew in zip(exact_windows(x, n), hc.features.RollingSkew(n).transform(x)[n - 1 :], strict=True):
        assert ulps(skew, exact_skew(w)) <= 4


@pytest.mark.parametrize(("name", "x"), list(hard_series()), ids=lambda v: v if isinstance(v, str) else "")
def test_hard_series_are_exact(name: str, x: np.ndarray) -> None:
    for n in (3, 50):
        skew = hc.features.RollingSkew(n).transform(x)[n - 1 :]
        var = hc.features.RollingVar(n).transform(x)[n - 1 :]
        fixed = np.round(x * 2.0**60) * 2.0**-60 if name == "dust" else x  # as inputs enter
        for w, s, v in zip(exact_windows(fixed, n), skew, var, strict=True):
            mean = sum(w) / n
            assert ulps(v, float(sum((u - mean) ** 2 for u in w) / (n - 1))) <= 1
            assert ulps(s, exact_skew(w)) <= 4


def test_pandas_scipy_and_talib_agree(data_dir: Path) -> None:
    for x in (100 + np.random.default_rng(4).normal(size=3000).cumsum() * 0.01, real_prices(data_dir)):
        for n in (3, 50, 500):
            theirs = pd.Series(x).rolling(n)
            np.testing.assert_allclose(hc.features.RollingSum(n).transform(x), theirs.sum(), rtol=1e-12)
            np.testing.assert_allclose(hc.features.RollingSum(n).transform(x), talib.SUM(x, n), rtol=1e-12)
            np.testing.assert_allclose(hc.features.RollingVar(n).transform(x), theirs.var(), rtol=1e-6, atol=1e-11)
    x = np.random.default_rng(5).normal(size=2000)
    ours = hc.features.RollingSkew(50).transform(x)
    np.testing.assert_allclose(ours, pd.Series(x).rolling(50).skew(), rtol=1e-9, atol=1e-11)
    windows = np.lib.stride_tricks.sliding_window_view(x, 50)
    np.testing.assert_allclose(ours[49:], scipy.stats.skew(windows, axis=1, bias=False), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(hc.features.RollingVar(50).transform(x) * 49 / 50, talib.VAR(x, 50), rtol=1e-9)


def test_scipy_agrees_on_real_prices(data_dir: Path) -> None:
    x = real_prices(data_dir)[:4000]
    windows = np.lib.stride_tricks.sliding_window_view(x, 200)
    moves = np.ptp(windows, axis=1) > 0
    theirs = scipy.stats.skew(windows[moves], axis=1, bias=False)
    ours = hc.features.RollingSkew(200, flat=7.0).transform(x)[199:]
    np.testing.assert_allclose(ours[moves], theirs, rtol=1e-9, atol=1e-9)
    assert (ours[~moves] == 7.0).all()


def test_time_windows_agree_with_pandas() -> None:
    ts_ns, x = at_times(), np.random.default_rng(6).normal(size=2000)
    theirs = rolling(x, ts_ns, "3s")
    np.testing.assert_allclose(hc.features.RollingSum("3s").transform(x, ts_ns), theirs.sum(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(hc.features.RollingVar("3s").transform(x, ts_ns), theirs.var(), rtol=1e-9)
    np.testing.assert_allclose(hc.features.RollingSkew("3s").transform(x, ts_ns), theirs.skew(), rtol=1e-6, atol=1e-9)


def test_a_flat_window_says_the_rule() -> None:
    x = np.concatenate([[1e9, -3e8, 5.0], np.full(6, 27.355)])
    assert hc.features.RollingSkew(5).transform(x)[-1] == 0.0
    assert hc.features.RollingSkew(5, flat=-2.0).transform(x)[-1] == -2.0
    assert hc.features.RollingVar(5).transform(x)[-1] == 0.0
    assert hc.features.RollingSum(5).transform(x)[-1] == float(5 * Fraction(27.355))


def test_std_is_the_root_of_the_variance() -> None:
    x = np.random.default_rng(7).normal(size=200)
    roots = [sqrt(v) for v in hc.features.RollingVar(9).transform(x)[8:]]
    assert hc.features.RollingStd(9).transform(x)[8:].tolist() == roots
