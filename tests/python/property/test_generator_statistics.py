"""The stream has the statistics of a market, and a signal as strong as asked for."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

import hftcore as hc

QUOTE, TRADE = 2, 1
SECONDS = 1800
FloatArray = npt.NDArray[np.float64]


@cache
def day(seed: int) -> npt.NDArray[np.void]:
    return hc.generate(seed=seed, symbols=["AAA"], seconds=SECONDS, rate=3_000, book_levels=0, signal=0.0).data


def returns_per_second(events: npt.NDArray[np.void]) -> FloatArray:
    quotes = events[events["kind"] == QUOTE]
    mid = (quotes["bid_px_ticks"] + quotes["ask_px_ticks"]) / 2
    edges = events["ts_event_ns"][0] + np.arange(1, SECONDS) * 1_000_000_000
    last = np.searchsorted(quotes["ts_event_ns"], edges, side="right") - 1
    return np.diff(np.log(mid[last]))


def by_time_of_day(returns: FloatArray) -> FloatArray:
    """Divide by the U, so that what is left of the clustering is the variance process's own."""
    x = np.linspace(-1.0, 1.0, len(returns))
    return returns / np.sqrt(0.5 + 1.5 * x * x)


def kurtosis(x: FloatArray) -> float:
    return float(np.mean((x - x.mean()) ** 4) / x.var() ** 2)


def autocorrelation(x: FloatArray, lag: int) -> float:
    return float(np.corrcoef(x[:-lag], x[lag:])[0, 1])


def test_returns_have_fat_tails() -> None:
    assert np.mean([kurtosis(by_time_of_day(returns_per_second(day(seed)))) for seed in range(6)]) > 4.0


def test_volatility_comes_in_clusters_and_returns_do_not() -> None:
    returns = [by_time_of_day(returns_per_second(day(seed))) for seed in range(6)]
    for lag in (1, 5, 10, 20):
        assert np.mean([autocorrelation(np.abs(r), lag) for r in returns]) > 0.05
        assert abs(np.mean([autocorrelation(r, lag) for r in returns])) < 0.05


def test_volume_follows_a_u_over_the_session() -> None:
    volume = np.zeros(10)
    for seed in range(6):  # wild minutes trade more too: the mean of some days shows the U
        events = day(seed)
        trades = events[events["kind"] == TRADE]
        tenth = (trades["ts_event_ns"] - events["ts_event_ns"][0]) * 10 // (SECONDS * 1_000_000_000)
        volume += np.bincount(tenth, weights=trades["qty_lots"], minlength=10)
    assert volume[0] > 2.5 * volume[4]
    assert volume[9] > 2.5 * volume[5]
    assert volume[1] > 1.3 * volume[3]
    assert volume[8] > 1.3 * volume[6]


def test_activity_falls_as_one_over_rank() -> None:
    events = hc.generate(symbols=[f"S{i}" for i in range(8)], seconds=60).data
    counts = np.bincount(events["symbol_id"], minlength=8)
    expected = 1 / np.arange(1, 9)
    np.testing.assert_allclose(counts / counts.sum(), expected / expected.sum(), rtol=0.05)


def test_trade_sizes_have_a_long_tail() -> None:
    events = day(1)
    qty = events["qty_lots"][events["kind"] == TRADE]
    assert np.quantile(qty, 0.999) > 10 * np.median(qty)
    assert np.any(qty % 100 != 0), "odd lots exist"


def correlation_with_next_move(signal: float, seed: int = 11) -> float:
    """Of the queue imbalance just before a move of the mid with the move's direction."""
    events = hc.generate(seed=seed, symbols=["AAA"], seconds=60, rate=20_000, book_levels=0, signal=signal).data
    quotes = events[events["kind"] == QUOTE]
    bid, ask = quotes["bid_qty_lots"].astype(float), quotes["ask_qty_lots"].astype(float)
    imbalance_frac = (bid - ask) / (bid + ask)
    move = np.diff(quotes["bid_px_ticks"] + quotes["ask_px_ticks"])
    at = np.flatnonzero(move)
    return float(np.corrcoef(imbalance_frac[at], np.sign(move[at]))[0, 1])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_signal_the_book_tells_nothing(seed: int) -> None:
    assert abs(correlation_with_next_move(0.0, seed)) < 0.03


def test_the_signal_grows_with_its_parameter() -> None:
    strengths = [correlation_with_next_move(signal) for signal in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert all(np.diff(strengths) > 0.05)
    assert strengths[-1] > 0.5


def test_order_flow_carries_the_same_signal() -> None:
    events = hc.generate(seed=2, symbols=["AAA"], seconds=120, rate=20_000, book_levels=0, signal=1.0).data
    side = np.where(events["kind"] == TRADE, np.where(events["side"] == 1, 1.0, -1.0), 0.0)
    flow = np.convolve(side, np.ones(50))[: len(side)]
    quotes = np.flatnonzero(events["kind"] == QUOTE)
    mid = (events["bid_px_ticks"] + events["ask_px_ticks"])[quotes].astype(float)
    assert np.corrcoef(flow[quotes[:-50]], mid[50:] - mid[:-50])[0, 1] > 0.1
