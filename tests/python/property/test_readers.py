"""Any valid frame reads the same from every container, exactly; any single bad cell is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore.errors import EventError

T0 = 1_381_152_600_000_000_000
SYMBOLS = ["AAA", "BBB", "NA"]
DENS = [1, 2, 8, 20, 100, 1000, 10**5, 10**8]


def parquet(frame: pd.DataFrame, folder: Path) -> Any:
    frame.to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def csv(frame: pd.DataFrame, folder: Path) -> Any:
    frame.to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def arrow_file(frame: pd.DataFrame, folder: Path) -> Any:
    feather.write_feather(pa.Table.from_pandas(frame, preserve_index=False), folder / "t.arrow")
    return folder / "t.arrow"


CONTAINERS: dict[str, Callable[[pd.DataFrame, Path], Any]] = {
    "parquet": parquet,
    "csv": csv,
    "arrow file": arrow_file,
    "arrow": lambda frame, _: pa.Table.from_pandas(frame),
    "polars": lambda frame, _: pl.from_pandas(frame),
    "pandas": lambda frame, _: frame,
}


@st.composite
def instruments(draw: st.DrawFn) -> hc.InstrumentTable:
    dens = st.sampled_from(DENS)
    return hc.InstrumentTable(
        hc.Instrument(s, (draw(st.sampled_from([1, 5])), draw(dens)), (1, draw(dens)), 1, 10**9) for s in SYMBOLS
    )


Steps = tuple[np.ndarray[Any, np.dtype[np.int64]], ...]


@st.composite
def tapes(draw: st.DrawFn) -> tuple[hc.InstrumentTable, pd.DataFrame, list[Any], list[Any]]:
    """A frame of quotes, with the ticks and lots that it was made of."""
    table = draw(instruments())
    n = draw(st.integers(2, 12))
    ids = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    gaps = draw(st.lists(st.integers(0, 10**12), min_size=n, max_size=n))
    ticks = [draw(st.lists(st.integers(1, 10**9), min_size=n, max_size=n)) for _ in range(2)]
    lots = [draw(st.lists(st.integers(1, 10**12), min_size=n, max_size=n)) for _ in range(2)]
    px = [[t * table[i].tick[0] / table[i].tick[1] for t, i in zip(side, ids, strict=True)] for side in ticks]
    qty = [[x / table[i].lot[1] for x, i in zip(side, ids, strict=True)] for side in lots]
    frame = pd.DataFrame(
        {
            "ts_ns": T0 + np.cumsum(gaps),
            "symbol": [SYMBOLS[i] for i in ids],
            "bid_px": px[0],
            "bid_sz": qty[0],
            "ask_px": px[1],
            "ask_sz": qty[1],
        }
    )
    return table, frame, ticks, lots


@pytest.mark.parametrize("container", CONTAINERS)
@settings(max_examples=30, deadline=None)
@given(tape=tapes())
def test_every_container_gives_exactly_the_integers_that_made_the_frame(
    tmp_path_factory: pytest.TempPathFactory, container: str, tape: Any
) -> None:
    table, frame, ticks, lots = tape
    events = hc.read_events(CONTAINERS[container](frame, tmp_path_factory.mktemp("t")), instruments=table)
    assert events.data["bid_px_ticks"].tolist() == ticks[0]
    assert events.data["ask_px_ticks"].tolist() == ticks[1]
    assert events.data["bid_qty_lots"].tolist() == lots[0]
    assert events.data["ask_qty_lots"].tolist() == lots[1]
    assert events.data["ts_event_ns"].tolist() == frame["ts_ns"].tolist()
    assert [event.symbol for event in events] == frame["symbol"].tolist()


@settings(max_examples=60, deadline=None)
@given(tape=tapes())
def test_inferred_steps_give_back_every_price_to_the_bit(tape: Any) -> None:
    _, frame, _, _ = tape
    shown = hc.read_events(frame).to_arrow()
    for ours, theirs in (("bid_px", "bid_px"), ("ask_px", "ask_px"), ("bid_qty", "bid_sz"), ("ask_qty", "ask_sz")):
        assert shown[ours].to_pylist() == frame[theirs].tolist()


@settings(max_examples=60, deadline=None)
@given(tape=tapes())
def test_our_own_table_returns_the_same_events(tape: Any) -> None:
    table, frame, _, _ = tape
    events = hc.read_events(frame, instruments=table)
    assert hc.read_events(events.to_arrow()) == events
    assert hc.read_events(events.to_pandas()) == events


BAD_NUMBERS = [float("inf"), float("-inf"), -1.0, "abc"]
BAD_CELLS = {
    "ts_ns": [-1, 2**62, "abc", None],
    "symbol": ["", None, " ", "ZZZ"],
    "bid_px": [*BAD_NUMBERS, float("nan"), 0.0, None],
    "bid_sz": [*BAD_NUMBERS, float("nan"), None],
    "ask_px": [*BAD_NUMBERS, float("nan"), 0.0, None],
    "ask_sz": [*BAD_NUMBERS, float("nan"), None],
}


@pytest.mark.parametrize("container", CONTAINERS)
@settings(max_examples=60, deadline=None)
@given(tape=tapes(), column=st.sampled_from(sorted(BAD_CELLS)), data=st.data())
def test_a_single_bad_cell_is_always_reported_with_its_row_and_column(
    tmp_path_factory: pytest.TempPathFactory, container: str, tape: Any, column: str, data: st.DataObject
) -> None:
    table, frame, _, _ = tape
    row = data.draw(st.integers(0, len(frame) - 1))
    bad = data.draw(st.sampled_from(BAD_CELLS[column]))
    if container != "csv" and container != "pandas" and isinstance(bad, str) and column != "symbol":
        bad = None  # a typed container cannot hold text in one cell of a number column
    cells = frame[column].astype(object).tolist()
    cells[row] = bad
    dtype = object if isinstance(bad, str) or column in ("symbol", "ts_ns") else "float64"
    broken = frame.assign(**{column: pd.Series(cells, dtype=dtype)})
    with pytest.raises(EventError) as caught:
        hc.read_events(CONTAINERS[container](broken, tmp_path_factory.mktemp("t")), instruments=table)
    assert f"row {row} (0-based), column '{column}'" in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(tape=tapes(), data=st.data())
def test_a_price_between_ticks_is_always_reported(tape: Any, data: st.DataObject) -> None:
    table, frame, _, _ = tape
    row = data.draw(st.integers(0, len(frame) - 1))
    column = data.draw(st.sampled_from(["bid_px", "ask_px"]))
    tick = float(table[table.index(frame["symbol"][row])].tick_size)
    frame.loc[row, column] += data.draw(st.floats(0.01, 0.99)) * tick
    with pytest.raises(EventError) as caught:
        hc.read_events(frame, instruments=table)
    assert f"row {row} (0-based), column '{column}'" in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(tape=tapes(), data=st.data())
def test_time_that_steps_back_is_always_reported(tape: Any, data: st.DataObject) -> None:
    table, frame, _, _ = tape
    row = data.draw(st.integers(1, len(frame) - 1))
    before = int(frame["ts_ns"][row - 1])
    frame.loc[row, "ts_ns"] = before - data.draw(st.integers(1, 10**15))
    with pytest.raises(EventError, match=rf"row {row} \(0-based\).*was {before} in row {row - 1}"):
        hc.read_events(frame, instruments=table)


@settings(max_examples=40, deadline=None)
@given(tape=tapes(), data=st.data())
def test_a_stream_cut_into_sources_merges_back_to_the_same_events(tape: Any, data: st.DataObject) -> None:
    table, frame, _, _ = tape
    cut = data.draw(st.integers(1, len(frame) - 1))
    whole = hc.read_events(frame, instruments=table)
    assert hc.read_events([frame[:cut], frame[cut:]], instruments=table) == whole


TAPE = Path(__file__).parents[2] / "data" / "tiny_tape"


@settings(max_examples=200, deadline=None)
@given(
    container=st.sampled_from(["csv", "parquet", "arrow"]),
    hits=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 8)), min_size=1, max_size=4),
)
def test_a_damaged_file_is_an_error_or_still_events_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, container: str, hits: list[tuple[float, bytes, int]]
) -> None:
    path = tmp_path_factory.mktemp("t") / f"t.{container}"
    if container == "csv":
        path.write_bytes((TAPE / "trades.csv").read_bytes())
    elif container == "parquet":
        pq.write_table(hc.read_events(TAPE).to_arrow(), path)
    else:
        feather.write_feather(hc.read_events(TAPE).to_arrow(), path)
    raw = bytearray(path.read_bytes())
    for where, new, n_old in hits:
        at = int(where * len(raw))
        raw[at : at + n_old] = new
    path.write_bytes(raw)
    try:
        assert len(hc.read_events(path)) > 0
    except EventError as error:
        assert path.name in str(error)  # noqa: PT017
