"""XGBoost's JSON model to a Forest whose splits on float64 are the float32 splits of the library, value for value.

XGBoost rounds a feature to float32 and goes left iff it is below the threshold t. Rounding is monotone, so that is a
split on the double itself: ``x <= d`` with d the largest double that rounds to less than t. Leaves are float32; their
sums here are float64, XGBoost's float32, so margins differ by rounding (about 1e-6), and no row takes another path.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import check_splits, class_labels
from hftcore.forest.forest import Forest, OutputRule
from hftcore.forest.tree_table import TreeTable, build_treelite

_RULES: Final[dict[str, OutputRule]] = {
    "multi:softprob": "softmax",
    "multi:softmax": "softmax",
    "binary:logistic": "sigmoid",
}


def read_xgboost(text: str | bytes, classes: tuple[int, ...] | None = None, *, source: str = "XGBoost model") -> Forest:
    """Read a model in XGBoost's JSON format (``save_model("….json")`` or ``save_raw("json")``).

    Parameters
    ----------
    text : str or bytes
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.
    source : str
        The file, for messages.

    Raises
    ------
    ModelMismatchError
        For a booster that is not ``gbtree``, an objective without classes, or a categorical split; for a text that is
        damaged; names what was found.
    """
    try:
        parsed = json.loads(text)
        return _forest(parsed["learner"], [int(v) for v in parsed["version"]], classes)
    except ModelMismatchError as error:
        raise ModelMismatchError(f"{source}: {error}") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ModelMismatchError(f"{source}: no XGBoost JSON model, or damaged: {error!r}") from error


def double_cutoff(threshold: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The largest doubles that round to a float32 below ``threshold``: ``float32(x) < t`` is ``x <= cutoff(t)``."""
    t = np.asarray(threshold, np.float32)
    below = np.nextafter(t, np.float32(-np.inf))
    middle = (below.astype(np.float64) + t.astype(np.float64)) / 2.0  # exact: two neighbours of 24 bits
    rounds_down = middle.astype(np.float32) < t  # a tie goes to the even neighbour
    return np.where(rounds_down, middle, np.nextafter(middle, -np.inf))


def _forest(learner: dict[str, Any], version: list[int], classes: tuple[int, ...] | None) -> Forest:
    booster, objective = learner["gradient_booster"], learner["objective"]["name"]
    if booster["name"] != "gbtree":
        raise ModelMismatchError(f"XGBoost booster must be gbtree, was {booster['name']!r}")
    if objective not in _RULES:
        raise ModelMismatchError(f"XGBoost objective must be one of {', '.join(_RULES)}, was {objective!r}")
    rule, param = _RULES[objective], learner["learner_model_param"]
    n_features, n_margins = int(param["num_feature"]), max(int(param["num_class"]), 1)
    base = _base_margins(param["base_score"], rule, n_margins)
    margin_of_tree = [int(k) for k in booster["model"]["tree_info"]]
    trees, gain = [], np.zeros(n_features)
    for index, tree in enumerate(booster["model"]["trees"]):
        first = margin_of_tree.index(margin_of_tree[index]) == index
        trees.append(_table(index, tree, n_features, gain, base[margin_of_tree[index]] if first else 0.0))
    n_classes = 2 if rule == "sigmoid" else n_margins
    return Forest(
        model=build_treelite(trees, margin_of_tree, n_features, n_margins),
        trainer="xgboost",
        trainer_version=".".join(map(str, version)),
        classes=class_labels(n_classes, classes),
        output_rule=rule,
        alpha=1.0,
        gain=tuple(float(g) for g in gain),
        feature_names=tuple(learner["feature_names"]) or None,
    )


def _base_margins(text: str, rule: OutputRule, n_margins: int) -> list[float]:
    """One number for all classes, or since XGBoost 3.1 a list; a probability where the objective is logistic."""
    given = [float(v) for v in text.strip("[]").split(",")]
    base = given * n_margins if len(given) == 1 else given
    if rule == "sigmoid":
        base = [math.log(p / (1.0 - p)) for p in base]
    if len(base) != n_margins:
        raise ModelMismatchError(f"base_score must hold {n_margins} values, found {len(base)}")
    return base


def _table(index: int, tree: dict[str, Any], n_features: int, gain: npt.NDArray[np.float64], base: float) -> TreeTable:
    if tree["categories_nodes"]:
        feature = tree["split_indices"][tree["categories_nodes"][0]]
        raise ModelMismatchError(f"feature number {feature}: tree {index} splits it as a category; use numbers")
    left, right = np.asarray(tree["left_children"], np.int64), np.asarray(tree["right_children"], np.int64)
    feature, n_nodes = np.asarray(tree["split_indices"], np.int64), len(tree["left_children"])
    is_split = left >= 0
    if len(right) != n_nodes:
        raise ModelMismatchError(
            f"damaged: tree {index}: right_children must hold {n_nodes} values, found {len(right)}"
        )
    try:
        check_splits(feature[is_split], [*left[is_split], *right[is_split]], n_nodes, n_features)
    except ValueError as error:
        raise ModelMismatchError(f"damaged: tree {index}: {error}") from error
    np.add.at(gain, feature[is_split], np.asarray(tree["loss_changes"], np.float64)[is_split])
    values = np.asarray(tree["split_conditions"], np.float32)  # at a leaf its value
    return TreeTable(
        feature=feature,
        threshold=np.where(is_split, double_cutoff(values), 0.0),
        left=left,
        right=right,
        leaf=values.astype(np.float64) + base,
        n_rows=np.maximum(np.asarray(tree["sum_hessian"], np.float64), 1.0).astype(np.int64),
        default_left=np.asarray(tree["default_left"], np.bool_),
    )
