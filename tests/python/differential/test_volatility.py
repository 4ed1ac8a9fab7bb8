"""Volatility recursions against pandas, the recursion of the arch package, and a slow twin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore.errors import SpecError

RNG = np.random.default_rng(21)
RETURNS = {
    "returns": RNG.normal(size=3000) * 1e-4,
    "bursts": RNG.normal(size=3000) * np.exp(RNG.normal(size=3000)),
    "zeros": np.zeros(100),
    "one size": np.resize([1e-3, -1e-3], 300),
    "large": RNG.normal(size=500) * 1e9,
}
each = pytest.mark.parametrize("r", list(RETURNS.values()), ids=list(RETURNS))


@each
@pytest.mark.parametrize("decay", [0.0, 0.94, 0.999])
def test_ewma_volatility_is_the_root_of_pandas_ewm(r: np.ndarray, decay: float) -> None:
    theirs = pd.Series(r**2).ewm(alpha=1 - decay, adjust=False).mean() ** 0.5
    np.testing.assert_allclose(hc.features.EwmaVolatility(decay=decay).transform(r), theirs, rtol=1e-12, atol=1e-160)


def garch_twin(r: np.ndarray, omega: float, alpha: float, beta: float, h: float) -> np.ndarray:
    out = []
    for x in r:
        h = omega + alpha * x * x + beta * h
        out.append(h)
    return np.array(out)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60).map(np.array),
    st.floats(0.0, 1.0),
    st.floats(0.0, 0.3),
    st.floats(0.0, 0.69),
    st.floats(1e-6, 10.0),
)
@settings(max_examples=40, deadline=None)
def test_garch_is_its_recursion(r: np.ndarray, omega: float, alpha: float, beta: float, h: float) -> None:
    params = {"omega": omega, "alpha": alpha, "beta": beta, "initial_variance": h}
    twin = garch_twin(r, omega, alpha, beta, h)
    variance = hc.features.Garch(**params, output="variance").transform(r)
    np.testing.assert_allclose(variance, twin, rtol=1e-12)
    np.testing.assert_allclose(hc.features.Garch(**params).transform(r), np.sqrt(twin), rtol=1e-12)


# What arch 8.0.0 gives for `arch_model(r, mean="Zero", rescale=False).fix([2e-6, 0.08, 0.9])`, r as below: its
# variance of input i is our forecast at input i - 1.
ARCH_FIRST = 5.178878496808035e-05
ARCH = [
    5.427449381746089e-05,
    5.5429044570949254e-05,
    5.324487328087801e-05,
    5.7196863387268864e-05,
    6.6661746086979e-05,
    5.424539142612609e-05,
    6.0464554235827747e-05,
    5.406957581785032e-05,
]


def test_garch_matches_arch() -> None:
    r = np.sin(np.arange(1, 201) ** 2) * 0.01
    ours = hc.features.Garch(2e-6, 0.08, 0.9, initial_variance=ARCH_FIRST, output="variance").transform(r)
    np.testing.assert_allclose(ours[[0, 1, 2, 9, 49, 98, 149, 198]], ARCH, rtol=1e-12)


def test_garch_begins_at_and_returns_to_its_long_run_variance() -> None:
    long_run = 0.1 / (1 - 0.1 - 0.8)
    started = hc.features.Garch(0.1, 0.1, 0.8, output="variance")
    assert started.update(np.sqrt(long_run)) == pytest.approx(long_run, rel=1e-15)
    settled = hc.features.Garch(0.1, 0.1, 0.8, initial_variance=50.0, output="variance").transform(np.full(2000, 2.0))
    assert settled[-1] == pytest.approx((0.1 + 0.1 * 4.0) / (1 - 0.8), rel=1e-12)
    assert np.ptp(settled[-100:]) == 0.0


def test_garch_refuses_what_does_not_settle() -> None:
    with pytest.raises(SpecError, match=r"alpha \+ beta must be < 1, was 1.0"):
        hc.features.Garch(1e-6, 0.1, 0.9)
    with pytest.raises(SpecError, match="omega must be in"):
        hc.features.Garch(-1.0, 0.1, 0.8)
