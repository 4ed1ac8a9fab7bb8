"""Operations on the flow of trades and quotes against slow twins in Python integers and fractions, NumPy and pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import hftcore as hc

QUOTE, TRADE = 2, 1
RULES = ("reported", "quote_rule", "tick_rule", "lee_ready")
EVERY_RULE = pytest.mark.parametrize("rule", RULES)


def made(n: int = 2500, seed: int = 4, scale: int = 1, offset: int = 10_000) -> hc.Events:
    """Quotes and trades of one symbol: half the sides reported, no quantity now and then, books without a side."""
    rng = np.random.default_rng(seed)
    data = np.zeros(n, hc.EVENT_DTYPE)
    data["ts_event_ns"] = np.cumsum(rng.integers(0, 20, n)) * 10_000_000
    data["kind"] = np.where(rng.random(n) < 0.4, TRADE, QUOTE)
    mid = offset + np.cumsum(rng.integers(-1, 2, n))
    quotes = data["kind"] == QUOTE
    data["bid_px_ticks"], data["ask_px_ticks"] = mid - rng.integers(1, 3, n), mid + rng.integers(1, 3, n)
    data["bid_qty_lots"] = rng.integers(1, 9, n) * (rng.random(n) > 0.03)
    data["ask_qty_lots"] = rng.integers(1, 9, n)
    trades = np.flatnonzero(~quotes)
    for name in ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots"):
        data[name][trades] = 0
    data["px_ticks"][trades] = (mid + rng.integers(-2, 3, n))[trades]
    data["qty_lots"][trades] = (rng.integers(1, 50, n) * scale * (rng.random(n) > 0.05))[trades]
    data["side"][trades] = rng.integers(0, 3, n)[trades] * (rng.random(n) < 0.5)[trades]
    return hc.Events(data, [hc.Instrument("AAA", (1, 100), (1, 10), -(2**31), 2**31 - 1)])


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return made()


def signed_trades(tape: hc.Events, rule: str) -> Iterator[tuple[int, int, int | None]]:
    """Event index, signed lots (0: unknown) and prevailing mid in half ticks of each trade with a quantity."""
    mid: int | None = None
    last: int | None = None
    move = 0
    for i, e in enumerate(tape):
        if e.kind == QUOTE:
            mid = e.bid_px_ticks + e.ask_px_ticks if e.bid_qty_lots and e.ask_qty_lots else None
            continue
        if e.qty_lots == 0:
            continue
        if last is not None and e.px_ticks != last:
            move = 1 if e.px_ticks > last else -1
        last = e.px_ticks
        side = {1: 1, 2: -1}.get(int(e.side), 0)
        if side == 0 and rule in ("quote_rule", "lee_ready") and mid is not None:
            side = (2 * e.px_ticks > mid) - (2 * e.px_ticks < mid)
        if side == 0 and rule in ("tick_rule", "lee_ready"):
            side = move
        yield i, side * e.qty_lots, mid


def held(known: list[tuple[int, int]], at: int, window: int | str, ts: np.ndarray, span_ns: int) -> list[int] | None:
    """What of (event index, value) a window holds at an event; None: not ready."""
    seen = [x for i, x in known if i <= at]
    if isinstance(window, int):
        return seen[-window:] if len(seen) >= window else None
    return [x for i, x in known if i <= at and ts[at] - ts[i] < span_ns] if seen else None


@EVERY_RULE
def test_sides_are_those_of_the_rule(tape: hc.Events, rule: str) -> None:
    ours = hc.features.TradeSide(aggressor=rule).transform(tape)
    for i, signed, _ in signed_trades(tape, rule):
        assert (ours[i] == np.sign(signed)) if signed else np.isnan(ours[i])
    quotes = np.flatnonzero(tape.data["kind"] == QUOTE)
    assert ours[quotes[1:]].tobytes() == ours[quotes[1:] - 1].tobytes(), "a quote is no trade"


@EVERY_RULE
@pytest.mark.parametrize("window", [7, "3s"])
def test_flow_and_imbalance_are_exact(tape: hc.Events, rule: str, window: int | str) -> None:
    flow = hc.features.SignedFlow(window=window, aggressor=rule).transform(tape)
    share = hc.features.TradeImbalance(window=window, aggressor=rule, flat=0.5).transform(tape)
    known = [(i, signed) for i, signed, _ in signed_trades(tape, rule) if signed]
    ts = tape.data["ts_event_ns"]
    for at in range(0, len(tape), 7):
        inside = held(known, at, window, ts, 3 * 10**9)
        if inside is None:
            assert np.isnan([flow[at], share[at]]).all()
            continue
        assert flow[at] == float(Fraction(sum(inside), 10))
        assert share[at] == (float(Fraction(sum(inside), sum(map(abs, inside)))) if inside else 0.5)


def pairs_of(tape: hc.Events, rule: str) -> list[tuple[int, tuple[int, int]]]:
    """Signed lots of each trade and the change of the mid, in half ticks, up to the next; at that one's event."""
    pairs, before = [], None
    for i, signed, mid in signed_trades(tape, rule):
        if signed == 0 or mid is None:
            continue
        if before is not None:
            pairs.append((i, (before[0], mid - before[1])))
        before = signed, mid
    return pairs


