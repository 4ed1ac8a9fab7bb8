"""Autocorrelation, realised volatility and bipower variation against exact fractions, NumPy and pandas."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

from .exact import at_times, exact_windows, hard_series, inputs, nearest_sqrt, real_prices, ulps

prices = st.lists(st.floats(1e-6, 1e9), min_size=3, max_size=60).map(np.array)


def check_autocorrelation(x: np.ndarray, n: int, lag: int) -> None:
    ours = hc.features.Autocorrelation(n, lag=lag, flat=0.25).transform(x)[n - 1 :]
    for w, r in zip(exact_windows(x, n), ours, strict=True):
        u, v, m = w[:-lag], w[lag:], n - lag
        mean_u, mean_v = sum(u) / m, sum(v) / m
        cross = sum(((p - mean_u) * (q - mean_v) for p, q in zip(u, v, strict=True)), Fraction(0))
        scatter = sum((p - mean_u) ** 2 for p in u) * sum((q - mean_v) ** 2 for q in v)
        size = nearest_sqrt(cross**2 / scatter) if scatter else 0.25
        assert ulps(r, -size if cross < 0 else size) <= 4


@given(inputs, st.integers(3, 12), st.data())
def test_autocorrelation_is_exact(x: np.ndarray, n: int, data: st.DataObject) -> None:
    check_autocorrelation(x, n, data.draw(st.integers(1, n - 2)))


@pytest.mark.parametrize(("name", "x"), list(hard_series(300)), ids=lambda v: v if isinstance(v, str) else "")
def test_autocorrelation_of_hard_series_is_exact(name: str, x: np.ndarray) -> None:
    if name == "dust":
        x = x * 2.0**20  # below 2^-8 an input is rounded as it enters
    for n, lag in ((3, 1), (40, 1), (40, 7)):
        check_autocorrelation(x, n, lag)


def test_pandas_agrees(data_dir: Path) -> None:
    returns = np.random.default_rng(2).normal(size=400)
    for x, rtol in ((returns, 1e-9), (real_prices(data_dir)[:1500], 1e-6)):
        for lag in (1, 5):
            theirs = pd.Series(x).rolling(100).apply(lambda w, k=lag: pd.Series(w).autocorr(k), raw=True)
            ours = hc.features.Autocorrelation(100, lag=lag).transform(x)
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=1e-9)


def test_a_flat_end_says_the_rule() -> None:
    x = np.array([3.0, 3.0, 3.0, 9.0])  # the first three are the earlier end
    assert hc.features.Autocorrelation(4).transform(x)[-1] == 0.0
    assert hc.features.Autocorrelation(4, flat=-1.0).transform(x)[-1] == -1.0
    assert hc.features.Autocorrelation(4).transform(np.array([1.0, 2.0, 3.0, 4.0]))[-1] == 1.0


@given(prices, st.integers(3, 12))
def test_volatility_and_variation_are_their_definitions(px: np.ndarray, n: int) -> None:
    r = np.abs(np.diff(np.log(px.astype(np.longdouble))))
    volatility = hc.features.RealisedVolatility(n).transform(px)
    variation = hc.features.BipowerVariation(n).transform(px)
    assert np.isnan(volatility[: n - 1]).all()
    assert np.isnan(variation[: n - 1]).all()
    for i in range(n - 1, len(px)):
        window = r[i - n + 1 : i]
        assert volatility[i] == pytest.approx(float(np.sqrt((window**2).sum())), rel=1e-13, abs=1e-17)
        expected = np.longdouble(np.pi) / 2 * (window[1:] * window[:-1]).sum()
        assert variation[i] == pytest.approx(float(expected), rel=1e-12, abs=1e-30)


def test_real_prices_give_the_definition(data_dir: Path) -> None:
    px = real_prices(data_dir)
    r = np.abs(np.diff(np.log(px.astype(np.longdouble))))
    n = 1000
    windows = np.lib.stride_tricks.sliding_window_view(r, n - 1)[::50]
    volatility = hc.features.RealisedVolatility(n).transform(px)[n - 1 :: 50]
    np.testing.assert_allclose(volatility, np.sqrt((windows**2).sum(axis=1)).astype(float), rtol=1e-13)
    variation = hc.features.BipowerVariation(n).transform(px)[n - 1 :: 50]
    products = (windows[:, 1:] * windows[:, :-1]).sum(axis=1)
    np.testing.assert_allclose(variation, (np.longdouble(np.pi) / 2 * products).astype(float), rtol=1e-12)


def test_one_jump_is_in_the_volatility_and_not_in_the_variation() -> None:
    px = 100 * np.exp(np.random.default_rng(3).normal(size=1000).cumsum() * 1e-4)
    jumped = px * np.where(np.arange(1000) >= 500, 1.05, 1.0)
    calm, wild = (hc.features.RealisedVolatility(1000).transform(x)[-1] ** 2 for x in (px, jumped))
    assert wild > 200 * calm
    quiet, loud = (hc.features.BipowerVariation(1000).transform(x)[-1] for x in (px, jumped))
    assert loud < 3 * quiet
    assert quiet == pytest.approx(calm, rel=0.1)


def test_time_windows_are_their_definitions() -> None:
    ts_ns = at_times(600)
    px = 100 * np.exp(np.random.default_rng(10).normal(size=600).cumsum() * 1e-4)
    volatility = hc.features.RealisedVolatility("2s").transform(px, ts_ns)
    variation = hc.features.BipowerVariation("2s").transform(px, ts_ns)
    autocorrelation = hc.features.Autocorrelation("2s", lag=2).transform(px, ts_ns)
    for i in range(600):
        inside = px[: i + 1][ts_ns[: i + 1] > ts_ns[i] - 2_000_000_000]
        r = np.abs(np.diff(np.log(inside.astype(np.longdouble))))
        assert np.isnan(volatility[i]) == (len(inside) < 2)
        assert np.isnan(variation[i]) == (len(inside) < 3)
        assert np.isnan(autocorrelation[i]) == (len(inside) < 4)
        if len(inside) >= 4:
            assert volatility[i] == pytest.approx(float(np.sqrt((r**2).sum())), rel=1e-12)
            assert variation[i] == pytest.approx(float(np.pi / 2 * (r[1:] * r[:-1]).sum()), rel=1e-12)
            centred = inside - inside.mean()
            assert autocorrelation[i] == pytest.approx(np.corrcoef(centred[:-2], centred[2:])[0, 1], abs=1e-8)
    np.testing.assert_array_equal(hc.features.RealisedVolatility(9).transform(np.full(20, 27.355))[8:], 0.0)
