"""The flat forest: each rule of its bytes has a message, and its numbers are those that the format defines."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from hftcore._core.model import ForestModel
from hftcore.errors import ModelMismatchError
from hftcore.forest import FlatForest, tree_table, walk_margins
from hftcore.forest.adversarial import adversarial_rows
from hftcore.forest.flat_rules import CATEGORICAL, DEFAULT_LEFT, LEAF, NODE
from hftcore.forest.tree_table import MAX_CATEGORY, TreeTable, build_flat

NODES = [
    (0.5, 1, 2, 0, 0),
    (-1.0, LEAF, LEAF, 0, 0),
    (0.0, 3, 4, 1 | CATEGORICAL | DEFAULT_LEFT, 0),
    (2.0, LEAF, LEAF, 0, 0),
    (4.0, LEAF, LEAF, 0, 0),
    (8.0, LEAF, LEAF, 0, 0),
]


def forest(**changes: Any) -> FlatForest:
    """Two trees over two features: a split at 0.5, then the categories 1 and 33; a leaf of 8."""
    given: dict[str, Any] = {
        "n_features": 2,
        "base": np.array([0.25]),
        "first_node": np.array([0, 5, 6], np.uint32),
        "margin_of_tree": np.array([0, 0], np.uint32),
        "nodes": np.array(NODES, NODE),
        "category_words": np.array([2, 2, 2], np.uint32),
    }
    return FlatForest(**(given | changes))


def with_node(at: int, **fields: Any) -> dict[str, Any]:
    nodes = np.array(NODES, NODE)
    for name, value in fields.items():
        nodes[name][at] = value
    return {"nodes": nodes}


ROWS = np.array([[0.5, 0.0], [0.6, 1.0], [0.6, 33.5], [0.6, 2.0], [0.6, np.nan], [np.nan, -1.0]])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, [7.25, 10.25, 10.25, 12.25, 10.25, 12.25]),
        ({"whole_categories": True}, [7.25, 10.25, 12.25, 12.25, 10.25, 12.25]),
        ({"divisor": 2.0}, [3.75, 5.25, 5.25, 6.25, 5.25, 6.25]),
        ({"divisor": 2.0, "base_first": True}, [3.625, 5.125, 5.125, 6.125, 5.125, 6.125]),
    ],
)
def test_margins_are_those_of_the_format(changes: dict[str, Any], expected: list[float]) -> None:
    flat = forest(**changes)
    assert walk_margins(flat, ROWS)[:, 0].tolist() == expected
    assert ForestModel.from_forest(flat.to_bytes(), 1, "identity").predict_margin(ROWS)[:, 0].tolist() == expected


def test_sums_of_float32_round_at_every_step() -> None:
    third, tiny = float(np.float32(1 / 3)), float(np.float32(1e-9))
    leaves = [TreeTable(*(np.array([v]) for v in (0, 0.0, -1, -1, leaf))) for leaf in (1.0, tiny, third)]
    expected = np.float32(np.float32(np.float32(1.0) + np.float32(tiny)) + np.float32(third)) / np.float32(3)
    for flat in (
        build_flat(leaves, [0, 0, 0], 1, [0.0], divisor=3.0, float32_sums=True),
        build_flat(leaves[1:], [0, 0], 1, [1.0], divisor=3.0, float32_sums=True, base_first=True),
    ):
        assert walk_margins(flat, np.zeros((1, 1))).tolist() == [[float(expected)]]
        assert ForestModel.from_forest(flat.to_bytes(), 1, "identity").predict_margin(np.zeros((1, 1))) == expected


def test_the_bytes_are_laid_out_as_the_page_says() -> None:
    data = forest(divisor=2.0, base_first=True).to_bytes()
    assert data[:8] == b"HFTFRST1"
    assert struct.unpack_from("<4I2Qd16s", data, 8) == (2, 1, 2, 2, 6, 3, 2.0, bytes(16))
    assert struct.unpack_from("<d", data, 64) == (0.25,)
    assert struct.unpack_from("<4I", data, 72) == (0, 5, 6, 0)  # first nodes, padded
    assert struct.unpack_from("<2I", data, 88) == (0, 0)
    assert struct.unpack_from("<d4I", data, 96) == (0.5, 1, 2, 0, 0)
    assert struct.unpack_from("<4I", data, 240) == (2, 2, 2, 0)
    assert len(data) == 256
    assert FlatForest.from_bytes(data).to_bytes() == data


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_features": 0}, r"n_features must be in 1\.\.1048576, was 0"),
        ({"base": np.array([])}, r"n_margins must be in 1\.\.65536, was 0"),
        ({"base": np.array([np.inf])}, "base 0: must be finite, was inf"),
        ({"base": np.array([0.1]), "float32_sums": True}, "base 0: must be a float32 value, was 0.1"),
        ({"divisor": 0.0}, r"divisor must be finite and above 0, was 0\.0"),
        ({"first_node": np.array([0, 5, 7], np.uint32)}, "its trees must cover nodes 0 to 6"),
        ({"first_node": np.array([0, 6, 6], np.uint32)}, "tree 1: its number of nodes must be at least 1, was 0"),
        ({"margin_of_tree": np.array([0, 1], np.uint32)}, "tree 1: its margin must be below 1, was 1"),
        (with_node(0, left=0), "tree 0, node 0: a child must follow its parent inside the tree, was 0"),
        (with_node(0, right=5), "tree 0, node 0: a child must follow its parent inside the tree, was 5"),
        (with_node(2, left=4), "tree 0, node 3: must have one parent, was 0"),
        (with_node(0, feature=2), "tree 0, node 0: feature must be below 2, was 2"),
        (with_node(5, feature=1), "tree 1, node 0: a leaf must have feature and categories 0, was 1"),
        (with_node(5, value=np.nan), "tree 1, node 0: a leaf must be finite, was nan"),
        ({**with_node(5, value=0.1), "float32_sums": True}, "tree 1, node 0: a leaf must be a float32 value, was 0.1"),
        (with_node(0, value=np.nan), "tree 0, node 0: a threshold must be a number, was nan"),
        (with_node(0, categories=1), "tree 0, node 0: a numerical split must have categories 0, was 1"),
        (with_node(2, value=1.0), "tree 0, node 2: a category split must have the value 0, was 1"),
        (with_node(2, categories=3), "tree 0, node 2: a category set must begin below 3, was 3"),
        ({"category_words": np.array([0, 2, 2], np.uint32)}, "must hold at least 1 word and end within 3, was 0"),
        ({"category_words": np.array([3, 2, 2], np.uint32)}, "must hold at least 1 word and end within 3, was 3"),
    ],
)
def test_each_rule_has_its_message(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ModelMismatchError, match=words):
        forest(**changes)


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (0, b"X", "must begin with b'HFTFRST1'"),
        (20, b"\x08", "unknown flags and reserved bytes must be 0, flags were 0x8"),
        (50, b"\x01", "unknown flags and reserved bytes must be 0, flags were 0x0"),
        (16, b"\x03", "must hold .* bytes by its header, held 256"),
        (24, b"\xff\xff\xff\xff\xff", r"n_nodes must be in 2\.\.4294967295"),
        (84, b"\x01", "padding at byte 84 must be 0"),
        (252, b"\x01", "padding at byte 252 must be 0"),
    ],
)
def test_damaged_bytes_are_named(at: int, value: bytes, words: str) -> None:
    data = forest().to_bytes()
    with pytest.raises(ModelMismatchError, match=words):
        FlatForest.from_bytes(data[:at] + value + data[at + len(value) :])
    for end in range(0, len(data), 7):
        with pytest.raises(ModelMismatchError, match="must hold"):
            FlatForest.from_bytes(data[:end])


def test_trees_are_put_in_order_and_unreached_nodes_left_out() -> None:
    backwards = TreeTable(
        feature=np.array([0, 0, 0, 0, 0]),
        threshold=np.array([1.0, 0.0, np.nan, 0.0, 0.0]),
        left=np.array([2, -1, 3, -1, -1]),
        right=np.array([1, -1, 4, -1, -1]),
        leaf=np.array([0.0, 10.0, 0.0, 20.0, 30.0]),
    )
    flat = build_flat([backwards], [0], 1, [0.0])
    assert flat.n_nodes == 3  # the split at NaN sends every row right
    assert walk_margins(flat, np.array([[0.0], [2.0], [np.nan]]))[:, 0].tolist() == [30.0, 10.0, 10.0]
    with pytest.raises(ModelMismatchError, match="tree 0, node 1: a threshold must be a number, was nan"):
        build_flat([replace(backwards, default_left=np.full(5, True))], [0], 1, [0.0])


def split_by(categories: set[int]) -> TreeTable:
    arrays = ([0, 0, 0], [0.0] * 3, [1, -1, -1], [2, -1, -1], [0.0, 1.0, 2.0])
    return TreeTable(*(np.array(values) for values in arrays), categories={0: categories})


@pytest.mark.parametrize("category", [-1, 1 << 24])
def test_a_category_out_of_range_is_refused(category: int) -> None:
    with pytest.raises(ModelMismatchError, match=rf"tree 0, node 0: a category must be in 0..16777215, was {category}"):
        build_flat([split_by({3, category})], [0], 1, [0.0])
    assert build_flat([split_by({65, 3})], [0], 1, [0.0]).categories(0).tolist() == [3, 65]


def test_sets_of_categories_that_take_more_memory_than_their_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = [split_by({MAX_CATEGORY, k}) for k in (1, 1, 2)]
    n_words = 2 * (1 + (MAX_CATEGORY + 1) // 32)
    monkeypatch.setattr(tree_table, "_MAX_WORDS", n_words)
    assert len(build_flat(largest, [0] * 3, 1, [0.0]).category_words) == n_words
    with pytest.raises(ModelMismatchError, match=rf"tree 3, node 0: the sets .* must take at most {n_words} words"):
        build_flat([*largest, split_by({3})], [0] * 4, 1, [0.0])


def test_adversarial_rows_hold_what_breaks_a_walk() -> None:
    rows = adversarial_rows(forest(), 200, seed=1)
    bits = rows.view(np.uint64)
    for value in (np.nan, np.inf, -np.inf, -0.0, 5e-324, 0.5, np.nextafter(0.5, 1), np.nextafter(0.5, 0)):
        assert (bits[:, 0] == np.float64(value).view(np.uint64)).any(), value
    assert ((bits[:, 0] & np.uint64(0xFFFFFFFF)) == 0xFFFFFFFF).any()
    assert {1.0, 33.0, 2.0, 34.0, 1.5, 33.5, 2.5, -1.0, 1e18, 2.0**31} <= set(rows[:, 1].tolist())