def slope(pairs: list[tuple[int, int]]) -> Fraction | None:
    n, x, y = len(pairs), [p[0] for p in pairs], [p[1] for p in pairs]
    down = n * sum(a * a for a in x) - sum(x) ** 2
    up = n * sum(a * b for a, b in pairs) - sum(x) * sum(y)
    return Fraction(up, down) if down else None


def check_lambda(tape: hc.Events, rule: str, window: int, unit: Fraction, every: int = 1) -> int:
    ours = hc.features.KyleLambda(window=window, aggressor=rule, flat=-7.0).transform(tape)
    pairs = pairs_of(tape, rule)
    assert np.isnan(ours[: pairs[window - 1][0]]).all()
    for k in range(window - 1, len(pairs), every):
        exact = slope([p for _, p in pairs[k - window + 1 : k + 1]])
        expected = -7.0 if exact is None else float(exact * unit)
        assert ours[pairs[k][0]] == pytest.approx(expected, rel=2e-15, abs=0)
    return len(pairs) - window + 1


@EVERY_RULE
@pytest.mark.parametrize("window", [2, 11, 200])
def test_lambda_is_the_slope_in_fractions(tape: hc.Events, rule: str, window: int) -> None:
    assert check_lambda(tape, rule, window, Fraction(1, 200) * 10) > 50


def test_lambda_loses_nothing_of_large_quantities_and_far_prices() -> None:
    for scale, offset in ((2**44, 10_000), (1, 2**38), (2**44, -(2**38))):
        check_lambda(made(700, 5, scale, offset), "lee_ready", 50, Fraction(1, 200) * 10)


def test_lambda_of_a_steady_flow_has_the_value_of_the_parameter(tape: hc.Events) -> None:
    data = tape.data.copy()
    trades = data["kind"] == TRADE
    data["qty_lots"][trades], data["side"][trades] = 5, 1
    ours = hc.features.KyleLambda(window=8, flat=0.25).transform(hc.Events(data, tape.instruments))
    assert set(ours[~np.isnan(ours)]) == {0.25}


def test_lambda_over_a_time_window_forgets(tape: hc.Events) -> None:
    ours = hc.features.KyleLambda(window="3s", aggressor="lee_ready", flat=-7.0).transform(tape)
    pairs, ts = pairs_of(tape, "lee_ready"), tape.data["ts_event_ns"]
    for at in range(0, len(tape), 5):
        inside = [p for i, p in pairs if i <= at and ts[at] - ts[i] < 3 * 10**9]
        if len(inside) < 2:
            assert np.isnan(ours[at])
            continue
        exact = slope(inside)
        assert ours[at] == pytest.approx(-7.0 if exact is None else float(exact * 10 / 200), rel=2e-15, abs=0)


