"""What ``generate`` promises about its arguments and the shape of its events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hftcore as hc

QUOTE, TRADE, BOOK_LEVEL = 2, 1, 3


def test_events_say_where_they_come_from() -> None:
    events = hc.generate(seed=3, symbols=["X", "Y"], seconds=1, rate=1000)
    assert events.source == "generator, seed 3"
    assert [i.symbol for i in events.instruments] == ["X", "Y"]


def test_the_number_of_events_follows_rate_and_seconds() -> None:
    n_events = len(hc.generate(seconds=50, rate=10_000))
    assert n_events == pytest.approx(500_000, rel=0.01)


def test_all_three_kinds_appear_and_levels_only_when_asked_for() -> None:
    assert set(np.unique(hc.generate(seconds=1).data["kind"])) == {TRADE, QUOTE, BOOK_LEVEL}
    assert set(np.unique(hc.generate(seconds=1, book_levels=0).data["kind"])) == {TRADE, QUOTE}


def test_the_book_is_never_crossed_and_never_empty() -> None:
    events = hc.generate(seconds=30, signal=1.0).data
    quotes = events[events["kind"] == QUOTE]
    spread_ticks = quotes["ask_px_ticks"] - quotes["bid_px_ticks"]
    assert spread_ticks.min() >= 1
    assert spread_ticks.max() <= 4
    assert min(quotes["bid_qty_lots"].min(), quotes["ask_qty_lots"].min()) > 0


def test_sessions_lie_on_consecutive_days() -> None:
    start_ns = 1_704_202_200_000_000_000
    events = hc.generate(seconds=2, sessions=3, start_ns=start_ns).data
    day, within_ns = np.divmod(events["ts_event_ns"] - start_ns, 86_400_000_000_000)
    assert set(np.unique(day)) == {0, 1, 2}
    assert within_ns.max() < 2_000_000_000
    np.testing.assert_array_equal(events["source_seq"], np.arange(len(events)))


def test_an_instrument_may_be_given_with_its_own_tick() -> None:
    coin = hc.Instrument.of("COIN", "0.5", "0.00000001")
    events = hc.generate(symbols=[coin, "AAA"], seconds=1)
    assert events.instruments[0] == coin


def test_one_symbol_and_a_tiny_rate_work() -> None:
    assert len(hc.generate(symbols=["A"], seconds=1, rate=0.001)) >= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seconds": 0}, "seconds must be > 0 and <= 86400, was 0"),
        ({"seconds": float("nan")}, "seconds must be > 0 and <= 86400, was nan"),
        ({"rate": -1.0}, "rate must be > 0 and <= 1e9, was -1"),
        ({"rate": float("inf")}, "rate must be > 0 and <= 1e9, was inf"),
        ({"signal": 1.5}, "signal must be >= 0 and <= 1, was 1.5"),
        ({"book_levels": -1}, "book_levels must be >= 0 and <= 10, was -1"),
        ({"sessions": 0}, "sessions must be >= 1 and <= 10000, was 0"),
        ({"start_ns": -5}, "start_ns must be >= 0 and before 2088, was -5"),
        ({"seed": -1}, "seed must be >= 0 and < 2**64, was -1"),
        ({"seed": 2**64}, "seed must be >= 0 and < 2**64, was 18446744073709551616"),
        ({"symbols": []}, "symbols must not be empty"),
        ({"symbols": "AB"}, "symbols must be a sequence of names, was the text 'AB'"),
        ({"symbols": ["A", "A"]}, "'A' occurs twice"),
        ({"symbols": ["a b"]}, "was 'a b'"),
    ],
)
def test_a_bad_argument_is_named_with_rule_and_value(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(hc.errors.EventError) as caught:
        hc.generate(**arguments)
    assert message in str(caught.value)
