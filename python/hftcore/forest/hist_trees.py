"""The trees of scikit-learn's histogram gradient boosting, in the columns and the categories of its input.

scikit-learn moves categorical columns to the front and numbers each one's categories 0..n-1. A value that was no
category in training takes the side of NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.tree_table import MAX_CATEGORY, TreeTable

_Ints = npt.NDArray[np.int64]


def hist_tables(model: Any) -> tuple[list[TreeTable], npt.NDArray[np.float64]]:
    """Trees, iteration by iteration, and the gain of each feature.

    Raises
    ------
    ModelMismatchError
        If a category is no whole number from 0; names the feature and the value.
    """
    columns, categories = _columns(model)
    gain = np.zeros(len(columns))
    tables = []
    for predictor in (p for iteration in model._predictors for p in iteration):
        nodes = predictor.nodes
        is_split = nodes["is_leaf"] == 0
        np.add.at(gain, columns[nodes["feature_idx"][is_split]], nodes["gain"][is_split])
        tables.append(_table(predictor, columns, categories))
    return tables, gain


def _columns(model: Any) -> tuple[_Ints, dict[int, _Ints]]:
    """The input's column of each of the model's features, and the categories of those that have some."""
    n_features = int(model.n_features_in_)
    if model.is_categorical_ is None:
        return np.arange(n_features), {}
    is_categorical = np.asarray(model.is_categorical_, np.bool_)
    columns = np.concatenate([np.flatnonzero(is_categorical), np.flatnonzero(~is_categorical)])
    names = list(getattr(model, "feature_names_in_", range(n_features)))
    encoded = model._preprocessor.named_transformers_["encoder"].categories_
    return columns, {i: _whole(values, names[columns[i]]) for i, values in enumerate(encoded)}


def _whole(values: npt.NDArray[Any], name: Any) -> _Ints:
    """The categories but NaN, which scikit-learn puts last and takes for missing."""
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise ModelMismatchError(f"feature {name!r}: its categories must be numbers, were {list(values)}") from error
    numbers = numbers[~np.isnan(numbers)]
    odd = numbers[(numbers != np.trunc(numbers)) | (numbers < 0) | (numbers > MAX_CATEGORY)]
    if len(odd):
        raise ModelMismatchError(
            f"feature {name!r}: a category must be a whole number in 0..{MAX_CATEGORY}, was {odd[0]}"
        )
    return numbers.astype(np.int64)


def _table(predictor: Any, columns: _Ints, categories: dict[int, _Ints]) -> TreeTable:
    nodes = predictor.nodes
    is_leaf = nodes["is_leaf"] != 0
    left, right = (np.where(is_leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
    by_set = ~is_leaf & (nodes["is_categorical"] != 0)
    missing_left = nodes["missing_go_to_left"] != 0
    sets = {}
    for node in np.flatnonzero(by_set):
        known = categories[int(nodes["feature_idx"][node])]
        words = np.asarray(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]], "<u4")
        goes_left = np.unpackbits(words.view(np.uint8), bitorder="little")[: len(known)] != 0
        # The set holds those that leave the side of NaN, so that unknown values join NaN.
        sets[int(node)] = known[~goes_left] if missing_left[node] else known[goes_left]
    turned = by_set & missing_left
    return TreeTable(
        feature=columns[nodes["feature_idx"]],
        threshold=np.where(by_set | is_leaf, 0.0, nodes["num_threshold"]),
        left=np.where(turned, right, left),
        right=np.where(turned, left, right),
        leaf=nodes["value"].astype(np.float64),
        default_left=missing_left & ~by_set,
        categories=sets,
    )
