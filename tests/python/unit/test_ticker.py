"""One symbol's ticks from Python, without an event object for each."""

from __future__ import annotations

import gc

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import OutOfOrderError, SpecError

SPEC = hc.FeatureSpec(
    "ticks", [hc.mid(), hc.ema("mid_px", period=3), hc.vwap(window="5s"), hc.trade_imbalance(window="5s")], rows="any"
)


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=1, symbols=["AAA", "BBB"], seconds=20, rate=200, book_levels=0)


def test_ticks_give_the_bytes_of_the_batch(tape: hc.Events) -> None:
    want = hc.FeaturePipeline(SPEC).transform(tape)
    pipe = hc.FeaturePipeline(SPEC, tape.instruments)
    tickers = [pipe.ticker(symbol) for symbol in ("AAA", "BBB")]
    rows = []
    for e in tape.data:
        ticker, ts_ns = tickers[e["symbol_id"]], int(e["ts_event_ns"])
        if e["kind"] == 2:
            names = ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")
            row = ticker.quote(ts_ns, *(int(e[name]) for name in names))
        else:
            row = ticker.trade(ts_ns, int(e["px_ticks"]), int(e["qty_lots"]), int(e["side"]))
        if row is not None:
            rows.append(row.copy())
    assert np.stack(rows).tobytes() == want.tobytes()
    assert pipe.counters["n_rows"] == len(want)


def test_what_breaks_a_rule_is_refused_and_not_taken_in(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(SPEC, tape.instruments)
    ticker = pipe.ticker("AAA")
    assert ticker.quote(10, 100, 1, 101, 1)[0] == 1.005
    blob = pipe.snapshot()
    with pytest.raises(TypeError, match=r"quote takes ts_ns, .* was given 2 arguments"):
        ticker.quote(11, 100)
    with pytest.raises(TypeError, match="integer"):
        ticker.quote(11, 100.5, 1, 101, 1)
    with pytest.raises(OverflowError):
        ticker.trade(11, 2**70, 1)
    with pytest.raises(ValueError, match=r"side must be 0 .* was 7"):
        ticker.trade(11, 100, 1, 7)
    assert pipe.snapshot() == blob
    with pytest.raises(OutOfOrderError, match="AAA: 9 ns is older than the symbol's last event"):
        ticker.quote(9, 100, 1, 101, 1)


def test_a_ticker_needs_an_instrument_of_the_pipeline(tape: hc.Events) -> None:
    with pytest.raises(SpecError, match="ticker needs the instruments"):
        hc.FeaturePipeline(SPEC).ticker("AAA")
    with pytest.raises(SpecError, match=r"no instrument 'AAB' \(did you mean 'AAA'\?\)"):
        hc.FeaturePipeline(SPEC, tape.instruments).ticker("AAB")
    with pytest.raises(TypeError):
        type(hc.FeaturePipeline(SPEC, tape.instruments).ticker("AAA"))()


def test_a_ticker_outlives_its_pipeline(tape: hc.Events) -> None:
    ticker = hc.FeaturePipeline(SPEC, tape.instruments).ticker("AAA")
    row = ticker.quote(10, 100, 1, 101, 1)
    gc.collect()
    assert ticker.quote(11, 102, 1, 103, 1) is row
    assert row[0] == 1.025
    del ticker
    assert row[0] == 1.025
