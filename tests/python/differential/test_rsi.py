"""Wilder's RSI against TA-Lib."""

from __future__ import annotations

import numpy as np
import talib
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

cents = st.lists(st.integers(1, 10**6), min_size=2, max_size=200).map(lambda ticks: np.array(ticks) / 100)


@given(cents, st.integers(2, 40))
def test_rsi_matches_talib(px: np.ndarray, period: int) -> None:
    ours = hc.features.Rsi(period, flat=0.0).transform(px)
    np.testing.assert_allclose(ours, talib.RSI(px, period), rtol=1e-9, atol=1e-7)


def test_a_flat_series_is_where_the_dialects_differ() -> None:
    flat = np.full(40, 27.35)
    assert hc.features.Rsi(14).transform(flat)[-1] == 50.0
    assert talib.RSI(flat, 14)[-1] == 0.0
