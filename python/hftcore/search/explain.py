"""What a trained forest looks at, and how it came to be that good: on the forest itself, whoever trained it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import treelite

from hftcore.forest.forest import FloatMatrix, Forest, header_field, reference_margins, reference_scores
from hftcore.search.loop import score

FAMILIES: Final = {"ema": ("ema", "ema_deviation"), "rsi": ("rsi",)}  # family -> operations
_MOST_POINTS = 25


@dataclass(frozen=True, slots=True)
class Curves:
    """Log loss (nats per row) after the first ``n_trees`` of each class, per part of the rows."""

    n_trees: tuple[int, ...]
    log_loss: dict[str, tuple[float, ...]]


def permutation_importance(
    forest: Forest, X: FloatMatrix, y: npt.NDArray[np.int8], names: tuple[str, ...], seed: int
) -> dict[str, dict[str, float]]:
    """What is lost when one feature's values are dealt anew among the rows: ``log_loss_rise`` and ``mcc_drop``.

    Parameters
    ----------
    X, y : float64 array (n, n_features), labels (n,)
        Test rows; cost is (n_features + 1) passes over the forest.
    """
    rng = np.random.default_rng(seed)
    whole = score(y, scores_of(forest, X))
    found = {}
    for column, name in enumerate(names):
        dealt = X.copy()
        dealt[:, column] = rng.permutation(dealt[:, column])
        without = score(y, scores_of(forest, dealt))
        rise = (without.log_loss or 0.0) - (whole.log_loss or 0.0)
        found[name] = {"log_loss_rise": rise, "mcc_drop": whole.mcc - without.mcc}
    return found


def family_totals(importance: Mapping[str, float], spec: Mapping[str, Any]) -> dict[str, float]:
    """Sum of ``importance`` over the features of each family of operations, and over all ``other`` features.

    Parameters
    ----------
    importance : mapping of feature name to number
    spec : mapping
        ``FeatureSpec.to_dict()``.
    """
    family_of = {op: family for family, ops in FAMILIES.items() for op in ops}
    totals = dict.fromkeys((*FAMILIES, "other"), 0.0)
    for feature, name in zip(spec["features"], importance, strict=True):
        totals[family_of.get(feature["op"], "other")] += importance[name]
    return totals


def learning_curves(forest: Forest, parts: Mapping[str, tuple[FloatMatrix, npt.NDArray[np.int8]]]) -> Curves:
    """Log loss of each part with the first 1, 2, ... trees of each class; at most 25 points."""
    margin_of_tree = np.asarray(header_field_list(forest.model, "class_id"))
    if forest.n_margins == 1:
        margin_of_tree = np.zeros(forest.n_trees, np.int64)
    trees = [np.flatnonzero(margin_of_tree == k) for k in range(forest.n_margins)]
    longest = max(len(t) for t in trees)
    points = np.unique(np.linspace(1, longest, min(longest, _MOST_POINTS)).astype(np.int64))
    losses = {}
    for name, (X, y) in parts.items():
        leaves = treelite.gtil.predict_per_tree(forest.model, np.ascontiguousarray(X, np.float64))
        leaves = np.asarray(leaves, np.float64).reshape(len(X), forest.n_trees)
        sums = [np.cumsum(leaves[:, t], axis=1) for t in trees]
        losses[name] = tuple(_loss(forest, sums, int(n), y) for n in points)
    return Curves(tuple(int(n) for n in points), losses)


def scores_of(forest: Forest, X: FloatMatrix) -> FloatMatrix:
    """Scores (n, n_classes) of rows by Treelite's interpreter and the forest's output rule."""
    return reference_scores(forest, reference_margins(forest.model, X))


def header_field_list(model: treelite.Model, name: str) -> list[int]:
    """A list in Treelite's model header."""
    return [int(v) for v in np.asarray(header_field(model, name)).ravel()]


def _loss(forest: Forest, sums: list[FloatMatrix], n_trees: int, y: npt.NDArray[np.int8]) -> float:
    margins = np.column_stack([s[:, min(n_trees, s.shape[1]) - 1] for s in sums])
    if forest.output_rule == "identity":  # a mean over trees: the first few of them are a mean too
        margins = margins / margins.sum(axis=1, keepdims=True)
    return float(score(y, reference_scores(forest, margins)).log_loss or 0.0)
