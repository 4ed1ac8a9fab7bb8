"""Recorded books as events: Binance's depth beside its best bid and ask, Nasdaq's ten levels after each message."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

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


@functools.cache
def steps_of(data_dir: Path, stem: str) -> hc.Instrument:
    quotes = [str(p) for p in sorted((data_dir / "binance_l2").glob(f"{stem}_2024080?_l2.parquet"))]
    tables = [pq.read_table(path) for path in quotes]
    events = hc.read_events(pa.concat_tables(tables), kind="book_level")
    return events.instruments[0]


@functools.cache
def binance_levels(data_dir: Path, stem: str) -> hc.Events:
    """The depth feed as events without times, the snapshot first."""
    instrument = steps_of(data_dir, stem)
    levels = snapshot_first(read(data_dir, stem, "l2"))
    data = np.zeros(len(levels), hc.EVENT_DTYPE)
    data["kind"] = EventKind.BOOK_LEVEL
    data["side"] = np.where(levels["side"].to_numpy() == "B", 1, 2)
    data["px_ticks"] = integers(levels["price"], instrument.tick)
    data["qty_lots"] = integers(levels["size"], instrument.lot)
    data["update_id"] = levels["last_update_id"].to_numpy()
    data["flags"] = np.where(levels["is_snapshot"].to_numpy(), Flag.SNAPSHOT, 0)
    return hc.Events(data, [instrument])


def at_common_ids(levels: hc.Events, quotes: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Which event ends the message of an id that both feeds have, and which quote has that id.

    Messages that the snapshot held already show no message's book.
    """
    data = levels.data
    held = np.flatnonzero((data["update_id"] > data["update_id"][0]) & (data["flags"] == 0))
    ids = data["update_id"][held]
    assert (np.diff(ids) >= 0).all()
    is_last = np.append(ids[1:] != ids[:-1], True)
    ids, held = ids[is_last], held[is_last]
    theirs = quotes["update_id"].to_numpy()
    at = np.searchsorted(ids, theirs)
    common = (at < len(ids)) & (ids[np.minimum(at, len(ids) - 1)] == theirs)
    return held[at[common]], np.flatnonzero(common)


@dataclass(frozen=True)
class NasdaqDay:
    """A day of LOBSTER.

    ``px``, ``qty`` (n, 10) per side: ticks and lots after each message. ``changes``: levels of the book as events
    that begin behind the first message. ``message`` (len(changes),): which message each is of.
    ``ts_ns`` (n,).
    """

    px: dict[str, np.ndarray]
    qty: dict[str, np.ndarray]
    changes: hc.Events
    message: np.ndarray
    ts_ns: np.ndarray

    def first(self, side: str) -> np.ndarray:
        """Ticks and lots after the first message: (10, 2)."""
        return np.column_stack([self.px[side][0], self.qty[side][0]])


@functools.cache
def nasdaq_day(data_dir: Path) -> NasdaqDay:
    """Each message moves one level by its size; what it uncovers at the far edge comes from the recorded book."""
    folder = data_dir / "lobster_nasdaq"
    messages = pq.read_table(folder / "GOOG_20120621_messages_L10.parquet")
    table = pq.read_table(folder / "GOOG_20120621_book_L10.parquet")
    depth = 10
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

    ts_ns = messages["ts_ns"].to_numpy()
    return NasdaqDay(px, qty, hc.Events(data, [hc.Instrument("GOOG")]), changes[:, 0], ts_ns)
