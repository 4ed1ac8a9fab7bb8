"""What a symbol's integers mean: tick size, lot size and price bounds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any, overload

from hftcore import _core
from hftcore.errors import EventError

_MAX_PX_TICKS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Instrument:
    """One symbol: prices are ``ticks * tick``, quantities ``lots * lot``.

    Parameters
    ----------
    symbol : str
        1 to 32 printable ASCII characters without blanks, quotes and backslashes.
    tick : (int, int)
        Quote currency per tick as numerator and denominator: ``(1, 100)`` is one cent. Stored in lowest terms.
    lot : (int, int)
        Base units per lot, likewise.
    min_px_ticks, max_px_ticks : int
        Prices outside are refused.

    Raises
    ------
    EventError
        If a rule is broken; names the symbol, the rule and the value.
    """

    symbol: str
    tick: tuple[int, int] = (1, 100)
    lot: tuple[int, int] = (1, 1)
    min_px_ticks: int = 1
    max_px_ticks: int = _MAX_PX_TICKS

    def __post_init__(self) -> None:
        try:
            self._native()  # the rules live in C++
        except (TypeError, ValueError) as error:
            reason = (
                str(error).splitlines()[0] if isinstance(error, ValueError) else "tick and lot are pairs of integers"
            )
            raise EventError(f"{reason}, in {self!r}") from error
        object.__setattr__(self, "tick", Fraction(*self.tick).as_integer_ratio())
        object.__setattr__(self, "lot", Fraction(*self.lot).as_integer_ratio())

    @classmethod
    def of(
        cls, symbol: str, tick: str | int | Decimal | Fraction, lot: str | int | Decimal | Fraction = 1
    ) -> Instrument:
        """Make an instrument from decimal text: ``Instrument.of("AIG", "0.01")``. A float is not exact: refused."""
        for name, step in (("tick", tick), ("lot", lot)):
            if isinstance(step, float):
                raise EventError(f"Instrument {symbol}: {name} must be exact: text such as '0.01', was float {step!r}")
        return cls(symbol, Fraction(tick).as_integer_ratio(), Fraction(lot).as_integer_ratio())

    @property
    def tick_size(self) -> Fraction:
        """Quote currency per tick, exact."""
        return Fraction(*self.tick)

    @property
    def lot_size(self) -> Fraction:
        """Base units per lot, exact."""
        return Fraction(*self.lot)

    @property
    def tick_text(self) -> str:
        """``tick_size`` for people: "0.01", or "1/3" where no decimal is exact."""
        return decimal_text(self.tick_size)

    @property
    def lot_text(self) -> str:
        """``lot_size`` for people."""
        return decimal_text(self.lot_size)

    @classmethod
    def _from_native(cls, native: Any) -> Instrument:
        tick, lot = (native.tick_num, native.tick_den), (native.lot_num, native.lot_den)
        return cls(native.symbol, tick, lot, native.min_px_ticks, native.max_px_ticks)

    def _native(self) -> Any:
        return _core.event.Instrument(self.symbol, *self.tick, *self.lot, self.min_px_ticks, self.max_px_ticks)


class InstrumentTable(Sequence[Instrument]):
    """Instruments in order: the index of one is the ``symbol_id`` of its events. Immutable.

    Raises
    ------
    EventError
        If a symbol occurs twice.
    """

    __slots__ = ("_index", "_items")

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        self._items = tuple(instruments)
        self._index: dict[str, int] = {}
        for i, instrument in enumerate(self._items):
            if not isinstance(instrument, Instrument):
                raise EventError(f"instruments[{i}] must be an Instrument, was {type(instrument).__name__}")
            first = self._index.setdefault(instrument.symbol, i)
            if first != i:
                raise EventError(f"instruments: symbol {instrument.symbol!r} occurs twice, at {first} and {i}")

    @property
    def ids(self) -> Mapping[str, int]:
        """``symbol_id`` by symbol."""
        return MappingProxyType(self._index)

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols in order of their id."""
        return tuple(self._index)

    def index(self, symbol: Any, start: int = 0, stop: int | None = None) -> int:
        """Return the ``symbol_id`` of a symbol (or Instrument). Raises EventError where there is none."""
        name = symbol.symbol if isinstance(symbol, Instrument) else symbol
        found = self._index.get(name)
        if found is None or not start <= found < (len(self) if stop is None else stop):
            raise EventError(f"no instrument {name!r}; the table has {', '.join(self.symbols) or 'none'}")
        return found

    def __contains__(self, symbol: object) -> bool:
        return (symbol.symbol if isinstance(symbol, Instrument) else symbol) in self._index

    def merged(self, other: InstrumentTable) -> InstrumentTable:
        """Return this table with the other's new symbols behind it; the wider price bounds count.

        Raises
        ------
        EventError
            If a symbol has another tick or lot in the other table.
        """
        items = list(self._items)
        for theirs in other:
            if theirs.symbol not in self.ids:
                items.append(theirs)
                continue
            i = self.index(theirs.symbol)
            ours = items[i]
            if (ours.tick, ours.lot) != (theirs.tick, theirs.lot):
                raise EventError(
                    f"instrument {ours.symbol!r} has tick {ours.tick_text} and lot {ours.lot_text} in one table, "
                    f"tick {theirs.tick_text} and lot {theirs.lot_text} in another"
                )
            bounds = min(ours.min_px_ticks, theirs.min_px_ticks), max(ours.max_px_ticks, theirs.max_px_ticks)
            items[i] = Instrument(ours.symbol, ours.tick, ours.lot, *bounds)
        return InstrumentTable(items)

    def to_json(self) -> str:
        """Return canonical JSON text: a list in order, sorted keys, no blanks."""
        rows = [
            {
                "symbol": i.symbol,
                "tick": list(i.tick),
                "lot": list(i.lot),
                "min_px_ticks": i.min_px_ticks,
                "max_px_ticks": i.max_px_ticks,
            }
            for i in self
        ]
        return json.dumps(rows, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> InstrumentTable:
        """Read what ``to_json`` wrote. Raises EventError naming the entry that is none."""
        try:
            rows = json.loads(text)
        except ValueError as error:
            raise EventError(f"instruments: no JSON: {error}") from error
        if not isinstance(rows, list):
            raise EventError(f"instruments: expected a JSON list, found {type(rows).__name__}")
        items = []
        for i, row in enumerate(rows):
            try:
                bounds = row["min_px_ticks"], row["max_px_ticks"]
                items.append(Instrument(row["symbol"], tuple(row["tick"]), tuple(row["lot"]), *bounds))
            except (KeyError, TypeError) as error:
                raise EventError(f"instruments[{i}]: {type(error).__name__}: {error} in {row!r}") from error
        return cls(items)

    @property
    def sha256(self) -> str:
        """SHA-256 of ``to_json()``, hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def _from_native(cls, natives: Iterable[Any]) -> InstrumentTable:
        return cls(Instrument._from_native(native) for native in natives)

    def _native(self) -> list[Any]:
        return [instrument._native() for instrument in self._items]

    @overload
    def __getitem__(self, i: int) -> Instrument: ...
    @overload
    def __getitem__(self, i: slice) -> tuple[Instrument, ...]: ...
    def __getitem__(self, i: int | slice) -> Instrument | tuple[Instrument, ...]:
        return self._items[i]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, InstrumentTable) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"InstrumentTable({', '.join(f'{i.symbol} tick {i.tick_text} lot {i.lot_text}' for i in self)})"


def decimal_text(step: Fraction) -> str:
    """Return a fraction as exact decimal text, or as "n/d" where none is exact."""
    decimals = 0
    while (step * 10**decimals).denominator != 1:
        decimals += 1
        if decimals > 30:
            return str(step)
    return f"{Decimal(step.numerator) / Decimal(step.denominator):.{decimals}f}"
