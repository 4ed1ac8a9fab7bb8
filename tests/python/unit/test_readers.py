from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import EventError
from hftcore.events import EventKind, Flag, Side

TAPE = Path(__file__).parents[2] / "data" / "tiny_tape"
T0 = 1_381_152_600_000_000_000


def trades(prices: list[float], symbol: str = "A", **columns: Any) -> pd.DataFrame:
    n = len(prices)
    base = {"ts_ns": T0 + np.arange(n), "symbol": symbol, "price": prices, "size": 1, "side": "B"}
    return pd.DataFrame(base | columns)


def quotes(bids: list[float], symbol: str = "A", spread: float = 0.01, **columns: Any) -> pd.DataFrame:
    n = len(bids)
    asks = np.round(np.array(bids) + spread, 6)
    base = {"ts_ns": T0 + np.arange(n), "symbol": symbol, "bid_px": bids, "bid_sz": 1, "ask_px": asks, "ask_sz": 1}
    return pd.DataFrame(base | columns)


def test_a_folder_is_merged_by_time_then_quotes_before_trades_then_file_name_then_row() -> None:
    events = hc.read_events(TAPE)
    kinds = "".join("TQ"[event.kind == EventKind.QUOTE] for event in events)
    assert kinds == "QQQTQQTTQT"
    at_4ms = events.select(start_ns=T0 + 4_000_000, end_ns=T0 + 4_000_001)
    assert at_4ms.data["bid_qty_lots"][:2].tolist() == [0, 100]  # quotes_1.csv, then quotes_2.csv
    assert events.data["source_seq"].tolist() == list(range(10))
    assert (events.data["ts_recv_ns"] == events.data["ts_event_ns"]).all()
    assert dict(events.counters) == {
        "trades": 4,
        "quotes": 6,
        "book_levels": 0,
        "controls": 0,
        "off_tick_rounded": 0,
        "off_tick_dropped": 0,
        "other_symbols": 0,
    }


def test_a_list_of_files_and_frames_merges_in_the_order_of_the_list() -> None:
    first, second = quotes([10.0]), quotes([11.0])
    assert hc.read_events([first, second]).data["bid_px_ticks"].tolist() == [1000, 1100]
    assert hc.read_events([second, first]).data["bid_px_ticks"].tolist() == [1100, 1000]


def test_other_files_in_a_folder_are_left_alone_and_named(tmp_path: Path) -> None:
    quotes([10.0]).to_csv(tmp_path / "q.csv", index=False)
    (tmp_path / "README.md").write_text("about")
    (tmp_path / "_SUCCESS").write_text("")
    (tmp_path / ".q.csv.crc").write_text("x")
    assert hc.read_events(tmp_path).notes[0] == "left alone: README.md"


def test_every_container_gives_the_same_events(tmp_path: Path) -> None:
    frame = quotes([10.0, 10.01, 10.02], suspicious=[False, True, False])
    arrow = pa.Table.from_pandas(frame)
    frame.to_parquet(tmp_path / "q.parquet")
    frame.to_csv(tmp_path / "q.csv", index=False)
    frame.to_csv(tmp_path / "q.csv.gz", index=False)
    feather.write_feather(arrow, tmp_path / "q.feather")
    feather.write_feather(arrow, tmp_path / "q.arrow", compression="uncompressed")
    expected = hc.read_events(frame)
    for name in ("q.parquet", "q.csv", "q.csv.gz", "q.feather", "q.arrow"):
        assert hc.read_events(tmp_path / name) == expected, name
    for table in (arrow, arrow.to_batches()[0], pl.from_pandas(frame), pl.from_pandas(frame).lazy()):
        assert hc.read_events(table) == expected
    assert hc.read_events(str(tmp_path / "q.csv")) == expected


def test_our_own_arrow_table_returns_the_same_events_and_instruments(tmp_path: Path) -> None:
    events = hc.read_events(TAPE)
    pq.write_table(events.to_arrow(), tmp_path / "events.parquet")
    assert hc.read_events(tmp_path / "events.parquet") == events
    later = events[4:]
    assert hc.read_events(later.to_arrow()) == later  # source_seq is kept
    assert hc.read_events(pl.from_arrow(events.to_arrow())).data.tobytes() == events.data.tobytes()
    events.to_pandas().to_csv(tmp_path / "events.csv", index=False)
    assert hc.read_events(tmp_path / "events.csv", instruments=events.instruments) == events


def test_our_own_table_refuses_another_tick_than_its_integers_mean() -> None:
    with pytest.raises(EventError, match=r"'AAA' has tick 0.001 and lot 1 in one table|'AAA' has tick 0.01"):
        hc.read_events(
            hc.read_events(TAPE).to_arrow(),
            instruments=[hc.Instrument.of("AAA", "0.001"), hc.Instrument.of("BBB", "0.05")],
        )


