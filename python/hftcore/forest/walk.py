"""The slow twin of every engine: a flat forest walked in NumPy, one tree at a time and all rows side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.forest.flat import FlatForest, Floats
from hftcore.forest.flat_rules import CATEGORICAL, DEFAULT_LEFT, FEATURE_MASK, LEAF

_CATEGORY_LIMIT = 2.0**31


def walk_margins(forest: FlatForest, rows: Floats) -> Floats:
    """Margins of ``rows`` (n, n_features): float64 (n, n_margins), in the bits that the format defines.

    Cost: about 100 ns for each row, tree and level; it is there to be compared with.
    """
    x = np.ascontiguousarray(rows, np.float64)
    number: Any = np.float32 if forest.float32_sums else np.float64
    base: npt.NDArray[Any] = forest.base.astype(number)
    sums = np.zeros((len(x), forest.n_margins), number)
    if forest.base_first:
        sums[:] = base
    with np.errstate(over="ignore"):  # a sum of float32 leaves may leave their range; the engines give the same inf
        for index, margin in enumerate(forest.margin_of_tree):
            sums[:, margin] += walk_tree(forest, index, x).astype(number)
        if forest.divisor != 1.0:
            sums /= number(forest.divisor)
        if not forest.base_first:
            sums += base
    return sums.astype(np.float64)


def walk_tree(forest: FlatForest, index: int, rows: Floats) -> Floats:
    """The leaf that each row reaches in one tree: float64 (n,)."""
    return np.asarray(forest.tree(index)["value"][leaf_of_rows(forest, index, rows)])


def leaf_of_rows(forest: FlatForest, index: int, rows: Floats) -> npt.NDArray[np.int64]:
    """The node, counted from the tree's first, where each row ends."""
    tree = forest.tree(index)
    feature = (tree["feature"] & FEATURE_MASK).astype(np.int64)
    is_category, default_left = (tree["feature"] & flag != 0 for flag in (CATEGORICAL, DEFAULT_LEFT))
    is_leaf = tree["left"] == LEAF
    at = np.zeros(len(rows), np.int64)
    moving = np.flatnonzero(~is_leaf[at])
    while len(moving):
        node = at[moving]
        x = rows[moving, feature[node]]
        goes_left = x <= tree["value"][node]  # false for NaN
        by_set = is_category[node]
        if by_set.any():
            goes_left[by_set] = _in_sets(forest, tree["categories"][node[by_set]], x[by_set])
        goes_left |= np.isnan(x) & default_left[node]
        at[moving] = np.where(goes_left, tree["left"][node], tree["right"][node])
        moving = moving[~is_leaf[at[moving]]]
    return at


def _in_sets(forest: FlatForest, start: npt.NDArray[np.uint32], x: Floats) -> npt.NDArray[np.bool_]:
    """Whether each x is in the set that begins at the word beside it."""
    is_category = (x >= 0.0) & (x < _CATEGORY_LIMIT)
    if forest.whole_categories:
        is_category &= x == np.trunc(x)
    category = np.where(is_category, x, 0.0).astype(np.int64)
    begin, words = start.astype(np.int64), forest.category_words
    is_category &= category >> 5 < words[begin]
    word = words[np.where(is_category, begin + 1 + (category >> 5), 0)].astype(np.int64)
    return np.asarray(is_category & (word >> (category & 31) & 1 == 1))
