"""Operations on trades against slow twins in Python integers, and pandas."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import hftcore as hc

QUOTE = 2


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=8, symbols=["AAA"], seconds=60, rate=300, book_levels=0)


@pytest.fixture(scope="module")
def unsigned(tape: hc.Events) -> hc.Events:
    data = tape.data.copy()
    data["side"] = 0
    return hc.Events(data, tape.instruments)


def signed_trades(tape: hc.Events) -> tuple[list[int], list[int]]:
    """Signed quantity and event index of each trade that the quote rule can sign."""
    signed, index, mid = [], [], None
    for i, e in enumerate(tape):
        if e.kind == QUOTE:
            mid = e.bid_px_ticks + e.ask_px_ticks
        elif mid is not None and 2 * e.px_ticks != mid:
            signed.append(e.qty_lots if 2 * e.px_ticks > mid else -e.qty_lots)
            index.append(i)
    return signed, index


def test_the_quote_rule_is_exact(unsigned: hc.Events) -> None:
    signed, index = signed_trades(unsigned)
    n = 8
    ours = hc.features.TradeImbalance(window=n, aggressor="quote_rule").transform(unsigned)
    for k in range(n - 1, len(signed)):
        window = signed[k - n + 1 : k + 1]
        assert ours[index[k]] == float(Fraction(sum(window), sum(map(abs, window))))


def test_reported_sides_are_taken_as_they_are(tape: hc.Events, unsigned: hc.Events) -> None:
    trades = tape.data["kind"] == 1
    sign = np.where(tape.data["side"][trades] == 1, 1, -1) * tape.data["qty_lots"][trades]
    n = 5
    expected = np.convolve(sign, np.ones(n), "valid") / np.convolve(abs(sign), np.ones(n), "valid")
    ours = hc.features.TradeImbalance(window=n).transform(tape)[trades]
    np.testing.assert_array_equal(ours[n - 1 :], expected)
    assert np.isnan(hc.features.TradeImbalance(window=n).transform(unsigned)).all(), "no side, no value"


@pytest.mark.parametrize("window", [10, "2s"])
def test_vwap_is_the_exact_ratio(tape: hc.Events, window: int | str) -> None:
    px, qty, ts = (tape.data[n].tolist() for n in ("px_ticks", "qty_lots", "ts_event_ns"))
    trades = np.flatnonzero(tape.data["kind"] == 1).tolist()
    ours = hc.features.Vwap(window=window).transform(tape)
    bps = hc.features.Vwap(window=window, unit="bps").transform(tape)
    mid = None
    inside: list[int] = []
    for i in range(len(tape)):
        if tape.data["kind"][i] == QUOTE:
            mid = Fraction(int(tape.data["bid_px_ticks"][i]) + int(tape.data["ask_px_ticks"][i]), 2)
        else:
            inside.append(i)
        held = inside[-10:] if window == 10 else [k for k in inside if ts[i] - ts[k] < 2 * 10**9]
        if not held or (window == 10 and len(inside) < 10):
            assert np.isnan(ours[i])
            continue
        exact = Fraction(sum(px[k] * qty[k] for k in held), sum(qty[k] for k in held))
        assert ours[i] == float(exact / 100)
        if mid is not None:
            assert bps[i] == pytest.approx(float(10_000 * (exact / mid - 1)), rel=1e-14, abs=1e-300)
    assert trades


def test_time_since_trade_matches_merge_asof(tape: hc.Events) -> None:
    since = tape.data["ts_event_ns"] - tape.data["ts_event_ns"][0]  # small enough for pandas' way through float64
    frame = pd.DataFrame({"row": np.arange(len(tape)), "ts": since})
    trades = frame[tape.data["kind"] == 1].rename(columns={"ts": "trade_ts"})
    last = pd.merge_asof(frame, trades, on="row")["trade_ts"]
    np.testing.assert_array_equal(hc.features.TimeSinceTrade().transform(tape), frame["ts"] - last)
