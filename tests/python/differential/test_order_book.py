"""The order book against what exchanges say: Binance's best bid and ask, Nasdaq's ten levels; and the generator."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore.events import EventKind

from .recorded_books import (
    COMMON_IDS,
    at_common_ids,
    binance_levels,
    integers,
    nasdaq_day,
    read,
    snapshot_first,
    steps_of,
)


@pytest.mark.parametrize("stem", COMMON_IDS)
def test_binance_agrees_at_every_common_update_id(data_dir: Path, stem: str) -> None:
    levels, quotes = binance_levels(data_dir, stem), read(data_dir, stem, "quotes")
    instrument = levels.instruments[0]
    book = hc.OrderBook(instrument, capacity=16_384)
    tops = book.tops(levels)
    assert book.valid
    assert book.counters["gaps"] == book.counters["overflows"] == 0

    # The book after the last level of each message, by id.
    events, rows = at_common_ids(levels, quotes)
    theirs = [
        integers(quotes[name], instrument.tick if name.endswith("px") else instrument.lot)
        for name in ("bid_px", "bid_sz", "ask_px", "ask_sz")
    ]
    np.testing.assert_array_equal(tops[events], np.column_stack(theirs)[rows])
    assert len(rows) == COMMON_IDS[stem]
    behind = np.flatnonzero((levels.data["flags"] == 0) & (levels.data["update_id"] > levels.data["update_id"][0]))
    ends = behind[np.append(np.diff(levels.data["update_id"][behind]) > 0, True)]
    assert (tops[ends, 0] < tops[ends, 2]).all(), "never crossed, never locked"


@pytest.mark.parametrize("stem", ["btcusdt_spot", "ethusd_perp_coinm"])
def test_ids_of_messages_join_and_one_left_out_is_seen(data_dir: Path, stem: str) -> None:
    instrument = steps_of(data_dir, stem)
    levels = snapshot_first(read(data_dir, stem, "l2")).slice(0, 40_000)
    side = levels["side"].to_numpy() == "B"
    rows = np.column_stack([integers(levels["price"], instrument.tick), integers(levels["size"], instrument.lot)])
    last, first = levels["last_update_id"].to_numpy(), levels["first_update_id"].to_numpy()
    previous = levels["prev_update_id"].to_numpy(zero_copy_only=False).astype(float)
    begins = np.append(np.flatnonzero(np.append(True, last[1:] != last[:-1])), len(last))

    def feed(leave_out: int) -> hc.OrderBook:
        book = hc.OrderBook(instrument)
        for k, (a, b) in enumerate(itertools.pairwise(begins)):
            bids, asks = rows[a:b][side[a:b]], rows[a:b][~side[a:b]]
            if k == 0:
                assert book.snapshot(int(last[a]), bids, asks)
            elif k != leave_out:
                before = first[a] - 1 if np.isnan(previous[a]) else int(previous[a])
                book.update(int(before), int(last[a]), bids, asks)
        return book

    whole = feed(-1)
    assert whole.valid
    assert whole.counters["gaps"] == 0
    assert whole.counters["stale"] > 0, "messages that the snapshot holds already"
    torn = feed(len(begins) - 20)
    assert torn.status == "lost"
    assert torn.counters["gaps"] == 1
    assert np.isnan(torn.best.bid_px)


def test_the_ten_levels_of_nasdaq_follow_from_its_messages(data_dir: Path) -> None:
    day = nasdaq_day(data_dir)
    data, px, qty, numbers_of = day.changes.data, day.px, day.qty, day.message
    n, depth = len(day.ts_ns), 10
    instrument = day.changes.instruments[0]
    book = hc.OrderBook(instrument)
    assert book.snapshot(0, day.first("bid"), day.first("ask"))
    checked = np.append(np.arange(499, n, 500), n - 1)
    begin = 0
    ends = np.searchsorted(numbers_of, checked, "right")
    for row, end in zip(checked, ends, strict=True):
        tops = book.tops(hc.Events(data[begin:end], [instrument]))
        numbers = numbers_of[begin:end]
        last = np.append(numbers[1:] != numbers[:-1], True)[: len(numbers)]
        of = numbers[last]
        expected = np.column_stack([px["bid"][of, 0], qty["bid"][of, 0], px["ask"][of, 0], qty["ask"][of, 0]])
        np.testing.assert_array_equal(tops[last], expected)
        levels = book.levels_ticks(depth)
        np.testing.assert_array_equal(levels.bids, np.column_stack([px["bid"][row], qty["bid"][row]]))
        np.testing.assert_array_equal(levels.asks, np.column_stack([px["ask"][row], qty["ask"][row]]))
        begin = end
    assert n > 100_000


def test_the_generators_levels_give_the_generators_quotes() -> None:
    events = hc.generate(seed=6, symbols=["AAA", "BBB"], seconds=60, rate=400, book_levels=5)
    for i, instrument in enumerate(events.instruments):
        tops = hc.OrderBook(instrument).tops(events)
        quotes = np.flatnonzero((events.data["kind"] == EventKind.QUOTE) & (events.data["symbol_id"] == i))[1:]
        mine = events.data[quotes]
        expected = [mine[name] for name in ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")]
        assert len(quotes) > 1000
        np.testing.assert_array_equal(tops[quotes], np.column_stack(expected))
