"""Read by mypy and pyright, never run: what a user's type checker sees of the public names."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import numpy as np
import numpy.typing as npt

import hftcore as hc

events = hc.read_events("trades_and_quotes/", symbols=["AIG"], off_tick="round")
assert_type(events, hc.Events)
assert_type(events[0], hc.Event)
assert_type(events[:10], hc.Events)

book = hc.OrderBook(events.instruments[0])
n_changes: int = book.apply(events)
best_bid_px: float = book.best.bid_px
depth: npt.NDArray[np.float64] = book.levels(5).bid_qty

spec = hc.FeatureSpec("typed", [hc.ema("mid_px", period=20), hc.rsi("mid_px", period=14)])
pipe = hc.FeaturePipeline(spec, events.instruments)
X: npt.NDArray[np.float64] = pipe.transform(events)
rows: npt.NDArray[np.int64] = pipe.rows
frame: Any = pipe.transform(events.to_arrow(), output="pandas")
copies: tuple[str, ...] = pipe.copies
warm_up: int = spec.explain("rsi_mid_px_14").warm_up
blob: bytes = pipe.snapshot()
minutes: npt.NDArray[Any] = hc.bars(events, hc.time_bars("1m"))
on_bars = hc.FeatureSpec("bars", [hc.ema("d.close", period=9)], bars={"d": hc.dollar_bars(1e6, price="mid")})
assert_type(on_bars.bars["d"], hc.Bars)
again: hc.FeaturePipeline = hc.FeaturePipeline.restore(spec, blob)

labels = hc.labels.direction(events, horizon=50, rows=rows)
values: npt.NDArray[np.int8] = labels.values

art = hc.compile_model(Path("model"), spec, "up.hft")
assert_type(art, hc.Artifact)
margins: npt.NDArray[np.float64] = art.predict_margin(X)
ok: bool = hc.verify(art, events).ok

run = hc.replay(
    art,
    events,
    strategy=hc.Threshold(0.70, order_qty=100),
    risk=hc.RiskLimits(max_open_positions=2),
    execution=hc.SimulatedExchange(fee_bps=0.1),
)
assert_type(run, hc.Run)
summary: dict[str, Any] = run.summary()
