"""LightGBM's text format to a Forest: Treelite parses the trees, this module refuses what would not be the same model.

LightGBM's rules for a missing value are kept: NaN follows each split's default direction where the training data held
NaN, and counts as 0 where it did not.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import treelite

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import check_splits, class_labels
from hftcore.forest.forest import Forest, OutputRule

_END = "\nend of trees"
_CATEGORICAL = 1  # bits of decision_type
_MISSING_IS_ZERO = 1 << 2
_OBJECTIVES: dict[str, OutputRule] = {
    "multiclass": "softmax",
    "softmax": "softmax",
    "multiclassova": "one_vs_rest_normalised",
    "binary": "sigmoid",
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
        For a linear tree, a categorical split, ``zero_as_missing``, or an objective without classes; names the tree
        and the feature. For a text that was cut off or damaged; names what was found.
    """
    try:
        return _forest(text, classes)
    except ModelMismatchError as error:
        raise ModelMismatchError(f"{source}: {error}") from error
    except KeyError as error:
        raise ModelMismatchError(f"{source}: damaged: field {error} is missing") from error
    except ValueError as error:  # a number that is none, in a field without a message of its own
        raise ModelMismatchError(f"{source}: damaged: {error}") from error


def _forest(text: str, classes: tuple[int, ...] | None) -> Forest:
    header = dict(line.partition("=")[::2] for line in text.partition("\nTree=")[0].splitlines() if "=" in line)
    if "feature_names" not in header or "\nTree=" not in text:
        raise ModelMismatchError("this is no LightGBM model: it has no feature names or no tree")
    names = tuple(header["feature_names"].split())
    objective, *settings = header.get("objective", "none").split()
    if objective not in _OBJECTIVES:
        raise ModelMismatchError(
            f"LightGBM objective must be one of {', '.join(sorted(_OBJECTIVES))}, was {objective!r}"
        )
    if re.search(r"^average_output$", text.partition("\nTree=")[0], re.MULTILINE):
        raise ModelMismatchError("LightGBM boosting 'rf' averages its trees; train with 'gbdt' or 'dart'")
    gain = np.zeros(len(names))
    trees = _trees(text)
    _refuse_cut_off(text, header, len(trees))
    for tree, (index, fields) in enumerate(trees):
        if index != str(tree):
            raise ModelMismatchError(f"damaged: tree {tree} must follow, found tree {index!r}")
        try:
            _refuse_damaged(fields, len(names))
        except KeyError as error:
            raise ModelMismatchError(f"damaged: tree {tree}: field {error} is missing") from error
        except ValueError as error:
            raise ModelMismatchError(f"damaged: tree {tree}: {error}") from error
        _refuse_unsupported(tree, fields, names)
        np.add.at(gain, _integers(fields, "split_feature"), _numbers(fields, "split_gain"))
    alpha = next((float(s.partition(":")[2]) for s in settings if s.startswith("sigmoid:")), 1.0)
    n_classes = 2 if objective == "binary" else int(header["num_class"])
    return Forest(
        model=_parse(text),
        trainer="lightgbm",
        trainer_version=header.get("version", "unknown"),
        classes=class_labels(n_classes, classes),
        output_rule=_OBJECTIVES[objective],
        alpha=alpha,
        gain=tuple(float(g) for g in gain),
        feature_names=names,
    )


def _trees(text: str) -> list[tuple[str, dict[str, str]]]:
    """Index and fields of each tree, as text."""
    blocks = [block.partition("\n") for block in text.partition(_END)[0].split("\nTree=")[1:]]
    return [
        (index, dict(line.partition("=")[::2] for line in body.splitlines() if "=" in line))
        for index, _, body in blocks
    ]


def _refuse_cut_off(text: str, header: Mapping[str, str], n_trees: int) -> None:
    if _END not in text:
        raise ModelMismatchError(f"cut off: there is no line 'end of trees' after {n_trees} trees")
    n_listed = len(header["tree_sizes"].split())
    if n_trees != n_listed:
        raise ModelMismatchError(f"damaged: tree_sizes lists {n_listed} trees, found {n_trees}")
    per_iteration = int(header["num_tree_per_iteration"])
    if per_iteration < 1 or n_trees % per_iteration:
        raise ModelMismatchError(f"damaged: must hold {per_iteration} trees per iteration, found {n_trees}")


def _refuse_damaged(fields: Mapping[str, str], n_features: int) -> None:
    """Raise ValueError or KeyError unless the fields have the lengths of one tree and its nodes are connected."""
    n_leaves = int(fields["num_leaves"])
    n_splits = n_leaves - 1
    if not np.isfinite(_numbers(fields, "leaf_value")).all():
        raise ValueError("leaf_value must be finite")
    children = [*_integers(fields, "left_child"), *_integers(fields, "right_child")]
    lengths = {
        "leaf_value": (n_leaves, len(fields["leaf_value"].split())),
        "split_gain": (n_splits, len(_numbers(fields, "split_gain"))),
        "threshold": (n_splits, len(_numbers(fields, "threshold"))),
        "decision_type": (n_splits, len(_integers(fields, "decision_type"))),
        "split_feature": (n_splits, len(_integers(fields, "split_feature"))),
        "left_child and right_child": (2 * n_splits, len(children)),
    }
    for name, (expected, found) in lengths.items():
        if expected != found:
            raise ValueError(f"{name} must hold {expected} values, found {found}")
    # Split k is written as k, leaf k as -1 - k: here leaves follow the splits.
    nodes = [child if child >= 0 else n_splits - 1 - child for child in children]
    check_splits(_integers(fields, "split_feature"), nodes, n_splits + n_leaves, n_features)


def _integers(fields: Mapping[str, str], name: str) -> list[int]:
    return [int(value) for value in fields[name].split()]


def _numbers(fields: Mapping[str, str], name: str) -> list[float]:
    return [float(value) for value in fields[name].split()]


def _refuse_unsupported(tree: int, fields: dict[str, str], names: tuple[str, ...]) -> None:
    if fields.get("is_linear", "0") != "0":
        raise ModelMismatchError(f"tree {tree} is linear (linear_tree=true); only constant leaves can be compiled")
    features = [names[f] for f in _integers(fields, "split_feature")]
    for name, decision in zip(features, _integers(fields, "decision_type"), strict=True):
        if decision & _CATEGORICAL:
            raise ModelMismatchError(
                f"feature {name!r}: tree {tree} splits it as a category; use numbers or one column per category"
            )
        if decision & _MISSING_IS_ZERO:
            raise ModelMismatchError(f"feature {name!r}: tree {tree} takes 0 for missing (zero_as_missing=true)")


def _parse(text: str) -> treelite.Model:
    with tempfile.TemporaryDirectory(prefix="hftcore-lgb-") as folder:
        path = Path(folder, "model.txt")
        path.write_text(text)
        try:
            return treelite.frontend.load_lightgbm_model(path)
        except treelite.TreeliteError as error:
            raise ModelMismatchError(f"Treelite cannot read this LightGBM model: {error}") from error
