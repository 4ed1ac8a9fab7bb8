"""XGBoost's JSON and UBJSON models to a Forest whose margins have the bits of ``predict(output_margin=True)``.

XGBoost rounds a feature to float32 and goes left iff it is below the threshold: a split on the double itself, see
``float32_splits``. Its sums are float32 and begin at the base score; DART's leaves are multiplied by their tree's
weight in float32. A category split sends the categories it names right, and everything else but NaN left.
"""

from __future__ import annotations

import ctypes
import json
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import check_splits, class_labels
from hftcore.forest.flat_rules import check_counts
from hftcore.forest.float32_splits import double_cutoff
from hftcore.forest.forest import Forest, OutputRule
from hftcore.forest.tree_table import TreeTable, build_flat
from hftcore.forest.ubjson import parse_ubjson

_RULES: Final[dict[str, OutputRule]] = {
    "multi:softprob": "softmax",
    "multi:softmax": "softmax",
    "binary:logistic": "sigmoid",
    # Those whose prediction is the margin itself.
    "binary:logitraw": "identity",
    "reg:squarederror": "identity",
    "reg:squaredlogerror": "identity",
    "reg:absoluteerror": "identity",
    "reg:pseudohubererror": "identity",
    "reg:quantileerror": "identity",
    "rank:pairwise": "identity",
    "rank:ndcg": "identity",
    "rank:map": "identity",
}
_INVALID_CATEGORY: Final = 1 << 24  # and above: XGBoost takes them for unknown


def read_xgboost(
    data: str | bytes,
    classes: tuple[int, ...] | None = None,
    *,
    source: str = "XGBoost model",
    is_file: bool = False,
) -> Forest:
    """Read a model that XGBoost saved as JSON or UBJSON (``save_model("….json")``, ``save_raw("ubj")``).

    Parameters
    ----------
    data : str or bytes
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.
    source : str
        The file, for messages.
    is_file : bool
        Read what a scikit-learn wrapper saved up to its ``best_iteration``, as the wrapper predicts. Without it, and in
        the file of a ``Booster``, every round counts, as for ``Booster.predict``.

    Raises
    ------
    ModelMismatchError
        For a booster that is not ``gbtree`` or ``dart``, an objective whose prediction is no output rule, several
        targets, or categories of a data frame that are not 0..n-1; for damaged bytes; names what was found.
    """
    try:
        # Both begin with a brace; in JSON a quote, a brace or white space follows, in UBJSON the type of a length.
        is_ubjson = isinstance(data, bytes) and data[:1] == b"{" and data[1:2] in (b"L", b"i", b"U", b"I", b"l")
        parsed = parse_ubjson(bytes(data)) if is_ubjson and isinstance(data, bytes) else json.loads(data)
        learner = parsed["learner"]
        kept = learner.get("attributes", {})
        best = kept.get("best_iteration") if is_file and "scikit_learn" in kept else None
        n_rounds = None if best is None else int(best) + 1
        return _forest(learner, [int(v) for v in parsed["version"]], classes, n_rounds)
    except ModelMismatchError as error:
        raise ModelMismatchError(f"{source}: {error}") from error
    except (LookupError, TypeError, ValueError, OverflowError, AttributeError, RecursionError) as error:
        raise ModelMismatchError(f"{source}: no XGBoost JSON model, or damaged: {error!r}") from error


def _forest(
    learner: dict[str, Any], version: list[int], classes: tuple[int, ...] | None, n_rounds: int | None
) -> Forest:
    booster, objective = learner["gradient_booster"], learner["objective"]["name"]
    if booster["name"] not in ("gbtree", "dart"):
        raise ModelMismatchError(f"XGBoost booster must be gbtree or dart, was {booster['name']!r}")
    if objective not in _RULES:
        raise ModelMismatchError(f"XGBoost objective must be one of {', '.join(_RULES)}, was {objective!r}")
    rule, param = _RULES[objective], learner["learner_model_param"]
    n_features, n_margins = int(param["num_feature"]), max(int(param["num_class"]), 1)
    check_counts(n_features, n_margins)
    if int(param.get("num_target", 1)) > 1:
        raise ModelMismatchError(f"XGBoost model must have one target, had {param['num_target']}")
    model = booster["gbtree"]["model"] if booster["name"] == "dart" else booster["model"]
    names = tuple(str(name) for name in learner.get("feature_names", [])) or None
    _refuse_recoded(model.get("cats", {}).get("enc", []), names)
    margin_of_tree = [int(k) for k in model["tree_info"]]
    weights = np.asarray(booster["weight_drop"] if booster["name"] == "dart" else [1.0] * len(margin_of_tree))
    if not len(model["trees"]) == len(margin_of_tree) == len(weights):
        raise ModelMismatchError(f"damaged: must hold {len(margin_of_tree)} trees, found {len(model['trees'])}")
    if n_rounds is not None:
        n_trees = _trees_of(model, n_rounds, n_margins)
        margin_of_tree, weights = margin_of_tree[:n_trees], weights[:n_trees]
    gain = np.zeros(n_features)
    trees = [
        _table(index, tree, n_features, gain, np.float32(weight))
        for index, (tree, weight) in enumerate(zip(model["trees"], weights, strict=False))
    ]
    n_classes = 2 if rule == "sigmoid" else n_margins
    base = _base_margins(str(param["base_score"]), n_margins, objective == "binary:logistic")
    return Forest(
        flat=build_flat(trees, margin_of_tree, n_features, base, float32_sums=True, base_first=True),
        trainer="xgboost",
        trainer_version=".".join(map(str, version)),
        classes=class_labels(n_classes, classes),
        output_rule=rule,
        alpha=1.0,
        gain=tuple(float(g) for g in gain),
        feature_names=names,
    )


