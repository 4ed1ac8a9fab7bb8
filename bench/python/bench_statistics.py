"""Rolling statistics in bulk beside pandas.

A slower number means that one more tick of one operation costs more. Order statistics are timed in a small window (one
sorted block) and in a large one (many). Every answer is checked as it is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import hftcore as hc

N = 100_000
RNG = np.random.default_rng(1)
PX = 100 + RNG.normal(size=N).cumsum() * 0.01
OTHER = 100 + RNG.normal(size=N).cumsum() * 0.01
F = hc.features

Impls = dict[str, Callable[[], Any]]


def in_order(window: int) -> dict[str, Impls]:
    """Rivals that keep a window in order: pandas has skip lists, and no MAD but by `apply`."""
    rolling = pd.Series(PX).rolling(window)
    return {
        f"median {window}": {
            "hftcore": lambda: F.RollingMedian(window).transform(PX),
            "pandas": lambda: rolling.median().to_numpy(),
        },
        f"quantile {window}": {
            "hftcore": lambda: F.RollingQuantile(window, 0.9).transform(PX),
            "pandas": lambda: rolling.quantile(0.9).to_numpy(),
        },
        f"rank {window}": {
            "hftcore": lambda: F.RollingRank(window).transform(PX),
            "pandas": lambda: rolling.rank(pct=True).to_numpy(),
        },
        f"robust_zscore {window}": {"hftcore": lambda: F.RobustZScore(window).transform(PX)},
    }


ROLLING = pd.Series(PX).rolling(50)
SERIES = pd.Series(OTHER)
RETURNS = pd.Series(PX).apply(np.log).diff()
RIVALS: dict[str, Impls] = {
    "sum": {"hftcore": lambda: F.RollingSum(50).transform(PX), "pandas": lambda: ROLLING.sum().to_numpy()},
    "var": {"hftcore": lambda: F.RollingVar(50).transform(PX), "pandas": lambda: ROLLING.var().to_numpy()},
    "skew": {"hftcore": lambda: F.RollingSkew(50).transform(PX), "pandas": lambda: ROLLING.skew().to_numpy()},
    "cov": {"hftcore": lambda: F.RollingCov(50).transform(PX, OTHER), "pandas": lambda: ROLLING.cov(SERIES).to_numpy()},
    "corr": {
        "hftcore": lambda: F.RollingCorr(50).transform(PX, OTHER),
        "pandas": lambda: ROLLING.corr(SERIES).to_numpy(),
    },
    "beta": {
        "hftcore": lambda: F.RollingBeta(50).transform(PX, OTHER),
        "pandas": lambda: (ROLLING.cov(SERIES) / ROLLING.var()).to_numpy(),
    },
    "autocorrelation": {
        "hftcore": lambda: F.Autocorrelation(50).transform(PX),
        "pandas": lambda: pd.Series(PX[:-1]).rolling(49).corr(pd.Series(PX[1:])).to_numpy(),
    },
    "realised_volatility": {
        "hftcore": lambda: F.RealisedVolatility(50).transform(PX),
        "pandas": lambda: np.sqrt((RETURNS**2).rolling(49).sum()).to_numpy(),
    },
    "bipower_variation": {
        "hftcore": lambda: F.BipowerVariation(50).transform(PX),
        "pandas": lambda: (np.pi / 2 * (RETURNS.abs() * RETURNS.shift().abs()).rolling(48).sum()).to_numpy(),
    },
    **in_order(50),
    **in_order(1000),
    **in_order(50_000),
}
CASES = [
    pytest.param(op, impl, id=f"{op}-{impl}", marks=pytest.mark.benchmark(group=f"{op}, 100k ticks"))
    for op, impls in RIVALS.items()
    for impl in impls
]


@pytest.mark.parametrize(("op", "impl"), CASES)
def test_bulk(benchmark: Any, op: str, impl: str) -> None:
    benchmark.extra_info["n_items"] = N
    np.testing.assert_allclose(benchmark(RIVALS[op][impl])[-1], RIVALS[op]["hftcore"]()[-1], rtol=1e-6)
