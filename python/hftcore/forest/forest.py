"""A forest as hftcore holds it: float64 splits, NaN is the missing value, margins are sums of leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import treelite

from hftcore.errors import ModelMismatchError

FloatMatrix = npt.NDArray[np.float64]
OutputRule = Literal["identity", "sigmoid", "softmax", "one_vs_rest_normalised"]
_LE = 3  # Treelite's code for "<="


@dataclass(frozen=True, slots=True)
class Forest:
    """A trained forest of any supported library, and how its margins become class scores.

    ``classes`` are the labels in the order of the scores. ``gain`` is the loss reduction of each feature, summed over
    its splits. ``feature_names`` is None where the training library did not keep them.
    """

    model: treelite.Model
    trainer: Literal["mllib", "lightgbm", "xgboost"]
    trainer_version: str
    classes: tuple[int, ...]
    output_rule: OutputRule
    alpha: float
    gain: tuple[float, ...]
    feature_names: tuple[str, ...] | None

    @property
    def n_features(self) -> int:
        return int(self.model.num_feature)

    @property
    def n_trees(self) -> int:
        return int(self.model.num_tree)

    @property
    def n_margins(self) -> int:
        return int(header_field(self.model, "num_class")[0])


def reference_margins(model: treelite.Model, rows: FloatMatrix) -> FloatMatrix:
    """Margins of ``rows`` (n, n_features) by Treelite's interpreter: float64 (n, n_margins), the reference for bits."""
    raw = treelite.gtil.predict(model, np.ascontiguousarray(rows, dtype=np.float64), nthread=1, pred_margin=True)
    return np.ascontiguousarray(np.asarray(raw, dtype=np.float64).reshape(len(rows), -1))


def reference_scores(forest: Forest, margins: FloatMatrix) -> FloatMatrix:
    """Scores (n, n_classes) of margins (n, n_margins) by the forest's output rule, see ``output_rule.hpp``."""
    with np.errstate(over="ignore", invalid="ignore"):  # exp of a large margin is inf, and its sigmoid 0
        if forest.output_rule == "identity":
            return margins.copy()
        if forest.output_rule == "softmax":
            shares = np.exp(margins - margins.max(axis=1, keepdims=True))
            return np.asarray(shares / shares.sum(axis=1, keepdims=True))
        shares = 1.0 / (1.0 + np.exp(-forest.alpha * margins))
        if forest.output_rule == "sigmoid":
            return np.concatenate([1.0 - shares, shares], axis=1)
        total = shares.sum(axis=1, keepdims=True)
        return np.where(total == 0.0, 1.0 / len(forest.classes), shares / total)


def header_field(model: treelite.Model, name: str) -> Any:
    """One field of Treelite's model header."""
    return model.get_header_accessor().get_field(name)


def split_thresholds(model: treelite.Model) -> Iterator[tuple[npt.NDArray[np.int64], FloatMatrix]]:
    """Yield, for each tree, the features and the thresholds of its splits."""
    for tree in range(model.num_tree):
        nodes = model.get_tree_accessor(tree)
        is_split = np.asarray(nodes.get_field("cleft")) >= 0
        yield (
            np.asarray(nodes.get_field("split_index"))[is_split].astype(np.int64),
            np.asarray(nodes.get_field("threshold"), dtype=np.float64)[is_split],
        )


def refuse_odd_splits(model: treelite.Model, names: tuple[str, ...]) -> None:
    """Raise unless every split is ``x <= t`` with t finite or +inf, the only kinds whose machine code is exact."""
    for tree in range(model.num_tree):
        nodes = model.get_tree_accessor(tree)
        is_split = np.asarray(nodes.get_field("cleft")) >= 0
        thresholds = np.asarray(nodes.get_field("threshold"))[is_split]
        odd = np.isnan(thresholds) | np.isneginf(thresholds) | (np.asarray(nodes.get_field("cmp"))[is_split] != _LE)
        if np.any(odd):
            at = int(np.argmax(odd))
            feature = names[int(np.asarray(nodes.get_field("split_index"))[is_split][at])]
            raise ModelMismatchError(
                f"feature {feature!r}: tree {tree} must split it by <= at a number, was a split at {thresholds[at]}"
            )


def n_nodes(model: treelite.Model) -> int:
    """Nodes of all trees: what code generation and compilation cost grows with."""
    return sum(int(model.get_tree_accessor(t).get_field("num_nodes")[0]) for t in range(model.num_tree))
