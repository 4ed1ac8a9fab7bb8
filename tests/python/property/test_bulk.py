"""Whole columns take a way of their own through an operation: the bytes, and the state behind, of one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import hftcore as hc


def ema(window: int) -> hc.features.Ema:
    return hc.features.Ema(window)


def rsi(window: int) -> hc.features.Rsi:
    return hc.features.Rsi(window)


OPERATIONS = {
    "ema": ema,
    "rsi": rsi,
    "mean": hc.features.RollingMean,
    "var": hc.features.RollingVar,
    "std": hc.features.RollingStd,
    "zscore": hc.features.ZScore,
    "min": hc.features.RollingMin,
    "max": hc.features.RollingMax,
}


def walk(seed: int, n: int) -> npt.NDArray[np.float64]:
    """Prices that wander far, stand still, jump, turn to wild numbers or zeros of either sign, or are missing."""
    rng = np.random.default_rng(seed)
    x = 100 + rng.normal(size=n).cumsum() * rng.choice([0.001, 0.05, 2.0])
    x = np.round(x, 2) if seed % 2 else x
    for _ in range(rng.integers(0, 8)):
        at, length = rng.integers(0, n), rng.integers(1, 60)
        kind = rng.integers(0, 6)
        wild = [x[at], x[at] * 50, np.nan, np.inf, rng.normal(size=length) * 1e6, rng.choice([0.0, -0.0], length)][kind]
        x[at : at + length] = wild[: len(x[at : at + length])] if np.ndim(wild) else wild
    return x


def bits(values: Any) -> npt.NDArray[np.uint64]:
    return np.asarray(values, np.float64).view(np.uint64)


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("window", [2, 7, 50, 300])
def test_whole_columns_have_the_bits_of_single_inputs(name: str, window: int) -> None:
    for seed in range(12):
        x = walk(seed, 3000)
        alone, whole = OPERATIONS[name](window=window), OPERATIONS[name](window=window)
        want = [alone.update(float(value)) for value in x]
        cut = 37 * seed
        got = np.r_[whole.transform(x[:cut]), whole.transform(x[cut:])]
        different = np.flatnonzero(bits(got) != bits(want))
        assert not len(different), f"seed {seed}: row {different[0]}: {got[different[0]]}, {want[different[0]]}"
        assert bits(whole.transform(x[:500])).tolist() == bits([alone.update(float(v)) for v in x[:500]]).tolist()


LONG = 40_000


def long_columns() -> dict[str, npt.NDArray[np.float64]]:
    """Near each other all along or nearly so; spreads from none to some that fill all digits of the sums."""
    rng = np.random.default_rng(5)
    steps = rng.normal(size=LONG)
    columns = {f"walk of {scale:g}": 100 + steps.cumsum() * scale for scale in (1e-9, 0.001, 0.01)}
    columns["ticks"] = np.round(columns["walk of 0.01"], 2)
    columns["short of the axis"] = -columns["walk of 0.01"]
    columns["wild"] = 1e9 * (1 + 0.03 * rng.uniform(-1, 1, LONG))
    columns["two levels"] = np.where(steps > 0, 63.9, 64.1)
    columns["flat"] = np.full(LONG, 0.1)
    columns["gaps"] = columns["walk of 0.01"].copy()
    columns["gaps"][rng.integers(0, LONG, 3)] = np.nan
    return columns


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("window", [2, 50, 1000, 4096])
def test_long_columns_have_the_bits_of_single_inputs(name: str, window: int) -> None:
    """What runs side by side where the CPU can, windows of few inputs and of the most."""
    for what, x in long_columns().items():
        alone, whole = OPERATIONS[name](window=window), OPERATIONS[name](window=window)
        got = whole.transform(x)
        want = np.r_[[alone.transform(piece) for piece in x.reshape(-1, 50)]].ravel()  # too short to run side by side
        different = np.flatnonzero(bits(got) != bits(want))
        assert not len(different), f"{what}: row {different[0]}: {got[different[0]]!r}, {want[different[0]]!r}"
        assert bits(whole.transform(x[:100])).tolist() == bits(alone.transform(x[:100])).tolist(), what
