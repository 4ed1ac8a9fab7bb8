"""What a cell of the search is trained with: one set of names for every algorithm, and the grid over them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ParameterError
from hftcore.train_rules import check_train_parameter
from hftcore.training_table import CLASSES

Params = dict[str, Any]
ClassWeights = str | Mapping[int, float] | None

_BOOSTED: Final[Params] = {"n_trees": 100, "depth": 5, "learning_rate": 0.1, "subsample": 1.0, "feature_share": 1.0}
_FAST: Final[Params] = {**_BOOSTED, "max_bins": 255, "l1": 0.0, "l2": 1.0, "min_gain": 0.0, "class_weights": None}
DEFAULTS: Final[dict[str, Params]] = {
    "mllib_gbt": {
        **_BOOSTED,
        "n_trees": 20,
        "max_bins": 64,
        "min_rows_per_leaf": 20,
        "min_gain": 0.0,
        "class_weights": None,
    },
    "mllib_rf": {
        "n_trees": 50,
        "depth": 8,
        "subsample": 1.0,
        "feature_share": 0.3,
        "max_bins": 64,
        "min_rows_per_leaf": 20,
        "min_gain": 0.0,
        "class_weights": None,
    },
    "xgboost": {**_FAST, "min_child_weight": 1.0},
    "lightgbm": {**_FAST, "l2": 0.0, "min_rows_per_leaf": 20, "n_leaves": None},
}
ALGORITHMS: Final = tuple(DEFAULTS)
CLASS_WEIGHTS: Final = ("balanced", "sqrt_balanced")


def full_params(algorithm: str, given: Mapping[str, Any]) -> Params:
    """Return ``given`` over the defaults of ``algorithm``, checked.

    Raises
    ------
    ParameterError
        If there is no such algorithm, it has no such parameter (names those it has), or a value breaks its rule.
    """
    if algorithm not in DEFAULTS:
        raise ParameterError(f"algorithm must be one of {', '.join(ALGORITHMS)}, was {algorithm!r}")
    known = DEFAULTS[algorithm]
    for name in given:
        if name not in known:
            raise ParameterError(f"{algorithm} has no parameter {name!r}; it has {', '.join(known)}")
    params = {**known, **given}
    if isinstance(weights := params["class_weights"], Mapping):  # JSON has labels as text
        params["class_weights"] = {int(c) if str(c) in ("-1", "0", "1") else c: w for c, w in weights.items()}
    for name, value in params.items():
        _check(name, value, optional=known[name] is None)
    return params


def expand_grid(algorithm: str, grid: Mapping[str, Sequence[Any]]) -> list[Params]:
    """Every combination of the values in ``grid``, full and checked, in the order of a nested loop.

    Raises
    ------
    ParameterError
        As :func:`full_params`; if a value of ``grid`` is no list, or empty.
    """
    for name, values in grid.items():
        if isinstance(values, (str, Mapping)) or not isinstance(values, Sequence) or not values:
            raise ParameterError(f"grid[{name!r}] must be a list of values to try, was {values!r}")
    combinations = itertools.product(*grid.values())
    return [full_params(algorithm, dict(zip(grid, values, strict=True))) for values in combinations]


def row_weights(y: npt.NDArray[np.int8], class_weights: ClassWeights) -> npt.NDArray[np.float64] | None:
    """Weight of each row by its class, mean 1; None where every row counts alike.

    ``balanced`` gives each class the same total weight, ``sqrt_balanced`` the square root of that correction.
    """
    if class_weights is None:
        return None
    if isinstance(class_weights, str):
        n = {c: max(int(np.count_nonzero(y == c)), 1) for c in CLASSES}
        power = 1.0 if class_weights == "balanced" else 0.5
        of_class = {c: (len(y) / (len(CLASSES) * n[c])) ** power for c in CLASSES}
    else:
        of_class = {c: float(class_weights[c]) for c in CLASSES}
    weights = np.select([y == c for c in CLASSES], [of_class[c] for c in CLASSES])
    return np.asarray(weights / weights.mean(), np.float64)


def _check(name: str, value: Any, *, optional: bool) -> None:
    if name == "class_weights":
        _check_class_weights(value)
        return
    if value is None and optional:
        return
    check_train_parameter(name, value)


def _check_class_weights(value: Any) -> None:
    if value is None or value in CLASS_WEIGHTS:
        return
    if not isinstance(value, Mapping) or set(value) != set(CLASSES):
        raise ParameterError(
            f"class_weights must be None, {', '.join(CLASS_WEIGHTS)} or a weight for each of -1, 0, 1, was {value!r}"
        )
    for label, weight in value.items():
        if not (math.isfinite(weight) and weight > 0.0):
            raise ParameterError(f"class_weights[{label}] must be finite and above 0, was {weight}")
