"""Bars of a spec: time, tick, volume and dollar bars, each a clock of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from hftcore import _core
from hftcore.errors import SpecError
from hftcore.registry import ParamValue, Series, bar_series
from hftcore.spec.rules import known_keys


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars as they were asked for: :func:`time_bars` and its neighbours make it, a ``FeatureSpec`` checks it.

    ``kind`` is ``time``, ``tick``, ``volume`` or ``dollar``; ``every`` what ends one: a time such as ``"1m"``, a number
    of trades, base units, quote currency. ``price`` is that of each ``trade``, or the ``mid`` after each event.
    """

    kind: str
    every: ParamValue
    price: str = "trade"


def time_bars(every: str, *, price: str = "trade") -> Bars:
    """Bars of a span of time such as ``"1m"``, [t0, t1), t0 a multiple of it since 1970 UTC.

    The first event of the symbol at or after t1 closes a bar, which does not hold that event. An interval without a
    price makes no bar.
    """
    return Bars("time", every, price)


def tick_bars(every: int, *, price: str = "trade") -> Bars:
    """Bars of a number of trades; the last of them closes the bar and is in it."""
    return Bars("tick", every, price)


def volume_bars(every: float, *, price: str = "trade") -> Bars:
    """Bars of a traded quantity, base units; the trade that reaches it closes the bar and is in it, whole."""
    return Bars("volume", every, price)


def dollar_bars(every: float, *, price: str = "trade") -> Bars:
    """Bars of a traded value, quote currency; the trade that reaches it closes the bar and is in it, whole."""
    return Bars("dollar", every, price)


def native_bars(bars: Any) -> list[Any]:
    """Make what C++ takes of a spec's bars: a mapping of name to :class:`Bars`, or to a table of its keys.

    Raises
    ------
    SpecError
        Where something has the wrong type or an unknown key; the rest C++ checks.
    """
    if bars is None:
        return []
    if not isinstance(bars, Mapping):
        raise SpecError(f"bars is a table of tables, was {bars!r}")
    return [_native(name, row) for name, row in bars.items()]


def bars_of(described: list[dict[str, Any]]) -> dict[str, Bars]:
    """Make bars by name of what C++ describes."""
    return {row["name"]: Bars(row["kind"], row["every"], row["price"]) for row in described}


def series_of(bars: Mapping[str, Bars]) -> dict[str, Series]:
    """Return the series of bars by name."""
    return {
        f"{name}.{s.name}": replace(s, name=f"{name}.{s.name}", clock=name)
        for name in bars
        for s in bar_series().values()
    }


def _native(name: Any, row: Any) -> Any:
    what = f"bars {name!r}"
    if not isinstance(name, str):
        raise SpecError(f"{what}: a name is text")
    if isinstance(row, Bars):
        row = asdict(row)
    if not isinstance(row, Mapping):
        raise SpecError(f"{what} is a table with kind and every, was {row!r}")
    known_keys(what, row, ("kind", "every", "price"))
    for key in ("kind", "every"):
        if key not in row:
            raise SpecError(f"{what}: {key!r} is missing")
    kind, every, price = row["kind"], row["every"], row.get("price", "trade")
    for key, value in (("kind", kind), ("price", price)):
        if not isinstance(value, str):
            raise SpecError(f"{what}: {key} must be text, was {value!r}")
    if isinstance(every, bool) or not isinstance(every, (int, float, str)):
        raise SpecError(f"{what}: every must be a number or text, was {every!r}")
    if isinstance(every, int) and not -(2**63) <= every < 2**63:
        raise SpecError(f"{what}: every must fit 64 bits, was {every}")
    return _core.feature.BarsDef(name, kind, every, price)
