"""What a model shall learn: the direction of the mid price over the events to come.

This is the only place that looks forward. Everything is compared as integers: a cumulative sum of decimal prices would
put rounding noise where a large-tick stock has exact zeros, and noise has a sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import EventError
from hftcore.events import EventKind, Events

DAY_NS: Final = 86_400_000_000_000
UNITS: Final = ("events",)
SMOOTHINGS: Final = ("mean", "last")

Ints = npt.NDArray[np.int64]
Ticks = float | int | str | Decimal | Fraction
Session = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Labels and the events they belong to.

    Attributes
    ----------
    values : int8 array, shape (n,)
        -1 down, 0 flat, +1 up.
    rows : int64 array, shape (n,)
        Index of the event of each label, ascending.
    horizon : int
        How many rows ahead the label looks.
    ends : int64 array, shape (n,)
        Index of the last event that each label depends on: who purges, purges up to its time.
    """

    values: npt.NDArray[np.int8]
    rows: Ints
    horizon: int
    ends: Ints
    unit: str = "events"

    def __len__(self) -> int:
        return len(self.values)

    def counts(self) -> dict[int, int]:
        """Return how many labels of each class there are, keys -1, 0, 1."""
        return {value: int((self.values == value).sum()) for value in (-1, 0, 1)}


def direction(
    events: Events,
    horizon: int = 50,
    unit: str = "events",
    deadband: Ticks | Mapping[str, Ticks] = 0.0,
    *,
    rows: npt.ArrayLike | None = None,
    session: Session | None = None,
    smoothing: str = "mean",
) -> Labels:
    """Label each row with the direction of its symbol's mid price over the next ``horizon`` rows.

    With m the mid price in ticks and k the horizon, counted in rows of the same symbol and session:

        move = mean(m[i+1] .. m[i+k]) - m[i]      smoothing="mean"
        move = m[i+k] - m[i]                      smoothing="last"
        +1 if move > deadband, -1 if move < -deadband, else 0

    Parameters
    ----------
    events : Events
        In source order.
    horizon : int
        k >= 1.
    unit : {"events"}
        What the horizon counts.
    deadband : number or mapping of symbol to number
        In ticks, >= 0; compared exactly. A float counts as the binary fraction it is, text such as "0.1" as the
        decimal. A symbol that a mapping leaves out has 0.
    rows : int64 array, optional
        Candidate events, ascending: ``pipe.rows``. Default: every quote with both sides.
    session : (open_ns, close_ns), optional
        Nanoseconds after midnight UTC, close excluded; ``FeatureSpec.session``. Rows outside get no label. Without it,
        and where open equals close, a session is a day that begins at open (midnight).
    smoothing : {"mean", "last"}
        See above.

    Returns
    -------
    labels : Labels
        The last k rows of each symbol and session have no label, nor have rows before the first two-sided quote of
        their session.

    Raises
    ------
    ValueError
        If a parameter breaks its rule.
    EventError
        If ``rows`` are no ascending event indices.

    Notes
    -----
    The mid of a row is that of its symbol's last two-sided quote at or before it in the same session, so rows may be
    trades too.
    O(n log n) once, no loop over rows.
    """
    _check(horizon, unit, smoothing)
    n_symbols = len(events.instruments)
    at, mid = _mids(events, rows, session)
    ts = events.data["ts_event_ns"][at]
    inside = in_session(ts, session)
    at, mid, ts = at[inside], mid[inside], ts[inside]
    symbol = events.data["symbol_id"][at].astype(np.int64)

    days = session_ids(ts, session)
    first_day = int(days.min()) if len(days) else 0
    group = (days - first_day) * n_symbols + symbol
    order = np.argsort(group, kind="stable")  # rows of one symbol and session become neighbours, in event order
    group, mid, symbol = group[order], mid[order], symbol[order]
    here = np.arange(max(len(group) - horizon, 0))
    here = here[group[here] == group[here + horizon]]  # k more rows of the same group exist

    weight = horizon if smoothing == "mean" else 1
    move = _moves(mid, here, horizon, smoothing)
    limit = _limits(events, deadband, weight)[symbol[here]]
    values = (move > limit).astype(np.int8) - (move < -limit).astype(np.int8)

    where = at[order[here]]
    back = np.argsort(where, kind="stable")
    ends = at[order[here + horizon]]
    return Labels(values[back], where[back], horizon, ends[back], unit)


def session_ids(ts_event_ns: npt.ArrayLike, session: Session | None = None) -> Ints:
    """Return the session of each time: whole days since 1970 of ``session``'s opening hour (midnight without one)."""
    open_ns = session[0] if session is not None else 0
    return (np.asarray(ts_event_ns, np.int64) - open_ns) // DAY_NS


