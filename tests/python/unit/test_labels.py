from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core, labels
from hftcore.errors import EventError
from hftcore.events import EventKind

DAY_NS = 86_400_000_000_000
HOUR_NS = DAY_NS // 24
MONDAY = 15_985 * DAY_NS


def tape(rows: list[tuple[int, int, int, int]], tick: tuple[int, int] = (1, 100)) -> hc.Events:
    """Quotes of (ts, symbol, bid ticks, ask ticks)."""
    data = _core.event.empty_events(len(rows))
    data["kind"] = EventKind.QUOTE
    for name, column in zip(
        ("ts_event_ns", "symbol_id", "bid_px_ticks", "ask_px_ticks"), zip(*rows, strict=True), strict=True
    ):
        data[name] = column
    data["bid_qty_lots"] = data["ask_qty_lots"] = 1
    data["source_seq"] = np.arange(len(rows))
    return hc.Events(data, [hc.Instrument("A", tick), hc.Instrument("B", tick)])


def path(mids: list[int], symbol: int = 0, start: int = MONDAY) -> list[tuple[int, int, int, int]]:
    return [(start + i, symbol, mid - 1, mid + 1) for i, mid in enumerate(mids)]


def test_the_mean_of_the_next_rows_decides() -> None:
    found = labels.direction(tape(path([10, 10, 13, 10, 7, 7])), horizon=2)
    assert found.values.tolist() == [1, 1, -1, -1]
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.counts() == {-1: 2, 0: 0, 1: 2}
    assert (found.horizon, found.unit, len(found)) == (2, "events", 4)
    assert (found.values.dtype, found.rows.dtype) == (np.int8, np.int64)


def test_last_takes_the_row_at_the_horizon_alone() -> None:
    found = labels.direction(tape(path([10, 10, 13, 10, 7, 7])), horizon=2, smoothing="last")
    assert found.values.tolist() == [1, 0, -1, -1]


def test_the_last_rows_of_each_symbol_have_no_label_and_symbols_do_not_mix() -> None:
    a, b = path([10, 11, 12, 13]), path([50, 49, 48, 47], symbol=1)
    mixed = [row for pair in zip(a, b, strict=True) for row in pair]
    found = labels.direction(tape(mixed), horizon=2)
    assert found.rows.tolist() == [0, 1, 2, 3]
    assert found.values.tolist() == [1, -1, 1, -1]


def test_a_label_never_looks_into_the_next_session() -> None:
    days = path([10, 10, 10]) + path([99, 99, 99], start=MONDAY + DAY_NS)
    assert labels.direction(tape(days), horizon=1).values.tolist() == [0, 0, 0, 0]
    assert labels.direction(tape(days), horizon=1).rows.tolist() == [0, 1, 3, 4]


def test_rows_outside_the_session_have_no_label_and_are_not_looked_at() -> None:
    hours = (10 * HOUR_NS, 16 * HOUR_NS)
    rows = [(MONDAY + h * HOUR_NS, 0, px, px + 1) for h, px in ((9, 1), (10, 20), (11, 20), (15, 21), (16, 90))]
    found = labels.direction(tape(rows), horizon=1, session=hours)
    assert found.rows.tolist() == [1, 2]
    assert found.ends.tolist() == [2, 3]
    assert found.values.tolist() == [0, 1]


def test_a_session_may_span_midnight() -> None:
    hours = (22 * HOUR_NS, 2 * HOUR_NS)
    rows = [(MONDAY + h * HOUR_NS, 0, h, h + 1) for h in (22, 23, 24, 25, 26, 46, 47)]
    found = labels.direction(tape(rows), horizon=1, session=hours)
    assert found.rows.tolist() == [0, 1, 2, 5]
    assert found.ends.tolist() == [1, 2, 3, 6]
    assert labels.session_ids(np.array([MONDAY + 23 * HOUR_NS, MONDAY + 25 * HOUR_NS]), hours).tolist() == [15_985] * 2


