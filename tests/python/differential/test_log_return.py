"""Log returns against NumPy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc

prices = st.lists(st.floats(1e-6, 1e9), min_size=2, max_size=100).map(np.array)


@given(prices, st.integers(1, 10))
def test_log_return_matches_numpy(px: np.ndarray, lag: int) -> None:
    ours = hc.features.LogReturn(lag).transform(px)
    assert np.isnan(ours[:lag]).all()
    wide = px.astype(np.longdouble)  # in double, log(a / b) of near prices has lost half its digits
    expected = np.log(wide[lag:]) - np.log(wide[:-lag])
    np.testing.assert_allclose(ours[lag:], expected.astype(float), rtol=1e-13, atol=1e-17)


def test_small_returns_keep_all_their_digits() -> None:
    a, b = 27.355, 27.35
    exact = float(np.log1p((np.longdouble(a) - np.longdouble(b)) / np.longdouble(b)))
    lr = hc.features.LogReturn(1)
    lr.update(b)
    assert abs(lr.update(a) - exact) <= 2 * np.spacing(exact)
