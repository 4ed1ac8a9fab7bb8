"""Rows chosen to break whatever walks a forest: values on, beside and around its own thresholds, and no numbers at all.

A value whose low 32 bits are all ones is what TL2cgen's stock code takes for a missing value: it is in the pool of
every feature, made from the feature's own thresholds. A feature that is split by categories also gets each category of
its sets, its neighbours, and values that are no category.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hftcore.forest.flat import FlatForest, Floats

_LOW_WORD = np.uint64(0xFFFFFFFF)
_SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300, 1.0, -1.0])
_NO_CATEGORIES = np.array([2.5, -1.0, -0.5, 1e18, 2.0**31, 2.0**32, 2.0**31 - 1.0])
_MAX_CATEGORIES = 4096  # of one feature; a set may have millions


def adversarial_rows(forest: FlatForest, n_rows: int, seed: int) -> Floats:
    """Rows over the feature-wise pools of nasty values; every value of a pool is used before one is used twice.

    Parameters
    ----------
    forest : FlatForest
    n_rows : int
        Rows to make. More rows than the largest pool guarantee that each threshold is hit on both sides.
    seed : int

    Returns
    -------
    rows : float64 array, shape (n_rows, n_features)
        Holds NaN, infinities, zeros of both signs, thresholds, their neighbours and low words of ones.
    """
    rng = np.random.default_rng(seed)
    rows = np.empty((n_rows, forest.n_features), dtype=np.float64)
    thresholds = split_thresholds(forest)
    categories = _split_categories(forest)
    for column in range(forest.n_features):
        pool = _pool(thresholds.get(column, np.empty(0)), categories.get(column))
        n_rounds = -(-n_rows // len(pool))
        rows[:, column] = np.concatenate([rng.permutation(pool) for _ in range(n_rounds)])[:n_rows]
    return rows


def split_thresholds(forest: FlatForest) -> dict[int, Floats]:
    """The distinct thresholds of each feature that has some, ascending."""
    is_numerical = ~forest.is_leaf & ~forest.is_categorical
    feature, value = forest.feature[is_numerical], forest.nodes["value"][is_numerical]
    order = np.argsort(feature, kind="stable")
    features, first = np.unique(feature[order], return_index=True)
    parts = np.split(value[order], first[1:])
    return {int(f): np.unique(part) for f, part in zip(features, parts, strict=True)} if len(features) else {}


def with_low_word_of_ones(values: Floats) -> Floats:
    """The same doubles with their low 32 bits set: valid numbers that stock TL2cgen code calls missing."""
    bits: npt.NDArray[np.uint64] = np.ascontiguousarray(values).view(np.uint64) | _LOW_WORD
    return bits.view(np.float64)


def _split_categories(forest: FlatForest) -> dict[int, Floats]:
    found: dict[int, set[int]] = {}
    feature = forest.feature
    for node in np.flatnonzero(forest.is_categorical).tolist():
        found.setdefault(int(feature[node]), set()).update(forest.categories(node)[:_MAX_CATEGORIES].tolist())
    return {column: np.array(sorted(members)[:_MAX_CATEGORIES], np.float64) for column, members in found.items()}


def _pool(thresholds: Floats, categories: Floats | None) -> Floats:
    with np.errstate(over="ignore"):  # the neighbour of the largest double is infinity
        neighbours = [np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)]
    pool = [thresholds, *neighbours, with_low_word_of_ones(thresholds), _SPECIAL]
    if categories is not None:
        pool += [categories, categories + 1.0, categories + 0.5, _NO_CATEGORIES]
    return np.concatenate(pool)
