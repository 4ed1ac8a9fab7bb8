"""hftcore: market events to risk-checked decisions, the same bits offline and live.

Every public name is listed in ``__all__`` and loaded when first used, so that ``import hftcore`` is fast and needs
neither pandas nor pyspark.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hftcore._core import __version__

if TYPE_CHECKING:
    from hftcore import errors, features, labels
    from hftcore.artifact import Artifact
    from hftcore.compiler import compile_model
    from hftcore.events import EVENT_DTYPE, Event, EventKind, Events, Flag, Side
    from hftcore.generator import generate
    from hftcore.instruments import Instrument, InstrumentTable
    from hftcore.parity import verify
    from hftcore.pipeline import FeaturePipeline
    from hftcore.readers import read_events
    from hftcore.run import RiskLimits, Run, SimulatedExchange, Threshold, replay
    from hftcore.spec import (
        FeatureSpec,
        ema,
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

_MODULES = ("errors", "features", "labels")
_HOME = {
    "Artifact": "artifact",
    "EVENT_DTYPE": "events",
    "Event": "events",
    "EventKind": "events",
    "Events": "events",
    "FeaturePipeline": "pipeline",
    "FeatureSpec": "spec",
    "Flag": "events",
    "Instrument": "instruments",
    "InstrumentTable": "instruments",
    "RiskLimits": "run",
    "Run": "run",
    "Side": "events",
    "SimulatedExchange": "run",
    "Threshold": "run",
    "compile_model": "compiler",
    "ema": "spec",
    "generate": "generator",
    "log_return": "spec",
    "microprice": "spec",
    "mid": "spec",
    "order_flow_imbalance": "spec",
    "queue_imbalance": "spec",
    "read_events": "readers",
    "replay": "run",
    "rolling_max": "spec",
    "rolling_mean": "spec",
    "rolling_min": "spec",
    "rolling_std": "spec",
    "rsi": "spec",
    "spread": "spec",
    "time_since_trade": "spec",
    "trade_imbalance": "spec",
    "verify": "parity",
    "vwap": "spec",
    "zscore": "spec",
}

__all__ = ["__version__", *_MODULES, *_HOME]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"hftcore.{name}")
    if name in _HOME:
        value = getattr(importlib.import_module(f"hftcore.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'hftcore' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
