"""Windows as exact fractions, and what the tests of rolling statistics share."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import isqrt
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import strategies as st

inputs = st.lists(st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) >= 2**-8), min_size=3, max_size=60).map(
    np.array
)


def exact_windows(x: np.ndarray, n: int) -> list[list[Fraction]]:
    """The full windows of x."""
    return [[Fraction(v) for v in x[i - n + 1 : i + 1]] for i in range(n - 1, len(x))]


def nearest_sqrt(value: Fraction) -> float:
    """The square root with far more digits than a double has."""
    scale = 10**80
    return float(Fraction(isqrt(value.numerator * scale * scale // value.denominator), scale))


def ulps(value: float, exact: float) -> float:
    """How many steps of a double they are apart."""
    return abs(value - exact) / float(np.spacing(abs(exact)))


def hard_series(n: int = 400) -> Iterator[tuple[str, np.ndarray]]:
    """Walks, and what rolling sums of doubles do not survive: an offset, jumps of 1e9, ties, flat stretches, dust."""
    rng = np.random.default_rng(11)
    walk = 100 + rng.normal(size=n).cumsum() * 0.01
    yield "walk", walk
    yield "offset of 1e9", np.round(rng.normal(size=n).cumsum() * 8) / 64 + 1e9
    jumps = walk.copy()
    jumps[[n // 3, n // 2]] = 1e9, -3e8
    yield "jumps of 1e9", jumps
    yield "ties", rng.integers(0, 5, n).astype(float)
    flat = walk.copy()
    flat[n // 4 : n // 2] = 27.355
    yield "flat for a while", flat
    yield "dust", rng.normal(size=n) * 1e-6
    yield "ascent", np.arange(n) * 0.01


def real_prices(data: Path) -> np.ndarray:
    """20 000 trade prices of a day of SPY."""
    day = pd.read_parquet(data / "us_equities_taq" / "trades_20131007.parquet", columns=["symbol", "price"])
    return day.loc[day["symbol"] == "SPY", "price"].to_numpy(float)[:20_000].copy()


def at_times(n: int = 2000) -> np.ndarray:
    """Uneven times, ns: about 0.2 s apart, some equal."""
    return np.random.default_rng(5).integers(0, 400_000_000, n).cumsum()


def rolling(x: np.ndarray, ts_ns: np.ndarray, window: str) -> pd.api.typing.Rolling:
    """Return pandas' time window, (t - w, t] as ours."""
    return pd.Series(x, index=pd.to_datetime(ts_ns)).rolling(window)
