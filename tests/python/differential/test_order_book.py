"""The order book against what exchanges say: Binance's best bid and ask, Nasdaq's ten levels; and the generator."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.events import EventKind, Flag

# Update ids that the feed of the best bid and ask and that of depth have in common, after the first snapshot.
COMMON_IDS = {
    "btcusdt_spot": 1072,
    "ethusdt_spot": 1056,
    "btcusdt_usdm": 629,
    "ethusdt_usdm": 551,
    "btcusd_perp_coinm": 1885,
    "ethusd_perp_coinm": 2278,
}


def read(data_dir: Path, stem: str, kind: str) -> pa.Table:
    """Both days of one file."""
    return pa.concat_tables(
        [pq.read_table(path) for path in sorted((data_dir / "binance_l2").glob(f"{stem}_2024080?_{kind}.parquet"))]
    )


def snapshot_first(levels: pa.Table) -> pa.Table:
    """As a client arranges them: what came before the snapshot waits for it."""
    is_snapshot = levels["is_snapshot"].to_numpy()
    return levels.take(np.concatenate([np.flatnonzero(is_snapshot), np.flatnonzero(~is_snapshot)]))


def integers(column: pa.ChunkedArray, step: tuple[int, int]) -> np.ndarray:
    values = column.to_numpy()
    whole = np.rint(values * step[1] / step[0]).astype(np.int64)
    np.testing.assert_array_equal(whole * step[0] / step[1], values)
    return whole


def steps_of(data_dir: Path, stem: str) -> hc.Instrument:
    quotes = [str(p) for p in sorted((data_dir / "binance_l2").glob(f"{stem}_2024080?_l2.parquet"))]
    tables = [pq.read_table(path) for path in quotes]
    events = hc.read_events(pa.concat_tables(tables), kind="book_level")
    return events.instruments[0]


@pytest.mark.parametrize("stem", COMMON_IDS)
def test_binance_agrees_at_every_common_update_id(data_dir: Path, stem: str) -> None:
    instrument = steps_of(data_dir, stem)
    levels, quotes = snapshot_first(read(data_dir, stem, "l2")), read(data_dir, stem, "quotes")
    data = np.zeros(len(levels), hc.EVENT_DTYPE)
    data["kind"] = EventKind.BOOK_LEVEL
    data["side"] = np.where(levels["side"].to_numpy() == "B", 1, 2)
    data["px_ticks"] = integers(levels["price"], instrument.tick)
    data["qty_lots"] = integers(levels["size"], instrument.lot)
    data["update_id"] = levels["last_update_id"].to_numpy()
    data["flags"] = np.where(levels["is_snapshot"].to_numpy(), Flag.SNAPSHOT, 0)
    book = hc.OrderBook(instrument, capacity=16_384)
    tops = book.tops(hc.Events(data, [instrument]))
    assert book.valid
    assert book.counters["gaps"] == book.counters["overflows"] == 0

    # The book after the last level of each message, by id; those that the snapshot held already show no message's book.
    held = np.flatnonzero((data["update_id"] > data["update_id"][0]) & (data["flags"] == 0))
    ids = data["update_id"][held]
    assert (np.diff(ids) >= 0).all()
    is_last = np.append(ids[1:] != ids[:-1], True)
    ids, tops = ids[is_last], tops[held[is_last]]
    their_ids = quotes["update_id"].to_numpy()
    at = np.searchsorted(ids, their_ids)
    common = (at < len(ids)) & (ids[np.minimum(at, len(ids) - 1)] == their_ids)
    theirs = [
        integers(quotes[name], instrument.tick if name.endswith("px") else instrument.lot)
        for name in ("bid_px", "bid_sz", "ask_px", "ask_sz")
    ]
    np.testing.assert_array_equal(tops[at[common]], np.column_stack(theirs)[common])
    assert common.sum() == COMMON_IDS[stem]
    assert (tops[:, 0] < tops[:, 2]).all(), "never crossed, never locked"


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
    """Each message moves one level by its size; what it uncovers at the far edge comes from the recorded book."""
    folder = data_dir / "lobster_nasdaq"
    messages = pq.read_table(folder / "GOOG_20120621_messages_L10.parquet")
    table = pq.read_table(folder / "GOOG_20120621_book_L10.parquet")
    n, depth = len(messages), 10
    kind, direction = messages["event_type"].to_numpy(), messages["direction"].to_numpy()
    price = np.rint(messages["price"].to_numpy() * 100).astype(np.int64)
    size = messages["size"].to_numpy().astype(np.int64)
    px, qty = (
        {
            side: np.column_stack(
                [np.rint(table[f"{side}_{name}_{i}"].to_numpy() * scale).astype(np.int64) for i in range(depth)]
            )
            for side in ("bid", "ask")
        }
        for name, scale in (("px", 100), ("sz", 1))
    )
    rows: list[np.ndarray] = []  # row number, order in it, side, px, qty
    for code, side, sign in ((1, "bid", 1), (2, "ask", -1)):
        p, q = px[side], qty[side]
        mine = np.flatnonzero((direction == sign) & np.isin(kind, [1, 2, 3, 4]))
        mine = mine[mine > 0]
        before = ((p[mine - 1] == price[mine, None]) * q[mine - 1]).sum(axis=1)
        after = before + np.where(kind[mine] == 1, size[mine], -size[mine])
        rows.append(np.column_stack([mine, 0 * mine, 0 * mine + code, price[mine], after]))
        moved = np.flatnonzero(p[1:, -1] != p[:-1, -1]) + 1
        uncovered = (p[moved, -1] - p[moved - 1, -1]) * sign < 0
        here, gone = moved[uncovered], moved[~uncovered]
        rows.append(np.column_stack([here, 0 * here + 1, 0 * here + code, p[here, -1], q[here, -1]]))
        rows.append(np.column_stack([gone, 0 * gone + 1, 0 * gone + code, p[gone - 1, -1], 0 * gone]))
    changes = np.concatenate(rows)
    changes = changes[np.lexsort((changes[:, 1], changes[:, 0]))]
    data = np.zeros(len(changes), hc.EVENT_DTYPE)
    data["kind"], data["side"] = EventKind.BOOK_LEVEL, changes[:, 2]
    data["px_ticks"], data["qty_lots"] = changes[:, 3], np.maximum(changes[:, 4], 0)

    instrument = hc.Instrument("GOOG")
    book = hc.OrderBook(instrument)
    both = [np.column_stack([px[side][0], qty[side][0]]) for side in ("bid", "ask")]
    assert book.snapshot(0, *both)
    checked = np.append(np.arange(499, n, 500), n - 1)
    begin = 0
    ends = np.searchsorted(changes[:, 0], checked, "right")
    for row, end in zip(checked, ends, strict=True):
        tops = book.tops(hc.Events(data[begin:end], [instrument]))
        numbers = changes[begin:end, 0]
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
