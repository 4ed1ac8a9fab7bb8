"""hftcore: market events to risk-checked decisions, the same bits offline and live.

Every public name is listed in ``__all__`` and loaded when first used, so that ``import hftcore`` is fast and needs
neither pandas nor pyspark.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hftcore._core import __version__

if TYPE_CHECKING:  # "as" says: re-exported
    from hftcore import errors as errors
    from hftcore import features as features
    from hftcore import labels as labels
    from hftcore.artifact import Artifact as Artifact
    from hftcore.bar_table import bars as bars
    from hftcore.book import OrderBook as OrderBook
    from hftcore.compiler import compile_model as compile_model
    from hftcore.events import EVENT_DTYPE as EVENT_DTYPE
    from hftcore.events import Event as Event
    from hftcore.events import EventKind as EventKind
    from hftcore.events import Events as Events
    from hftcore.events import Flag as Flag
    from hftcore.events import Side as Side
    from hftcore.generator import generate as generate
    from hftcore.instruments import Instrument as Instrument
    from hftcore.instruments import InstrumentTable as InstrumentTable
    from hftcore.models import ModelRegistry as ModelRegistry
    from hftcore.normalisation import fit_normalisation as fit_normalisation
    from hftcore.parity import verify as verify
    from hftcore.pipeline import FeaturePipeline as FeaturePipeline
    from hftcore.readers import read_events as read_events
    from hftcore.run import RiskLimits as RiskLimits
    from hftcore.run import Run as Run
    from hftcore.run import SettingsChange as SettingsChange
    from hftcore.run import SimulatedExchange as SimulatedExchange
    from hftcore.run import Threshold as Threshold
    from hftcore.run import replay as replay
    from hftcore.spec import Bars as Bars
    from hftcore.spec import FeatureSpec as FeatureSpec
    from hftcore.spec import adwin as adwin
    from hftcore.spec import adx as adx
    from hftcore.spec import atr as atr
    from hftcore.spec import autocorrelation as autocorrelation
    from hftcore.spec import bipower_variation as bipower_variation
    from hftcore.spec import bollinger as bollinger
    from hftcore.spec import book_depth as book_depth
    from hftcore.spec import book_imbalance as book_imbalance
    from hftcore.spec import book_order_flow as book_order_flow
    from hftcore.spec import book_slope as book_slope
    from hftcore.spec import clean_flag as clean_flag
    from hftcore.spec import cusum as cusum
    from hftcore.spec import decay_ema as decay_ema
    from hftcore.spec import dollar_bars as dollar_bars
    from hftcore.spec import ema as ema
    from hftcore.spec import ema_deviation as ema_deviation
    from hftcore.spec import ewma_volatility as ewma_volatility
    from hftcore.spec import expr as expr
    from hftcore.spec import fill as fill
    from hftcore.spec import garch as garch
    from hftcore.spec import kyle_lambda as kyle_lambda
    from hftcore.spec import log_return as log_return
    from hftcore.spec import macd as macd
    from hftcore.spec import microprice as microprice
    from hftcore.spec import mid as mid
    from hftcore.spec import order_flow_imbalance as order_flow_imbalance
    from hftcore.spec import page_hinkley as page_hinkley
    from hftcore.spec import quantile_map as quantile_map
    from hftcore.spec import queue_imbalance as queue_imbalance
    from hftcore.spec import quote_intensity as quote_intensity
    from hftcore.spec import realised_volatility as realised_volatility
    from hftcore.spec import robust_zscore as robust_zscore
    from hftcore.spec import roc as roc
    from hftcore.spec import rolling_beta as rolling_beta
    from hftcore.spec import rolling_corr as rolling_corr
    from hftcore.spec import rolling_cov as rolling_cov
    from hftcore.spec import rolling_max as rolling_max
    from hftcore.spec import rolling_mean as rolling_mean
    from hftcore.spec import rolling_median as rolling_median
    from hftcore.spec import rolling_min as rolling_min
    from hftcore.spec import rolling_quantile as rolling_quantile
    from hftcore.spec import rolling_rank as rolling_rank
    from hftcore.spec import rolling_skew as rolling_skew
    from hftcore.spec import rolling_std as rolling_std
    from hftcore.spec import rolling_sum as rolling_sum
    from hftcore.spec import rolling_var as rolling_var
    from hftcore.spec import rsi as rsi
    from hftcore.spec import running_zscore as running_zscore
    from hftcore.spec import scale as scale
    from hftcore.spec import signed_flow as signed_flow
    from hftcore.spec import slope as slope
    from hftcore.spec import spread as spread
    from hftcore.spec import stochastic as stochastic
    from hftcore.spec import tick_bars as tick_bars
    from hftcore.spec import time_bars as time_bars
    from hftcore.spec import time_since_mid_change as time_since_mid_change
    from hftcore.spec import time_since_quote as time_since_quote
    from hftcore.spec import time_since_trade as time_since_trade
    from hftcore.spec import trade_imbalance as trade_imbalance
    from hftcore.spec import trade_intensity as trade_intensity
    from hftcore.spec import trade_side as trade_side
    from hftcore.spec import volume_bars as volume_bars
    from hftcore.spec import vwap as vwap
    from hftcore.spec import weighted_mid as weighted_mid
    from hftcore.spec import wilder as wilder
    from hftcore.spec import zscore as zscore

_MODULES = ("errors", "features", "labels")
_HOME = {
    "Artifact": "artifact",
    "Bars": "spec",
    "EVENT_DTYPE": "events",
    "Event": "events",
    "EventKind": "events",
    "Events": "events",
    "FeaturePipeline": "pipeline",
    "FeatureSpec": "spec",
    "Flag": "events",
    "Instrument": "instruments",
    "InstrumentTable": "instruments",
    "ModelRegistry": "models",
    "OrderBook": "book",
    "RiskLimits": "run",
    "Run": "run",
    "SettingsChange": "run",
    "Side": "events",
    "SimulatedExchange": "run",
    "Threshold": "run",
    "autocorrelation": "spec",
    "bipower_variation": "spec",
    "adwin": "spec",
    "adx": "spec",
    "atr": "spec",
    "bars": "bar_table",
    "bollinger": "spec",
    "book_depth": "spec",
    "book_imbalance": "spec",
    "book_order_flow": "spec",
    "book_slope": "spec",
    "clean_flag": "spec",
    "compile_model": "compiler",
    "cusum": "spec",
    "decay_ema": "spec",
    "dollar_bars": "spec",
    "ema": "spec",
    "ema_deviation": "spec",
    "ewma_volatility": "spec",
    "expr": "spec",
    "fill": "spec",
    "fit_normalisation": "normalisation",
    "garch": "spec",
    "generate": "generator",
    "kyle_lambda": "spec",
    "log_return": "spec",
    "macd": "spec",
    "microprice": "spec",
    "mid": "spec",
    "order_flow_imbalance": "spec",
    "page_hinkley": "spec",
    "quantile_map": "spec",
    "queue_imbalance": "spec",
    "quote_intensity": "spec",
    "read_events": "readers",
    "realised_volatility": "spec",
    "replay": "run",
    "robust_zscore": "spec",
    "rolling_beta": "spec",
    "rolling_corr": "spec",
    "rolling_cov": "spec",
    "roc": "spec",
    "rolling_max": "spec",
    "rolling_mean": "spec",
    "rolling_median": "spec",
    "rolling_min": "spec",
    "rolling_quantile": "spec",
    "rolling_rank": "spec",
    "rolling_skew": "spec",
    "rolling_std": "spec",
    "rolling_sum": "spec",
    "rolling_var": "spec",
    "rsi": "spec",
    "running_zscore": "spec",
    "scale": "spec",
    "slope": "spec",
    "spread": "spec",
    "stochastic": "spec",
    "signed_flow": "spec",
    "tick_bars": "spec",
    "time_bars": "spec",
    "time_since_mid_change": "spec",
    "time_since_quote": "spec",
    "time_since_trade": "spec",
    "trade_imbalance": "spec",
    "trade_intensity": "spec",
    "trade_side": "spec",
    "verify": "parity",
    "volume_bars": "spec",
    "vwap": "spec",
    "weighted_mid": "spec",
    "wilder": "spec",
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
