"""Reads trades, quotes and book levels from files and frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from hftcore.errors import EventError
from hftcore.events import Events
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.reading.assemble import OFF_TICK, assemble
from hftcore.reading.columns import recognise
from hftcore.reading.pieces import read_part
from hftcore.reading.sources import Source, open_sources


def read_events(
    source: Any,
    *,
    instruments: InstrumentTable | Iterable[Instrument] | None = None,
    symbols: str | Iterable[str] | None = None,
    kind: str | None = None,
    off_tick: str = "error",
    default_size: float | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Events:
    """Read market events and check every cell of them.

    Parameters
    ----------
    source : path, folder, table or list of these
        Parquet, CSV (also .gz, .bz2, .zst), Arrow or Feather files, packed files, pyarrow, pandas or polars tables.
        Of a folder, every file with such a suffix in the order of the names; names that begin with ``.`` or ``_`` are
        skipped, what else lies there is named in ``notes``.
    instruments : InstrumentTable, optional
        Ticks, lots and price bounds. Without it they come from the table (where ``to_arrow`` wrote it) or are inferred,
        see Notes.
    symbols : str or iterable of str, optional
        Read these and nothing else. Rows of other symbols are checked for their time stamp only.
    kind : {"trade", "quote", "book", "book_level", "event"}, optional
        What the rows are, where the columns should not decide.
    off_tick : {"error", "round", "drop"}
        What happens to a trade priced between two ticks (midpoint and sub-penny prints): refuse it, take the nearest
        tick (half to even), or leave it out. Counted in ``counters`` and told in ``notes``. Quotes and book levels are
        always refused.
    default_size : float, optional
        Size of every quote side where a source has no size columns (dealer quotes). Without it that is an error.
    progress : callable, optional
        Called with (sources read, sources in all).

    Returns
    -------
    events : Events
        Several sources are merged by ``ts_event_ns``; ties: quotes, then trades, then book levels, then the order of
        the sources, then row order. ``source_seq`` is the position in the result, except for a single table of
        ``to_arrow``, which keeps its own.

    Raises
    ------
    EventError
        If a source is empty or of unknown suffix, columns fit no kind, or a cell breaks a rule: names the source, the
        row (0-based), the column, the rule and the value.

    Notes
    -----
    ============ =============================================================== ==========================
    kind         columns                                                         optional
    ============ =============================================================== ==========================
    trade        ts_ns, symbol, price, size, side (aggressor: B, S or null)      ts_recv_ns, suspicious
    quote        ts_ns, symbol, bid_px, bid_sz, ask_px, ask_sz                   ts_recv_ns, suspicious
    book         as quote, with suffix _0: level 0 becomes the quote             ts_recv_ns, suspicious
    book_level   ts_ns, symbol, side (B bid, A ask), price, size, last_update_id the same, is_snapshot
    event        all of ``Events.to_arrow()``
    ============ =============================================================== ==========================

    ``ts_ns`` is int64 nanoseconds since 1970 UTC (or a timestamp column) and must not decrease within a source;
    ``ts_recv_ns`` is ``ts_ns`` where it is missing. A quote side is absent where its size is 0 or null and its price 0,
    null or NaN. A price must be the double nearest to a multiple of the tick; decimals and integers convert exactly,
    float32 by its shortest decimal text.

    Inferred, per symbol: the tick is the coarsest of 1, 2, 5, 25, 125, ... times 10^-k (k <= 8, as few decimals as the
    prices need) that all prices are multiples of, a factor above 1 only on at least 20 distinct prices; quotes and book
    levels alone decide where they have at least 20 distinct prices, else trades count too. The lot is the power of ten
    (at most 1) that the sizes need. Bounds are 1 tick and ten times the highest price. All of it is in
    ``Events.instruments`` (``to_json()``) and ``notes``: give it back as ``instruments=`` to read another day alike.
    """
    if off_tick not in OFF_TICK:
        raise EventError(f"off_tick must be one of {', '.join(OFF_TICK)}, was {off_tick!r}")
    if default_size is not None and not (math.isfinite(default_size) and default_size > 0):
        raise EventError(f"default_size must be a finite number > 0, was {default_size!r}")
    given = None if instruments is None else InstrumentTable(instruments)
    wanted = None if symbols is None else frozenset([symbols] if isinstance(symbols, str) else symbols)
    sources, title, left = open_sources(source)
    notes = [f"left alone: {', '.join(left)}"] if left else []
    if len(sources) == 1 and sources[0].path is not None and given is None and kind in (None, "event"):
        events = Events.from_packed(sources[0].path)
        if progress:
            progress(1, 1)
        return events if wanted is None else events.select(wanted)
    parts = []
    for i, item in enumerate(sources):
        table, columns = _table(item)
        layout = recognise(item.name, columns, kind, default_size)
        parts.append(read_part(item.name, table(layout), layout, wanted, default_size))
        notes += parts[-1].notes
        if progress:
            progress(i + 1, len(sources))
    for symbol in sorted(wanted or ()):
        if not any(symbol in part.symbols for part in parts):
            raise EventError(f"{title}: no row has symbol {symbol!r}")
    made = assemble(parts, given, off_tick)
    return Events(made.data, made.instruments, title, notes=[*notes, *made.notes], counters=made.counters)


def _table(item: Source) -> tuple[Callable[[Any], Any], tuple[str, ...]]:
    if item.load is not None:
        return item.load, item.columns
    assert item.path is not None
    table = Events.from_packed(item.path).to_arrow()
    return (lambda _: table), tuple(table.column_names)