def test_lambda_agrees_with_numpy_and_scipy(tape: hc.Events) -> None:
    window = 60
    ours = hc.features.KyleLambda(window=window, aggressor="lee_ready").transform(tape)
    pairs = pairs_of(tape, "lee_ready")
    x = np.array([p[0] / 10 for _, p in pairs])
    y = np.array([p[1] / 200 for _, p in pairs])
    for k in range(window - 1, len(pairs), 13):
        here = slice(k - window + 1, k + 1)
        for theirs in (np.polyfit(x[here], y[here], 1)[0], stats.linregress(x[here], y[here]).slope):
            assert ours[pairs[k][0]] == pytest.approx(theirs, rel=1e-9, abs=1e-12)


def counted(times: np.ndarray, at: np.ndarray, span_ns: int) -> np.ndarray:
    return np.searchsorted(times, at, "right") - np.searchsorted(times, at - span_ns, "right")


@pytest.mark.parametrize(("kind", "make"), [(TRADE, hc.features.TradeIntensity), (QUOTE, hc.features.QuoteIntensity)])
def test_intensity_counts_the_window(
    tape: hc.Events, kind: int, make: Callable[..., hc.features.MarketFeature]
) -> None:
    spaced = tape.data.copy()
    spaced["ts_event_ns"] += np.arange(len(spaced))  # one event a nanosecond at most: counts do not depend on ties
    ts = spaced["ts_event_ns"]
    ours = make(window="700ms").transform(hc.Events(spaced, tape.instruments))
    mine = np.flatnonzero(spaced["kind"] == kind)
    expected = 1e9 * counted(ts[mine], ts, 700_000_000) / 7e8
    assert np.isnan(ours[: mine[0]]).all()
    np.testing.assert_array_equal(ours[mine[0] :], expected[mine[0] :])
    assert (ours[mine[0] :] == 0).any() or kind == QUOTE


def test_intensity_needs_a_time() -> None:
    with pytest.raises(hc.errors.SpecError, match='window must be a time such as "5s", was 9'):
        hc.features.TradeIntensity(window=9)


def test_times_since_match_pandas(tape: hc.Events) -> None:
    data = tape.data
    frame = pd.DataFrame({"ts": data["ts_event_ns"].astype(float)})
    quotes = data["kind"] == QUOTE
    last = frame["ts"].where(quotes).ffill()
    np.testing.assert_array_equal(hc.features.TimeSinceQuote().transform(tape), frame["ts"] - last)
    whole = pd.Series(quotes & (data["bid_qty_lots"] > 0) & (data["ask_qty_lots"] > 0))
    mid = pd.Series((data["bid_px_ticks"] + data["ask_px_ticks"]).astype(float)).where(whole)
    known = mid.ffill().shift(1)
    changed = whole & ((mid != known) | known.isna())
    since = (frame["ts"] - frame["ts"].where(changed).ffill()).where(whole.astype(float).where(quotes).ffill() == 1.0)
    np.testing.assert_array_equal(hc.features.TimeSinceMidChange().transform(tape), since)


def test_lambda_and_flow_on_recorded_trades(data_dir: Path) -> None:
    names = ("quotes_20131007.parquet", "trades_20131007.parquet")
    some = hc.read_events([data_dir / "us_equities_taq" / name for name in names], symbols="IBM")[20_000:32_000]
    assert check_lambda(some, "lee_ready", 500, Fraction(1, 200), every=9) > 1000
    flow = hc.features.SignedFlow(window=100, aggressor="lee_ready").transform(some)
    known = [(i, signed) for i, signed, _ in signed_trades(some, "lee_ready") if signed]
    sums = np.convolve([signed for _, signed in known], np.ones(100), "valid")
    np.testing.assert_array_equal(flow[[i for i, _ in known[99:]]], sums)
