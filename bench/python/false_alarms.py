"""How often the change detectors alarm on a stream whose mean does not change, and how soon on one whose mean does.

    python bench/python/false_alarms.py

The stream: log returns of the generator's mid price over 50 quotes (no overlap), by seed and symbol, divided by their
standard deviation. With signal 0 they are uncorrelated, with fat tails and changing volatility; with 0.5, its default,
neighbours correlate by some 0.2. As a rival, normal noise. Every alarm counts; after one a detector begins anew. The
delay is that of the first alarm behind a rise of the mean by one standard deviation, over 200 repeats on fresh state.
Higher rates than those in docs/features mean that an alarm says less.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import hftcore as hc

EVERY, SEEDS = 50, 8
DETECTORS: dict[str, Callable[[], hc.features.SeriesFeature]] = {
    "cusum(drift=0.5, threshold=8)": lambda: hc.features.Cusum(drift=0.5, threshold=8.0),
    "page_hinkley(delta=0.5, threshold=8)": lambda: hc.features.PageHinkley(delta=0.5, threshold=8.0),
    "adwin(delta=0.002, scale=1)": lambda: hc.features.Adwin(),
    "adwin(delta=0.002, scale=0)": lambda: hc.features.Adwin(scale=0.0),
    "adwin(delta=0.05, scale=1)": lambda: hc.features.Adwin(delta=0.05),
}


def generated(signal: float) -> list[np.ndarray]:
    """Standardised returns, a series per seed and symbol."""
    series = []
    for seed in range(SEEDS):
        tape = hc.generate(seed=seed, symbols=["AAA", "BBB"], seconds=1800, rate=1000, signal=signal, book_levels=0)
        for instrument in tape.instruments:
            one = tape.select(instrument.symbol)
            mid = hc.features.Mid().transform(one[one.data["kind"] == 2])
            returns = np.diff(np.log(mid[~np.isnan(mid)][::EVERY]))
            series.append(returns / returns.std())
    return series


def measure(series: list[np.ndarray], make: Callable[[], hc.features.SeriesFeature]) -> tuple[int, float, float]:
    """Alarms in all, the median delay behind a jump, and the share of jumps found within 500 inputs."""
    alarms = sum(np.count_nonzero(make().transform(x)) for x in series)
    delays = []
    for i in range(200):
        x = series[i % len(series)]
        start = (i * 997) % (len(x) - 1000)
        piece = x[start : start + 1000].copy()
        piece[500:] += 1.0
        found = np.flatnonzero(make().transform(piece)[500:])
        delays.append(found[0] + 1 if len(found) else np.inf)
    return alarms, float(np.median(delays)), float(np.isfinite(delays).mean())


def main() -> None:
    """Print a table."""
    plain, correlated = generated(0.0), generated(0.5)
    rng = np.random.default_rng(0)
    noise = [rng.normal(size=len(x)) for x in plain]
    for stream, series in (("generator, signal 0", plain), ("generator", correlated), ("normal noise", noise)):
        n = sum(map(len, series))
        print(f"{stream}: {n:,} inputs")
        for name, make in DETECTORS.items():
            alarms, delay, found = measure(series, make)
            rate = f"{1e5 * alarms / n:7.1f} per 100,000"
            print(f"  {name:38} {alarms:5} alarms, {rate}; delay {delay:g}, found {found:.0%}")


if __name__ == "__main__":
    main()
