"""What a trained forest looks at, and how it came to be that good: on the forest itself, whoever trained it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore._core.model import ForestModel
from hftcore.forest.forest import FloatMatrix, Forest, reference_scores
from hftcore.forest.walk import walk_tree
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
    trees = [np.flatnonzero(forest.flat.margin_of_tree == k) for k in range(forest.n_margins)]
    longest = max(len(t) for t in trees)
    points = np.unique(np.linspace(1, longest, min(longest, _MOST_POINTS)).astype(np.int64))
    losses = {}
    for name, (X, y) in parts.items():
        leaves = np.column_stack([walk_tree(forest.flat, t, X) for t in range(forest.n_trees)])
        sums = [base + np.cumsum(leaves[:, t], axis=1) for base, t in zip(forest.flat.base, trees, strict=True)]
        losses[name] = tuple(_loss(forest, sums, int(n), y) for n in points)
    return Curves(tuple(int(n) for n in points), losses)


def scores_of(forest: Forest, X: FloatMatrix) -> FloatMatrix:
    """Scores (n, n_classes) of rows by the kernel."""
    kernel = ForestModel.from_forest(forest.flat.to_bytes(), len(forest.classes), forest.output_rule, forest.alpha)
    return kernel.predict_proba(np.ascontiguousarray(X, np.float64))


def _loss(forest: Forest, sums: list[FloatMatrix], n_trees: int, y: npt.NDArray[np.int8]) -> float:
    margins = np.column_stack([s[:, min(n_trees, s.shape[1]) - 1] for s in sums])
    if forest.output_rule == "identity":  # a mean over trees: the first few of them are a mean too
        margins = margins / margins.sum(axis=1, keepdims=True)
    return float(score(y, reference_scores(forest, margins)).log_loss or 0.0)
