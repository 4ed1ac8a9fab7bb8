"""Every operation on its own: the same compiled code that a pipeline runs.

Operations on a series take numbers: ``Ema(period=20).update(x)``, ``.transform(array)``; a time window takes
``(x, ts_ns)``. Operations on the market take events of one symbol: ``QueueImbalance().transform(events)``. All have
``value``, ``ready``, ``lookback`` and ``reset()``. One object belongs to one thread at a time.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError, SpecError
from hftcore.events import Event, Events
from hftcore.instruments import InstrumentTable
from hftcore.pipeline import FeaturePipeline
from hftcore.registry import Operation, operation
from hftcore.spec import Feature, FeatureSpec

Ema = _core.feature.Ema
EmaDeviation = _core.feature.EmaDeviation
LogReturn = _core.feature.LogReturn
RollingMax = _core.feature.RollingMax
RollingMean = _core.feature.RollingMean
RollingMin = _core.feature.RollingMin
RollingStd = _core.feature.RollingStd
Rsi = _core.feature.Rsi
ZScore = _core.feature.ZScore


class MarketFeature:
    """One operation on quotes and trades, over the events of one symbol.

    Parameters
    ----------
    **params
        Those of the operation: see its page, or ``help(hftcore.ema)`` and its neighbours.

    Raises
    ------
    SpecError
        If a parameter breaks a rule.

    Notes
    -----
    A pipeline of one column without sessions or drop rules; the first events decide symbol and instrument.
    """

    operation: Operation

    def __init__(self, **params: Any) -> None:
        feature = Feature(self.operation.name, params=params)
        self._spec = FeatureSpec(self.operation.name, [feature], rows="any", origin="continuous")
        self._pipeline: FeaturePipeline | None = None
        self._symbol = ""
        self._value = float("nan")

    @property
    def value(self) -> float:
        """The newest value; NaN until ready."""
        return self._value

    @property
    def ready(self) -> bool:
        """Is there a value?"""
        return not np.isnan(self._value)

    @property
    def lookback(self) -> int:
        """Quotes or trades (what the operation steps on) before the first value."""
        return self._spec.columns[0].lookback

    @property
    def unit(self) -> str:
        """Unit of the value."""
        return self._spec.columns[0].unit

    def update(self, event: Event, instruments: InstrumentTable | None = None) -> float:
        """Take one event, return the value. Instruments are needed once: here, or by an earlier :meth:`transform`."""
        if self._pipeline is None:
            if instruments is None:
                raise SpecError("the first update needs the instruments: update(event, events.instruments)")
            self._pipeline = FeaturePipeline(self._spec, instruments)
        self._same_symbol(event.symbol)
        row = self._pipeline.update(event)
        if row is not None:
            self._value = float(row[0])
        return self._value

    def transform(self, events: Events) -> npt.NDArray[np.float64]:
        """Return the value after each quote or trade: float64, shape (n,). Any split gives the same bytes."""
        ids = np.unique(events.data["symbol_id"])
        if len(ids) > 1:
            names = ", ".join(events.instruments[int(i)].symbol for i in ids[:5])
            raise EventError(
                f"{type(self).__name__} takes events of one symbol, was given {names}; use a FeaturePipeline"
            )
        if len(ids):
            self._same_symbol(events.instruments[int(ids[0])].symbol)
        if self._pipeline is None:
            self._pipeline = FeaturePipeline(self._spec, events.instruments)
        column = self._pipeline.transform(events)[:, 0]
        if len(column):
            self._value = float(column[-1])
        return column

    def reset(self) -> None:
        """Back to the state of a new object."""
        self._pipeline, self._symbol, self._value = None, "", float("nan")

    def _same_symbol(self, symbol: str) -> None:
        if self._symbol not in ("", symbol):
            raise EventError(f"{type(self).__name__} takes events of one symbol: {self._symbol}, then {symbol}")
        self._symbol = symbol


def _market_feature(name: str) -> type[MarketFeature]:
    op = operation(name)
    doc = f"{op.summary}\n\n    y = {op.formula}\n\nInputs: {op.inputs}. Unit: {op.unit}. See {op.page}."
    return type(op.standalone, (MarketFeature,), {"operation": op, "__doc__": doc, "__module__": __name__})


Expr = _market_feature("expr")
Microprice = _market_feature("microprice")
Mid = _market_feature("mid")
OrderFlowImbalance = _market_feature("order_flow_imbalance")
QueueImbalance = _market_feature("queue_imbalance")
Spread = _market_feature("spread")
TimeSinceTrade = _market_feature("time_since_trade")
TradeImbalance = _market_feature("trade_imbalance")
Vwap = _market_feature("vwap")

__all__: Final = [
    "Ema",
    "EmaDeviation",
    "Expr",
    "LogReturn",
    "MarketFeature",
    "Microprice",
    "Mid",
    "OrderFlowImbalance",
    "QueueImbalance",
    "RollingMax",
    "RollingMean",
    "RollingMin",
    "RollingStd",
    "Rsi",
    "Spread",
    "TimeSinceTrade",
    "TradeImbalance",
    "Vwap",
    "ZScore",
]
