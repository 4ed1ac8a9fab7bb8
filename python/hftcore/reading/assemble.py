"""Checked parts of several sources become one array of events: instruments, integer steps, merge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError
from hftcore.instruments import InstrumentTable
from hftcore.reading.arrow import step_columns
from hftcore.reading.grid import Bools, Ints, round_to_steps, to_steps
from hftcore.reading.infer import infer
from hftcore.reading.pieces import Measure, Part, Piece
from hftcore.records import EventArray, EventKind, take_events

OFF_TICK: Final = ("error", "round", "drop")
_COUNTERS = {
    EventKind.TRADE: "trades",
    EventKind.QUOTE: "quotes",
    EventKind.BOOK_LEVEL: "book_levels",
    EventKind.CONTROL: "controls",
}


@dataclass(slots=True)
class Assembly:
    """What the parts became."""

    data: EventArray
    instruments: InstrumentTable
    counters: dict[str, int]
    notes: list[str] = field(default_factory=list)


def assemble(parts: list[Part], given: InstrumentTable | None, off_tick: str) -> Assembly:
    """Merge by ``ts_event_ns``; ties: quotes, trades, book levels, then order of the sources, then row order."""
    parts = sorted(parts, key=lambda part: part.rank)  # stable: sources keep their order
    table, notes = _instruments(parts, given)
    n = sum(part.n for part in parts)
    data = _core.event.empty_events(n)
    keep = np.ones(n, np.bool_)
    counters = dict.fromkeys(_COUNTERS.values(), 0) | {"off_tick_rounded": 0, "off_tick_dropped": 0}
    inferred = given is None
    at = 0
    for part in parts:
        ids = np.array([table.index(symbol) for symbol in part.symbols], np.uint32)
        for piece in part.pieces:
            where: Any = slice(at, at + part.n) if piece.places is None else at + piece.places
            off = _fill(data, where, piece, ids[piece.ids], table, off_tick, inferred)
            counters[_COUNTERS[piece.kind]] += len(piece)
            if off_tick == "drop":
                keep[np.arange(n)[where][off]] = False
            elif off_tick == "round":
                counters["off_tick_rounded"] += int(off.sum())
        if part.source_seq is not None:
            data["source_seq"][at : at + part.n] = part.source_seq
        at += part.n
    counters["off_tick_dropped"] = n - int(keep.sum())
    counters["trades"] -= counters["off_tick_dropped"]
    for what in ("rounded", "dropped"):
        if counters[f"off_tick_{what}"]:
            notes.append(f"{counters[f'off_tick_{what}']} trades off the tick were {what}")
    counters["other_symbols"] = sum(part.n_left_out for part in parts)
    if off_tick == "drop" and not keep.all():
        data = take_events(data, np.flatnonzero(keep))
    if len(parts) > 1:
        data = take_events(data, np.argsort(data["ts_event_ns"], kind="stable"))
    if len(parts) > 1 or parts[0].source_seq is None:
        data["source_seq"] = np.arange(len(data), dtype=np.uint64)
    return Assembly(data, table, counters, notes)


def _fill(
    data: EventArray,
    where: Any,
    piece: Piece,
    ids: npt.NDArray[np.uint32],
    table: InstrumentTable,
    off_tick: str,
    inferred: bool,
) -> Bools:
    """Write one piece and return which of its rows had a price off the tick (after the policy let them pass)."""
    data["kind"][where] = piece.kind
    data["symbol_id"][where] = ids
    for name, values in piece.columns.items():
        data[name][where] = values
    off = np.zeros(len(piece), np.bool_)
    for measure in piece.measures:
        lenient = measure.is_price and piece.kind == EventKind.TRADE and off_tick != "error"
        steps, on_grid = _to_steps(measure, ids, table, lenient)
        if not on_grid.all():
            if not lenient:
                _refuse_off_grid(measure, piece, ids, table, ~on_grid, inferred)
            off |= ~on_grid
        if measure.is_price:
            _check_bounds(measure, piece, ids, table, steps, off if off_tick == "drop" else None)
        data[measure.field][where] = steps
    return off


def _to_steps(
    measure: Measure, ids: npt.NDArray[np.uint32], table: InstrumentTable, lenient: bool
) -> tuple[Ints, Bools]:
    if measure.in_steps:
        return measure.values.astype(np.int64), np.ones(len(ids), np.bool_)
    num, den = (column[ids] for column in step_columns(table, measure.is_price))
    values = measure.values.astype(np.float64, copy=False)
    steps, on_grid = to_steps(values, num, den)
    if lenient and not on_grid.all():
        off = ~on_grid
        steps[off] = round_to_steps(values[off], num[off], den[off])
    return steps, on_grid


def _refuse_off_grid(
    measure: Measure, piece: Piece, ids: npt.NDArray[np.uint32], table: InstrumentTable, off: Bools, inferred: bool
) -> None:
    i = int(np.argmax(off))
    instrument = table[int(ids[i])]
    step = f"tick {instrument.tick_text}" if measure.is_price else f"lot {instrument.lot_text}"
    how = " (inferred)" if inferred else ""
    hint = ""
    if measure.is_price and piece.kind == EventKind.TRADE:
        hint = f"; {int(off.sum())} such trades here, off_tick='round' or 'drop' accepts them"
    raise EventError(
        f"{piece.cells.error(i, measure.column, f'must be a multiple of {instrument.symbol} {step}{how}')}{hint}"
    )


def _check_bounds(
    measure: Measure, piece: Piece, ids: npt.NDArray[np.uint32], table: InstrumentTable, steps: Ints, skip: Bools | None
) -> None:
    low = np.array([i.min_px_ticks for i in table], np.int64)[ids]
    high = np.array([i.max_px_ticks for i in table], np.int64)[ids]
    bad = (steps < low) | (steps > high)
    if piece.kind == EventKind.QUOTE:
        bad &= steps != 0  # an absent side; a present one has a positive price
    if skip is not None:
        bad &= ~skip
    if bad.any():
        i = int(np.argmax(bad))
        instrument = table[int(ids[i])]
        bounds = f"{instrument.min_px_ticks} to {instrument.max_px_ticks} ticks of {instrument.tick_text}"
        raise piece.cells.error(i, measure.column, f"must be within the bounds of {instrument.symbol}, {bounds}")


def _instruments(parts: list[Part], given: InstrumentTable | None) -> tuple[InstrumentTable, list[str]]:
    """Return the given table, or what the files carry and the data shows."""
    if given is not None:
        for part in parts:
            for symbol in part.symbols:
                if symbol not in given.ids:
                    raise _no_instrument(part, symbol, given)
            _check_same_steps(part, given)
        return given, []
    known = InstrumentTable()
    for part in parts:
        if part.instruments is not None:
            known = known.merged(part.instruments)
    symbols = sorted({symbol for part in parts for symbol in part.symbols if symbol not in known.ids})
    if not symbols:
        return known, []
    new, note = infer(symbols, parts)
    return InstrumentTable([*known, *new]), [note]


def _no_instrument(part: Part, symbol: str, given: InstrumentTable) -> EventError:
    code = part.symbols.index(symbol)
    piece = next(piece for piece in part.pieces if (piece.ids == code).any())
    has = ", ".join(given.symbols) or "none"
    return piece.cells.error(int(np.argmax(piece.ids == code)), "symbol", f"must have an instrument (given: {has})")


def _check_same_steps(part: Part, given: InstrumentTable) -> None:
    """A table written by this package holds steps: another tick or lot would change their meaning."""
    for own in part.instruments or ():
        if own.symbol in part.symbols:
            try:
                InstrumentTable([own]).merged(InstrumentTable([given[given.index(own.symbol)]]))
            except EventError as error:
                raise EventError(f"{part.name}: {error}") from error
