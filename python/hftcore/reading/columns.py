"""Which columns make which kind of event, and how one column becomes a NumPy array or an error with its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hftcore.errors import EventError
from hftcore.reading.grid import Floats, Ints
from hftcore.records import EventKind

ArrowColumn = Any  # pa.ChunkedArray: the stubs of its methods are narrower than the methods
MAX_TS_NS = 2**62  # as the decoder has it: the year 2116
_EPOCH_UNITS = (("seconds", 5e8, 5e9), ("milliseconds", 5e11, 5e12), ("microseconds", 5e14, 5e15))  # 1985..2128


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of one kind of rows. ``prices`` and ``sizes`` pair up; a quote has two pairs, bid and ask."""

    name: str
    kind: EventKind | None  # None: a column says it row by row
    prices: tuple[str, ...]
    sizes: tuple[str, ...]
    time: str = "ts_ns"
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns without which a table is not of this layout."""
        return (self.time, "symbol", *self.prices, *self.sizes, *self.required)

    @property
    def known(self) -> tuple[str, ...]:
        """Every column that is read."""
        return (*self.needed, *self.optional)


_COMMON = ("ts_recv_ns", "suspicious")
TRADE = Layout("trade", EventKind.TRADE, ("price",), ("size",), required=("side",), optional=_COMMON)
QUOTE = Layout("quote", EventKind.QUOTE, ("bid_px", "ask_px"), ("bid_sz", "ask_sz"), optional=_COMMON)
BOOK = Layout("book", EventKind.QUOTE, ("bid_px_0", "ask_px_0"), ("bid_sz_0", "ask_sz_0"), optional=_COMMON)
LEVEL = Layout(
    "book_level",
    EventKind.BOOK_LEVEL,
    ("price",),
    ("size",),
    required=("side", "last_update_id"),
    optional=(*_COMMON, "is_snapshot"),
)
OWN = Layout(
    "event",
    None,
    ("px", "bid_px", "ask_px"),
    ("qty", "bid_qty", "ask_qty"),
    time="ts_event_ns",
    required=(
        *("ts_recv_ns", "source_seq", "kind", "side", "flags", "update_id", "code"),
        *("px_ticks", "qty_lots", "bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots"),
    ),
)
LAYOUTS = (OWN, LEVEL, QUOTE, TRADE, BOOK)  # a book level has a trade's columns too, so it is tried first


def recognise(source: str, columns: Sequence[str], kind: str | None, default_size: float | None) -> Layout:
    """Return the layout of a table with these columns; EventError says which were tried and what each lacks."""
    names = set(columns)
    twice = sorted({c for c in columns if columns.count(c) > 1} & {c for layout in LAYOUTS for c in layout.known})
    if twice:
        raise EventError(f"{source}: column {twice[0]!r} occurs more than once")
    tried = [layout for layout in LAYOUTS if kind is None or layout.name == kind]
    if not tried:
        raise EventError(f"kind must be one of {', '.join(x.name for x in LAYOUTS)}, was {kind!r}")
    lacks = {layout: [c for c in layout.needed if c not in names] for layout in tried}
    if kind == "book_level":
        lacks[LEVEL] = [c for c in lacks[LEVEL] if c != "last_update_id"]
    if default_size is not None:
        for layout in (QUOTE, BOOK):
            if layout in lacks and set(layout.sizes) <= set(lacks[layout]):
                lacks[layout] = [c for c in lacks[layout] if c not in layout.sizes]
    fits = [layout for layout in tried if not lacks[layout]]
    if {QUOTE, TRADE} <= set(fits):
        raise EventError(f"{source}: has the columns of quotes and of trades; say which with kind='quote' or 'trade'")
    if fits:
        return fits[0]
    nearest_first = sorted(lacks.items(), key=lambda item: len(item[1]))
    hints = "; ".join(f"{layout.name} lacks {_listed(missing)}" for layout, missing in nearest_first)
    sizes = " (quotes without sizes need default_size=)" if set(lacks.get(QUOTE, ())) == set(QUOTE.sizes) else ""
    raise EventError(f"{source}: columns fit no kind of event: {hints}{sizes}; found {_listed(columns)}")


@dataclass(frozen=True, slots=True)
class Cells:
    """One table of one source: columns by name, errors with file, row and value."""

    source: str
    table: pa.Table
    rows: Ints | None = None  # row numbers in the file, where the table is a part of it

    def error(self, i: int, column: str, rule: str) -> EventError:
        """Make the error for row ``i`` of the table."""
        value = self.table[column][i].as_py() if column in self.table.column_names else "missing"
        shown = "null" if value is None else repr(value)
        return EventError(f"{self.source}: row {self.row(i)} (0-based), column {column!r}: {rule}, was {shown}")

    def row(self, i: int) -> int:
        """Return the row in the file."""
        return int(i if self.rows is None else self.rows[i])

    def check(self, bad: npt.NDArray[np.bool_], column: str, rule: str) -> None:
        """Raise for the first bad row, if any."""
        if bad.any():
            raise self.error(int(np.argmax(bad)), column, rule)

    def part(self, keep: npt.NDArray[np.bool_]) -> Cells:
        """Return the rows of a mask; they keep their numbers."""
        kept = np.flatnonzero(keep)
        return Cells(self.source, self.table.filter(pa.array(keep)), kept if self.rows is None else self.rows[kept])

    def numbers(self, column: str) -> Floats:
        """Return a numeric column as float64, null as NaN. Any other type is an error."""
        values: ArrowColumn = self.table[column]
        kind = values.type
        if pa.types.is_dictionary(kind):
            values, kind = values.cast(kind.value_type), kind.value_type
        if pa.types.is_null(kind):
            return np.full(len(values), np.nan)
        if pa.types.is_float32(kind):
            values = values.cast(pa.string()).cast(pa.float64())  # 27.35f prints as 27.35, but widens to 27.350000381
        elif pa.types.is_decimal(kind):
            values = values.cast(pa.string()).cast(pa.float64())  # parsing rounds once, Arrow's own cast may twice
        elif pa.types.is_integer(kind):
            values = values.cast(pa.float64(), safe=False)
        elif not pa.types.is_float64(kind):
            raise self.wrong_type(column, "a number", _not_a_number)
        return np.asarray(values.to_numpy(), np.float64)

    def integers(self, column: str, *, default: int | None = None) -> Ints:
        """Return an integer column as int64; a null is ``default``, or an error where that is None."""
        values: ArrowColumn = self.table[column]
        if pa.types.is_null(values.type):
            values = values.cast(pa.int64())
        if pa.types.is_timestamp(values.type):
            values = self._nanoseconds(values)
        if values.null_count:
            if default is None:
                raise self.error(_first_null(values), column, "must be an integer")
            values = values.fill_null(default)
        if pa.types.is_floating(values.type):
            nan = np.flatnonzero(np.isnan(values.to_numpy()))
            if len(nan):
                raise self.error(int(nan[0]), column, "must be an integer")
        if not pa.types.is_integer(values.type):
            raise self.wrong_type(column, "int64", _not_an_integer)
        if pa.types.is_uint64(values.type):
            self.check(values.to_numpy() >= 2**63, column, "must be less than 2^63")
        return np.asarray(values.to_numpy(), np.int64)

    def times(self, column: str, *, ordered: bool) -> Ints:
        """Return nanoseconds since the epoch, checked for range, unit and (``ordered``) order."""
        ts = self.integers(column)
        self.check(ts < 0, column, "must be nanoseconds since 1970, not negative")
        self.check(ts >= MAX_TS_NS, column, "must be nanoseconds since 1970, before 2116")
        for unit, low, high in _EPOCH_UNITS:
            if len(ts) and low <= ts[0] < high:
                raise self.error(0, column, f"must be nanoseconds since 1970; these look like {unit}")
        down = np.flatnonzero(ts[1:] < ts[:-1])
        if ordered and len(down):
            i = int(down[0]) + 1
            raise self.error(i, column, f"time must not decrease, was {ts[i - 1]} in row {self.row(i - 1)}")
        return ts

    def words(self, column: str) -> tuple[npt.NDArray[np.int32], list[str]]:
        """Return a text column as codes and words; null and blank text are code -1."""
        values: ArrowColumn = self.table[column]
        if pa.types.is_null(values.type):
            return np.full(len(values), -1, np.int32), []
        if not pa.types.is_dictionary(values.type):
            if not _is_text(values.type):
                raise self.wrong_type(column, "text", lambda _: True)
            values = pc.dictionary_encode(values.cast(pa.string()))
        if not _is_text(values.type.value_type):
            raise self.wrong_type(column, "text", lambda _: True)
        encoded: Any = values.unify_dictionaries().combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.chunk(0)
        words = encoded.dictionary.to_pylist()
        codes = np.array(
            encoded.indices.cast(pa.int32()).fill_null(-1).to_numpy(), np.int32
        )  # a copy: Arrow's is read-only
        blank = [i for i, word in enumerate(words) if word is None or not word.strip()]
        if blank:
            codes[np.isin(codes, blank)] = -1
        return codes, ["" if word is None else word for word in words]

    def letters(self, column: str, meaning: dict[str, int], *, missing: int | None) -> npt.NDArray[np.uint8]:
        """Map letters to values; an unknown one is an error, a missing one is ``missing`` or an error."""
        codes, words = self.words(column)
        values = np.array([meaning.get(word, 255) for word in words] + [255 if missing is None else missing], np.uint8)
        found = values[codes]  # code -1 is the last entry
        spelt = ", ".join(repr(word) for word in meaning) + ("" if missing is None else " or null")
        self.check(found == 255, column, f"must be {spelt}")
        return found

    def truths(self, column: str) -> npt.NDArray[np.bool_]:
        """Return a boolean (or 0 / 1) column; null is false."""
        values: ArrowColumn = self.table[column]
        if pa.types.is_boolean(values.type) or pa.types.is_null(values.type):
            return np.asarray(values.cast(pa.bool_()).fill_null(False).to_numpy(), np.bool_)
        if not pa.types.is_integer(values.type):
            raise self.wrong_type(column, "true or false", lambda _: True)
        flags = self.integers(column, default=0)
        self.check((flags != 0) & (flags != 1), column, "must be true or false")
        return np.asarray(flags == 1)

    def wrong_type(self, column: str, expected: str, is_wrong: Any) -> EventError:
        """Name the first cell that is to blame: one that cannot be read, else the first."""
        values: ArrowColumn = self.table[column]
        i = next((i for i, v in enumerate(_pylist(values)) if is_wrong(v)), 0)
        return self.error(i, column, f"must be {expected}, the column is {values.type}")

    def _nanoseconds(self, values: ArrowColumn) -> ArrowColumn:
        try:
            return values.cast(pa.timestamp("ns", tz=values.type.tz)).cast(pa.int64())
        except pa.ArrowInvalid as error:
            raise EventError(f"{self.source}: {error}") from error


def _listed(names: Sequence[str]) -> str:
    return (", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")) or "none"


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)


def _first_null(values: ArrowColumn) -> int:
    return int(np.argmax(values.is_null().to_numpy()))


def _pylist(values: ArrowColumn) -> Iterable[Any]:
    return (value for chunk in values.chunks for value in chunk.to_pylist())


def _not_a_number(value: Any) -> bool:
    return value is not None and _fails(float, value)


def _not_an_integer(value: Any) -> bool:
    return value is not None and (isinstance(value, float) or _fails(int, value))


def _fails(convert: Any, value: Any) -> bool:
    try:
        convert(value)
    except (TypeError, ValueError):
        return True
    return False
