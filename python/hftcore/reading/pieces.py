"""One table becomes checked NumPy columns: a part of one source, in pieces of one kind each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hftcore.errors import EventError
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.reading.arrow import INSTRUMENTS_KEY, KIND_NAMES, PRINT_MEASURES, QUOTE_MEASURES
from hftcore.reading.columns import OWN, Cells, Layout
from hftcore.reading.grid import Floats, Ints
from hftcore.records import EventKind, Flag, Side

Codes = npt.NDArray[np.int32]  # indices into a list of symbols

_RANK = {EventKind.QUOTE: 0, EventKind.TRADE: 1, EventKind.BOOK_LEVEL: 2}  # order of kinds within one time stamp
_SIDES: dict[EventKind, dict[str, int]] = {
    EventKind.TRADE: {"B": Side.BUY, "S": Side.SELL},
    EventKind.BOOK_LEVEL: {"B": Side.BUY, "A": Side.SELL},
}
_KNOWN_FLAGS = int(Flag.SUSPICIOUS | Flag.SNAPSHOT | Flag.GAP_BEFORE | Flag.SEQUENCE_RESET | Flag.UNFINISHED)


@dataclass(frozen=True, slots=True)
class Measure:
    """Prices or quantities of one column: float64 decimals, or int64 steps (ticks, lots). Finite, not negative."""

    column: str
    field: str
    is_price: bool
    values: Floats | Ints

    @property
    def in_steps(self) -> bool:
        """Whether the values are integers of the file's own instruments."""
        return self.values.dtype.kind == "i"


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one kind. ``places`` are their positions in the part, None for all of it in order."""

    kind: EventKind
    cells: Cells
    places: Ints | None
    ids: Codes  # into the part's symbols
    columns: dict[str, npt.NDArray[Any]]  # fields that need no instrument
    measures: tuple[Measure, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class Part:
    """All kept rows of one table, in file order."""

    name: str
    n: int
    n_left_out: int  # rows of symbols nobody asked for
    rank: int
    symbols: list[str]
    pieces: list[Piece]
    source_seq: npt.NDArray[np.uint64] | None = None
    instruments: InstrumentTable | None = None  # of a table that this package wrote
    notes: list[str] = field(default_factory=list)


def read_part(
    source: str, table: pa.Table, layout: Layout, wanted: frozenset[str] | None, default_size: float | None
) -> Part:
    """Check one table and take its columns. ``wanted`` symbols stay, None for all."""
    cells = Cells(source, table)
    if not table.num_rows:
        raise EventError(f"{source}: holds no rows")
    codes, symbols = _symbols(cells)
    ts = cells.times(layout.time, ordered=layout is not OWN)
    if layout is OWN:
        _check_own_order(cells, codes, ts)
    if wanted is not None:
        keep = np.array([symbol in wanted for symbol in symbols], np.bool_)[codes]
        if not keep.all():
            cells, codes, ts = cells.part(keep), codes[keep], ts[keep]
    used = np.bincount(codes, minlength=len(symbols)) > 0
    codes = (np.cumsum(used) - 1).astype(np.int32)[codes]
    symbols = [symbol for symbol, is_used in zip(symbols, used, strict=True) if is_used]
    rank, seq, instruments = 0, None, None
    if layout.kind is None:
        seq = cells.integers("source_seq").astype(np.uint64)
        text = (table.schema.metadata or {}).get(INSTRUMENTS_KEY)
        instruments = InstrumentTable.from_json(text) if text else None
        if instruments is not None:
            _check_known(cells, codes, symbols, instruments)
        pieces = list(_own_pieces(cells, codes, ts, in_steps=instruments is not None))
    else:
        rank = _RANK[layout.kind]
        pieces = [_piece(cells, layout, codes, ts, default_size)]
    notes = [f"{source}: level 0 of each book row read as a quote"] if layout.name == "book" else []
    if layout.kind == EventKind.QUOTE and layout.sizes[0] not in table.column_names:
        notes.append(f"{source}: has no sizes, each side taken as {default_size:g}")
    return Part(source, len(ts), table.num_rows - len(ts), rank, symbols, pieces, seq, instruments, notes)


def _symbols(cells: Cells) -> tuple[Codes, list[str]]:
    codes, words = cells.words("symbol")
    cells.check(codes < 0, "symbol", "must not be empty")
    for code in np.unique(codes):
        try:
            Instrument(words[code])
        except EventError as error:
            rule = str(error).removeprefix("Instrument: symbol ").split(", was")[0]
            raise cells.error(int(np.argmax(codes == code)), "symbol", rule) from error
    return codes, words


def _check_known(cells: Cells, codes: Codes, symbols: list[str], instruments: InstrumentTable) -> None:
    for code, symbol in enumerate(symbols):
        if symbol not in instruments.ids:
            raise cells.error(int(np.argmax(codes == code)), "symbol", "must be in the table's own instruments")


def _check_own_order(cells: Cells, codes: Codes, ts: Ints) -> None:
    seq = cells.integers("source_seq")
    down = np.flatnonzero(seq[1:] <= seq[:-1])
    if len(down):
        i = int(down[0]) + 1
        raise cells.error(i, "source_seq", f"must rise, was {seq[i - 1]} in row {cells.row(i - 1)}")
    order = np.argsort(codes, kind="stable")
    down = np.flatnonzero((np.diff(ts[order]) < 0) & (np.diff(codes[order]) == 0))
    if len(down):
        before, i = (int(order[down[0] + step]) for step in (0, 1))
        raise cells.error(i, "ts_event_ns", f"time must not decrease within a symbol, was {ts[before]} in row {before}")


def _piece(cells: Cells, layout: Layout, codes: Codes, ts: Ints, default_size: float | None) -> Piece:
    kind = layout.kind
    assert kind is not None
    names = cells.table.column_names
    columns: dict[str, npt.NDArray[Any]] = {"ts_event_ns": ts, "ts_recv_ns": ts}
    if "ts_recv_ns" in names:
        columns["ts_recv_ns"] = cells.times("ts_recv_ns", ordered=False)
    flags = np.zeros(len(ts), np.uint16)
    for column, flag in (("suspicious", Flag.SUSPICIOUS), ("is_snapshot", Flag.SNAPSHOT)):
        if column in names and column in layout.known:
            flags |= cells.truths(column).astype(np.uint16) * np.uint16(flag)
    columns["flags"] = flags
    if kind in _SIDES:
        missing = int(Side.UNKNOWN) if kind == EventKind.TRADE else None
        columns["side"] = cells.letters("side", _SIDES[kind], missing=missing)
    if kind == EventKind.BOOK_LEVEL and "last_update_id" in names:
        columns["update_id"] = cells.integers("last_update_id", default=0)
        flags[_unfinished(codes, columns["update_id"], flags)] |= np.uint16(Flag.UNFINISHED)
    pairs = zip(layout.prices, layout.sizes, strict=True)
    measures = _decimals(cells, kind, list(pairs), default_size)
    return Piece(kind, cells, None, codes, columns, measures)


def _unfinished(codes: Codes, update_id: Ints, flags: npt.NDArray[np.uint16]) -> Ints:
    """Rows behind which more of the same message of their symbol follow."""
    order = np.argsort(codes, kind="stable")
    message = np.stack([codes[order], update_id[order], flags[order] & np.uint16(Flag.SNAPSHOT)])
    same = (message[:, 1:] == message[:, :-1]).all(axis=0) & (message[1, 1:] > 0)
    rows: Ints = order[:-1][same]
    return rows


def _own_pieces(cells: Cells, codes: Codes, ts: Ints, *, in_steps: bool) -> Iterator[Piece]:
    kinds = cells.letters("kind", {name: int(kind) for kind, name in KIND_NAMES.items()}, missing=None)
    for kind in EventKind:
        mine = kinds == kind
        if not mine.any():
            continue
        part = cells.part(mine)
        flags = part.integers("flags")
        part.check((flags & ~_KNOWN_FLAGS) != 0, "flags", "must be a sum of 1, 2, 4, 8 and 32")
        columns: dict[str, npt.NDArray[Any]] = {
            "ts_event_ns": ts[mine],
            "ts_recv_ns": part.times("ts_recv_ns", ordered=False),
            "flags": flags.astype(np.uint16),
        }
        if kind in _SIDES:
            missing = int(Side.UNKNOWN) if kind == EventKind.TRADE else None
            columns["side"] = part.letters("side", _SIDES[kind], missing=missing)
        if kind == EventKind.BOOK_LEVEL:
            columns["update_id"] = part.integers("update_id")
        if kind == EventKind.CONTROL:
            columns["px_ticks"] = part.integers("code")  # the payload's first word
        measures: tuple[Measure, ...] = ()
        if kind != EventKind.CONTROL:
            fields = QUOTE_MEASURES if kind == EventKind.QUOTE else PRINT_MEASURES
            if in_steps:
                measures = tuple(_steps(part, name, is_price) for name, _, is_price in fields)
            else:
                names = [name for _, name, _ in fields]
                measures = _decimals(part, kind, list(zip(names[::2], names[1::2], strict=True)), None)
        yield Piece(kind, part, np.flatnonzero(mine), codes[mine], columns, measures)


def _steps(cells: Cells, name: str, is_price: bool) -> Measure:
    values = cells.integers(name)
    cells.check(values < 0, name, "must not be negative")
    return Measure(name, name, is_price, values)


def _decimals(
    cells: Cells, kind: EventKind, pairs: list[tuple[str, str]], default_size: float | None
) -> tuple[Measure, ...]:
    fields = [name for name, _, _ in (QUOTE_MEASURES if kind == EventKind.QUOTE else PRINT_MEASURES)]
    measures = []
    for i, (price, size) in enumerate(pairs):
        px = cells.numbers(price)
        if size in cells.table.column_names:
            qty = cells.numbers(size)
        else:  # recognise() let it pass, so there is a default
            qty = np.where(np.isnan(px) | (px == 0), 0.0, default_size or 0.0)
        if kind == EventKind.QUOTE:  # a side without orders has no price: 0, NaN or null, and size 0 or null
            absent = (np.isnan(px) | (px == 0)) & (np.isnan(qty) | (qty == 0))
            px, qty = np.where(absent, 0.0, px), np.where(absent, 0.0, qty)
        else:
            absent = np.zeros(len(px), np.bool_)
        cells.check(~absent & ~(np.isfinite(px) & (px > 0)), price, "must be a finite number > 0")
        cells.check(~(np.isfinite(qty) & (qty >= 0)), size, "must be a finite number >= 0")
        measures.append(Measure(price, fields[2 * i], True, px))
        measures.append(Measure(size, fields[2 * i + 1], False, qty))
    return tuple(measures)
