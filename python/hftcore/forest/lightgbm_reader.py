"""LightGBM's text format to a Forest: Treelite parses the trees, this module refuses what would not be the same model.

LightGBM's rules for a missing value are kept: NaN follows each split's default direction where the training data held
NaN, and counts as 0 where it did not.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import treelite

from hftcore.errors import ModelMismatchError
from hftcore.forest.forest import Forest, OutputRule

_CATEGORICAL = 1  # bits of decision_type
_MISSING_IS_ZERO = 1 << 2
_OBJECTIVES: dict[str, OutputRule] = {
    "multiclass": "softmax",
    "softmax": "softmax",
    "multiclassova": "one_vs_rest_normalised",
    "binary": "sigmoid",
}


def read_lightgbm(text: str, classes: tuple[int, ...] | None = None) -> Forest:
    """Read a model in LightGBM's text format (``Booster.model_to_string()``, or a saved file).

    Parameters
    ----------
    text : str
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.

    Raises
    ------
    ModelMismatchError
        For a linear tree, a categorical split, ``zero_as_missing``, or an objective without classes;
        names the tree and the feature.
    """
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
    for tree, fields in _trees(text):
        _refuse_unsupported(tree, fields, names)
        splits = [int(f) for f in fields.get("split_feature", "").split()]
        np.add.at(gain, splits, [float(g) for g in fields.get("split_gain", "").split()])
    alpha = next((float(s.partition(":")[2]) for s in settings if s.startswith("sigmoid:")), 1.0)
    n_classes = 2 if objective == "binary" else int(header["num_class"])
    return Forest(
        model=_parse(text),
        trainer="lightgbm",
        trainer_version=header.get("version", "unknown"),
        classes=classes or ((-1, 0, 1) if n_classes == 3 else tuple(range(n_classes))),
        output_rule=_OBJECTIVES[objective],
        alpha=alpha,
        gain=tuple(float(g) for g in gain),
        feature_names=names,
    )


def _trees(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    blocks = text.partition("\nend of trees")[0].split("\nTree=")[1:]
    for block in blocks:
        index, _, body = block.partition("\n")
        yield int(index), dict(line.partition("=")[::2] for line in body.splitlines() if "=" in line)


def _refuse_unsupported(tree: int, fields: dict[str, str], names: tuple[str, ...]) -> None:
    if fields.get("is_linear", "0") != "0":
        raise ModelMismatchError(f"tree {tree} is linear (linear_tree=true); only constant leaves can be compiled")
    features = [names[int(f)] for f in fields.get("split_feature", "").split()]
    for name, decision in zip(features, map(int, fields.get("decision_type", "").split()), strict=True):
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