def test_book_level_rows_become_book_level_events() -> None:
    frame = pd.DataFrame(
        {
            "ts_ns": [T0, T0, T0, T0],
            "symbol": "BTC",
            "side": ["B", "A", "A", "B"],
            "price": [100.5, 100.6, 100.7, 100.4],
            "size": [0.25, 0.0, 1.0, 2.0],
            "last_update_id": [7, 7, 8, 8],
            "is_snapshot": [True, False, False, False],
        }
    )
    data = hc.read_events(frame).data
    assert data["kind"].tolist() == [EventKind.BOOK_LEVEL] * 4
    assert data["side"].tolist() == [Side.BUY, Side.SELL, Side.SELL, Side.BUY]
    assert data["flags"].tolist() == [Flag.SNAPSHOT, 0, Flag.UNFINISHED, 0], "two rows of one message"
    assert data["update_id"].tolist() == [7, 7, 8, 8]
    assert data["qty_lots"].tolist() == [25, 0, 100, 200]
    assert (hc.read_events(frame.drop(columns="last_update_id"), kind="book_level").data["update_id"] == 0).all()


def test_level_0_of_book_rows_becomes_a_quote_and_a_note() -> None:
    frame = quotes([10.0]).rename(columns=lambda c: f"{c}_0" if "_px" in c or "_sz" in c else c)
    events = hc.read_events(frame)
    assert events.data["ask_px_ticks"].tolist() == [1001]
    assert "level 0 of each book row read as a quote" in events.notes[0]


def test_kind_decides_where_the_columns_fit_two() -> None:
    both = quotes([10.0], price=10.0, size=1, side="B")
    with pytest.raises(EventError, match="columns of quotes and of trades; say which"):
        hc.read_events(both)
    assert hc.read_events(both, kind="trade").counters["trades"] == 1
    assert hc.read_events(both, kind="quote").counters["quotes"] == 1


def test_an_absent_side_has_price_and_quantity_zero() -> None:
    frame = quotes([10.0] * 4).astype({"bid_px": float, "bid_sz": float})
    frame["bid_px"] = [np.nan, 0.0, None, 10.0]
    frame["bid_sz"] = [0.0, 0.0, np.nan, 0.0]
    data = hc.read_events(frame).data
    assert data["bid_qty_lots"].tolist() == [0, 0, 0, 0]
    assert data["bid_px_ticks"].tolist() == [0, 0, 0, 1000]
    assert (data["ask_qty_lots"] > 0).all()


def test_quotes_without_sizes_need_a_default_size() -> None:
    frame = quotes([10.0, 10.02]).drop(columns=["bid_sz", "ask_sz"])
    with pytest.raises(EventError, match="quotes without sizes need default_size="):
        hc.read_events(frame)
    events = hc.read_events(frame, default_size=5)
    assert events.data["bid_qty_lots"].tolist() == [5, 5]
    assert "each side taken as 5" in events.notes[0]


def test_symbols_filters_rows_and_counts_the_others() -> None:
    events = hc.read_events([quotes([10.0], "A", ts_recv_ns=T0), trades([20.0, 21.0], "B")], symbols="B")
    assert events.instruments.symbols == ("B",)
    assert (len(events), events.counters["other_symbols"]) == (2, 1)
    with pytest.raises(EventError, match="no row has symbol 'C'"):
        hc.read_events(quotes([10.0]), symbols=["A", "C"])


def test_timestamps_floats32_decimals_and_dictionaries_convert_exactly() -> None:
    stamps = pd.to_datetime(pd.Series([T0, T0 + 1]), utc=True)
    plain = hc.read_events(trades([27.35, 27.36]))
    assert hc.read_events(trades([27.35, 27.36], ts_ns=stamps)) == plain
    assert hc.read_events(trades([27.35, 27.36], price=np.array([27.35, 27.36], np.float32))) == plain
    table = pa.Table.from_pandas(trades([27.35, 27.36]))
    decimal = pa.array(["27.35", "27.36"]).cast(pa.decimal128(10, 4))
    assert hc.read_events(table.set_column(2, "price", decimal)) == plain
    assert hc.read_events(table.set_column(1, "symbol", table["symbol"].dictionary_encode())) == plain


def test_receive_time_is_kept_where_there_is_one() -> None:
    data = hc.read_events(trades([10.0], ts_recv_ns=[T0 - 5])).data
    assert data["ts_recv_ns"].tolist() == [T0 - 5]


