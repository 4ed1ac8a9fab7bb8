"""What the reader makes of recorded markets: every row, every tick, and the prints that lie between ticks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import EventError
from hftcore.events import EventKind, Flag


def test_a_folder_of_us_equities_reads_whole(data_dir: Path) -> None:
    events = hc.read_events(data_dir / "us_equities_taq")
    assert (events.counters["quotes"], events.counters["trades"]) == (2_845_112, 1_684_116)
    assert [i.tick_text for i in events.instruments] == ["0.01"] * 4
    assert (np.diff(events.data["ts_event_ns"]) >= 0).all()
    suspicious = (events.data["flags"] & Flag.SUSPICIOUS) != 0
    assert int((suspicious & (events.data["kind"] == EventKind.QUOTE)).sum()) == 2
    frame = pq.read_table(data_dir / "us_equities_taq" / "quotes_20131007.parquet", columns=["bid_px", "ask_sz"])
    mine = events.data[events.data["kind"] == EventKind.QUOTE][: frame.num_rows]
    np.testing.assert_array_equal(mine["bid_px_ticks"] / 100, frame["bid_px"].to_numpy())
    np.testing.assert_array_equal(mine["ask_qty_lots"], frame["ask_sz"].to_numpy())


def test_a_folder_of_crypto_depth_quotes_and_trades_reads_whole(data_dir: Path) -> None:
    events = hc.read_events(data_dir / "binance_l2")
    assert (events.counters["book_levels"], events.counters["quotes"], events.counters["trades"]) == (
        2_552_651,
        335_931,
        78_638,
    )
    ticks = {i.symbol: (i.tick_text, i.lot_text) for i in events.instruments}
    assert ticks["BTCUSDT.USDM"] == ("0.1", "0.001")
    assert ticks["BTCUSDT.SPOT"] == ("0.01", "0.000001")


def test_hidden_midpoint_prints_are_off_the_tick_of_the_book(data_dir: Path) -> None:
    files = [data_dir / "lobster_nasdaq" / f"AAPL_20120621_{what}.parquet" for what in ("book_L1", "trades")]
    with pytest.raises(
        EventError, match=r"AAPL_20120621_trades.parquet: row 239 .*tick 0.01 \(inferred\), was 585.615"
    ):
        hc.read_events(files)
    assert hc.read_events(files, off_tick="round").counters["off_tick_rounded"] == 372


def test_dealer_quotes_without_sizes_read_with_a_default_size(data_dir: Path) -> None:
    events = hc.read_events(data_dir / "fx_quotes", default_size=1)
    assert len(events) == 532_903
    assert events.instruments[0].tick_text == "0.00001"
