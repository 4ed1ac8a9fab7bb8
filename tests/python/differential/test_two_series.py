"""Rolling covariance, correlation and beta against exact fractions, NumPy, SciPy and pandas."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

from .exact import at_times, exact_windows, hard_series, inputs, nearest_sqrt, real_prices, rolling, ulps


def check(x: np.ndarray, y: np.ndarray, n: int) -> None:
    """Every full window, by exact fractions."""
    cov = hc.features.RollingCov(n).transform(x, y)[n - 1 :]
    corr = hc.features.RollingCorr(n, flat=0.25).transform(x, y)[n - 1 :]
    beta = hc.features.RollingBeta(n, flat=7.0).transform(x, y)[n - 1 :]
    assert (np.abs(corr) <= 1.0).all()
    for u, v, c, r, b in zip(exact_windows(x, n), exact_windows(y, n), cov, corr, beta, strict=True):
        mean_u, mean_v = sum(u) / n, sum(v) / n
        cross = sum(((p - mean_u) * (q - mean_v) for p, q in zip(u, v, strict=True)), Fraction(0))
        xx, yy = sum((p - mean_u) ** 2 for p in u), sum((q - mean_v) ** 2 for q in v)
        assert ulps(c, float(cross / (n - 1))) <= 2
        assert ulps(b, float(cross / xx) if xx else 7.0) <= 2
        size = nearest_sqrt(cross**2 / (xx * yy)) if xx and yy else 0.25
        assert ulps(r, -size if cross < 0 else size) <= 4


@given(inputs, st.integers(2, 12), st.data())
def test_every_window_is_exact(x: np.ndarray, n: int, data: st.DataObject) -> None:
    check(x, data.draw(st.permutations(x.tolist()).map(np.array)), n)


@pytest.mark.parametrize(("name", "x"), list(hard_series()), ids=lambda v: v if isinstance(v, str) else "")
def test_hard_series_are_exact(name: str, x: np.ndarray) -> None:
    if name == "dust":
        x = x * 2.0**20  # below 2^-8 an input is rounded as it enters
    for n in (2, 40):
        check(x, np.round(x[::-1] * 1024) / 1024, n)


def test_beta_is_the_slope_of_the_second_on_the_first() -> None:
    x = np.random.default_rng(1).normal(size=300)
    y = 3.0 * x + np.random.default_rng(2).normal(size=300) * 0.1 + 50
    line = scipy.stats.linregress(x[-60:], y[-60:])
    assert hc.features.RollingBeta(60).transform(x, y)[-1] == pytest.approx(line.slope, rel=1e-12)
    assert hc.features.RollingBeta(60).transform(x, y)[-1] == pytest.approx(
        np.polyfit(x[-60:], y[-60:], 1)[0], rel=1e-12
    )
    assert hc.features.RollingCorr(60).transform(x, y)[-1] == pytest.approx(line.rvalue, rel=1e-12)
    assert hc.features.RollingCov(60).transform(x, y)[-1] == pytest.approx(np.cov(x[-60:], y[-60:])[0, 1], rel=1e-12)


def test_pandas_agrees(data_dir: Path) -> None:
    real = real_prices(data_dir)
    rng = np.random.default_rng(3)
    for x, y, rtol in (
        (rng.normal(size=3000), rng.normal(size=3000), 1e-9),
        (real[:10_000] - 167, real[10_000:] - 167, 1e-6),
    ):
        theirs = pd.Series(x).rolling(300)
        other = pd.Series(y)
        moves = ~(theirs.std() < 1e-9) & ~(other.rolling(300).std() < 1e-9)
        cov = theirs.cov(other)
        np.testing.assert_allclose(hc.features.RollingCov(300).transform(x, y), cov, rtol=rtol, atol=1e-10)
        corr = hc.features.RollingCorr(300).transform(x, y)
        np.testing.assert_allclose(corr[moves], theirs.corr(other)[moves], rtol=rtol, atol=1e-8)
        beta = hc.features.RollingBeta(300).transform(x, y)
        np.testing.assert_allclose(beta[moves], (cov / theirs.var())[moves], rtol=rtol, atol=1e-8)


def test_pandas_agrees_on_time_windows() -> None:
    ts_ns, rng = at_times(), np.random.default_rng(9)
    x, y = rng.normal(size=2000), rng.normal(size=2000)
    theirs, other = rolling(x, ts_ns, "4s"), pd.Series(y, index=pd.to_datetime(ts_ns))
    ours = hc.features.RollingCov("4s").transform(x, y, ts_ns)
    mean_xy = rolling(x * y, ts_ns, "4s").mean()  # equal times: pandas aligns by label, so by the definition
    n = theirs.count()
    expected = (mean_xy - theirs.mean() * other.rolling("4s").mean()) * n / (n - 1)
    np.testing.assert_allclose(ours, expected.where(n > 1), rtol=1e-9, atol=1e-12)


def test_a_pair_enters_only_when_both_are_usable() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=300), rng.normal(size=300)
    dirty_x, dirty_y = x.copy(), y.copy()
    dirty_x[::7], dirty_y[::5] = np.nan, np.inf
    whole = np.isfinite(dirty_x) & np.isfinite(dirty_y)
    for name in ("RollingCov", "RollingCorr", "RollingBeta"):
        make = getattr(hc.features, name)
        assert make(9).transform(dirty_x, dirty_y)[whole].tobytes() == make(9).transform(x[whole], y[whole]).tobytes()


def test_a_constant_side_says_the_rule() -> None:
    x, y = np.full(9, 27.355), np.arange(9.0)
    for a, b in ((x, y), (y, x), (x, x)):
        assert hc.features.RollingCov(5).transform(a, b)[-1] == 0.0
        assert hc.features.RollingCorr(5).transform(a, b)[-1] == 0.0
        assert hc.features.RollingCorr(5, flat=1.0).transform(a, b)[-1] == 1.0
    assert hc.features.RollingBeta(5, flat=9.0).transform(x, y)[-1] == 9.0
    assert hc.features.RollingBeta(5, flat=9.0).transform(y, x)[-1] == 0.0
    assert hc.features.RollingCorr(5).transform(y, 2 * y)[-1] == 1.0
