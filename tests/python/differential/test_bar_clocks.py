"""Bars of a pipeline against slow twins in Python integers and pandas, on generated and on real events."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib

import hftcore as hc
from hftcore.spec import Bars

TRADE, QUOTE = 1, 2
PRICES = ["open", "high", "low", "close"]
KINDS = {
    "time": hc.time_bars("700ms"),
    "tick": hc.tick_bars(7),
    "volume": hc.volume_bars(1500),
    "dollar": hc.dollar_bars(1e5),
}


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=21, symbols=["AAA", "BBB"], seconds=25, rate=300, book_levels=0)


@pytest.fixture(scope="module")
def holed(tape: hc.Events) -> hc.Events:
    """Trades without quantity, books with one side, minutes of silence, and times that repeat."""
    data = tape.data.copy()
    rng = np.random.default_rng(3)
    data["ts_event_ns"] -= data["ts_event_ns"] % 50_000_000  # many at the very edge of an interval
    data["ts_event_ns"][len(data) // 2 :] += 7_300_000_000
    chosen = rng.random(len(data)) < 0.1
    data["qty_lots"][chosen & (data["kind"] == TRADE)] = 0
    data["bid_qty_lots"][chosen & (data["kind"] == QUOTE)] = 0
    return hc.Events(data, tape.instruments)


def twin(events: hc.Events, rule: Bars, symbol_id: int) -> list[dict[str, Any]]:
    """The closed bars of one symbol, one event after the other, in fractions."""
    instrument = events.instruments[symbol_id]
    tick, lot = Fraction(*instrument.tick), Fraction(*instrument.lot)
    span = {"700ms": 700_000_000, "1m": 60_000_000_000}.get(str(rule.every), 0)
    table, bar, mid = [], None, None

    def close(i: int, at: int) -> None:
        nonlocal bar
        if bar["px"]:
            table.append({**bar, "event": i, "close_ns": at})
        bar = None

    for i, e in enumerate(events):
        if e.symbol_id != symbol_id:
            continue
        now = e.ts_event_ns
        if span and bar is not None and now >= bar["open_ns"] + span:
            close(i, bar["open_ns"] + span)
        if e.kind == QUOTE:
            mid = tick * (e.bid_px_ticks + e.ask_px_ticks) / 2 if e.bid_qty_lots and e.ask_qty_lots else None
        traded = e.kind == TRADE and e.qty_lots > 0
        px = mid if rule.price == "mid" else tick * e.px_ticks if traded else None
        if px is None and not traded:
            continue
        if bar is None:
            bar = {"open_ns": now // span * span if span else now, "px": [], "q": Fraction(0), "v": Fraction(0), "n": 0}
        bar["px"] += [px] if px is not None else []
        if traded:
            bar["q"] += lot * e.qty_lots
            bar["v"] += lot * e.qty_lots * tick * e.px_ticks
            bar["n"] += 1
            reached = {"tick": bar["n"], "volume": bar["q"], "dollar": bar["v"]}.get(rule.kind, Fraction(-1))
            if reached >= Fraction(str(rule.every)) if not span else False:
                close(i, now)
    return table


@pytest.mark.parametrize("price", ["trade", "mid"])
@pytest.mark.parametrize("kind", KINDS)
def test_bars_are_the_twins_bit_for_bit(tape: hc.Events, holed: hc.Events, kind: str, price: str) -> None:
    rule = Bars(kind, KINDS[kind].every, price)
    for events in (tape, holed):
        ours = hc.bars(events, rule)
        assert (np.diff(ours["event"]) >= 0).all()
        for symbol_id in range(2):
            mine, theirs = ours[ours["symbol_id"] == symbol_id], twin(events, rule, symbol_id)
            assert len(mine) == len(theirs) > 20
            for a, b in zip(mine, theirs, strict=True):
                assert (a["event"], a["open_ns"], a["close_ns"], a["n_trades"]) == (
                    b["event"], b["open_ns"], b["close_ns"], b["n"])  # fmt: skip
                px = b["px"]
                assert [a[key] for key in PRICES] == [float(x) for x in (px[0], max(px), min(px), px[-1])]
                assert (a["volume"], a["value"]) == (float(b["q"]), float(b["v"]))
                if b["n"]:
                    assert a["vwap"] == float(b["v"] / b["q"])
                else:
                    assert np.isnan(a["vwap"])


def of_pandas(events: hc.Events, every: str) -> pd.DataFrame:
    """Trades of the first symbol as pandas resamples them; its last bar is not closed."""
    data = events.data[(events.data["kind"] == TRADE) & (events.data["qty_lots"] > 0)]
    tick, lot = events.instruments[0].tick, events.instruments[0].lot
    frame = pd.DataFrame(
        {"px": data["px_ticks"] * tick[0] / tick[1], "qty": data["qty_lots"] * lot[0] / lot[1]},
        index=pd.to_datetime(data["ts_event_ns"]),
    )
    bins = frame.resample(every, origin="epoch")
    table = bins["px"].ohlc().assign(volume=bins["qty"].sum(), n_trades=bins["px"].count())
    return table[table["n_trades"] > 0]


@pytest.fixture(scope="module")
def ibm(data_dir: Path) -> hc.Events:
    """A day of quotes and trades."""
    names = ("quotes_20131007.parquet", "trades_20131007.parquet")
    return hc.read_events([data_dir / "us_equities_taq" / name for name in names], symbols="IBM")


def test_time_bars_of_real_trades_are_those_of_pandas(ibm: hc.Events) -> None:
    ours = hc.bars(ibm, hc.time_bars("1m"))
    theirs = of_pandas(ibm, "1min")[: len(ours)]
    assert len(ours) > 390
    np.testing.assert_array_equal(ours["open_ns"], theirs.index.as_unit("ns").asi8)
    for key in [*PRICES, "volume", "n_trades"]:
        np.testing.assert_array_equal(ours[key], theirs[key])


@pytest.mark.parametrize("kind", ["tick", "volume", "dollar"])
def test_other_bars_of_real_trades_are_those_of_a_loop(ibm: hc.Events, kind: str) -> None:
    every = {"tick": 100, "volume": 20_000, "dollar": 4e6}[kind]
    trades = ibm.data[(ibm.data["kind"] == TRADE) & (ibm.data["qty_lots"] > 0)]
    px, qty = trades["px_ticks"].astype(object), trades["qty_lots"].astype(object)
    tick, lot = (Fraction(*step) for step in (ibm.instruments[0].tick, ibm.instruments[0].lot))
    adds = {"tick": [1] * len(px), "volume": list(qty * lot), "dollar": list(px * qty * tick * lot)}[kind]
    ends, sum_ = [], Fraction(0)
    for i, x in enumerate(adds):
        sum_ += x
        if sum_ >= every:
            ends.append(i + 1)
            sum_ = Fraction(0)
    ours = hc.bars(ibm, Bars(kind, every))
    assert len(ours) == len(ends) > 100
    for bar, begin, end in zip(ours, [0, *ends[:-1]], ends, strict=True):
        part = px[begin:end]
        expected = [float(x * tick) for x in (part[0], max(part), min(part), part[-1])]
        assert [bar[key] for key in PRICES] == expected
        assert bar["volume"] == float(sum(qty[begin:end]) * lot)
        assert bar["n_trades"] == end - begin


def test_indicators_of_bars_are_those_of_talib_on_the_table(ibm: hc.Events) -> None:
    spec = hc.FeatureSpec(
        "bars",
        [
            hc.atr("m1.high, m1.low, m1.close", period=14),
            hc.rsi("m1.close", period=14, flat=0.0),
            hc.expr("m1.close"),
            hc.macd("t.close", fast=12, slow=26, signal=9),
        ],
        bars={"m1": hc.time_bars("1m"), "t": hc.tick_bars(100)},
        rows="any",
        origin="continuous",
    )
    pipe = hc.FeaturePipeline(spec)
    rows = pipe.transform(ibm)
    at = np.full(len(ibm), -1)
    at[pipe.rows] = np.arange(len(rows))
    minutes, ticks = hc.bars(ibm, spec.bars["m1"]), hc.bars(ibm, spec.bars["t"])
    m1, t = rows[at[minutes["event"]]], rows[at[ticks["event"]]]
    hlc = [np.ascontiguousarray(minutes[key]) for key in ("high", "low", "close")]
    np.testing.assert_allclose(m1[:, 0], talib.ATR(*hlc, 14), rtol=1e-12)
    np.testing.assert_allclose(m1[:, 1], talib.RSI(hlc[2], 14), rtol=1e-9)
    np.testing.assert_array_equal(m1[:, 2], hlc[2])
    np.testing.assert_allclose(
        t[33:, 3], talib.MACD(np.ascontiguousarray(ticks["close"]))[0][33:], rtol=1e-6, atol=1e-9
    )
    changes = np.flatnonzero(np.diff(rows[:, 2], prepend=np.nan) != 0)
    assert set(pipe.rows[changes]) - set(minutes["event"]) <= {0, *pipe.rows[np.isnan(rows[:, 2])]}, "between: held"
