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
SERIES = {"quote": ("mid_px", "bid_px", "ask_px"), "trade": ("trade_px", "mid_px", "bid_px")}


@dataclass(frozen=True, slots=True)
class Example:
    """What is special about an operation.

    ``params``: instead of a window of 9 and integers of 6. ``offset``: what becomes of the value when every input
    rises by the same amount: it stays, rises with them, or something of its own that its own tests check.
    ``steady``: how far the value of a constant input may wander, in ulps of the input. ``windows``: those it is tried
    with, where it has one.
    """

    params: Mapping[str, Any] = field(default_factory=dict)
    offset: Literal["stays", "rises", "own"] = "own"
    steady: float = 0.0
    windows: tuple[int | str, ...] = (WINDOW, TIME_WINDOW)


EXAMPLES: Mapping[str, Example] = {
    "ema": Example(offset="rises", steady=2.0),
    "ema_deviation": Example(steady=100.0),
    "log_return": Example({"lag": 3}),
    "quote_intensity": Example(windows=(TIME_WINDOW,)),
    "rolling_max": Example(offset="rises"),
    "rolling_mean": Example(offset="rises"),
    "rolling_min": Example(offset="rises"),
    "rolling_std": Example(offset="stays"),
    "rsi": Example(offset="stays"),
    "trade_intensity": Example(windows=(TIME_WINDOW,)),
    "zscore": Example(offset="stays"),
}


def example(op: registry.Operation) -> Example:
    """That of an operation; most need nothing special."""
    return EXAMPLES.get(op.name, Example())


def small_params(op: registry.Operation, window: int | str = WINDOW) -> dict[str, Any]:
    """Parameters so small that windows turn over often."""
    params: dict[str, Any] = {p.name: SMALL for p in op.params if p.required and p.type == "integer"}
    if any(p.type == "window" for p in op.params):
        params["window"] = window
    return params | dict(example(op).params)


def alone(op: registry.Operation, window: int | str = WINDOW) -> hc.features.SeriesFeature:
    """The operation on its own, with small parameters."""
    made: hc.features.SeriesFeature = getattr(hc.features, op.standalone)(**small_params(op, window))
    return made


def variants(op: registry.Operation) -> Iterator[Feature]:
    """Each choice and each kind of window, on quotes and on trades."""
    windows = example(op).windows if any(p.type == "window" for p in op.params) else (WINDOW,)
    choice = next((p for p in op.params if p.type == "choice"), None)
    for clock in ("quote", "trade") if op.takes_series else ("",):
        for window in windows:
            for chosen in choice.choices if choice else (None,):
                params = small_params(op, window) | ({choice.name: chosen} if choice else {})
                yield Feature(op.name, ", ".join(SERIES[clock][: op.n_series]) if clock else "", params)


def columns_of(op: registry.Operation, x: np.ndarray) -> list[np.ndarray]:
    """As many series as the operation takes, each a function of x: equal windows of x are equal windows of all."""
    return [x, np.sqrt(np.abs(x)), x - 1.0][: op.n_series]


SERIES_OPERATIONS = [op for op in registry.operations().values() if op.takes_series]
WINDOWED = [op for op in SERIES_OPERATIONS if any(p.type == "window" for p in op.params)]