def test_equal_opening_and_closing_hours_are_a_whole_day() -> None:
    rows = [(MONDAY + h * HOUR_NS, 0, h + 1, h + 2) for h in (0, 12, 23, 24)]
    assert labels.direction(tape(rows), horizon=1, session=(0, 0)).rows.tolist() == [0, 1]


def test_a_move_of_exactly_the_dead_band_is_flat() -> None:
    moves = tape(path([10, 12, 10]))
    assert labels.direction(moves, horizon=1, deadband=2).values.tolist() == [0, 0]
    assert labels.direction(moves, horizon=1, deadband=np.nextafter(2, 0)).values.tolist() == [1, -1]
    assert labels.direction(moves, horizon=1, deadband=np.nextafter(2, 3)).values.tolist() == [0, 0]


def test_a_dead_band_of_a_tenth_is_compared_exactly() -> None:
    # Ten rows on, the mean of mids has moved by exactly 1/10 tick. The float 0.1 is a little more than that.
    one_up = tape(path([10] * 10 + [11]))
    assert labels.direction(one_up, horizon=10, deadband="0.1").values.tolist() == [0]
    assert labels.direction(one_up, horizon=10, deadband=0.1).values.tolist() == [0]
    assert labels.direction(one_up, horizon=10, deadband="0.09999999999999999999").values.tolist() == [1]


def test_a_dead_band_per_symbol_leaves_others_at_zero() -> None:
    both = tape(path([10, 11]) + path([10, 11], symbol=1))
    assert labels.direction(both, horizon=1, deadband={"A": 5}).values.tolist() == [0, 1]
    with pytest.raises(EventError, match="no instrument 'Z'"):
        labels.direction(both, deadband={"Z": 1})


def test_a_flat_stretch_of_a_large_tick_stock_is_flat_where_float_sums_see_moves() -> None:
    rng = np.random.default_rng(1)
    mids = np.repeat(1_385 + rng.integers(0, 3, 200), 100)  # 13.85 to 13.87, a hundred quotes at each price
    events = tape([(MONDAY + i, 0, int(m), int(m) + 1) for i, m in enumerate(mids)])
    k = 20
    found = labels.direction(events, horizon=k)
    px = (events.data["bid_px_ticks"] / 100 + events.data["ask_px_ticks"] / 100) / 2
    total = np.cumsum(px)
    by_float = np.sign((total[k:] - total[:-k]) / k - px[:-k]).astype(int)
    window = np.lib.stride_tricks.sliding_window_view(mids, k + 1)
    unmoved = (window == window[:, :1]).all(axis=1)
    assert (found.values[unmoved] == 0).all()
    assert (by_float[unmoved] != 0).mean() > 0.5  # rounding noise has a sign


def test_rows_may_be_trades_and_take_the_last_two_sided_quote() -> None:
    events = tape([*path([10, 11, 12]), *path([12, 20], start=MONDAY + 3)])
    data = events.data.copy()
    data["kind"][[0, 2, 3]] = EventKind.TRADE
    data["bid_qty_lots"][4] = 0  # one-sided: the mid stays
    found = labels.direction(hc.Events(data, events.instruments), horizon=1, rows=[0, 1, 2, 3, 4])
    assert found.rows.tolist() == [1, 2, 3]  # row 0 has no quote before it
    assert found.values.tolist() == [0, 0, 0]


@pytest.mark.parametrize("session", [None, (10 * HOUR_NS, 16 * HOUR_NS)])
def test_a_trade_before_the_first_quote_of_its_session_has_no_label(session: tuple[int, int] | None) -> None:
    tuesday = MONDAY + DAY_NS + 11 * HOUR_NS
    events = tape([*path([10, 10], start=MONDAY + 11 * HOUR_NS), *path([0, 99, 99], start=tuesday)])
    data = events.data.copy()
    data["kind"][2] = EventKind.TRADE  # with Monday's mid it would be labelled "up" by the overnight gap
    found = labels.direction(hc.Events(data, events.instruments), horizon=1, rows=np.arange(5), session=session)
    assert found.rows.tolist() == [0, 3]
    assert found.values.tolist() == [0, 0]


