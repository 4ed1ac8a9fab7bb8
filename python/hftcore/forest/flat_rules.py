"""The rules of a flat forest, each with its message; the C++ parser holds the same rules."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError

if TYPE_CHECKING:
    from hftcore.forest.flat import FlatForest

NODE: Final = np.dtype([("value", "<f8"), ("left", "<u4"), ("right", "<u4"), ("feature", "<u4"), ("categories", "<u4")])
LEAF: Final = np.uint32(0xFFFFFFFF)
FEATURE_MASK: Final = np.uint32((1 << 30) - 1)
CATEGORICAL: Final = np.uint32(1 << 30)
DEFAULT_LEFT: Final = np.uint32(1 << 31)

_MAX_FEATURES, _MAX_MARGINS, _MAX_TREES = 1 << 20, 1 << 16, 1 << 24


def check_counts(n_features: int, n_margins: int, n_trees: int = 0, n_nodes: int = 0) -> None:
    """Raise ModelMismatchError unless each count is one that the format can hold: readers ask before they allocate."""
    for name, value, low, high in (
        ("n_features", n_features, 1, _MAX_FEATURES),
        ("n_margins", n_margins, 1, _MAX_MARGINS),
        ("n_trees", n_trees, 0, _MAX_TREES),
        ("n_nodes", n_nodes, n_trees, (1 << 32) - 1),
    ):
        if not low <= value <= high:
            raise ModelMismatchError(f"forest: {name} must be in {low}..{high}, was {value}")


def check_flat(forest: FlatForest) -> None:
    """Raise ModelMismatchError at the first rule that a forest breaks, naming the tree, the node and the value."""
    check_counts(forest.n_features, forest.n_margins, forest.n_trees, forest.n_nodes)
    if not (math.isfinite(forest.divisor) and forest.divisor > 0.0):
        raise ModelMismatchError(f"forest: divisor must be finite and above 0, was {forest.divisor}")
    _refuse_first("base", ~np.isfinite(forest.base), forest.base, "must be finite")
    if forest.float32_sums:
        _refuse_first("base", forest.base != _as_float32(forest.base), forest.base, "must be a float32 value")
    first = forest.first_node.astype(np.int64)
    if len(first) != forest.n_trees + 1 or first[0] != 0 or first[-1] != forest.n_nodes:
        raise ModelMismatchError(f"forest: its trees must cover nodes 0 to {forest.n_nodes}")
    _refuse_first("tree", np.diff(first) < 1, np.diff(first), "its number of nodes must be at least 1")
    outside = forest.margin_of_tree >= forest.n_margins
    _refuse_first("tree", outside, forest.margin_of_tree, f"its margin must be below {forest.n_margins}")
    _check_links(forest)
    _check_values(forest)
    _check_categories(forest)


def _refuse_first(what: str, is_bad: npt.NDArray[np.bool_], found: npt.NDArray[np.generic], rule: str) -> None:
    if is_bad.any():
        at = int(np.argmax(is_bad))
        raise ModelMismatchError(f"forest: {what} {at}: {rule}, was {found[at]}")


def _check_links(forest: FlatForest) -> None:
    """Children follow their parents inside their tree, and every node but the root has one parent."""
    left, right = (forest.nodes[side].astype(np.int64) for side in ("left", "right"))
    own = np.arange(forest.n_nodes) - forest.first_node.astype(np.int64)[forest.tree_of_node]
    size = np.diff(forest.first_node.astype(np.int64))[forest.tree_of_node]
    is_leaf = (left == LEAF) & (right == LEAF)
    for child in (left, right):
        is_bad = ~is_leaf & ((child <= own) | (child >= size))
        _refuse_node(forest, is_bad, child, "a child must follow its parent inside the tree")
    at = np.flatnonzero(~is_leaf)
    parents = np.zeros(forest.n_nodes, np.int64)
    for child in (left, right):
        np.add.at(parents, at - own[at] + child[at], 1)
    _refuse_node(forest, (parents != 1) & (own > 0), parents, "must have one parent")
    feature = forest.feature
    _refuse_node(forest, feature >= forest.n_features, feature, f"feature must be below {forest.n_features}")
    extra = forest.nodes["feature"].astype(np.int64) + forest.nodes["categories"]
    _refuse_node(forest, is_leaf & (extra != 0), extra, "a leaf must have feature and categories 0")


def _check_values(forest: FlatForest) -> None:
    value, is_leaf, is_category = forest.nodes["value"], forest.is_leaf, forest.is_categorical
    _refuse_node(forest, is_leaf & ~np.isfinite(value), value, "a leaf must be finite")
    if forest.float32_sums:
        _refuse_node(forest, is_leaf & (value != _as_float32(value)), value, "a leaf must be a float32 value")
    _refuse_node(forest, ~is_leaf & np.isnan(value), value, "a threshold must be a number")
    _refuse_node(forest, is_category & (value != 0.0), value, "a category split must have the value 0")


def _check_categories(forest: FlatForest) -> None:
    start, is_category = forest.nodes["categories"].astype(np.int64), forest.is_categorical
    _refuse_node(forest, ~is_category & (start != 0), start, "a numerical split must have categories 0")
    n_words = len(forest.category_words)
    _refuse_node(forest, is_category & (start >= n_words), start, f"a category set must begin below {n_words}")
    if is_category.any():
        length = np.where(is_category, forest.category_words[np.where(is_category, start, 0)].astype(np.int64), 1)
        is_bad = is_category & ((length < 1) | (start + 1 + length > n_words))
        _refuse_node(forest, is_bad, length, f"a category set must hold at least 1 word and end within {n_words}")


def _refuse_node(forest: FlatForest, is_bad: npt.NDArray[np.bool_], found: npt.NDArray[np.generic], rule: str) -> None:
    if is_bad.any():
        at = int(np.argmax(is_bad))
        tree = int(forest.tree_of_node[at])
        node = at - int(forest.first_node[tree])
        raise ModelMismatchError(f"forest: tree {tree}, node {node}: {rule}, was {found[at]}")


def _as_float32(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(np.float32).astype(np.float64)
