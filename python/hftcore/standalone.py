"""What every operation on its own is: the registry's node and reader behind numbers, or a pipeline of one column."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError, SpecError
from hftcore.events import Event, Events
from hftcore.instruments import InstrumentTable
from hftcore.pipeline import FeaturePipeline
from hftcore.registry import Operation, ParamValue, operation
from hftcore.signatures import bind, parameters_of
from hftcore.spec import Feature, FeatureSpec


class SeriesFeature:
    """One operation over series: numbers in, a number out.

    Parameters
    ----------
    *args, **params
        Those of the operation, in its order: see its page, or ``help(hftcore.ema)`` and its neighbours.

    Raises
    ------
    SpecError
        If a parameter breaks a rule.

    Attributes
    ----------
    update : callable
        ``update(x)``, ``update(x, ts_ns)``, with two series ``update(x, y)`` and so on: take one input, return the
        value. NaN until ready.
    """

    operation: Operation
    __signature__: inspect.Signature
    update: Callable[..., float]

    def __init__(self, *args: ParamValue, **params: ParamValue) -> None:
        given = bind(type(self).__name__, self.__signature__, args, params)
        try:
            self._native = _core.feature.SeriesOperation(self.operation.name, given)
        except ValueError as error:
            own = f"{type(self).__name__}: "
            raise SpecError(str(error) if str(error).startswith(own) else own + str(error)) from None
        self.update = getattr(self._native, f"update_{self.operation.n_series}")

    @property
    def value(self) -> float:
        """The newest value; NaN until ready."""
        return float(self._native.value)

    @property
    def ready(self) -> bool:
        """Is there a value?"""
        return not np.isnan(self._native.value)

    @property
    def lookback(self) -> int:
        """Inputs before the first value."""
        return int(self._native.lookback)

    @property
    def early_leaves(self) -> int:
        """Inputs that left a time window early because max_events was too small."""
        return int(self._native.early_leaves)

    def warm_up(self, tolerance: float = 1e-9) -> int:
        """Inputs until there is a value and the weight of the seed, where there is one, is at most ``tolerance``."""
        return self.lookback + 1 + int(_core.feature.inputs_until(self._native.fading, tolerance))

    def advance(self, ts_ns: int) -> None:
        """Let the inputs go that a time window has outlived at ``ts_ns``."""
        self._native.advance(ts_ns)

    def transform(
        self, *series: npt.NDArray[np.float64], ts_ns: npt.NDArray[np.int64] | None = None
    ) -> npt.NDArray[np.float64]:
        """Take inputs, return the value after each: float64, shape (n,). Any split gives the same bytes.

        Parameters
        ----------
        *series : array of float64, shape (n,)
            As many as the operation takes. Contiguous: nothing is copied, so another type or layout is a TypeError.
        ts_ns : array of int64, shape (n,), optional
            Times, not decreasing: what a time window needs. May also stand behind the series.
        """
        if ts_ns is None and len(series) == self.operation.n_series + 1:
            *series, ts_ns = series  # type: ignore[assignment]
        if len(series) != self.operation.n_series:
            raise TypeError(f"{type(self).__name__} takes {self.operation.n_series} series, was given {len(series)}")
        column: npt.NDArray[np.float64] = self._native.transform(list(series), ts_ns)
        return column

    def reset(self) -> None:
        """Back to the state of a new object."""
        self._native.reset()


class MarketFeature:
    """One operation on quotes, trades or the order book, over the events of one symbol.

    Parameters
    ----------
    *args, **params
        Those of the operation, in its order: see its page, or ``help(hftcore.ema)`` and its neighbours.

    Raises
    ------
    SpecError
        If a parameter breaks a rule.

    Notes
    -----
    A pipeline of one column without sessions or drop rules; the first events decide symbol and instrument.
    """

    operation: Operation
    __signature__: inspect.Signature

    def __init__(self, *args: ParamValue, **params: ParamValue) -> None:
        feature = Feature(self.operation.name, params=bind(type(self).__name__, self.__signature__, args, params))
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
        """Quotes, trades or levels (what the operation steps on) before the first value."""
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
        """Return the value after each quote, trade and, where it reads them, level of the order book.

        float64, shape (n,). Any split gives the same bytes.
        """
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


def _contents(op: Operation) -> dict[str, Any]:
    signature = inspect.Signature(parameters_of(op, by_position=True))
    doc = (
        f"{op.summary}\n\n    y = {op.formula}\n\nInputs: {op.inputs}. Lookback: {op.lookback}. "
        f"Unit: {op.unit}. See {op.page}."
    )
    return {"operation": op, "__doc__": doc, "__module__": "hftcore.features", "__signature__": signature}


def series_feature(name: str) -> type[SeriesFeature]:
    """Return the class of an operation on series."""
    op = operation(name)
    return type(op.standalone, (SeriesFeature,), _contents(op))


def market_feature(name: str) -> type[MarketFeature]:
    """Return the class of an operation on quotes, trades or levels."""
    op = operation(name)
    return type(op.standalone, (MarketFeature,), _contents(op))
