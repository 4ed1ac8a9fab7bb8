"""Features beside their rivals, in one run: single operations over a million ticks, and one tick through 32 of them.

    python bench/python/bulk.py                  # the table
    python bench/python/bulk.py --json out.json  # and its numbers

Rivals take turns, a round each, so that a slow second of the machine hits all of them. Shown are the median of the
rounds and how many times faster than the best rival hftcore is; every answer is checked. Rivals that are not installed
are left out: pip install TA-Lib wickra screamer numba.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import hftcore as hc

N = 1_000_000
WINDOW = 50
PX = 100 + np.random.default_rng(1).normal(size=N).cumsum() * 0.01
QTY = np.random.default_rng(2).integers(1, 500, N).astype(np.float64)
Bulk = Callable[[], Any]


def ours() -> dict[str, Bulk]:
    trades = trade_tape()
    vwap = hc.FeatureSpec("vwap", [hc.vwap(window=WINDOW)], rows="trade", origin="continuous")
    return {
        "ema": lambda: hc.features.Ema(WINDOW).transform(PX),
        "rsi": lambda: hc.features.Rsi(14).transform(PX),
        "mean": lambda: hc.features.RollingMean(WINDOW).transform(PX),
        "std": lambda: hc.features.RollingStd(WINDOW).transform(PX),
        "min": lambda: hc.features.RollingMin(WINDOW).transform(PX),
        "max": lambda: hc.features.RollingMax(WINDOW).transform(PX),
        "zscore": lambda: hc.features.ZScore(WINDOW).transform(PX),
        "vwap": lambda: hc.FeaturePipeline(vwap).transform(trades)[:, 0],
    }


def trade_tape() -> hc.Events:
    import pandas as pd

    frame = pd.DataFrame(
        {"ts_ns": np.arange(N) * 1_000, "symbol": "AAA", "price": PX.round(2), "size": QTY, "side": "B"}
    )
    return hc.read_events(frame, kind="trade", instruments=[hc.Instrument("AAA")])


def of_talib() -> dict[str, Bulk]:
    import talib

    to_sample = np.sqrt(WINDOW / (WINDOW - 1))
    return {
        "ema": lambda: talib.EMA(PX, WINDOW),
        "rsi": lambda: talib.RSI(PX, 14),
        "mean": lambda: talib.SMA(PX, WINDOW),
        "std": lambda: talib.STDDEV(PX, WINDOW) * to_sample,
        "min": lambda: talib.MIN(PX, WINDOW),
        "max": lambda: talib.MAX(PX, WINDOW),
    }


def of_wickra() -> dict[str, Bulk]:
    import wickra

    def batch(make: Callable[[], Any]) -> Bulk:
        return lambda: np.asarray(make().batch(PX))

    return {
        "ema": batch(lambda: wickra.EMA(WINDOW)),
        "rsi": batch(lambda: wickra.RSI(14)),
        "mean": batch(lambda: wickra.SMA(WINDOW)),
        "std": lambda: np.asarray(wickra.StdDev(WINDOW).batch(PX)) * np.sqrt(WINDOW / (WINDOW - 1)),
    }


def of_screamer() -> dict[str, Bulk]:
    import screamer

    return {
        "mean": lambda: screamer.RollingMean(WINDOW)(PX),
        "std": lambda: screamer.RollingStd(WINDOW)(PX),
        "min": lambda: screamer.RollingMin(WINDOW)(PX),
        "max": lambda: screamer.RollingMax(WINDOW)(PX),
        "zscore": lambda: screamer.RollingZscore(WINDOW)(PX),
    }


def of_numba() -> dict[str, Bulk]:
    import numba

    @numba.njit
    def ema(x: Any, n: int) -> Any:
        out = np.full(len(x), np.nan)
        alpha = 2.0 / (n + 1.0)
        level = x[:n].mean()
        out[n - 1] = level
        for i in range(n, len(x)):
            level += alpha * (x[i] - level)
            out[i] = level
        return out

    @numba.njit
    def moments(x: Any, n: int, kind: int) -> Any:
        out = np.full(len(x), np.nan)
        s1 = s2 = 0.0
        for i in range(len(x)):
            s1 += x[i]
            s2 += x[i] * x[i]
            if i >= n:
                s1 -= x[i - n]
                s2 -= x[i - n] * x[i - n]
            if i >= n - 1:
                mean = s1 / n
                std = np.sqrt(max(0.0, (s2 - s1 * mean) / (n - 1)))
                out[i] = mean if kind == 0 else std if kind == 1 else (x[i] - mean) / std
        return out

    @numba.njit
    def vwap(px: Any, qty: Any, n: int) -> Any:
        out = np.full(len(px), np.nan)
        value = total = 0.0
        for i in range(len(px)):
            value += px[i] * qty[i]
            total += qty[i]
            if i >= n:
                value -= px[i - n] * qty[i - n]
                total -= qty[i - n]
            if i >= n - 1:
                out[i] = value / total
        return out

    px = PX.round(2)
    return {
        "ema": lambda: ema(PX, WINDOW),
        "mean": lambda: moments(PX, WINDOW, 0),
        "std": lambda: moments(PX, WINDOW, 1),
        "zscore": lambda: moments(PX, WINDOW, 2),
        "vwap": lambda: vwap(px, QTY, WINDOW),
    }


def rivals() -> Iterator[tuple[str, dict[str, Bulk]]]:
    for name, table in (("talib", of_talib), ("wickra", of_wickra), ("screamer", of_screamer), ("numba", of_numba)):
        try:
            yield name, table()
        except ImportError as error:
            print(f"{name}: left out ({error})")


PERIODS, STRENGTHS, WINDOWS = (5, 10, 15, 20, 30, 50, 100, 200), (7, 14, 21, 28), (10, 20, 50, 100)


def one_tick_ours() -> Callable[[int], Any]:
    features = [hc.ema("mid_px", period=n) for n in PERIODS] + [hc.rsi("mid_px", period=n) for n in STRENGTHS]
    for n in WINDOWS:
        features += [op("mid_px", window=n) for op in (hc.rolling_mean, hc.rolling_std, hc.rolling_min, hc.rolling_max)]
        features.append(hc.zscore("mid_px", window=n))
    spec = hc.FeatureSpec("bench", features, origin="continuous")
    quote = hc.FeaturePipeline(spec, [hc.Instrument("AAA")]).ticker("AAA").quote
    bids = (PX * 100).astype(np.int64).tolist()
    return lambda i: quote(i * 1000, bids[i], 7, bids[i] + 1, 5)


def one_tick_wickra() -> Callable[[int], Any]:
    import wickra

    each = [wickra.EMA(n).update for n in PERIODS] + [wickra.RSI(n).update for n in STRENGTHS]
    for n in WINDOWS:
        each += [wickra.SMA(n).update, wickra.StdDev(n).update]
        each += [wickra.ZScore(n).update] if hasattr(wickra, "ZScore") else [wickra.StdDev(n).update]
        each += [wickra.ROLLINGMINMAX(n).update]  # both in one
    px = PX.tolist()

    def tick(i: int) -> Any:
        x = px[i]
        return [update(x) for update in each]

    return tick


def one_tick_numba() -> Callable[[int], Any]:
    import numba

    periods, strengths, windows = np.array(PERIODS), np.array(STRENGTHS), np.array(WINDOWS)

    @numba.njit
    def step(x: float, t: int, ring: Any, ema: Any, up: Any, down: Any, sums: Any, row: Any) -> None:
        previous = ring[(t - 1) & 127]
        ring[t & 127] = x
        for i in range(len(periods)):
            ema[i] += 2.0 / (periods[i] + 1.0) * (x - ema[i])
            row[i] = ema[i]
        gain, loss = max(x - previous, 0.0), max(previous - x, 0.0)
        at = len(periods)
        for i in range(len(strengths)):
            up[i] += (gain - up[i]) / strengths[i]
            down[i] += (loss - down[i]) / strengths[i]
            moved = up[i] + down[i]
            row[at + i] = 100.0 * up[i] / moved if moved > 0 else 50.0
        at += len(strengths)
        for i in range(len(windows)):
            n = windows[i]
            old = ring[(t - n) & 127]
            sums[i, 0] += x - old
            sums[i, 1] += x * x - old * old
            low = high = x
            for back in range(1, n):
                y = ring[(t - back) & 127]
                low, high = min(low, y), max(high, y)
            mean = sums[i, 0] / n
            std = np.sqrt(max(0.0, (sums[i, 1] - sums[i, 0] * mean) / (n - 1)))
            row[at], row[at + 1], row[at + 2], row[at + 3] = mean, std, low, high
            row[at + 4] = (x - mean) / std if std > 0 else 0.0
            at += 5

    ring, ema, up, down = np.zeros(128), np.zeros(8), np.zeros(4), np.zeros(4)
    sums, row, px = np.zeros((4, 2)), np.zeros(32), PX.tolist()
    return lambda i: step(px[i], i + 128, ring, ema, up, down, sums, row)


def check(op: str, mine: Any, theirs: Any, who: str) -> None:
    """Loosely: sums in doubles drift, by up to 3e-5 of a z-score on this walk."""
    tail = slice(N // 2, None)
    np.testing.assert_allclose(
        np.asarray(mine, float)[tail], np.asarray(theirs, float)[tail], rtol=1e-3, atol=1e-3, err_msg=f"{op}: {who}"
    )


def bulk_table(rounds: int) -> list[dict[str, Any]]:
    tables = {"hftcore": ours(), **dict(rivals())}
    lines = []
    for op, mine in tables["hftcore"].items():
        runners = {who: table[op] for who, table in tables.items() if op in table}
        for who, run in runners.items():
            check(op, mine(), run(), who)
        times: dict[str, list[float]] = {who: [] for who in runners}
        for _ in range(rounds):
            for who, run in runners.items():
                start = time.perf_counter_ns()
                run()
                times[who].append((time.perf_counter_ns() - start) / N)
        lines.append({"case": op, "ns": {who: float(np.median(t)) for who, t in times.items()}})
    return lines


def tick_table(rounds: int, n: int = 2_000) -> dict[str, Any]:
    ticks: dict[str, Callable[[int], Any]] = {"hftcore": one_tick_ours()}
    for who, make in (("wickra", one_tick_wickra), ("numba fused", one_tick_numba)):
        try:
            ticks[who] = make()
        except (ImportError, AttributeError) as error:
            print(f"{who}: left out ({error})")
    times: dict[str, list[float]] = {who: [] for who in ticks}
    for turn in range(rounds):
        for who, tick in ticks.items():
            for i in range(turn * n, turn * n + n):
                start = time.perf_counter_ns()
                tick(i)
                times[who].append(time.perf_counter_ns() - start)
    clock = float(np.median([-time.perf_counter_ns() + time.perf_counter_ns() for _ in range(10_000)]))
    return {
        "case": "one tick through 32 features, from Python",
        "ns": {who: float(np.median(t)) - clock for who, t in times.items()},
        "p99": {who: float(np.percentile(t, 99)) - clock for who, t in times.items()},
    }


def show(line: dict[str, Any]) -> None:
    ns = line["ns"]
    others = {who: t for who, t in ns.items() if who != "hftcore"}
    best = min(others, key=lambda who: others[who]) if others else ""
    ratio = f"{others[best] / ns['hftcore']:5.2f}x {best}" if best else ""
    print(f"{line['case']:<42} " + "  ".join(f"{who} {t:8.2f}" for who, t in ns.items()) + f"   {ratio}")
    if "p99" in line:
        print(f"{'':<42} p99 " + "  ".join(f"{who} {t:.0f}" for who, t in line["p99"].items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each rival (15)")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    args = parser.parse_args()
    print(f"ns a tick, median of {args.rounds} turns; one thread")
    lines = bulk_table(args.rounds)
    lines.append(tick_table(args.rounds))
    for line in lines:
        show(line)
    if args.json:
        args.json.write_text(json.dumps(lines, indent=1) + "\n")


if __name__ == "__main__":
    main()
