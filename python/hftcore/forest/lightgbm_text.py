"""LightGBM's text format as fields: its header and its trees, refused where the text was cut off or damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import check_splits

_END = "\nend of trees"


@dataclass(frozen=True, slots=True)
class LightGbmText:
    """Fields as text; ``flags`` are the header's lines without a value, ``footer`` what follows the trees."""

    header: dict[str, str]
    flags: frozenset[str]
    trees: list[dict[str, str]]
    footer: str

    @property
    def feature_names(self) -> tuple[str, ...]:
        return tuple(self.header["feature_names"].split())

    @property
    def trees_per_iteration(self) -> int:
        return int(self.header["num_tree_per_iteration"])


def parse_lightgbm(text: str) -> LightGbmText:
    """Split a model into its fields.

    Raises
    ------
    ModelMismatchError
        If the text is something else, was cut off, or a tree is damaged; names the tree and the field.
    """
    head, has_tree, _ = text.partition("\nTree=")
    lines = [line.partition("=") for line in head.splitlines()]
    header = {key: value for key, equals, value in lines if equals}
    if "feature_names" not in header or not has_tree:
        raise ModelMismatchError("this is no LightGBM model: it has no feature names or no tree")
    trees = _trees(text)
    flags = frozenset(key for key, equals, _ in lines if not equals)
    found = LightGbmText(header, flags, [fields for _, fields in trees], text.partition(_END)[2])
    _refuse_cut_off(text, found)
    for tree, (index, fields) in enumerate(trees):
        if index != str(tree):
            raise ModelMismatchError(f"damaged: tree {tree} must follow, found tree {index!r}")
        try:
            _refuse_damaged(fields, len(found.feature_names))
        except KeyError as error:
            raise ModelMismatchError(f"damaged: tree {tree}: field {error} is missing") from error
        except ValueError as error:
            raise ModelMismatchError(f"damaged: tree {tree}: {error}") from error
    return found


def integers(fields: Mapping[str, str], name: str) -> npt.NDArray[np.int64]:
    """A field of whole numbers; raises KeyError or ValueError."""
    return np.asarray([int(value) for value in fields[name].split()], np.int64)


def numbers(fields: Mapping[str, str], name: str) -> npt.NDArray[np.float64]:
    """A field of numbers; raises KeyError or ValueError."""
    return np.asarray([float(value) for value in fields[name].split()], np.float64)


def _trees(text: str) -> list[tuple[str, dict[str, str]]]:
    """Index and fields of each tree, as text."""
    blocks = [block.partition("\n") for block in text.partition(_END)[0].split("\nTree=")[1:]]
    return [
        (index, dict(line.partition("=")[::2] for line in body.splitlines() if "=" in line))
        for index, _, body in blocks
    ]


def _refuse_cut_off(text: str, found: LightGbmText) -> None:
    n_trees = len(found.trees)
    if _END not in text:
        raise ModelMismatchError(f"cut off: there is no line 'end of trees' after {n_trees} trees")
    n_listed = len(found.header["tree_sizes"].split())
    if n_trees != n_listed:
        raise ModelMismatchError(f"damaged: tree_sizes lists {n_listed} trees, found {n_trees}")
    per_iteration = found.trees_per_iteration
    if per_iteration < 1 or n_trees % per_iteration:
        raise ModelMismatchError(f"damaged: must hold {per_iteration} trees per iteration, found {n_trees}")


def _refuse_damaged(fields: Mapping[str, str], n_features: int) -> None:
    """Raise ValueError or KeyError unless the fields have the lengths of one tree and its nodes are connected."""
    n_leaves = int(fields["num_leaves"])
    n_splits = n_leaves - 1
    if not np.isfinite(numbers(fields, "leaf_value")).all():
        raise ValueError("leaf_value must be finite")
    children = np.concatenate([integers(fields, "left_child"), integers(fields, "right_child")])
    lengths = {
        "leaf_value": (n_leaves, len(fields["leaf_value"].split())),
        "split_gain": (n_splits, len(numbers(fields, "split_gain"))),
        "threshold": (n_splits, len(numbers(fields, "threshold"))),
        "decision_type": (n_splits, len(integers(fields, "decision_type"))),
        "split_feature": (n_splits, len(integers(fields, "split_feature"))),
        "left_child and right_child": (2 * n_splits, len(children)),
    }
    for name, (expected, found) in lengths.items():
        if expected != found:
            raise ValueError(f"{name} must hold {expected} values, found {found}")
    nodes = node_numbers(children, n_splits)
    check_splits(integers(fields, "split_feature"), nodes, n_splits + n_leaves, n_features)


def node_numbers(children: npt.NDArray[np.int64], n_splits: int) -> npt.NDArray[np.int64]:
    """LightGBM writes split k as k and leaf k as -1 - k; here leaves follow the splits."""
    return np.where(children >= 0, children, n_splits - 1 - children)
