"""Profit and loss of fills: the fold is C++ (``Positions``), this turns its exact integers into money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.instruments import Instrument
from hftcore.ledger.journal import Records


@dataclass(frozen=True, slots=True)
class LedgerRows:
    """Orders, fills and marks of one or more runs; ``symbol_id`` is the index in ``instruments``.

    ``fills`` are in the order of time and id, each id once; ``n_orders`` int64 (n_instruments,).
    """

    instruments: tuple[Instrument, ...]
    n_orders: npt.NDArray[np.int64]
    fills: Records
    marks: Records


@dataclass(frozen=True, slots=True)
class SymbolPnl:
    """What one symbol earned. Lots and tick-lots are exact integers; money is in quote currency.

    ``realised`` is at average cost; ``unrealised`` is the open position at the last mark, None where there is none.
    """

    instrument: Instrument
    n_orders: int
    n_fills: int
    bought_lots: int
    sold_lots: int
    realised_tick_lots: int
    unrealised_half_tick_lots: int | None
    fees_nano: int

    @property
    def symbol(self) -> str:
        """Name of the instrument."""
        return self.instrument.symbol

    @property
    def position_lots(self) -> int:
        """Bought minus sold; negative is short."""
        return self.bought_lots - self.sold_lots

    @property
    def realised(self) -> float:
        """Earned by closing, before fees."""
        return float(self.realised_tick_lots * self._tick_lot)

    @property
    def unrealised(self) -> float | None:
        """What closing at the last mark would earn, before fees."""
        halves = self.unrealised_half_tick_lots
        return None if halves is None else float(Fraction(halves, 2) * self._tick_lot)

    @property
    def fees(self) -> float:
        """Fees paid; negative is a rebate."""
        return float(Fraction(self.fees_nano, 10**9))

    @property
    def net(self) -> float | None:
        """Realised plus unrealised minus fees, rounded once."""
        exact = self._exact_net
        return None if exact is None else float(exact)

    @property
    def _tick_lot(self) -> Fraction:
        return self.instrument.tick_size * self.instrument.lot_size

    @property
    def _exact_net(self) -> Fraction | None:
        if self.unrealised_half_tick_lots is None:
            return None
        halves = 2 * self.realised_tick_lots + self.unrealised_half_tick_lots
        return Fraction(halves, 2) * self._tick_lot - Fraction(self.fees_nano, 10**9)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON and tables; quantities in base units."""
        lot = self.instrument.lot_size
        return {
            "symbol": self.symbol,
            "n_orders": self.n_orders,
            "n_fills": self.n_fills,
            "bought_qty": _number(self.bought_lots * lot),
            "sold_qty": _number(self.sold_lots * lot),
            "position_qty": _number(self.position_lots * lot),
            "realised": self.realised,
            "unrealised": self.unrealised,
            "fees": self.fees,
            "net": self.net,
        }


@dataclass(frozen=True, slots=True)
class ProfitAndLoss:
    """One row per instrument that has orders or fills, by symbol."""

    rows: tuple[SymbolPnl, ...]

    @property
    def net(self) -> float | None:
        """Sum over the rows, rounded once; None where an open position has no mark. Assumes one quote currency."""
        nets = [row._exact_net for row in self.rows]
        return None if None in nets else float(sum((net for net in nets if net is not None), Fraction(0)))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"symbols": [row.to_dict() for row in self.rows], "net": self.net}


def pnl_of_rows(ledger: LedgerRows) -> ProfitAndLoss:
    """Fold fills into positions and value what is open at each symbol's last mark."""
    positions = _core.ledger.fold_fills(np.ascontiguousarray(ledger.fills), len(ledger.instruments))
    marks = _last_marks(ledger.marks)
    rows = []
    for i, (instrument, position) in enumerate(zip(ledger.instruments, positions, strict=True)):
        n_orders = int(ledger.n_orders[i])
        if n_orders == 0 and position.n_fills == 0:
            continue
        mark = marks.get(i)
        unrealised = 0 if position.qty_lots == 0 else None
        if mark is not None:
            unrealised = position.unrealised_half_tick_lots(mark)
        rows.append(
            SymbolPnl(
                instrument,
                n_orders,
                position.n_fills,
                position.bought_lots,
                position.sold_lots,
                position.realised_tick_lots,
                unrealised,
                position.fees_nano,
            )
        )
    return ProfitAndLoss(tuple(sorted(rows, key=lambda row: row.symbol)))


def _last_marks(marks: Records) -> dict[int, int]:
    # two runs may mark a symbol at one time: the higher mid wins then, whichever was read first
    ordered = marks[np.lexsort((marks["mid_half_ticks"], marks["ts_event_ns"]))]
    return dict(zip(ordered["symbol_id"].tolist(), ordered["mid_half_ticks"].tolist(), strict=True))


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)


def instrument_keys(
    tables: Sequence[Sequence[Instrument]],
) -> tuple[tuple[Instrument, ...], list[npt.NDArray[np.uint32]]]:
    """One list of instruments over several runs, and for each run where its own ones stand in it.

    A symbol with another tick or lot is another instrument: its integers do not add up with the first one's.
    """
    index: dict[tuple[str, tuple[int, int], tuple[int, int]], int] = {}
    instruments: list[Instrument] = []
    maps = []
    for table in tables:
        places = []
        for instrument in table:
            place = index.setdefault((instrument.symbol, instrument.tick, instrument.lot), len(instruments))
            if place == len(instruments):
                instruments.append(instrument)
            places.append(place)
        maps.append(np.array(places, dtype=np.uint32))
    return tuple(instruments), maps
