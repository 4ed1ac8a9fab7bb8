"""The rule of each training parameter, for every trainer: the libraries would refuse later, or not at all."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from hftcore.errors import ParameterError

MAX_DEPTH: Final = 16  # 65,536 leaves: beyond it LightGBM refuses (its limit is 2**17) and MLlib runs out of memory
_COUNTS: Final = {"n_trees": 1, "max_bins": 2, "min_rows_per_leaf": 1, "n_leaves": 2}
_SHARES: Final = ("learning_rate", "subsample", "feature_share")
_NOT_NEGATIVE: Final = ("l1", "l2", "min_gain", "min_child_weight")


def check_train_parameter(name: str, value: Any) -> None:
    """Raise ParameterError unless ``value`` keeps the rule of ``name``; names the parameter, the rule and the value."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise ParameterError(f"{name} must be a number, was {value!r}")
    if (name in _COUNTS or name == "depth") and not float(value).is_integer():
        raise ParameterError(f"{name} must be an integer, was {value}")
    if name == "depth" and not 1 <= value <= MAX_DEPTH:
        raise ParameterError(f"depth must be 1 to {MAX_DEPTH}, was {value}")
    if name in _COUNTS and value < _COUNTS[name]:
        raise ParameterError(f"{name} must be >= {_COUNTS[name]}, was {value}")
    if name in _SHARES and not 0.0 < value <= 1.0:
        raise ParameterError(f"{name} must be above 0 and at most 1, was {value}")
    if name in _NOT_NEGATIVE and not (math.isfinite(value) and value >= 0.0):
        raise ParameterError(f"{name} must be finite and >= 0, was {value}")
