"""The order book in Python: prices, refusals, gaps and its saved state."""

from __future__ import annotations

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import EventError, ParameterError
from hftcore.events import EventKind, Flag

BTC = hc.Instrument("BTC", (1, 10), (1, 1000))


def book() -> hc.OrderBook:
    made = hc.OrderBook(BTC)
    assert made.snapshot(100, [[600_000, 1500], [599_990, 20]], [[600_010, 3]])
    return made


def levels(*rows: tuple[int, int, int, int, int], instrument: hc.Instrument = BTC) -> hc.Events:
    """Side, px, qty, id, flags of each."""
    data = np.zeros(len(rows), hc.EVENT_DTYPE)
    data["kind"] = EventKind.BOOK_LEVEL
    for name, column in zip(
        ("side", "px_ticks", "qty_lots", "update_id", "flags"), zip(*rows, strict=True), strict=True
    ):
        data[name] = column
    return hc.Events(data, [instrument])


def test_prices_and_quantities_are_in_units() -> None:
    made = book()
    assert made.best == (60_000.0, 1.5, 60_001.0, 0.003)
    both = made.levels(5)
    assert both.bid_px.tolist() == [60_000.0, 59_999.0]
    assert both.ask_qty.tolist() == [0.003]
    assert made.levels_ticks(1).bids.tolist() == [[600_000, 1500]]
    assert not made.crossed
    assert not made.locked
    assert repr(made) == "<OrderBook of BTC: valid, 2 bids, 1 asks, update_id 100>"


def test_updates_join_by_id() -> None:
    made = book()
    assert not made.update(90, 100, [[600_000, 1]], np.empty((0, 2), np.int64))
    assert made.update(95, 101, [[600_000, 0]], [[600_010, 7]])
    assert made.best == (59_999.0, 0.02, 60_001.0, 0.007)
    assert not made.update(102, 103, [], [[600_010, 8]])
    assert made.status == "lost"
    assert np.isnan(made.best.bid_px)
    assert len(made.levels(3).bid_px) == 0
    assert made.counters["gaps"] == 1
    assert made.counters["stale"] == 1


def test_a_book_can_cross_and_says_so() -> None:
    made = book()
    made.update(100, 101, [[600_010, 1]], [])
    assert made.locked
    assert not made.crossed
    made.update(101, 102, [[600_020, 1]], [])
    assert made.crossed
    assert not made.locked


def test_events_of_other_symbols_and_kinds_pass_by() -> None:
    made = book()
    assert made.apply(levels((1, 600_005, 2, 101, 0))) == 1
    assert made.best.bid_px == 60_000.5
    other = hc.Instrument("ETH", (1, 10), (1, 1000))
    both = levels((1, 600_009, 2, 102, 0), instrument=other)
    assert made.apply(hc.Events(both.data, [other, BTC])) == 0
    with pytest.raises(EventError, match="no instrument 'BTC'"):
        made.apply(both)
    with pytest.raises(EventError, match="not the book's"):
        made.apply(hc.Events(both.data, [hc.Instrument("BTC", (1, 100))]))


def test_a_flagged_gap_loses_the_book_until_a_snapshot() -> None:
    made = book()
    tops = made.tops(
        levels(
            (1, 600_005, 2, 101, 0),
            (1, 600_006, 2, 102, Flag.GAP_BEFORE),
            (1, 600_007, 2, 103, 0),
            (1, 600_000, 4, 110, Flag.SNAPSHOT),
            (2, 600_010, 5, 110, Flag.SNAPSHOT),
            (2, 600_010, 6, 111, 0),
        )
    )
    assert tops[:, 1].tolist() == [2, 0, 0, 0, 0, 4]
    assert tops[-1].tolist() == [600_000, 4, 600_010, 6]
    assert made.counters["without_book"] == 2


def test_what_does_not_fit_is_said() -> None:
    made = hc.OrderBook(BTC, capacity=2)
    made.snapshot(0, [[5, 1], [7, 1], [6, 1]], [[9, 1]])
    assert made.levels_ticks(9).bids[:, 0].tolist() == [7, 6]
    assert made.horizon("bid") == 5
    assert made.horizon("ask") is None
    assert made.counters["overflows"] == 1


def test_a_saved_book_goes_on() -> None:
    made = book()
    again = hc.OrderBook(BTC)
    again.load(made.save())
    assert again.save() == made.save()
    for one in (made, again):
        assert one.update(100, 101, [[600_001, 9]], [])
    assert again.best == made.best
    for bad in (made.save()[:-1], made.save() + b"\0", b""):
        with pytest.raises(ParameterError):
            again.load(bad)
        assert again.status == "empty"


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: hc.OrderBook(BTC, capacity=0), "capacity must be >= 1, was 0"),
        (lambda: hc.OrderBook(BTC, capacity=2**21), "capacity must be >= 1 and <= 1048576"),
        (lambda: hc.OrderBook(BTC, ids="any"), "ids must be rising or consecutive"),
        (lambda: book().levels(-1), "n must be >= 0, was -1"),
        (lambda: book().update(5, 5, [], []), "before must be < last, was 5 and 5"),
        (lambda: book().snapshot(5, [[1.5, 2.0]], []), "bids must be integers of shape"),
        (lambda: book().snapshot(5, [], [1, 2]), "asks must be integers of shape"),
        (lambda: book().horizon("buy"), "side must be bid or ask, was 'buy'"),
    ],
)
def test_refusals_name_the_rule(call: object, rule: str) -> None:
    with pytest.raises(ParameterError, match=rule):
        call()  # type: ignore[operator]
