"""Rows chosen to break a forest's machine code: values on, beside and around its own thresholds, and no numbers at all.

A value whose low 32 bits are all ones is what TL2cgen's stock code takes for a missing value: it is in the pool of
every feature, made from the feature's own thresholds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import treelite

from hftcore.forest.forest import FloatMatrix, split_thresholds

_LOW_WORD = np.uint64(0xFFFFFFFF)
_SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300, 1.0, -1.0])


def adversarial_rows(model: treelite.Model, n_rows: int, seed: int) -> FloatMatrix:
    """Rows over the feature-wise pools of nasty values; every value of a pool is used before one is used twice.

    Parameters
    ----------
    model : treelite.Model
    n_rows : int
        Rows to make. More rows than the largest pool guarantee that each threshold is hit on both sides.
    seed : int

    Returns
    -------
    rows : float64 array, shape (n_rows, n_features)
        Holds NaN, infinities, zeros of both signs, thresholds, their neighbours and low words of ones.
    """
    rng = np.random.default_rng(seed)
    per_feature: list[list[FloatMatrix]] = [[] for _ in range(model.num_feature)]
    for features, thresholds in split_thresholds(model):
        for feature in np.unique(features):
            per_feature[feature].append(thresholds[features == feature])
    rows = np.empty((n_rows, model.num_feature), dtype=np.float64)
    for column, parts in enumerate(per_feature):
        pool = _pool(np.unique(np.concatenate(parts)) if parts else np.empty(0))
        n_rounds = -(-n_rows // len(pool))
        rows[:, column] = np.concatenate([rng.permutation(pool) for _ in range(n_rounds)])[:n_rows]
    return rows


def _pool(thresholds: FloatMatrix) -> FloatMatrix:
    with np.errstate(over="ignore"):  # the neighbour of the largest double is infinity
        neighbours = [np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)]
    return np.concatenate([thresholds, *neighbours, with_low_word_of_ones(thresholds), _SPECIAL])


def with_low_word_of_ones(values: FloatMatrix) -> FloatMatrix:
    """The same doubles with their low 32 bits set: valid numbers that stock TL2cgen code calls missing."""
    bits: npt.NDArray[np.uint64] = np.ascontiguousarray(values).view(np.uint64) | _LOW_WORD
    return bits.view(np.float64)
