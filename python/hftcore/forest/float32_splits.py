"""Splits of libraries that round a feature to float32 first, as splits on the double itself.

Rounding is monotone, so a condition on ``float32(x)`` is a condition ``x <= cutoff`` on x, value for value.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def double_cutoff(threshold: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The largest doubles that round to a float32 below ``threshold``: ``float32(x) < t`` is ``x <= cutoff(t)``."""
    t = np.asarray(threshold, np.float32)
    with np.errstate(over="ignore"):
        below = np.nextafter(t, np.float32(-np.inf))
    # Exact: two neighbours of 24 bits. The neighbour of the largest float32 rounds as if it were 2**128.
    upper = np.where(np.isposinf(t), 2.0**128, t.astype(np.float64))
    lower = np.where(np.isneginf(below), -(2.0**128), below.astype(np.float64))
    middle = (lower + upper) / 2.0
    with np.errstate(over="ignore"):
        rounds_down = middle.astype(np.float32) < t  # a tie goes to the even neighbour
    return np.where(rounds_down, middle, np.nextafter(middle, -np.inf))


def double_cutoff_inclusive(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The largest doubles that round to a float32 of at most ``threshold``: ``float32(x) <= t`` is ``x <= cutoff``."""
    t = np.asarray(threshold, np.float64)
    with np.errstate(over="ignore"):
        nearest = t.astype(np.float32)
        last = np.where(nearest.astype(np.float64) > t, np.nextafter(nearest, np.float32(-np.inf)), nearest)
        return np.where(np.isposinf(t), np.inf, double_cutoff(np.nextafter(last, np.float32(np.inf))))