def test_a_ticker_named_na_is_a_ticker(tmp_path: Path) -> None:
    trades([10.0], "NA").to_csv(tmp_path / "t.csv", index=False)
    assert hc.read_events(tmp_path / "t.csv").instruments.symbols == ("NA",)


def test_whole_numbers_before_decimals_do_not_fix_the_type_of_a_csv_column(tmp_path: Path) -> None:
    n = 120_000  # more than the first block of the CSV reader
    frame = trades([10.0] * n + [10.25])
    frame["price"] = ["10"] * n + ["10.25"]
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert hc.read_events(tmp_path / "t.csv").data["px_ticks"][-1] == 1025


def test_progress_is_told_after_each_source() -> None:
    told: list[tuple[int, int]] = []
    hc.read_events([quotes([10.0]), trades([10.0])], progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


# Inference of instruments


@pytest.mark.parametrize(
    ("prices", "tick"),
    [
        ([27.35], "0.01"),  # one price says nothing of a nickel grid
        ([27.3, 27.35], "0.01"),
        ([10.0, 11.0], "1"),
        ([round(10 + 0.05 * i, 2) for i in range(30)], "0.05"),
        ([10 + 0.25 * i for i in range(30)], "0.25"),
        ([110 + i / 32 for i in range(40)], "0.03125"),
        ([round(1.36 + 0.00002 * i, 5) for i in range(30)], "0.00002"),
        ([round(10 + 0.03 * i, 2) for i in range(30)], "0.01"),  # no venue has a tick of 3 cents
        ([61837.1, 61836.4, 560.3], "0.1"),
    ],
)
def test_the_tick_is_the_coarsest_usual_step_of_all_prices(prices: list[float], tick: str) -> None:
    assert hc.read_events(trades(prices)).instruments[0].tick_text == tick


def test_a_lot_is_the_power_of_ten_that_the_sizes_need_and_at_most_one() -> None:
    assert hc.read_events(trades([10.0] * 2, size=[0.014, 3.0])).instruments[0].lot_text == "0.001"
    assert hc.read_events(trades([10.0] * 2, size=[100, 200])).instruments[0].lot_text == "1"


def test_inferred_instruments_are_recorded_and_read_another_day_alike() -> None:
    events = hc.read_events(trades([10.25, 12.5]))
    assert events.notes == ("inferred: A tick 0.01 (from all prices), lot 1",)
    assert events.instruments[0].max_px_ticks == 12501
    again = hc.InstrumentTable.from_json(events.instruments.to_json())
    assert hc.read_events(trades([10.0]), instruments=again).data["px_ticks"].tolist() == [1000]


BIDS = [round(10 + 0.01 * i, 2) for i in range(30)]


def test_quotes_define_the_tick_and_a_trade_between_ticks_is_an_error_by_default() -> None:
    with pytest.raises(EventError) as caught:
        hc.read_events([quotes(BIDS), trades([10.0, 10.005, 10.0049])])
    assert str(caught.value) == (
        "pandas frame 1: row 1 (0-based), column 'price': must be a multiple of A tick 0.01 (inferred), was 10.005; "
        "2 such trades here, off_tick='round' or 'drop' accepts them"
    )


def test_off_tick_trades_are_rounded_half_to_even_or_dropped_and_counted() -> None:
    sources = [quotes(BIDS), trades([10.0, 10.005, 10.015, 10.0049])]
    rounded = hc.read_events(sources, off_tick="round")
    is_trade = rounded.data["kind"] == EventKind.TRADE
    assert rounded.data["px_ticks"][is_trade].tolist() == [1000, 1000, 1002, 1000]
    assert rounded.counters["off_tick_rounded"] == 3
    assert "3 trades off the tick were rounded" in rounded.notes
    dropped = hc.read_events(sources, off_tick="drop")
    assert (len(dropped), dropped.counters["off_tick_dropped"], dropped.counters["trades"]) == (31, 3, 1)
    assert dropped.data["source_seq"].tolist() == list(range(31))


def test_off_tick_never_bends_a_quote() -> None:
    with pytest.raises(EventError, match=r"column 'bid_px': must be a multiple of A tick 0.01, was 10.005"):
        hc.read_events(quotes([10.005], spread=0.005), instruments=[hc.Instrument("A")], off_tick="round")


def test_few_quotes_do_not_define_the_tick_alone() -> None:
    assert hc.read_events([quotes([10.0], spread=1.0), trades([10.25])]).instruments[0].tick_text == "0.01"


def test_more_than_eight_decimals_are_no_grid() -> None:
    with pytest.raises(EventError, match=r"row 0 .*tick 0.00000001 \(inferred\), was 0.30000000000000004"):
        hc.read_events(trades([0.1 + 0.2]))
