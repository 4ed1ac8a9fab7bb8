"""The feature spec as data: the spec, the builders of its features, and its text forms."""

from __future__ import annotations

from hftcore.spec.builders import (
    Feature,
    ema,
    ema_deviation,
    expr,
    log_return,
    microprice,
    mid,
    order_flow_imbalance,
    queue_imbalance,
    rolling_max,
    rolling_mean,
    rolling_min,
    rolling_std,
    rsi,
    spread,
    time_since_trade,
    trade_imbalance,
    vwap,
    zscore,
)
from hftcore.spec.feature_spec import FeatureSpec
from hftcore.spec.rules import Column

__all__ = [
    "Column",
    "Feature",
    "FeatureSpec",
    "ema",
    "ema_deviation",
    "expr",
    "log_return",
    "microprice",
    "mid",
    "order_flow_imbalance",
    "queue_imbalance",
    "rolling_max",
    "rolling_mean",
    "rolling_min",
    "rolling_std",
    "rsi",
    "spread",
    "time_since_trade",
    "trade_imbalance",
    "vwap",
    "zscore",
]
