"""Rolling median, quantile, rank and robust z-score against NumPy, pandas and SciPy: in bits where they are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

from .exact import at_times, hard_series, real_prices, rolling

few = st.lists(st.sampled_from([-1.0, 0.0, -0.0, 0.5, 2.0, 1e9]), min_size=1, max_size=60).map(np.array)
many = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60).map(np.array)
QS = (0.0, 0.05, 0.25, 0.5, 0.9, 0.99, 1.0)


def windows_of(x: np.ndarray, n: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(x, n) if len(x) >= n else np.empty((0, n))


def check(x: np.ndarray, n: int) -> None:
    """Every full window, by NumPy and SciPy."""
    windows = windows_of(x, n)
    middle = np.median(windows, axis=1)
    np.testing.assert_array_equal(hc.features.RollingMedian(n).transform(x)[n - 1 :], middle)
    below = (windows < windows[:, -1:]).sum(axis=1)
    equal = (windows == windows[:, -1:]).sum(axis=1)
    rank = (2 * below + equal + 1) / (2.0 * n)
    np.testing.assert_array_equal(hc.features.RollingRank(n).transform(x)[n - 1 :], rank)
    for q in QS:
        ours = hc.features.RollingQuantile(n, q).transform(x)[n - 1 :]
        theirs = np.quantile(windows, q, axis=1, method="linear") if len(windows) else np.empty(0)
        size = np.spacing(np.abs(windows).max(axis=1)) if len(windows) else 0.0
        assert (np.abs(ours - theirs) <= 2 * size).all()
        if n > 1 and len(windows):
            assert (windows.min(axis=1) <= ours).all()
            assert (ours <= windows.max(axis=1)).all()
    if n == 1 or not len(windows):
        return
    mad = scipy.stats.median_abs_deviation(windows, axis=1)
    scaled = np.divide(windows[:, -1] - middle, 1.4826 * mad, out=np.full(len(mad), 7.0), where=mad != 0)
    np.testing.assert_array_equal(hc.features.RobustZScore(n, flat=7.0).transform(x)[n - 1 :], scaled)


@given(st.one_of(few, many), st.integers(1, 12))
def test_every_window_is_that_of_numpy(x: np.ndarray, n: int) -> None:
    check(x, n)


@pytest.mark.parametrize(("name", "x"), list(hard_series(1500)), ids=lambda v: v if isinstance(v, str) else "")
def test_hard_series_are_those_of_numpy(name: str, x: np.ndarray) -> None:
    for n in (2, 51, 700):  # 700 takes more than one block
        check(x, n)


def test_quantile_of_a_half_has_the_bits_of_the_median() -> None:
    x = np.random.default_rng(3).normal(size=500)
    for n in (7, 8):
        median = hc.features.RollingMedian(n).transform(x)
        assert hc.features.RollingQuantile(n, 0.5).transform(x).tobytes() == median.tobytes()


def test_pandas_agrees_on_real_prices(data_dir: Path) -> None:
    x = real_prices(data_dir)
    for n in (50, 3000):
        theirs = pd.Series(x).rolling(n)
        np.testing.assert_allclose(hc.features.RollingMedian(n).transform(x), theirs.median(), rtol=1e-15)
        np.testing.assert_allclose(hc.features.RollingQuantile(n, 0.9).transform(x), theirs.quantile(0.9), rtol=1e-15)
        np.testing.assert_array_equal(hc.features.RollingRank(n).transform(x), theirs.rank(pct=True))


@pytest.mark.parametrize("seconds", [1, 200])  # up to 1000 inputs: several blocks
def test_pandas_agrees_on_time_windows(seconds: int) -> None:
    ts_ns, x = at_times(), np.random.default_rng(8).integers(0, 40, 2000) * 0.25
    window = f"{seconds}s"
    theirs = rolling(x, ts_ns, window)
    np.testing.assert_array_equal(hc.features.RollingMedian(window).transform(x, ts_ns), theirs.median())
    np.testing.assert_array_equal(hc.features.RollingRank(window).transform(x, ts_ns), theirs.rank(pct=True))
    ours = hc.features.RollingQuantile(window, 0.3).transform(x, ts_ns)
    np.testing.assert_allclose(ours, theirs.quantile(0.3), rtol=1e-15)


def test_where_half_of_a_window_is_equal_the_rule_says_the_value() -> None:
    x = np.array([5.0, 5.0, 5.0, 9.0])
    assert hc.features.RobustZScore(4).transform(x)[-1] == 0.0
    assert hc.features.RobustZScore(4, flat=-1.0).transform(x)[-1] == -1.0
