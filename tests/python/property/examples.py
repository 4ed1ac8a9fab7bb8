"""How the contract tries each operation of the registry: small parameters, and what its value does to an offset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

import hftcore as hc
from hftcore import registry
from hftcore.spec import Feature

WINDOW, TIME_WINDOW, SMALL = 9, "3s", 6
NEED_TIME = ("decay_ema", "fill")
SERIES = {"quote": ("mid_px", "bid_px", "ask_px"), "trade": ("trade_px", "mid_px", "bid_px")}


@dataclass(frozen=True, slots=True)
class Example:
    """What is special about an operation.

    ``params``: instead of a window of 9 and integers of 6. ``offset``: what becomes of the value when every input
    rises by the same amount: it stays, rises with them, or something of its own that its own tests check.
    ``steady``: how far the value of a constant input may wander, in ulps of the input. ``positive``: it takes prices,
    so it is given no others. ``windows``: those it is tried with, where it has one.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    offset: Literal["stays", "rises", "own"] = "own"
    steady: float = 0.0
    positive: bool = False
    windows: tuple[int | str, ...] = (WINDOW, TIME_WINDOW)


GARCH = {"omega": 0.1, "alpha": 0.1, "beta": 0.8}
EXAMPLES: Mapping[str, Example] = {
    "adwin": Example(steady=np.inf),  # the window grows; that its mean holds is a test of its own
    "adx": Example({"period": 4}, offset="stays"),
    "atr": Example(offset="stays", steady=4.0),
    "autocorrelation": Example(offset="stays"),
    "bipower_variation": Example(positive=True),
    "bollinger": Example(offset="stays"),
    "cusum": Example({"drift": 0.5, "threshold": 4.0}, steady=np.inf),  # a constant beside 0 is what it looks for
    "decay_ema": Example({"half_life": "2s"}, offset="rises"),
    "ema": Example(offset="rises", steady=2.0),
    "ema_deviation": Example(steady=100.0),
    "ewma_volatility": Example(steady=4.0),
    "fill": Example({"policy": "hold:2s"}, offset="rises"),
    "garch": Example(GARCH, steady=np.inf),  # it converges: a test of its own
    "log_return": Example({"lag": 3}),
    "macd": Example({"fast": 3, "slow": 6, "signal": 4}, steady=4.0),
    "page_hinkley": Example({"delta": 0.01, "threshold": 2.0}),
    "quantile_map": Example({"knots": "10 50 100 100 150 200"}),
    "quote_intensity": Example(windows=(TIME_WINDOW,)),
    "realised_volatility": Example(positive=True),
    "robust_zscore": Example(offset="stays"),
    "roc": Example({"lag": 3}, offset="stays"),
    "rolling_beta": Example(offset="stays"),
    "rolling_corr": Example(offset="stays"),
    "rolling_cov": Example(offset="stays"),
    "rolling_max": Example(offset="rises"),
    "rolling_mean": Example(offset="rises"),
    "rolling_median": Example(offset="rises"),
    "rolling_min": Example(offset="rises"),
    "rolling_quantile": Example({"q": 0.3}, offset="rises"),
    "rolling_rank": Example(offset="stays"),
    "rolling_skew": Example(offset="stays"),
    "rolling_std": Example(offset="stays"),
    "rolling_var": Example(offset="stays"),
    "rsi": Example(offset="stays"),
    "running_zscore": Example(offset="stays"),
    "scale": Example({"center": 100.0, "scale": 0.5}),
    "slope": Example(offset="stays"),
    "stochastic": Example({"k": 5}, offset="stays"),
    "trade_intensity": Example(windows=(TIME_WINDOW,)),
    "wilder": Example(offset="rises", steady=2.0),
    "zscore": Example(offset="stays"),
}


def example(op: registry.Operation) -> Example:
    """That of an operation; most need nothing special."""
    return EXAMPLES.get(op.name, Example())


def takes_window(op: registry.Operation) -> bool:
    """Is it over a window of inputs or of time?"""
    return any(p.name == "window" and p.type == "window" for p in op.params)


def small_params(op: registry.Operation, window: int | str = WINDOW) -> dict[str, Any]:
    """Parameters so small that windows turn over often."""
    params: dict[str, Any] = {p.name: SMALL for p in op.params if p.required and p.type == "integer"}
    if takes_window(op):
        params["window"] = window
    return params | dict(example(op).params)


def alone(op: registry.Operation, window: int | str = WINDOW) -> hc.features.SeriesFeature:
    """The operation on its own, with small parameters."""
    made: hc.features.SeriesFeature = getattr(hc.features, op.standalone)(**small_params(op, window))
    return AtOneTime(made) if op.name in NEED_TIME else made  # type: ignore[return-value]


class AtOneTime:
    """An operation that asks for times, given the same one with every input."""

    def __init__(self, op: hc.features.SeriesFeature) -> None:
        self._op = op

    def __getattr__(self, name: str) -> Any:
        return getattr(self._op, name)

    def update(self, *x: float) -> float:
        return self._op.update(*x, 0)

    def transform(self, *series: np.ndarray) -> np.ndarray:
        return self._op.transform(*series, np.zeros(len(series[0]), np.int64))


def timed(choice: str | None) -> str | None:
    """A policy with its time, where it takes one."""
    return f"{choice}2s" if choice and choice.endswith(":") else choice


def variants(op: registry.Operation) -> Iterator[Feature]:
    """Each choice and each kind of window, on quotes and on trades."""
    windows = example(op).windows if takes_window(op) else (WINDOW,)
    choice = next((p for p in op.params if p.type in ("choice", "policy")), None)
    for clock in ("quote", "trade") if op.takes_series else ("",):
        for window in windows:
            for chosen in choice.choices if choice else (None,):
                params = small_params(op, window) | ({choice.name: timed(chosen)} if choice else {})
                yield Feature(op.name, ", ".join(SERIES[clock][: op.n_series]) if clock else "", params)


def columns_of(op: registry.Operation, x: np.ndarray) -> list[np.ndarray]:
    """As many series as the operation takes, each a function of x: equal windows of x are equal windows of all."""
    if example(op).positive:
        x = np.abs(x) + 2.0
    return [x, np.sqrt(np.abs(x)), x - 1.0][: op.n_series]


SERIES_OPERATIONS = [op for op in registry.operations().values() if op.takes_series]
WINDOWED = [op for op in SERIES_OPERATIONS if takes_window(op)]
