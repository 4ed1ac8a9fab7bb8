"""Rolling statistics against exact fractions, TA-Lib and pandas."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt, sqrt

import numpy as np
import pandas as pd
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

inputs = st.lists(st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) >= 2**-8), min_size=2, max_size=80).map(
    np.array
)
prices = st.lists(st.floats(1.0, 1e5), min_size=2, max_size=200).map(np.array)


def exact_windows(x: np.ndarray, n: int) -> list[list[Fraction]]:
    return [[Fraction(v) for v in x[i - n + 1 : i + 1]] for i in range(n - 1, len(x))]


def nearest_sqrt(value: Fraction) -> float:
    """The square root with far more digits than a double has."""
    scale = 10**80
    return float(Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale))


@given(inputs, st.integers(1, 12))
def test_the_mean_is_the_exact_mean_rounded_once(x: np.ndarray, n: int) -> None:
    expected = [float(sum(w) / n) for w in exact_windows(x, n)]
    assert hc.features.RollingMean(n).transform(x)[n - 1 :].tolist() == expected


@given(inputs, st.integers(2, 12))
def test_std_and_zscore_are_within_2_ulp_of_the_exact_ones(x: np.ndarray, n: int) -> None:
    std = hc.features.RollingStd(n).transform(x)[n - 1 :]
    zscore = hc.features.ZScore(n, flat=0.0).transform(x)[n - 1 :]
    for w, s, z in zip(exact_windows(x, n), std, zscore, strict=True):
        mean = sum(w) / n
        variance = sum((v - mean) ** 2 for v in w) / (n - 1)
        exact = nearest_sqrt(variance)
        assert abs(s - exact) <= 2 * np.spacing(exact)
        expected = 0.0 if variance == 0 else float(w[-1] - mean) / exact
        assert abs(z - expected) <= 8 * np.spacing(abs(expected))


@given(inputs, st.integers(1, 12))
def test_min_and_max_are_exact(x: np.ndarray, n: int) -> None:
    assert hc.features.RollingMin(n).transform(x)[n - 1 :].tolist() == [float(min(w)) for w in exact_windows(x, n)]
    assert hc.features.RollingMax(n).transform(x)[n - 1 :].tolist() == [float(max(w)) for w in exact_windows(x, n)]


@given(prices, st.integers(2, 30))
def test_talib_agrees(px: np.ndarray, n: int) -> None:
    np.testing.assert_allclose(hc.features.RollingMean(n).transform(px), talib.SMA(px, n), rtol=1e-9)
    np.testing.assert_array_equal(hc.features.RollingMin(n).transform(px), talib.MIN(px, n))
    np.testing.assert_array_equal(hc.features.RollingMax(n).transform(px), talib.MAX(px, n))
    population = hc.features.RollingStd(n).transform(px) * sqrt((n - 1) / n)
    np.testing.assert_allclose(population, talib.STDDEV(px, n), rtol=1e-6, atol=1e-2)  # theirs loses digits


def test_pandas_agrees() -> None:
    x = 100 + np.random.default_rng(4).normal(size=3000).cumsum() * 0.01
    rolling = pd.Series(x).rolling(50)
    np.testing.assert_allclose(hc.features.RollingMean(50).transform(x), rolling.mean(), rtol=1e-12)
    np.testing.assert_allclose(hc.features.RollingStd(50).transform(x), rolling.std(), rtol=1e-6)
    np.testing.assert_allclose(
        hc.features.ZScore(50).transform(x), (x - rolling.mean()) / rolling.std(), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("seconds", [1, 7])
def test_pandas_agrees_on_time_windows(seconds: int) -> None:
    rng = np.random.default_rng(5)
    ts_ns = rng.integers(0, 400_000_000, 3000).cumsum()
    x = 100 + rng.normal(size=3000).cumsum() * 0.01
    rolling = pd.Series(x, index=pd.to_datetime(ts_ns)).rolling(f"{seconds}s")  # (t - w, t], as ours
    window = f"{seconds}s"
    np.testing.assert_allclose(hc.features.RollingMean(window).transform(x, ts_ns), rolling.mean(), rtol=1e-12)
    np.testing.assert_allclose(hc.features.RollingStd(window).transform(x, ts_ns), rolling.std(), rtol=1e-5, atol=1e-9)
    np.testing.assert_array_equal(hc.features.RollingMin(window).transform(x, ts_ns), rolling.min())
    np.testing.assert_array_equal(hc.features.RollingMax(window).transform(x, ts_ns), rolling.max())


def test_what_left_the_window_leaves_no_trace_where_pandas_keeps_some() -> None:
    x = np.concatenate([[1e9, -3e8], np.full(30, 0.1)])
    assert hc.features.RollingStd(5).transform(x)[-1] == 0.0
