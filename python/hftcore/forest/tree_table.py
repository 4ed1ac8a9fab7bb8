"""Binary trees as a training library keeps them, and the flat forest made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.flat import FlatForest, Floats
from hftcore.forest.flat_rules import CATEGORICAL, DEFAULT_LEFT, LEAF, NODE

MAX_CATEGORY = (1 << 24) - 1  # a set of it takes 2 MiB
_MAX_WORDS = 1 << 26  # of all sets: 256 MiB, where a model file of a few kB may name that many


@dataclass(frozen=True, slots=True)
class TreeTable:
    """One tree; node 0 is the root. Left iff ``x[feature] <= threshold``. Leaves: left = -1.

    NaN goes left where ``default_left`` says so, right everywhere without it. A node in ``categories`` sends left
    exactly the categories named there, and its threshold means nothing.
    """

    feature: npt.NDArray[np.int64]
    threshold: Floats
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    leaf: Floats
    default_left: npt.NDArray[np.bool_] | None = None
    categories: Mapping[int, Iterable[int]] = field(default_factory=dict)


def build_flat(
    trees: Sequence[TreeTable],
    margin_of_tree: Sequence[int],
    n_features: int,
    base: Iterable[float],
    **options: Any,
) -> FlatForest:
    """Put trees behind one another; nodes that hang nowhere are left out.

    Parameters
    ----------
    trees : sequence of TreeTable
        No node may hang under two splits.
    margin_of_tree : sequence of int
    n_features : int
    base : floats, one for each margin
    **options
        ``divisor``, ``float32_sums``, ``base_first``, ``whole_categories`` of FlatForest.

    Raises
    ------
    ModelMismatchError
        If a leaf is not finite, a threshold is NaN, a category is none, or the sets of categories are too large;
        names the tree, the node and the value.
    """
    sets = _CategorySets()
    parts = [_nodes(index, tree, n_features, sets) for index, tree in enumerate(trees)]
    return FlatForest(
        n_features=n_features,
        base=np.asarray(list(base), np.float64),
        first_node=np.cumsum([0, *map(len, parts)]).astype(np.uint32),
        margin_of_tree=np.asarray(margin_of_tree, np.uint32).reshape(-1),
        nodes=np.concatenate([np.empty(0, NODE), *parts]),
        category_words=np.concatenate([np.empty(0, np.uint32), *sets.blocks]),
        **options,
    )


class _CategorySets:
    """Sets of categories as words; equal sets are stored once."""

    def __init__(self) -> None:
        self.blocks: list[npt.NDArray[np.uint32]] = []
        self._known: dict[bytes, int] = {}
        self._n_words = 0

    def add(self, categories: Iterable[int]) -> int:
        """The index of the set's first word."""
        members = np.asarray(categories if isinstance(categories, np.ndarray) else list(categories), np.int64)
        outside = members[(members < 0) | (members > MAX_CATEGORY)]
        if len(outside):
            raise ValueError(f"a category must be in 0..{MAX_CATEGORY}, was {outside[0]}")
        bits = np.zeros(32 * (int(members.max(initial=0)) // 32 + 1), np.uint8)
        bits[members] = 1
        words = np.packbits(bits, bitorder="little").view("<u4").astype(np.uint32)
        key = words.tobytes()
        if key not in self._known:
            if self._n_words + 1 + len(words) > _MAX_WORDS:
                raise ValueError(f"the sets of categories must take at most {_MAX_WORDS} words of 32 categories")
            self._known[key] = self._n_words
            self.blocks += [np.asarray([len(words)], np.uint32), words]
            self._n_words += 1 + len(words)
        return self._known[key]


def _nodes(index: int, tree: TreeTable, n_features: int, sets: _CategorySets) -> npt.NDArray[Any]:
    left, right = (np.asarray(side, np.int64) for side in (tree.left, tree.right))
    is_split = left >= 0
    feature = np.where(is_split, tree.feature, 0).astype(np.int64)
    if np.any((feature < 0) | (feature >= n_features)):
        wrong = feature[(feature < 0) | (feature >= n_features)][0]
        raise ModelMismatchError(f"tree {index}: the feature of a split must be below {n_features}, found {wrong}")
    nodes = np.zeros(len(left), NODE)
    nodes["value"] = np.where(is_split, tree.threshold, tree.leaf)
    nodes["left"], nodes["right"] = (np.where(is_split, side, LEAF) for side in (left, right))
    nodes["feature"] = feature
    if tree.default_left is not None:
        nodes["feature"][is_split & tree.default_left] |= DEFAULT_LEFT
    for node, categories in tree.categories.items():
        nodes["value"][node] = 0.0
        nodes["feature"][node] |= CATEGORICAL
        try:
            nodes["categories"][node] = sets.add(categories)
        except ValueError as error:
            raise ModelMismatchError(f"tree {index}, node {node}: {error}") from error
    return _in_order(nodes)


def _in_order(nodes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The same tree, the root first, every child behind its parent, and no node that a row cannot reach."""
    is_split = nodes["left"] != LEAF
    at = np.flatnonzero(is_split)
    follows = all(np.all(nodes[side][at] > at) for side in ("left", "right"))
    if follows and 2 * len(at) + 1 == len(nodes) and not np.isnan(nodes["value"][at]).any():
        return nodes
    skips = is_split & np.isnan(nodes["value"]) & (nodes["feature"] & DEFAULT_LEFT == 0)
    kept: list[int] = []
    place: dict[int, int] = {}
    waiting = [_resolve(nodes, skips, 0)]
    while waiting:
        node = waiting.pop()
        place[node] = len(kept)
        kept.append(node)
        if is_split[node]:
            waiting += [_resolve(nodes, skips, int(nodes[side][node])) for side in ("right", "left")]
    ordered = nodes[kept]
    for side in ("left", "right"):
        for new, old in enumerate(kept):
            if is_split[old]:
                ordered[side][new] = place[_resolve(nodes, skips, int(nodes[side][old]))]
    return ordered


def _resolve(nodes: npt.NDArray[Any], skips: npt.NDArray[np.bool_], node: int) -> int:
    """The node reached when splits at NaN are skipped: no value is <= NaN, so they send every row right."""
    while skips[node]:
        node = int(nodes["right"][node])
    return node
