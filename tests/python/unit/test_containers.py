"""Events of any container in, features in any container out, the same bytes, and no copy that is not told."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import hftcore as hc
from hftcore.errors import EventError, OutOfOrderError, ParameterError

pd = pytest.importorskip("pandas")
SPEC = hc.FeatureSpec("x", [hc.mid(), hc.rsi("mid_px", period=5), hc.vwap(window="1s")])
KINDS = ("events", "numpy", "arrow", "batch", "pandas", "polars")


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=20, rate=200, book_levels=1)


def as_kind(tape: hc.Events, kind: str) -> Any:
    table = tape.to_arrow()
    return {
        "events": lambda: tape,
        "numpy": lambda: tape.data,
        "arrow": lambda: table,
        "batch": lambda: table.combine_chunks().to_batches()[0],
        "pandas": tape.to_pandas,
        "polars": lambda: pl.from_arrow(table),
    }[kind]()


def bits(rows: Any) -> bytes:
    if not isinstance(rows, np.ndarray):
        rows = np.column_stack([np.asarray(rows[name]) for name in SPEC.names])
    return np.ascontiguousarray(rows).tobytes()


@pytest.mark.parametrize("output", ["numpy", "same", "arrow", "pandas", "polars"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_way_in_and_out_gives_the_same_bytes(kind: str, output: str, tape: hc.Events) -> None:
    plain = hc.FeaturePipeline(SPEC)
    expected = plain.transform(tape)
    given = as_kind(tape, kind)
    pipe = hc.FeaturePipeline(SPEC, tape.instruments)
    rows = pipe.transform(given, output=output)
    assert bits(rows) == expected.tobytes()
    assert pipe.rows.tolist() == plain.rows.tolist()
    named = {"numpy": np.ndarray, "arrow": pa.Table, "pandas": pd.DataFrame, "polars": pl.DataFrame}
    wanted = (np.ndarray if kind == "events" else type(given)) if output == "same" else named[output]
    assert type(rows) is wanted
    converted = kind not in ("events", "numpy")
    assert any("64" in text or "records" in text for text in pipe.copies) == converted
    assert any("into columns" in text for text in pipe.copies) == (wanted not in (np.ndarray, pd.DataFrame))


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_copied_where_that_is_forbidden(kind: str, tape: hc.Events) -> None:
    given = as_kind(tape, kind)
    pipe = hc.FeaturePipeline(SPEC, tape.instruments)
    if kind in ("events", "numpy"):
        frame = pipe.transform(given, output="pandas", copy=False)
        assert pipe.copies == ()
        assert np.shares_memory(frame.to_numpy(), frame["mid"].to_numpy())
    else:
        with pytest.raises(EventError, match=r"copy=False: the columns of an? .* become records by a copy"):
            pipe.transform(given, copy=False)
    for output in ("arrow", "polars"):
        with pytest.raises(ParameterError, match="copy=False: rows become the columns of"):
            pipe.transform(given, output=output, copy=False)


def test_an_array_is_read_in_place_or_refused(tape: hc.Events) -> None:
    odd = np.empty(64 * (len(tape) + 1), np.uint8)
    at = -odd.ctypes.data % 64 + 8
    crooked = odd[at : at + 64 * (len(tape))].view(hc.EVENT_DTYPE) if at + 64 * len(tape) <= len(odd) else None
    assert crooked is not None
    crooked[:] = tape.data
    expected = hc.FeaturePipeline(SPEC).transform(tape)
    pipe = hc.FeaturePipeline(SPEC, tape.instruments)
    with pytest.raises(EventError, match="does not begin at a multiple of 64 bytes"):
        pipe.transform(crooked)
    with pytest.raises(EventError, match="is not contiguous"):
        pipe.transform(tape.data[::2])
    assert pipe.transform(crooked, copy=True).tobytes() == expected.tobytes()
    assert "does not begin at a multiple of 64 bytes" in pipe.copies[0]


def test_batches_of_a_table_go_on_from_each_other(tape: hc.Events) -> None:
    table, pipe = tape.to_arrow(), hc.FeaturePipeline(SPEC)
    parts = [pipe.transform(table[a : a + 700]) for a in range(0, len(table), 700)]
    assert np.concatenate(parts).tobytes() == hc.FeaturePipeline(SPEC).transform(tape).tobytes()
    assert pipe.transform(table[:0]).shape == (0, 3)


def test_a_pandas_frame_keeps_its_index(tape: hc.Events) -> None:
    frame = tape.to_pandas().set_index(np.arange(len(tape)) * 10 + 5)
    pipe = hc.FeaturePipeline(SPEC)
    rows = pipe.transform(frame, output="same")
    assert rows.index.tolist() == (pipe.rows * 10 + 5).tolist()
    assert pipe.transform(tape[:0], output="pandas").empty


def test_quotes_by_themselves_need_instruments(tape: hc.Events) -> None:
    quotes = tape[tape.data["kind"] == 2]
    plain = quotes.to_pandas()[["ts_event_ns", "symbol", "bid_px", "bid_qty", "ask_px", "ask_qty"]]
    plain.attrs.clear()  # the instruments that to_pandas gave it
    plain.columns = ["ts_ns", "symbol", "bid_px", "bid_sz", "ask_px", "ask_sz"]
    expected = hc.FeaturePipeline(SPEC).transform(quotes)
    assert hc.FeaturePipeline(SPEC, tape.instruments).transform(plain).tobytes() == expected.tobytes()
    with pytest.raises(EventError, match="a pandas frame does not say what its prices and quantities are multiples of"):
        hc.FeaturePipeline(SPEC).transform(plain)
    with pytest.raises(EventError, match="symbol_id"):
        hc.FeaturePipeline(SPEC).transform(tape.data)


@pytest.mark.parametrize("wrong", [[1, 2], "tape.parquet", np.zeros(3), pl.LazyFrame({"a": [1]}), None])
def test_what_is_no_container_of_events_is_named(wrong: Any, tape: hc.Events) -> None:
    with pytest.raises(EventError, match=r"events must be .*was "):
        hc.FeaturePipeline(SPEC, tape.instruments).transform(wrong)


def test_wrong_cells_and_outputs_are_named_and_nothing_is_taken_in(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(SPEC, tape.instruments)
    with pytest.raises(ParameterError, match="output must be one of numpy, arrow, pandas, polars, same, was 'panda'"):
        pipe.transform(tape, output="panda")
    frame = tape.to_pandas()
    frame.loc[frame.index[7], "symbol"] = None
    with pytest.raises(EventError, match=r"row 7 .*symbol"):
        pipe.transform(frame)
    pipe.transform(tape.to_arrow())
    with pytest.raises(OutOfOrderError, match="older than the symbol's last event"):
        pipe.transform(tape.to_arrow())
    other = hc.generate(seed=3, symbols=["CCC"], seconds=1, rate=50)
    with pytest.raises(EventError, match="CCC"):
        pipe.transform(other.to_arrow())
