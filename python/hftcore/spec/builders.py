"""Builders of features: one function per operation, with the registry's signature and text."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hftcore.registry import ParamValue, operation
from hftcore.signatures import KEYWORD, POSITION, bind, parameters_of


@dataclass(frozen=True, slots=True)
class Feature:
    """A column as it was asked for: an operation of the registry, its input if it takes one, its parameters.

    An input is a series, an earlier feature or a formula of such; operations on several take them separated by commas.

    The builders (``hc.ema("mid_px", period=20)``) make it; a :class:`FeatureSpec` checks it. ``name`` may stay empty:
    it then follows from the rest.
    """

    op: str
    input: str = ""
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    name: str = ""


def _builder(name: str) -> Callable[..., Feature]:
    """Return the function that makes a :class:`Feature` of one operation, with the registry's signature and text."""
    op = operation(name)
    parameters = [inspect.Parameter("input", POSITION)] if op.takes_series else []
    parameters += parameters_of(op, by_position=False)
    parameters.append(inspect.Parameter("name", KEYWORD, default=""))
    signature = inspect.Signature(parameters, return_annotation=Feature)

    def build(*args: str, **kwargs: Any) -> Feature:
        given = bind(name, signature, args, kwargs)
        series, column = given.pop("input", ""), given.pop("name", "")
        return Feature(name, series, given, column)

    build.__name__ = build.__qualname__ = name
    build.__doc__ = f"{op.summary} {op.formula}. Unit: {op.unit}. See {op.page}."
    build.__signature__ = signature  # type: ignore[attr-defined]
    return build


mid = _builder("mid")
spread = _builder("spread")
microprice = _builder("microprice")
queue_imbalance = _builder("queue_imbalance")
order_flow_imbalance = _builder("order_flow_imbalance")
weighted_mid = _builder("weighted_mid")
book_imbalance = _builder("book_imbalance")
book_depth = _builder("book_depth")
book_slope = _builder("book_slope")
book_order_flow = _builder("book_order_flow")
log_return = _builder("log_return")
ema = _builder("ema")
ema_deviation = _builder("ema_deviation")
rsi = _builder("rsi")
wilder = _builder("wilder")
macd = _builder("macd")
roc = _builder("roc")
bollinger = _builder("bollinger")
slope = _builder("slope")
decay_ema = _builder("decay_ema")
stochastic = _builder("stochastic")
atr = _builder("atr")
adx = _builder("adx")
rolling_mean = _builder("rolling_mean")
rolling_std = _builder("rolling_std")
zscore = _builder("zscore")
rolling_min = _builder("rolling_min")
rolling_max = _builder("rolling_max")
rolling_sum = _builder("rolling_sum")
rolling_var = _builder("rolling_var")
rolling_skew = _builder("rolling_skew")
rolling_median = _builder("rolling_median")
rolling_quantile = _builder("rolling_quantile")
rolling_rank = _builder("rolling_rank")
robust_zscore = _builder("robust_zscore")
rolling_cov = _builder("rolling_cov")
rolling_corr = _builder("rolling_corr")
rolling_beta = _builder("rolling_beta")
autocorrelation = _builder("autocorrelation")
realised_volatility = _builder("realised_volatility")
bipower_variation = _builder("bipower_variation")
ewma_volatility = _builder("ewma_volatility")
garch = _builder("garch")
cusum = _builder("cusum")
page_hinkley = _builder("page_hinkley")
adwin = _builder("adwin")
trade_imbalance = _builder("trade_imbalance")
vwap = _builder("vwap")
time_since_trade = _builder("time_since_trade")
signed_flow = _builder("signed_flow")
trade_side = _builder("trade_side")
kyle_lambda = _builder("kyle_lambda")
trade_intensity = _builder("trade_intensity")
quote_intensity = _builder("quote_intensity")
time_since_quote = _builder("time_since_quote")
time_since_mid_change = _builder("time_since_mid_change")
quantile_map = _builder("quantile_map")
running_zscore = _builder("running_zscore")
scale = _builder("scale")
fill = _builder("fill")
clean_flag = _builder("clean_flag")
expr = _builder("expr")
