"""Features in bulk beside their rivals, and the pipeline event by event.

A slower number in the first groups means that one more tick of one operation costs more. A slower number in the last
means that a whole row of the demo spec costs more, drop rules included. Every answer is checked as it is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib

import hftcore as hc

N = 100_000
PX = 100 + np.random.default_rng(1).normal(size=N).cumsum() * 0.01
TS_NS = np.random.default_rng(2).integers(0, 2_000_000, N).cumsum()
REACH = np.abs(np.random.default_rng(3).normal(size=(2, N))) * 0.01
BARS = (PX + REACH[0], PX - REACH[1], PX)
RETURNS = np.diff(np.log(PX), prepend=np.log(PX[0]))
WINDOW = 50
ROLLING = pd.Series(PX).rolling(WINDOW)
POPULATION = np.sqrt((WINDOW - 1) / WINDOW)  # TA-Lib divides by n

RIVALS: dict[str, dict[str, Callable[[], Any]]] = {
    "ema": {
        "hftcore": lambda: hc.features.Ema(WINDOW).transform(PX),
        "talib": lambda: talib.EMA(PX, WINDOW),
        "pandas": lambda: pd.Series(PX).ewm(span=WINDOW, adjust=False).mean().to_numpy(),
    },
    "rsi": {
        "hftcore": lambda: hc.features.Rsi(WINDOW).transform(PX),
        "talib": lambda: talib.RSI(PX, WINDOW),
    },
    "mean": {
        "hftcore": lambda: hc.features.RollingMean(WINDOW).transform(PX),
        "talib": lambda: talib.SMA(PX, WINDOW),
        "pandas": lambda: ROLLING.mean().to_numpy(),
    },
    "std": {
        "hftcore": lambda: hc.features.RollingStd(WINDOW).transform(PX),
        "talib": lambda: talib.STDDEV(PX, WINDOW) / POPULATION,
        "pandas": lambda: ROLLING.std().to_numpy(),
    },
    "min": {
        "hftcore": lambda: hc.features.RollingMin(WINDOW).transform(PX),
        "talib": lambda: talib.MIN(PX, WINDOW),
        "pandas": lambda: ROLLING.min().to_numpy(),
    },
    "zscore": {
        "hftcore": lambda: hc.features.ZScore(WINDOW).transform(PX),
        "pandas": lambda: ((PX - ROLLING.mean()) / ROLLING.std()).to_numpy(),
    },
    "macd signal": {
        "hftcore": lambda: hc.features.Macd(12, 26, 9, output="signal").transform(PX),
        "talib": lambda: talib.MACD(PX, 12, 26, 9)[1],
    },
    "bollinger upper": {
        "hftcore": lambda: hc.features.Bollinger(WINDOW, output="upper").transform(PX),
        "talib": lambda: talib.BBANDS(PX, WINDOW, 2, 2)[0],
    },
    "slope": {
        "hftcore": lambda: hc.features.Slope(WINDOW).transform(PX),
        "talib": lambda: talib.LINEARREG_SLOPE(PX, WINDOW),
    },
    "decay_ema": {
        "hftcore": lambda: hc.features.DecayEma("1s").transform(PX, TS_NS),
        "pandas": lambda: pd.Series(PX).ewm(halflife="1s", times=pd.to_datetime(TS_NS)).mean().to_numpy(),
    },
    "stochastic": {
        "hftcore": lambda: hc.features.Stochastic(14, flat=0.0).transform(*BARS),
        "talib": lambda: talib.STOCH(*BARS, 14, 3, 0, 3, 0)[0],
    },
    "atr": {
        "hftcore": lambda: hc.features.Atr(14).transform(*BARS),
        "talib": lambda: talib.ATR(*BARS, 14),
    },
    "adx": {
        "hftcore": lambda: hc.features.Adx(14).transform(*BARS),
        "talib": lambda: talib.ADX(*BARS, 14),
    },
    "ewma_volatility": {
        "hftcore": lambda: hc.features.EwmaVolatility().transform(RETURNS),
        "pandas": lambda: np.sqrt(pd.Series(RETURNS**2).ewm(alpha=0.06, adjust=False).mean().to_numpy()),
    },
}
CASES = [
    pytest.param(op, impl, id=f"{op}-{impl}", marks=pytest.mark.benchmark(group=f"{op}, 100k ticks"))
    for op, impls in RIVALS.items()
    for impl in impls
]


@pytest.mark.parametrize(("op", "impl"), CASES)
def test_bulk(benchmark: Any, op: str, impl: str) -> None:
    benchmark.extra_info["n_items"] = N
    np.testing.assert_allclose(benchmark(RIVALS[op][impl])[-1], RIVALS[op]["hftcore"]()[-1], rtol=1e-6)


TAPE = hc.generate(seed=7, symbols=["AAA", "BBB", "CCC"], seconds=60, rate=3000, book_levels=0)
DEMO = hc.FeatureSpec.from_dict(
    {
        key: value
        for key, value in hc.FeatureSpec.load(Path(hc.__file__).parent / "specs" / "demo.toml").to_dict().items()
        if key != "session"
    }
)


@pytest.mark.benchmark(group="demo spec, 180k events of 3 symbols")
def test_pipeline_batch(benchmark: Any) -> None:
    benchmark.extra_info["n_items"] = len(TAPE)
    rows = benchmark(lambda: hc.FeaturePipeline(DEMO).transform(TAPE))
    assert np.isfinite(rows[-1]).all()


@pytest.mark.benchmark(group="demo spec, one event from Python")
def test_pipeline_update(benchmark: Any) -> None:
    pipe = hc.FeaturePipeline(DEMO, TAPE.instruments)
    events = iter(list(TAPE[:20_000]))
    benchmark.pedantic(lambda: pipe.update(next(events)), rounds=18_000, iterations=1)
    assert pipe.counters["n_events"] >= 18_000
