"""Opens what ``read_events`` takes: files, folders, frames. Each becomes a Source that loads named columns as Arrow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.feather as feather
import pyarrow.parquet as pq

from hftcore.errors import EventError
from hftcore.reading.arrow import INSTRUMENTS_KEY
from hftcore.reading.columns import OWN, QUOTE, TRADE, Cells, Layout

PACKED_SUFFIX: Final = ".hftp"
_CSV: Final = (".csv", ".csv.gz", ".csv.bz2", ".csv.zst")
_ARROW: Final = (".arrow", ".feather", ".ipc")
_PARQUET: Final = (".parquet", ".pq")
SUFFIXES: Final = (*_PARQUET, *_CSV, *_ARROW, PACKED_SUFFIX)

_NUMBERS: Final = frozenset(c for layout in (OWN, QUOTE, TRADE) for c in (*layout.prices, *layout.sizes)) | {
    f"{side}_{what}_0" for side in ("bid", "ask") for what in ("px", "sz")
}
_TEXTS: Final = frozenset({"symbol", "side", "kind"})
_TRUTHS: Final = frozenset({"suspicious", "is_snapshot"})


@dataclass(frozen=True, slots=True)
class Source:
    """A table not read yet. ``path`` is set for a packed file, which holds records instead of columns."""

    name: str
    columns: tuple[str, ...] = ()
    load: Callable[[Layout], pa.Table] | None = None
    path: Path | None = None


def open_sources(source: Any, place: str = "") -> tuple[list[Source], str, list[str]]:
    """Return the sources in order, words for all of them, and the names of files that were left alone."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            return _folder(path)
        return [_file(path, path.name)], path.name, []
    if isinstance(source, (list, tuple)):
        if not source:
            raise EventError("source is an empty list")
        found: list[Source] = []
        left: list[str] = []
        names: list[str] = []
        for i, item in enumerate(source):
            inner, name, skipped = open_sources(item, f"{place} {i}")
            found += inner
            names.append(name)
            left += skipped
        return found, ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else ""), left
    return [frame := _frame(source, place)], frame.name, []


def event_files(folder: Path) -> list[Path]:
    """Return the files that reading ``folder`` reads, in order: known suffix in any case, no leading ``.`` or ``_``."""
    return [p for p in _entries(folder) if p.is_file() and p.name.lower().endswith(SUFFIXES)]


def _entries(folder: Path) -> list[Path]:
    return sorted((p for p in folder.iterdir() if not p.name.startswith((".", "_"))), key=lambda p: p.name)


def _folder(path: Path) -> tuple[list[Source], str, list[str]]:
    entries, files = _entries(path), event_files(path)
    if not files:
        held = ", ".join(p.name for p in entries[:5]) or "nothing"
        raise EventError(f"{path}: no file to read (suffixes {', '.join(SUFFIXES)}); the folder holds {held}")
    left = [p.name for p in entries if p not in files]
    name = path.resolve().name
    return [_file(p, f"{name}/{p.name}") for p in files], f"{name}: {len(files)} file{'s'[: len(files) > 1]}", left


