"""Bars of a day in bulk beside pandas and Polars, and what bars add to an event of a pipeline.

A slower number means that one more event of a tape with bars costs more. The rivals group trades that are columns
already; ours reads events (quotes too) and gives time, order and sessions their rules. Answers are checked as they are
timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import hftcore as hc
from hftcore.events import EventKind

TAPE = hc.generate(seed=3, symbols=["AAA"], seconds=600, rate=800, book_levels=0)
TRADES = TAPE.data[TAPE.data["kind"] == EventKind.TRADE]
PX = TRADES["px_ticks"] * TAPE.instruments[0].tick[0] / TAPE.instruments[0].tick[1]
QTY = TRADES["qty_lots"].astype(np.float64)
TIMES = pd.to_datetime(TRADES["ts_event_ns"])
FRAME = pd.DataFrame({"px": PX, "qty": QTY}, index=TIMES)
TABLE = pl.DataFrame({"t": TRADES["ts_event_ns"], "px": PX, "qty": QTY}).with_columns(
    pl.col("t").cast(pl.Datetime("ns"))
)


def of_pandas() -> Any:
    bins = FRAME.resample("1s", origin="epoch")
    return bins["px"].ohlc().assign(volume=bins["qty"].sum()).dropna()["close"].to_numpy()


def of_polars() -> Any:
    px, qty = pl.col("px"), pl.col("qty")
    bins = TABLE.group_by_dynamic("t", every="1s")
    found = bins.agg(px.first().alias("o"), px.max().alias("h"), px.min().alias("l"), px.last().alias("c"), qty.sum())
    return found["c"].to_numpy()


def of_ours() -> Any:
    return hc.bars(TAPE, hc.time_bars("1s"))["close"]


TIME_BARS: dict[str, Callable[[], Any]] = {"hftcore": of_ours, "pandas": of_pandas, "polars": of_polars}


@pytest.mark.benchmark(group="time bars of a tape")
@pytest.mark.parametrize("impl", list(TIME_BARS))
def test_time_bars(benchmark: Any, impl: str) -> None:
    closes = benchmark(TIME_BARS[impl])
    expected = of_ours()
    np.testing.assert_array_equal(closes[: len(expected)], expected)


ALL = {"t": hc.time_bars("1s"), "k": hc.tick_bars(100), "v": hc.volume_bars(9000), "d": hc.dollar_bars(3e5)}
SPECS = {
    "no bars": hc.FeatureSpec("none", [hc.mid()], rows="any"),
    "1 time bars": hc.FeatureSpec("one", [hc.mid(), hc.ema("t.close", period=9)], rows="any", bars={"t": ALL["t"]}),
    "4 bars": hc.FeatureSpec("four", [hc.mid(), hc.ema("t.close", period=9)], rows="any", bars=ALL),
}


@pytest.mark.benchmark(group=f"a pipeline over {len(TAPE):,} events")
@pytest.mark.parametrize("spec", list(SPECS))
def test_events_with_bars(benchmark: Any, spec: str) -> None:
    rows = benchmark(lambda: hc.FeaturePipeline(SPECS[spec]).transform(TAPE))
    np.testing.assert_array_equal(rows[:, 0], hc.FeaturePipeline(SPECS["no bars"]).transform(TAPE)[:, 0])
