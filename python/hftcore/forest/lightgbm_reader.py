"""LightGBM's text format to a Forest whose margins have the bits of ``Booster.predict(raw_score=True)``.

LightGBM adds leaves as doubles, tree by tree, from 0; boosting 'rf' then divides by the number of iterations. Its rules
for odd values are kept in the splits themselves: a value of at most 1e-35 counts as 0 wherever it stands; NaN follows
a split's default direction where the training data held NaN, counts as 0 where it did not, and is in no category.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import class_labels
from hftcore.forest.forest import Forest, OutputRule
from hftcore.forest.lightgbm_text import LightGbmText, integers, node_numbers, numbers, parse_lightgbm
from hftcore.forest.tree_table import TreeTable, build_flat

_CATEGORICAL = 1  # bits of decision_type
_DEFAULT_LEFT = 1 << 1
_MISSING_IS_ZERO = 1 << 2
_MISSING_IS_NAN = 1 << 3
_ZERO = float(np.float32(1e-35))  # what is not above it is 0
_OBJECTIVES: dict[str, OutputRule] = {
    "multiclass": "softmax",
    "softmax": "softmax",
    "multiclassova": "one_vs_rest_normalised",
    "binary": "sigmoid",
    # Those whose prediction is the margin itself.
    "regression": "identity",
    "regression_l1": "identity",
    "huber": "identity",
    "fair": "identity",
    "quantile": "identity",
    "mape": "identity",
    "lambdarank": "identity",
    "rank_xendcg": "identity",
}


def read_lightgbm(text: str, classes: tuple[int, ...] | None = None, *, source: str = "LightGBM model") -> Forest:
    """Read a model in LightGBM's text format (``Booster.model_to_string()``, or a saved file).

    Parameters
    ----------
    text : str
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.
    source : str
        The file, for messages.

    Raises
    ------
    ModelMismatchError
        For a linear tree, ``zero_as_missing``, categories of pandas that are not 0..n-1, or an objective whose
        prediction is no output rule; names the tree and the feature. For a text that was cut off or damaged.
    """
    try:
        return _forest(parse_lightgbm(text), classes)
    except ModelMismatchError as error:
        raise ModelMismatchError(f"{source}: {error}") from error
    except KeyError as error:
        raise ModelMismatchError(f"{source}: damaged: field {error} is missing") from error
    except (ValueError, OverflowError) as error:  # a number that is none, in a field without a message of its own
        raise ModelMismatchError(f"{source}: damaged: {error}") from error


def _forest(model: LightGbmText, classes: tuple[int, ...] | None) -> Forest:
    names, n_margins = model.feature_names, model.trees_per_iteration
    objective, settings = _objective(model.header)
    _refuse_recoded(model.footer)
    gain, trees = np.zeros(len(names)), []
    for tree, fields in enumerate(model.trees):
        _refuse_unsupported(tree, fields, names)
        with np.errstate(over="ignore", invalid="ignore"):
            np.add.at(gain, integers(fields, "split_feature"), numbers(fields, "split_gain"))
        try:
            trees.append(_table(fields))
        except (KeyError, ValueError) as error:
            raise ModelMismatchError(f"damaged: tree {tree}: {error}") from error
    averages = "average_output" in model.flags
    rule = _OBJECTIVES[objective]
    n_classes = 2 if rule == "sigmoid" else n_margins if rule == "identity" else int(model.header["num_class"])
    if n_margins != (1 if rule in ("sigmoid", "identity") else n_classes):
        raise ModelMismatchError(f"damaged: objective {objective!r} cannot have {n_margins} trees per iteration")
    return Forest(
        flat=build_flat(
            trees,
            [tree % n_margins for tree in range(len(trees))],
            len(names),
            [0.0] * n_margins,
            divisor=float(len(trees) // n_margins) if averages else 1.0,
        ),
        trainer="lightgbm",
        trainer_version=model.header.get("version", "unknown"),
        classes=class_labels(n_classes, classes),
        output_rule=rule,
        alpha=next((float(s.partition(":")[2]) for s in settings if s.startswith("sigmoid:")), 1.0),
        gain=tuple(float(g) for g in gain),
        feature_names=names,
    )


def _objective(header: Mapping[str, str]) -> tuple[str, list[str]]:
    objective, *settings = header.get("objective", "").split() or ["none"]
    if objective not in _OBJECTIVES:
        raise ModelMismatchError(
            f"LightGBM objective must be one of {', '.join(sorted(_OBJECTIVES))}, was {objective!r}"
        )
    if "sqrt" in settings:
        raise ModelMismatchError("LightGBM objective with reg_sqrt=true squares its margins, which is no output rule")
    return objective, settings


def _refuse_recoded(footer: str) -> None:
    """A booster fitted on a pandas frame splits the codes of its categories, which are not the values in a row."""
    line = next((line for line in footer.splitlines() if line.startswith("pandas_categorical:")), "")
    recoded: Any = json.loads(line.partition(":")[2] or "null")
    if not isinstance(recoded, (list, type(None))):
        raise ValueError(f"pandas_categorical must be a list, was {recoded!r}")
    for values in recoded or []:
        if values != list(range(len(values))):
            raise ModelMismatchError(f"pandas categories must be the numbers 0..n-1, were {values!r}")


def _refuse_unsupported(tree: int, fields: dict[str, str], names: tuple[str, ...]) -> None:
    if fields.get("is_linear", "0") != "0":
        raise ModelMismatchError(f"tree {tree} is linear (linear_tree=true); only constant leaves are supported")
    features = [names[f] for f in integers(fields, "split_feature")]
    for name, decision in zip(features, integers(fields, "decision_type"), strict=True):
        if decision & _MISSING_IS_ZERO and not decision & _CATEGORICAL:
            raise ModelMismatchError(f"feature {name!r}: tree {tree} takes 0 for missing (zero_as_missing=true)")


def _table(fields: Mapping[str, str]) -> TreeTable:
    leaves, decision = numbers(fields, "leaf_value"), integers(fields, "decision_type")
    n_splits = len(decision)
    threshold = numbers(fields, "threshold")
    nan_is_zero = decision & _MISSING_IS_NAN == 0
    default_left = np.where(nan_is_zero, threshold >= 0.0, decision & _DEFAULT_LEFT != 0)
    is_category = decision & _CATEGORICAL != 0
    no_split = np.full(len(leaves), -1)
    at_leaves = np.zeros(len(leaves))
    return TreeTable(
        feature=np.concatenate([integers(fields, "split_feature"), at_leaves.astype(np.int64)]),
        threshold=np.concatenate([_around_zero(threshold), at_leaves]),
        left=np.concatenate([node_numbers(integers(fields, "left_child"), n_splits), no_split]),
        right=np.concatenate([node_numbers(integers(fields, "right_child"), n_splits), no_split]),
        leaf=np.concatenate([np.zeros(n_splits), leaves]),
        default_left=np.concatenate([default_left & ~is_category, at_leaves > 0.0]),
        categories=_categories(fields, np.flatnonzero(is_category), threshold) if is_category.any() else {},
    )


def _around_zero(threshold: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Thresholds that send each x where ``(0 if abs(x) <= 1e-35 else x) <= threshold`` sends it."""
    below = (threshold >= -_ZERO) & (threshold < 0.0)
    above = (threshold >= 0.0) & (threshold < _ZERO)
    return np.where(below, np.nextafter(-_ZERO, -np.inf), np.where(above, _ZERO, threshold))