def _trees_of(model: dict[str, Any], n_rounds: int, n_margins: int) -> int:
    """How many trees the first rounds made; XGBoost before 2.0 does not list it."""
    per_round = n_margins * int(model.get("gbtree_model_param", {}).get("num_parallel_tree", 1))
    ends = model.get("iteration_indptr") or range(0, len(model["trees"]) + 1, max(per_round, 1))
    if not 0 < n_rounds < len(ends) or not 0 <= int(ends[n_rounds]) <= len(model["trees"]):
        raise ModelMismatchError(f"damaged: best_iteration must be one of {len(ends) - 1} rounds, was {n_rounds - 1}")
    return int(ends[n_rounds])


def _refuse_recoded(encodings: list[dict[str, Any]], names: tuple[str, ...] | None) -> None:
    """A booster fitted on a data frame splits the codes of its categories, which are not the values in a row."""
    for feature, encoding in enumerate(encodings):
        values = [float(value) for value in encoding["values"]]
        if values != list(range(len(values))) or len(encoding.get("offsets", ())):
            name = names[feature] if names and feature < len(names) else feature
            raise ModelMismatchError(f"feature {name!r}: its categories must be the numbers 0..n-1, were {values!r}")


def _base_margins(text: str, n_margins: int, is_probability: bool) -> list[float]:
    """One number for all classes, or since XGBoost 3.1 a list; a probability where the objective is logistic."""
    given = [np.float32(v) for v in text.strip("[]").split(",")]
    base = given * n_margins if len(given) == 1 else given
    if len(base) != n_margins:
        raise ModelMismatchError(f"base_score must hold {n_margins} values, found {len(base)}")
    if not is_probability:
        return [float(b) for b in base]
    if not all(0.0 < p < 1.0 for p in base):
        raise ModelMismatchError(f"base_score of a logistic objective must be in (0, 1), was {text}")
    return [-_logf(np.float32(1.0) / p - np.float32(1.0)) for p in base]


def _logf(x: np.float32) -> float:
    """The C library's logarithm of a float, which XGBoost calls: now and then one ulp off the rounded logarithm."""
    try:
        logf = ctypes.CDLL("libm.so.6").logf
    except (OSError, AttributeError):  # another C library
        return float(np.float32(math.log(float(x))))
    logf.restype, logf.argtypes = ctypes.c_float, [ctypes.c_float]
    return float(logf(float(x)))


def _table(
    index: int, tree: dict[str, Any], n_features: int, gain: npt.NDArray[np.float64], weight: np.float32
) -> TreeTable:
    left, right = np.asarray(tree["left_children"], np.int64), np.asarray(tree["right_children"], np.int64)
    feature, n_nodes = np.asarray(tree["split_indices"], np.int64), len(tree["left_children"])
    is_split = left >= 0
    for name in ("right_children", "split_indices", "split_conditions", "loss_changes", "default_left"):
        if len(tree[name]) != n_nodes:
            raise ModelMismatchError(
                f"damaged: tree {index}: {name} must hold {n_nodes} values, found {len(tree[name])}"
            )
    if n_nodes == 0:
        raise ModelMismatchError(f"damaged: tree {index}: must hold at least one node")
    if int(tree.get("tree_param", {}).get("size_leaf_vector", 1)) > 1:
        raise ModelMismatchError(f"tree {index} has vectors as leaves (multi_output_tree); use one tree per output")
    try:
        check_splits(feature[is_split], [*left[is_split], *right[is_split]], n_nodes, n_features)
        categories = _categories(tree)
    except ValueError as error:
        raise ModelMismatchError(f"damaged: tree {index}: {error}") from error
    with np.errstate(over="ignore", invalid="ignore"):
        np.add.at(gain, feature[is_split], np.asarray(tree["loss_changes"], np.float64).astype(np.float32)[is_split])
        values = np.asarray(tree["split_conditions"], np.float64).astype(np.float32)  # at a leaf its value
        leaves = values * weight
    by_set = np.zeros(n_nodes, np.bool_)
    by_set[list(categories)] = True
    default_left = np.asarray(tree["default_left"]).astype(np.bool_)
    return TreeTable(
        feature=feature,
        threshold=np.where(is_split & ~by_set, double_cutoff(values), 0.0),
        left=np.where(by_set, right, left),
        right=np.where(by_set, left, right),
        leaf=leaves.astype(np.float64),
        default_left=default_left ^ by_set,
        categories=categories,
    )


def _categories(tree: dict[str, Any]) -> dict[int, npt.NDArray[np.int64]]:
    """The categories that each category split sends right; those that XGBoost cannot match are left out."""
    nodes, found = [int(n) for n in tree["categories_nodes"]], {}
    if len(nodes) == 0:
        return {}
    members = np.asarray(tree["categories"], np.int64)
    for node, begin, size in zip(nodes, tree["categories_segments"], tree["categories_sizes"], strict=True):
        if not 0 <= node < len(tree["left_children"]) or int(tree["left_children"][node]) < 0:
            raise ValueError(f"categories_nodes must name splits, found {node}")
        if not 0 <= int(begin) <= int(begin) + int(size) <= len(members):
            raise ValueError(f"categories must hold node {node}'s {size} values, found {len(members)}")
        named = members[int(begin) : int(begin) + int(size)]
        found[node] = named[named < _INVALID_CATEGORY]
    return found
