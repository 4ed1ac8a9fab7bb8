"""Equity over event time: cash plus position at the mid price, after fees. Looks back only, at fills and quotes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.events import Events

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_BUY = 1  # ledger::Side
_SAFE_PRODUCT = 2.0**62  # of prices and quantities; beyond it Python's integers take over


@dataclass(frozen=True, slots=True)
class Equity:
    """Net worth of all positions after fees, in quote currency.

    ``ts_ns`` int64 (n,), strictly increasing; ``equity`` float64 (n,); ``by_symbol`` splits it, over traded symbols.
    Instruments are taken to share one quote currency.
    """

    ts_ns: Ints
    equity: Floats
    by_symbol: dict[str, Floats] = field(default_factory=dict)

    @property
    def max_drawdown(self) -> float:
        """Largest fall from an earlier high (or from the start at 0), in quote currency, >= 0."""
        if len(self.equity) == 0:
            return 0.0
        return float((np.maximum.accumulate(np.maximum(self.equity, 0.0)) - self.equity).max())


def equity_of(events: Events, fills: npt.NDArray[np.void], n_grid: int = 1000) -> Equity:
    """Value the positions that ``fills`` add up to, at each fill and on a regular grid of event time.

    Parameters
    ----------
    events : Events
        What was replayed.
    fills : structured array, shape (n,), dtype ``FILL_DTYPE``
        In the order of the journal.
    n_grid : int
        Points from the first to the last event.

    Returns
    -------
    equity : Equity
        The last value is the ledger's net P&L: sums are exact integers until they become currency.
    """
    if len(events) == 0:
        return Equity(np.empty(0, np.int64), np.empty(0, np.float64))
    ts_event = events.data["ts_event_ns"]
    first_ns, last_ns = int(ts_event.min()), int(ts_event.max())
    grid = first_ns + (last_ns - first_ns) * np.arange(1, n_grid + 1, dtype=object) // n_grid
    ts_ns = np.unique(np.concatenate([[first_ns], grid.astype(np.int64), fills["ts_event_ns"]]))
    by_symbol = {}
    for symbol_id in np.unique(fills["symbol_id"]).tolist():
        own = fills[fills["symbol_id"] == symbol_id]
        by_symbol[events.instruments[symbol_id].symbol] = _symbol_equity(events, symbol_id, own, ts_ns)
    total = np.sum(list(by_symbol.values()), axis=0) if by_symbol else np.zeros(len(ts_ns))
    return Equity(ts_ns, total, by_symbol)


def _symbol_equity(events: Events, symbol_id: int, fills: npt.NDArray[np.void], ts_ns: Ints) -> Floats:
    sign = np.where(fills["side"] == _BUY, 1, -1)
    quote_ns, quote_mid = _mids(events, symbol_id)
    exact = _exact_type(fills, quote_mid)
    qty = sign * fills["qty_lots"].astype(exact)
    cash = -2 * qty * fills["px_ticks"].astype(exact)
    fees = fills["fee_nano"].astype(object)
    done = np.searchsorted(fills["ts_event_ns"], ts_ns, side="right")
    seen = np.searchsorted(quote_ns, ts_ns, side="right")
    # 0 before the first quote, where there is no position to value.
    mid: npt.NDArray[Any] = np.concatenate([[0], quote_mid]).astype(exact)[seen]
    half_tick_lots = _sum_before(cash, done) + _sum_before(qty, done) * mid
    instrument = events.instruments[symbol_id]
    half_tick_lot = float(instrument.tick_size * instrument.lot_size / 2)
    money: Floats = half_tick_lots.astype(np.float64) * half_tick_lot - _sum_before(fees, done).astype(np.float64) / 1e9
    return money


def _mids(events: Events, symbol_id: int) -> tuple[Ints, Ints]:
    """Times and mids (half ticks) of the quotes that the engine took for a touch with two uncrossed sides."""
    data = events.data
    own = data[data["symbol_id"] == symbol_id]
    bid, ask = own["bid_px_ticks"], own["ask_px_ticks"]
    keep = (own["kind"] == _core.event.KIND_QUOTE) & (own["flags"] & _core.event.FLAG_SUSPICIOUS == 0)
    keep &= (own["bid_qty_lots"] > 0) & (own["ask_qty_lots"] > 0) & (bid > 0) & (bid <= ask)
    times = own["ts_event_ns"][keep]
    # A late quote is a touch too, at the time the engine had reached.
    return np.maximum.accumulate(times) if len(times) else times, (bid + ask)[keep]


def _exact_type(fills: npt.NDArray[np.void], mids: Ints) -> type:
    traded_lots = float(fills["qty_lots"].astype(np.float64).sum())
    highest = max(float(fills["px_ticks"].max()) * 2, float(mids.max()) if len(mids) else 0.0)
    return np.int64 if traded_lots * highest * 2 < _SAFE_PRODUCT else object


def _sum_before(values: npt.NDArray[Any], counts: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """Sum of the first ``counts`` values, for each count."""
    sums: npt.NDArray[Any] = np.concatenate([np.zeros(1, values.dtype), np.cumsum(values)])
    return sums[counts]