def _file(path: Path, name: str) -> Source:
    lower = path.name.lower()
    if not lower.endswith(SUFFIXES):
        raise EventError(f"{name}: unknown suffix {path.suffix or '(none)'!r}, expected one of {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise EventError(f"{path}: no such file or folder")
    if path.stat().st_size == 0:
        raise EventError(f"{name}: the file is empty (0 bytes)")
    if lower.endswith(PACKED_SUFFIX):
        return Source(name, path=path)
    opener = _open_csv if lower.endswith(_CSV) else _open_arrow if lower.endswith(_ARROW) else _open_parquet
    with _reading(name):
        return opener(path, name)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Whatever a damaged file makes Arrow raise (six types were seen) is one error with the file's name."""
    try:
        yield
    except EventError:
        raise
    except Exception as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise EventError(f"{name}: cannot be read: {first_line}") from error


def _valid(table: pa.Table) -> pa.Table:
    table.validate(full=True)  # offsets and text of a damaged file may lead outside its buffers
    return table


def _pick(layout: Layout, columns: Sequence[str]) -> list[str]:
    return [name for name in layout.known if name in columns]


def _open_parquet(path: Path, name: str) -> Source:
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
    columns = tuple(schema.names)

    def load(layout: Layout) -> pa.Table:
        text: list[str] = [c for c in columns if c in _TEXTS and pa.types.is_string(schema.field(c).type)]
        with _reading(name), pq.ParquetFile(path, read_dictionary=text) as file:
            table = file.read(columns=_pick(layout, columns))
            return _valid(table).replace_schema_metadata(schema.metadata)

    return Source(name, columns, load)


def _open_arrow(path: Path, name: str) -> Source:
    table = feather.read_table(path, memory_map=True)  # IPC files and Feather V1; only touched columns are paged in

    def load(layout: Layout) -> pa.Table:
        with _reading(name):
            return _valid(table.select(_pick(layout, table.column_names)))

    return Source(name, tuple(table.column_names), load)


def _open_csv(path: Path, name: str) -> Source:
    with pacsv.open_csv(path) as reader:
        columns = tuple(reader.schema.names)

    def load(layout: Layout) -> pa.Table:
        picked = _pick(layout, columns)
        with _reading(name):
            try:
                return _read_csv(path, picked, {c: _csv_type(c) for c in picked})
            except pa.ArrowInvalid as error:
                texts = _read_csv(path, picked, dict.fromkeys(picked, pa.string()))
                raise _bad_csv_cell(Cells(name, texts), picked) or error from error

    return Source(name, columns, load)


def _csv_type(column: str) -> pa.DataType:
    if column in _NUMBERS:
        return pa.float64()
    return pa.string() if column in _TEXTS else pa.bool_() if column in _TRUTHS else pa.int64()


def _read_csv(path: Path, picked: list[str], types: dict[str, pa.DataType]) -> pa.Table:
    # Only the empty cell is null: "NaN" is a number that is refused by name, and NA is a ticker.
    convert = pacsv.ConvertOptions(
        include_columns=picked,
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    return pacsv.read_csv(path, convert_options=convert)


def _bad_csv_cell(cells: Cells, picked: list[str]) -> EventError | None:
    """Find the first cell that does not convert: its column by trying, its row by halving."""
    for column in picked:
        kind = _csv_type(column)
        texts = cells.table[column].combine_chunks()
        if kind == pa.string() or _converts(texts, kind):
            continue
        low, high = 0, len(texts)  # texts[:low] converts, texts[:high] does not
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _converts(texts[low:middle], kind) else (low, middle)
        expected = {pa.float64(): "a number", pa.bool_(): "true or false"}.get(kind, "an integer (int64)")
        return cells.error(low, column, f"must be {expected}")
    return None


def _converts(texts: Any, kind: pa.DataType) -> bool:
    try:
        texts.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _frame(source: Any, place: str) -> Source:
    home = type(source).__module__.split(".")[0]
    if home == "pandas" and hasattr(source, "columns"):
        return _pandas(source, f"pandas frame{place}")
    if home == "polars" and hasattr(source, "collect"):
        source = source.collect()
    if isinstance(source, pa.RecordBatch):
        source = pa.Table.from_batches([source])
    if not hasattr(source, "__arrow_c_stream__"):
        raise EventError(
            "source must be a path, a folder, a pyarrow, pandas or polars table, or a list of these, "
            f"was {type(source).__name__}"
        )
    table = source if isinstance(source, pa.Table) else pa.table(source)
    names = tuple(table.column_names)
    title = {"pyarrow": "Arrow table", "polars": "polars frame"}.get(home, f"{home} table") + place
    return Source(title, names, lambda layout: table.select(_pick(layout, names)))


def _pandas(frame: Any, title: str) -> Source:
    names = tuple(str(c) for c in frame.columns)

    def load(layout: Layout) -> pa.Table:
        picked = _pick(layout, names)
        text = frame.attrs.get(INSTRUMENTS_KEY.decode())
        table = pa.table({c: _pandas_column(frame.iloc[:, names.index(c)], title, c) for c in picked})
        return table.replace_schema_metadata({INSTRUMENTS_KEY: text.encode()} if text else None)

    return Source(title, names, load)


def _pandas_column(series: Any, title: str, column: str) -> Any:
    try:
        # NaN in a NumPy column stays NaN, so that the error shows what the frame shows.
        plain = series.dtype.kind in "iufb" and isinstance(series.dtype, np.dtype)
        return pa.array(series.to_numpy()) if plain else pa.array(series, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError) as error:
        expected = str if column in _TEXTS else (int, float)
        for i, value in enumerate(_objects(series)):
            if value is not None and value == value and (isinstance(value, bool) or not isinstance(value, expected)):
                what = "text" if expected is str else "a number"
                raise EventError(
                    f"{title}: row {i} (0-based), column {column!r}: must be {what}, was {value!r}"
                ) from error
        raise EventError(f"{title}: column {column!r}: {error}") from error


def _objects(series: Any) -> Iterator[Any]:
    return iter(series.tolist())
