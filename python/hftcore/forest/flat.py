"""The flat forest: what a model computes, as a few arrays, and the bytes of ``forest.bin`` that hold them.

Every importer ends here and every engine starts here. A row is ``double[n_features]`` and NaN is the missing value:

* a numerical split sends NaN to its default side, and any other x left iff ``x <= value``;
* a category split sends NaN to its default side, and x left iff ``0 <= x < 2**31`` and ``trunc(x)`` is in its set (and,
  under ``whole_categories``, x is a whole number);
* margin k is the sum of the leaves of its trees in their order, from 0, over ``divisor``, plus ``base[k]``; under
  ``base_first`` the sum begins at ``base[k]``; under ``float32_sums`` every sum and the division are float32.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.flat_rules import CATEGORICAL, DEFAULT_LEFT, FEATURE_MASK, LEAF, NODE, check_counts, check_flat

MAGIC: Final = b"HFTFRST1"
_HEADER: Final = struct.Struct("<8s4I2Qd16s")
_FLAGS: Final = ("float32_sums", "base_first", "whole_categories")  # bit 0, 1, 2

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class FlatForest:
    """A forest that has been checked: whatever walks it ends, and gives finite numbers.

    Attributes
    ----------
    n_features : int
    base : float64 array, shape (n_margins,)
    first_node : uint32 array, shape (n_trees + 1,)
        Where each tree begins in ``nodes``, and where the last one ends.
    margin_of_tree : uint32 array, shape (n_trees,)
    nodes : array of ``NODE``, shape (n_nodes,)
        Children count from the tree's first node, both are ``LEAF`` at a leaf.
    category_words : uint32 array
        Sets of categories: a count n, then n words of 32 categories each.
    divisor : float
        1.0 where margins are sums.
    """

    n_features: int
    base: Floats
    first_node: Words
    margin_of_tree: Words
    nodes: npt.NDArray[Any]
    category_words: Words
    divisor: float = 1.0
    float32_sums: bool = False
    base_first: bool = False
    whole_categories: bool = False

    def __post_init__(self) -> None:
        check_flat(self)

    @property
    def n_margins(self) -> int:
        return len(self.base)

    @property
    def n_trees(self) -> int:
        return len(self.margin_of_tree)

    @property
    def n_nodes(self) -> int:
        return len(self.nodes)

    @property
    def is_leaf(self) -> npt.NDArray[np.bool_]:
        """Of each node: whether it holds a leaf's value."""
        return np.asarray(self.nodes["left"] == LEAF)

    @property
    def is_categorical(self) -> npt.NDArray[np.bool_]:
        """Of each node: whether it splits by a set of categories."""
        return np.asarray(self.nodes["feature"] & CATEGORICAL != 0)

    @property
    def default_left(self) -> npt.NDArray[np.bool_]:
        """Of each node: whether NaN goes left."""
        return np.asarray(self.nodes["feature"] & DEFAULT_LEFT != 0)

    @property
    def feature(self) -> npt.NDArray[np.int64]:
        """Of each node: the feature that it splits; 0 at a leaf."""
        return (self.nodes["feature"] & FEATURE_MASK).astype(np.int64)

    @property
    def tree_of_node(self) -> npt.NDArray[np.int64]:
        first = self.first_node.astype(np.int64)
        return np.repeat(np.arange(self.n_trees), first[1:] - first[:-1])

    def tree(self, index: int) -> npt.NDArray[Any]:
        """The nodes of one tree."""
        return self.nodes[self.first_node[index] : self.first_node[index + 1]]

    def categories(self, node: int) -> npt.NDArray[np.int64]:
        """The categories that a category split, given by its place in ``nodes``, sends left; ascending."""
        at = int(self.nodes["categories"][node])
        words = self.category_words[at + 1 : at + 1 + int(self.category_words[at])]
        bits = np.unpackbits(np.ascontiguousarray(words, "<u4").view(np.uint8), bitorder="little")
        return np.flatnonzero(bits).astype(np.int64)

    def to_bytes(self) -> bytes:
        """The content of ``forest.bin``, little-endian; the same forest gives the same bytes."""
        flags = sum(getattr(self, name) << bit for bit, name in enumerate(_FLAGS))
        counts = (self.n_features, self.n_margins, self.n_trees, flags, self.n_nodes, len(self.category_words))
        blocks = [
            self.base.astype("<f8"),
            self.first_node.astype("<u4"),
            self.margin_of_tree.astype("<u4"),
            self.nodes.astype(NODE),
            self.category_words.astype("<u4"),
        ]
        header = _HEADER.pack(MAGIC, *counts, self.divisor, bytes(16))
        return header + b"".join(_padded(block.tobytes()) for block in blocks)

    @classmethod
    def from_bytes(cls, data: bytes) -> FlatForest:
        """Read ``forest.bin``.

        Raises
        ------
        ModelMismatchError
            At the first rule of the format that the bytes break; names the tree, the node and the value.
        """
        if len(data) < _HEADER.size:
            raise ModelMismatchError(f"forest: must hold at least {_HEADER.size} bytes, held {len(data)}")
        magic, n_features, n_margins, n_trees, flags, n_nodes, n_words, divisor, zeros = _HEADER.unpack_from(data)
        if magic != MAGIC:
            raise ModelMismatchError(f"forest: must begin with {MAGIC!r}, began with {magic!r}")
        if flags >> len(_FLAGS) or any(zeros):
            raise ModelMismatchError(f"forest: unknown flags and reserved bytes must be 0, flags were {flags:#x}")
        check_counts(n_features, n_margins, n_trees, n_nodes)
        lengths = [8 * n_margins, 4 * (n_trees + 1), 4 * n_trees, NODE.itemsize * n_nodes, 4 * n_words]
        expected = _HEADER.size + sum(n + -n % 8 for n in lengths)
        if len(data) != expected:
            raise ModelMismatchError(f"forest: must hold {expected} bytes by its header, held {len(data)}")
        blocks, at = [], _HEADER.size
        for n in lengths:
            if any(data[at + n : at + n + -n % 8]):
                raise ModelMismatchError(f"forest: padding at byte {at + n} must be 0")
            blocks.append(data[at : at + n])
            at += n + -n % 8
        kinds: list[Any] = ["<f8", "<u4", "<u4", NODE, "<u4"]
        base, first, margins, nodes, words = (np.frombuffer(b, k) for b, k in zip(blocks, kinds, strict=True))
        options = {name: bool(flags >> bit & 1) for bit, name in enumerate(_FLAGS)}
        return cls(n_features, base, first, margins, nodes, words, divisor, **options)


def _padded(block: bytes) -> bytes:
    return block + bytes(-len(block) % 8)