def in_session(ts_event_ns: npt.ArrayLike, session: Session | None = None) -> npt.NDArray[np.bool_]:
    """Return which times lie within the hours of their session: all of them without one."""
    ts = np.asarray(ts_event_ns, np.int64)
    if session is None:
        return np.ones(len(ts), np.bool_)
    open_ns, close_ns = session
    for name, value in (("open_ns", open_ns), ("close_ns", close_ns)):
        if not 0 <= value <= DAY_NS:
            raise ValueError(f"session: {name} must be 0 to {DAY_NS} (ns after midnight), was {value}")
    length = (close_ns - open_ns) % DAY_NS or DAY_NS
    return np.asarray((ts - open_ns) % DAY_NS < length, np.bool_)


def _check(horizon: int, unit: str, smoothing: str) -> None:
    if unit not in UNITS:
        raise ValueError(f"unit must be one of {', '.join(UNITS)}, was {unit!r}")
    if smoothing not in SMOOTHINGS:
        raise ValueError(f"smoothing must be one of {', '.join(SMOOTHINGS)}, was {smoothing!r}")
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < 1:
        raise ValueError(f"horizon must be an integer >= 1, was {horizon!r}")


def _mids(events: Events, rows: npt.ArrayLike | None, session: Session | None) -> tuple[Ints, Ints]:
    """Return candidate rows that have a mid, and the mid in half ticks, so that it is an integer."""
    data = events.data
    two_sided = (data["kind"] == EventKind.QUOTE) & (data["bid_qty_lots"] > 0) & (data["ask_qty_lots"] > 0)
    quotes = np.flatnonzero(two_sided)
    half_ticks = data["bid_px_ticks"][quotes] + data["ask_px_ticks"][quotes]
    if rows is None:
        return quotes, half_ticks
    at = _checked_rows(rows, len(data))
    if two_sided[at].all():
        return at, data["bid_px_ticks"][at] + data["ask_px_ticks"][at]
    # One key orders by symbol, then by position; the quote at or before a row is one search away.
    n = len(data)
    key = data["symbol_id"][quotes].astype(np.int64) * n + quotes
    order = np.argsort(key, kind="stable")
    wanted = data["symbol_id"][at].astype(np.int64) * n + at
    found = np.searchsorted(key[order], wanted, side="right") - 1
    place = order[np.maximum(found, 0)] if len(order) else np.zeros(0, np.int64)
    seen = found >= 0
    if len(place):
        source = quotes[place]
        seen &= data["symbol_id"][source] == data["symbol_id"][at]
        # Yesterday's mid is no price of today: a move from it would be the overnight gap.
        seen &= session_ids(data["ts_event_ns"][source], session) == session_ids(data["ts_event_ns"][at], session)
        return at[seen], half_ticks[place[seen]]
    return at[:0], half_ticks[:0]


def _checked_rows(rows: npt.ArrayLike, n: int) -> Ints:
    given = np.asarray(rows)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise EventError(f"rows must be event indices, shape (n,), integers; was {given.dtype}, shape {given.shape}")
    at = given.astype(np.int64)
    if len(at) and not 0 <= at.min() <= at.max() < n:
        bad = int(at[(at < 0) | (at >= n)][0])
        raise EventError(f"rows must be indices of {n} events, found {bad}")
    down = np.flatnonzero(np.diff(at) <= 0)
    if len(down):
        i = int(down[0]) + 1
        raise EventError(f"rows must ascend: rows[{i}] is {at[i]} after {at[i - 1]}")
    return at


def _moves(mid: Ints, here: Ints, horizon: int, smoothing: str) -> Ints:
    """Return the move in half ticks, times the horizon for the mean."""
    ahead = here + horizon
    if smoothing == "last":
        return np.asarray(mid[ahead] - mid[here], np.int64)
    if len(mid) and (int(mid.max()) - int(mid.min())) * horizon >= 2**63:
        raise ValueError(f"horizon {horizon} is too long for exact sums over mids of {int(mid.max())} half ticks")
    # The running sum may wrap around 2^64; a difference of two sums is exact all the same, as the result fits.
    total = np.cumsum(mid.view(np.uint64), dtype=np.uint64)
    window = total[ahead] - total[here]
    return np.asarray((window - mid[here].view(np.uint64) * np.uint64(horizon)).view(np.int64))


def _limits(events: Events, deadband: Ticks | Mapping[str, Ticks], weight: int) -> Ints:
    """Return per symbol the largest scaled move that is still flat.

    move > d  <=>  2 * weight * move > 2 * weight * d  <=>  integer > floor(2 * weight * d).
    """
    limits = np.zeros(len(events.instruments), np.int64)
    if isinstance(deadband, Mapping):
        of = {events.instruments.index(symbol): ticks for symbol, ticks in deadband.items()}
    else:
        of = dict.fromkeys(range(len(limits)), deadband)
    for i, ticks in of.items():
        try:
            exact = Fraction(ticks)
        except (ValueError, OverflowError, TypeError):
            exact = Fraction(-1)
        if exact < 0:
            raise ValueError(f"deadband must be a finite number of ticks >= 0, was {ticks!r}")
        limits[i] = min(exact * 2 * weight // 1, 2**62)
    return limits
