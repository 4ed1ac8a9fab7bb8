"""Every way in which rows can be wrong is an EventError with source, row and value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import EventError

T0 = 1_381_152_600_000_000_000
INSTRUMENTS = [hc.Instrument("A", (1, 100), (1, 1), 100, 5000)]
N, ROW = 20, 17

TRADES: dict[str, list[Any]] = {
    "ts_ns": [T0 + i for i in range(N)],
    "symbol": ["A"] * N,
    "price": [10.0 + i for i in range(N)],
    "size": [100 + i for i in range(N)],
    "side": ["B", "S"] * (N // 2),
}
QUOTES: dict[str, list[Any]] = {
    "ts_ns": [T0 + i for i in range(N)],
    "symbol": ["A"] * N,
    "bid_px": [10.0 + i for i in range(N)],
    "bid_sz": [100.0] * N,
    "ask_px": [10.5 + i for i in range(N)],
    "ask_sz": [200.0] * N,
}
LEVELS: dict[str, list[Any]] = TRADES | {"side": ["B", "A"] * (N // 2), "last_update_id": list(range(N))}


def with_cell(columns: dict[str, list[Any]], column: str, value: Any) -> dict[str, list[Any]]:
    cells = list(columns[column])
    cells[ROW] = value
    return columns | {column: cells}


def message(source: Any, **options: Any) -> str:
    with pytest.raises(EventError) as caught:
        hc.read_events(source, **options)
    return str(caught.value)


PRICE = "must be a finite number > 0"
SIZE = "must be a finite number >= 0"
CELLS = [
    (TRADES, "price", None, PRICE, "nan"),
    (TRADES, "price", float("inf"), PRICE, "inf"),
    (TRADES, "price", 0.0, PRICE, "0.0"),
    (TRADES, "price", -27.0, PRICE, "-27.0"),
    (TRADES, "price", 27.005, "must be a multiple of A tick 0.01", "27.005"),
    (TRADES, "price", 0.5, "must be within the bounds of A, 100 to 5000 ticks of 0.01", "0.5"),
    (TRADES, "price", 51.0, "must be within the bounds of A", "51.0"),
    (TRADES, "size", -117, SIZE, "-117"),
    (TRADES, "size", None, SIZE, "nan"),
    (TRADES, "size", 0.5, "must be a multiple of A lot 1", "0.5"),
    (TRADES, "side", "X", "must be 'B', 'S' or null", "'X'"),
    (TRADES, "side", "buy", "must be 'B', 'S' or null", "'buy'"),
    (TRADES, "symbol", None, "must not be empty", "null"),
    (TRADES, "symbol", "", "must not be empty", "''"),
    (TRADES, "symbol", "  ", "must not be empty", "'  '"),
    (TRADES, "symbol", "A B", "must be printable ASCII", "'A B'"),
    (TRADES, "symbol", "ZZZ", "must have an instrument (given: A)", "'ZZZ'"),
    (TRADES, "ts_ns", -5, "not negative", "-5"),
    (TRADES, "ts_ns", 2**62, "before 2116", str(2**62)),
    (TRADES, "ts_ns", T0 + 3, f"time must not decrease, was {T0 + 16} in row 16", str(T0 + 3)),
    (QUOTES, "bid_px", None, PRICE, "nan"),
    (QUOTES, "ask_px", 0.0, PRICE, "0.0"),
    (QUOTES, "ask_px", -1.0, PRICE, "-1.0"),
    (QUOTES, "bid_sz", -100.0, SIZE, "-100.0"),
    (QUOTES, "ask_sz", None, SIZE, "nan"),
    (QUOTES, "ask_sz", float("inf"), SIZE, "inf"),
    (QUOTES, "ask_px", 27.505, "must be a multiple of A tick 0.01", "27.505"),
    (LEVELS, "side", None, "must be 'B', 'A'", "null"),
    (LEVELS, "side", "S", "must be 'B', 'A'", "'S'"),
    (LEVELS, "price", 27.005, "must be a multiple of A tick 0.01", "27.005"),
    (LEVELS, "size", -1, SIZE, "-1"),
]


@pytest.mark.parametrize(("columns", "column", "value", "rule", "shown"), CELLS)
def test_a_bad_cell_is_named_by_row_column_rule_and_value(
    columns: dict[str, list[Any]], column: str, value: Any, rule: str, shown: str
) -> None:
    text = message(pd.DataFrame(with_cell(columns, column, value)), instruments=INSTRUMENTS)
    assert text.startswith(f"pandas frame: row {ROW} (0-based), column '{column}': ")
    assert rule in text
    assert f", was {shown}" in text


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize(
    ("column", "value", "shown"), [("price", float("nan"), "nan"), ("size", -7, "-7"), ("ts_ns", T0, str(T0))]
)
def test_the_file_is_named_first(tmp_path: Path, suffix: str, column: str, value: Any, shown: str) -> None:
    frame = pd.DataFrame(with_cell(TRADES, column, value))
    path = tmp_path / f"tape{suffix}"
    if suffix == ".csv":
        frame.to_csv(path, index=False, na_rep="NaN")
    else:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None), path)
    text = message(path)
    assert text.startswith(f"tape{suffix}: row {ROW} (0-based), column '{column}': ")
    assert text.endswith((shown, f"{shown}.0", "null"))
    in_folder = message(tmp_path)
    assert in_folder.startswith(f"{tmp_path.name}/tape{suffix}: row {ROW}")


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("price", "abc", "must be a number, was 'abc'"),
        ("size", "12x", "must be a number, was '12x'"),
        ("ts_ns", "2013-10-07", "must be an integer (int64), was '2013-10-07'"),
        ("ts_ns", "1.5", "must be an integer (int64), was '1.5'"),
        ("ts_ns", "", "must be an integer, was null"),
        ("price", "", "must be a finite number > 0, was null"),
        ("symbol", "", "must not be empty, was null"),
    ],
)
def test_text_where_a_csv_needs_a_number_is_found_by_row(tmp_path: Path, column: str, value: str, rule: str) -> None:
    path = tmp_path / "tape.csv"
    pd.DataFrame(with_cell(TRADES, column, value)).to_csv(path, index=False)
    assert message(path) == f"tape.csv: row {ROW} (0-based), column '{column}': {rule}"


def test_text_in_a_number_column_of_a_frame_is_found_by_row() -> None:
    frame = pd.DataFrame(with_cell(TRADES, "price", "abc"))
    assert message(frame) == f"pandas frame: row {ROW} (0-based), column 'price': must be a number, was 'abc'"
    text = message([pd.DataFrame(TRADES), frame])
    assert text == f"pandas frame 1: row {ROW} (0-based), column 'price': must be a number, was 'abc'"
    texts = TRADES | {"price": [str(p) for p in TRADES["price"]]}
    assert "must be a number, the column is" in message(pl.DataFrame(texts))
    assert message(pl.DataFrame(texts)).endswith("view, was '10.0'")
    texts["price"][ROW] = "abc"
    assert f"row {ROW} (0-based), column 'price'" in message(pl.DataFrame(texts))


@pytest.mark.parametrize(
    ("column", "cells", "words"),
    [
        ("ts_ns", [float(T0)] * N, "must be int64, the column is double"),
        ("ts_ns", [T0 + 0.5, *[None] * (N - 1)], "row 1 (0-based), column 'ts_ns': must be an integer, was"),
        ("ts_ns", [None] * N, "row 0 (0-based), column 'ts_ns': must be an integer, was null"),
        ("symbol", [7] * N, "must be text, the column is int64, was 7"),
        ("side", [1] * N, "must be text, the column is int64, was 1"),
        ("price", [True] * N, "must be a number, the column is bool, was True"),
        ("price", [None] * N, "row 0 (0-based), column 'price': must be a finite number > 0, was null"),
        ("ts_ns", [1_381_152_600 + i for i in range(N)], "these look like seconds, was 1381152600"),
        ("ts_ns", [1_381_152_600_000 + i for i in range(N)], "these look like milliseconds"),
        ("ts_ns", [1_381_152_600_000_000 + i for i in range(N)], "these look like microseconds"),
    ],
)
def test_a_column_of_the_wrong_type_or_unit_is_named(column: str, cells: list[Any], words: str) -> None:
    assert words in message(pa.table(TRADES | {column: cells}))


def test_a_flag_column_must_be_true_or_false() -> None:
    assert "must be true or false, was 2" in message(pa.table(TRADES | {"suspicious": [2] * N}))
    assert "must be true or false, the column is string" in message(pa.table(TRADES | {"suspicious": ["no"] * N}))


def test_missing_columns_say_which_kinds_were_tried_and_what_each_lacks() -> None:
    frame = pd.DataFrame(TRADES).drop(columns="side").rename(columns={"price": "px"})
    text = message(frame)
    assert "columns fit no kind of event: trade lacks price, side; " in text
    assert "quote lacks bid_px, ask_px, bid_sz, ask_sz" in text
    assert text.endswith("found ts_ns, symbol, px, size")
    assert "trade lacks price, side; found" in message(frame, kind="trade")


def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ts_ns,symbol,price,size,side,price\n")
    assert "column 'price' occurs more than once" in message(path)
    frame = pd.concat([pd.DataFrame(TRADES), pd.DataFrame({"price": [1.0] * N})], axis=1)
    assert "column 'price' occurs more than once" in message(frame)


def test_what_holds_nothing_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    assert "no file to read" in message(folder)
    assert "the folder holds nothing" in message(folder)
    (folder / "notes.txt").write_text("x")
    assert "the folder holds notes.txt" in message(folder)
    nothing = tmp_path / "t.csv"
    nothing.write_text("")
    assert message(nothing) == "t.csv: the file is empty (0 bytes)"
    nothing.write_text("ts_ns,symbol,price,size,side\n")
    assert message(nothing) == "t.csv: holds no rows"
    assert message(pd.DataFrame(TRADES).iloc[:0]) == "pandas frame: holds no rows"
    assert "empty list" in message([])


def test_files_that_are_not_what_their_suffix_says_are_an_error(tmp_path: Path) -> None:
    assert "no such file or folder" in message(tmp_path / "missing.csv")
    (tmp_path / "t.xlsx").write_text("x")
    assert message(tmp_path / "t.xlsx").startswith("t.xlsx: unknown suffix '.xlsx', expected one of .parquet")
    for suffix in (".parquet", ".arrow", ".feather", ".csv.gz"):
        (tmp_path / f"t{suffix}").write_text("this is neither")
        assert message(tmp_path / f"t{suffix}").startswith(f"t{suffix}: cannot be read: ")
    (tmp_path / "t.csv").write_text("ts_ns,symbol,price,size,side\n1,A,1.0\n")
    assert "t.csv: cannot be read: CSV parse error: Expected 5 columns, got 3" in message(tmp_path / "t.csv")


@pytest.mark.parametrize("source", [3, None, {"ts_ns": [1]}, np.zeros(3)])
def test_what_is_no_table_is_an_error(source: Any) -> None:
    assert f"was {type(source).__name__}" in message(source)


def test_options_are_checked_before_anything_is_read() -> None:
    frame = pd.DataFrame(TRADES)
    assert "off_tick must be one of error, round, drop, was 'keep'" in message(frame, off_tick="keep")
    assert "default_size must be a finite number > 0, was 0" in message(frame, default_size=0)
    assert "kind must be one of" in message(frame, kind="tick")
    assert "symbol 'A' occurs twice" in message(frame, instruments=[*INSTRUMENTS, *INSTRUMENTS])


def test_rows_of_other_symbols_do_not_shift_row_numbers() -> None:
    columns = with_cell(TRADES, "price", -1.0) | {"symbol": ["B", "A"] * (N // 2)}
    assert f"row {ROW} (0-based), column 'price'" in message(pd.DataFrame(columns), symbols="A")


def own_table() -> pa.Table:
    return hc.read_events([pd.DataFrame(TRADES), pd.DataFrame(QUOTES)], instruments=INSTRUMENTS).to_arrow()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("kind", "order", "must be 'trade', 'quote', 'book_level', 'control', was 'order'"),
        ("source_seq", 3, "must rise, was 16 in row 16, was 3"),
        ("ts_event_ns", T0, f"time must not decrease within a symbol, was {T0 + 8} in row 16, was {T0}"),
        ("flags", 64, "must be a sum of 1, 2, 4, 8 and 32, was 64"),
        ("px_ticks", 9_999_999, "must be within the bounds of A"),
        ("px_ticks", None, "must be an integer, was null"),
        ("qty_lots", -1, "must not be negative, was -1"),
        ("symbol", "ZZZ", "must be in the table's own instruments, was 'ZZZ'"),
        ("side", "A", "must be 'B', 'S' or null, was 'A'"),
    ],
)
def test_a_bad_cell_of_our_own_table_is_named_too(column: str, value: Any, rule: str) -> None:
    table = own_table()
    cells = table[column].to_pylist()
    assert table["kind"][ROW].as_py() == "trade"
    cells[ROW] = value
    kind = table.schema.field(column).type
    kind = pa.string() if pa.types.is_dictionary(kind) else kind
    bad = table.set_column(table.column_names.index(column), column, pa.array(cells, kind))
    text = message(bad)
    assert text.startswith(f"Arrow table: row {ROW} (0-based), column '{column}': ")
    assert rule in text


def test_damaged_instruments_in_our_own_table_are_an_error() -> None:
    table = own_table().replace_schema_metadata({b"hftcore.instruments": b"[{}]"})
    assert "instruments[0]" in message(table)