def test_rows_restrict_what_is_counted() -> None:
    events = tape(path([10, 99, 10, 99, 11]))
    assert labels.direction(events, horizon=1, rows=np.array([0, 2, 4])).values.tolist() == [0, 1]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_fewer_rows_than_the_horizon_give_no_label(n: int) -> None:
    events = tape(path([10] * 3))[:n]
    found = labels.direction(events, horizon=2)
    assert len(found) == 0
    assert found.counts() == {-1: 0, 0: 0, 1: 0}
    assert len(labels.direction(events, horizon=2, rows=np.arange(n))) == 0


def test_prices_near_the_largest_tick_count_are_exact_although_the_running_sum_wraps() -> None:
    top = 2**52
    events = tape(path([top] * 5_000 + [top + 1] * 60))
    found = labels.direction(events, horizon=50)
    assert found.counts() == {-1: 0, 0: 5_010 - 50, 1: 50}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unit": "seconds"}, "unit must be one of events, was 'seconds'"),
        ({"smoothing": "median"}, "smoothing must be one of mean, last, was 'median'"),
        ({"horizon": 0}, "horizon must be an integer >= 1, was 0"),
        ({"horizon": 2.5}, "horizon must be an integer >= 1, was 2.5"),
        ({"deadband": -0.5}, "deadband must be a finite number of ticks >= 0, was -0.5"),
        ({"deadband": float("nan")}, "was nan"),
        ({"deadband": "wide"}, "was 'wide'"),
        ({"session": (0, DAY_NS + 1)}, "close_ns must be 0 to"),
        ({"rows": [2, 1]}, r"rows must ascend: rows\[1\] is 1 after 2"),
        ({"rows": [0, 3]}, "rows must be indices of 3 events, found 3"),
        ({"rows": [0.5]}, "integers; was float64"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_named_with_its_value(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        labels.direction(tape(path([1, 2, 3])), **options)


def test_a_million_rows_take_less_than_half_a_second_of_processor_time() -> None:
    n = 1_000_000
    rng = np.random.default_rng(0)
    data = _core.event.empty_events(n)
    data["kind"] = EventKind.QUOTE
    data["ts_event_ns"] = MONDAY + np.sort(rng.integers(0, 3 * DAY_NS, n))
    data["symbol_id"] = rng.integers(0, 2, n)
    data["bid_px_ticks"] = 1000 + rng.integers(0, 3, n)
    data["ask_px_ticks"] = data["bid_px_ticks"] + 1
    data["bid_qty_lots"] = data["ask_qty_lots"] = 1
    events = hc.Events(data, [hc.Instrument("A"), hc.Instrument("B")])
    best = np.inf
    for _ in range(3):
        began = time.process_time()
        found = labels.direction(events, horizon=50)
        best = min(best, time.process_time() - began)
    assert len(found) == n - 2 * 3 * 50
    assert best < 0.5


def test_large_tick_stocks_are_mostly_flat_on_real_data(data_dir: Path) -> None:
    events = hc.read_events(data_dir / "us_equities_taq" / "quotes_20131009.parquet", symbols=["BAC", "IBM"])
    session = (13 * HOUR_NS + 35 * HOUR_NS // 60, 19 * HOUR_NS + 55 * HOUR_NS // 60)
    found = labels.direction(events, horizon=10, session=session)
    symbol = events.data["symbol_id"][found.rows]
    flat = [float((found.values[symbol == i] == 0).mean()) for i in (0, 1)]
    assert flat[0] > 0.95
    assert flat[1] < 0.35
