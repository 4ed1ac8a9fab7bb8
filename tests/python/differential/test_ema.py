"""Exponential averages against TA-Lib."""

from __future__ import annotations

import numpy as np
import talib
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

prices = st.lists(st.floats(0.01, 1e5), min_size=2, max_size=200).map(np.array)


@given(prices, st.integers(2, 50))
def test_ema_matches_talib(px: np.ndarray, period: int) -> None:
    np.testing.assert_allclose(hc.features.Ema(period).transform(px), talib.EMA(px, period), rtol=1e-9)


@given(prices, st.integers(2, 50))
def test_ema_deviation_is_the_distance_from_talib_ema_in_bps(px: np.ndarray, period: int) -> None:
    expected = 1e4 * (px / talib.EMA(px, period) - 1)
    np.testing.assert_allclose(hc.features.EmaDeviation(period).transform(px), expected, rtol=1e-9, atol=1e-6)
