"""A forest as hftcore holds it: float64 splits, NaN is the missing value, margins are sums of leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import treelite

from hftcore.forest.flat import FlatForest

FloatMatrix = npt.NDArray[np.float64]
OutputRule = Literal["identity", "sigmoid", "softmax", "one_vs_rest_normalised"]
Trainer = Literal["mllib", "lightgbm", "xgboost", "sklearn", "treelite"]


@dataclass(frozen=True, slots=True)
class Forest:
    """A trained forest of any supported library, and how its margins become class scores.

    ``classes`` are the labels in the order of the scores. ``gain`` is the loss reduction of each feature, summed over
    its splits. ``feature_names`` is None where the training library did not keep them. A regressor has the one class 0.
    """

    flat: FlatForest
    trainer: Trainer
    trainer_version: str
    classes: tuple[int, ...]
    output_rule: OutputRule
    alpha: float
    gain: tuple[float, ...]
    feature_names: tuple[str, ...] | None

    @property
    def gain_shares(self) -> npt.NDArray[np.float64]:
        """Each feature's share of the gain, all 0 where there is none; a gain that is no finite number counts as 0."""
        gain = np.where(np.isfinite(self.gain), self.gain, 0.0)
        with np.errstate(over="ignore"):
            total = gain.sum()
        return gain / total if 0.0 < total < np.inf else np.zeros(len(gain))

    @property
    def n_features(self) -> int:
        return self.flat.n_features

    @property
    def n_trees(self) -> int:
        return self.flat.n_trees

    @property
    def n_margins(self) -> int:
        return self.flat.n_margins


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