def _categories(
    fields: Mapping[str, str], nodes: npt.NDArray[np.int64], threshold: npt.NDArray[np.float64]
) -> dict[int, npt.NDArray[np.int64]]:
    """The categories that each of ``nodes`` sends left: its threshold is the number of a set."""
    bounds, words = integers(fields, "cat_boundaries"), integers(fields, "cat_threshold")
    if len(words) and not 0 <= words.min() <= words.max() < 1 << 32:
        raise ValueError("cat_threshold must hold words of 32 bits")
    falls = np.flatnonzero((bounds[:-1] < 0) | (bounds[:-1] >= bounds[1:]) | (bounds[1:] > len(words)))
    if len(falls):
        begin, end = bounds[falls[0] : falls[0] + 2]
        raise ValueError(f"cat_boundaries must ascend within {len(words)} words, found {begin} and {end}")
    sets: dict[int, npt.NDArray[np.int64]] = {}  # splits by one set share its array: no more memory than the text asks
    for number in threshold[nodes]:
        if not 0 <= number < len(bounds) - 1 or number != int(number):
            raise ValueError(f"the set of a category split must be one of {len(bounds) - 1}, was {number}")
        if int(number) not in sets:
            named = words[bounds[int(number)] : bounds[int(number) + 1]].astype("<u4")
            sets[int(number)] = np.flatnonzero(np.unpackbits(named.view(np.uint8), bitorder="little"))
    return {int(node): sets[int(threshold[node])] for node in nodes}
