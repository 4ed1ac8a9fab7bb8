"""Exact arithmetic between decimal doubles and integer multiples of a step.

A double is on the grid of step num / den when it is the double nearest to some n * num / den. The products below are
exact integers under 2^53 and IEEE division rounds correctly, so ``n * num / den`` *is* that nearest double: the test
is an equality, without a tolerance.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MAX_DECIMALS: Final = 8
ENOUGH_DISTINCT: Final = 20  # prices that must agree before a step coarser than their last decimal is believed
_MAX_PRODUCT: Final = 2.0**53
_COARSER: Final = (2, *(5**j for j in range(1, 7)))  # 0.02; 0.05, 0.25 and binary fractions down to 1/64


def to_steps(values: Floats, num: Floats | int, den: Floats | int) -> tuple[Ints, Bools]:
    """Return for each value the nearest multiple n of num / den, and whether the value lies exactly on it.

    Values that are not finite or too large to be exact count as off the grid, with n = 0.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        nearest = np.rint(values * den / num)
        product = nearest * num
        exact = np.abs(product) < _MAX_PRODUCT  # False for NaN
        on_grid = exact & (product / den == values)
    return np.where(exact, nearest, 0.0).astype(np.int64), on_grid


def round_to_steps(values: Floats, num: Floats, den: Floats) -> Ints:
    """Return the nearest multiple n of num / den, a decimal half to the even n: 10.005 lies between two cents."""
    nearest, _ = to_steps(values, num, den)
    halves, on_half_grid = to_steps(values, num, 2 * den)
    tie = on_half_grid & (halves % 2 != 0)
    below = (halves - 1) // 2
    return np.asarray(np.where(tie, below + below % 2, nearest), np.int64)


def from_steps(steps: Ints, num: Floats | int, den: Floats | int) -> Floats:
    """Return n * num / den, rounded once."""
    return np.asarray((steps * num) / den, dtype=np.float64)


def fewest_decimals(values: Floats, groups: Ints, n_groups: int) -> Ints:
    """Return per group the smallest k <= MAX_DECIMALS such that every value is a multiple of 10^-k.

    MAX_DECIMALS also stands for "even that is not enough": the conversion then names the value.
    """
    decimals = np.zeros(n_groups, np.int64)
    for k in range(MAX_DECIMALS):
        off = ~to_steps(values, 1, 10**k)[1]
        if not off.any():
            break
        values, groups = values[off], groups[off]
        decimals[groups] = k + 1
    return decimals


def distinct(values: Floats, groups: Ints) -> tuple[Floats, Ints]:
    """Return the distinct pairs of group and value: a day of prices is a few hundred."""
    if not len(values):
        return values, groups
    encoded = pa.array(values).dictionary_encode()  # two hash passes over one key each: 4x faster than one over pairs
    width = int(groups.max()) + 1
    key = encoded.indices.to_numpy().astype(np.int64) * width + groups
    unique = np.asarray(pc.unique(pa.array(key)).to_numpy(), np.int64)
    return np.asarray(encoded.dictionary.to_numpy(), np.float64)[unique // width], unique % width


def coarsest_multiple(values: Floats, groups: Ints, decimals: Ints) -> Ints:
    """Return per group the largest c of 1, 2, 5, 25, 125, ... such that every value is a multiple of c * 10^-decimals.

    ``values`` are distinct within their group.

    Other factors (0.03, 0.07) are chance, not a venue's tick. Neither is c > 1 believed on fewer than
    ENOUGH_DISTINCT values: one price of 27.35 says nothing about a nickel grid.
    """
    steps, _ = to_steps(values, 1, np.power(10.0, decimals[groups]).astype(np.float64))
    enough = np.bincount(groups, minlength=len(decimals)) >= ENOUGH_DISTINCT
    best = np.ones(len(decimals), np.int64)
    for c in _COARSER:
        fits = enough.copy()
        fits[groups[steps % c != 0]] = False
        if not fits.any() and c > 2:
            break  # 5^j fits only where 5^(j-1) does
        best[fits] = c
    return best
