"""What Spark's knobs do to a features job on this machine: python bench/spark/settings.py [--rows N] [--json FILE].

One job, `hs.features` of generated quotes into a sink that does nothing, under one changed property at a time, each in
a session of its own. The variants take turns, so that what the machine does besides is the same for all; the best of
each counts. A knob that changes nothing by more than the runs of one variant differ has no effect here.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

import hftcore as hc
import hftcore.spark as hs

ARROW = "spark.sql.execution.arrow.maxRecordsPerBatch"
VARIANTS: dict[str, dict[str, str]] = {
    "as hs.session": {},
    "shuffle codec snappy": {"spark.io.compression.codec": "snappy"},
    "shuffle codec zstd": {"spark.io.compression.codec": "zstd"},
    "shuffle not compressed": {"spark.shuffle.compress": "false"},
    "AQE off": {"spark.sql.adaptive.enabled": "false"},
    "Kryo": {"spark.serializer": "org.apache.spark.serializer.KryoSerializer"},
    "1,000 rows a batch": {ARROW: "1000"},
    "100,000 rows a batch": {ARROW: "100000"},
    "as hs.session, again": {},
    "G1": {"spark.driver.defaultJavaOptions": "-XX:-UseParallelGC -XX:+UseG1GC"},
}


def spec() -> hc.FeatureSpec:
    """Features that remember."""
    return hc.FeatureSpec(
        "settings",
        [
            hc.mid(),
            hc.spread(),
            hc.microprice(),
            hc.queue_imbalance(),
            hc.ema("mid_px", period=20),
            hc.rsi("mid_px", period=14),
            hc.order_flow_imbalance(window=20),
            hc.zscore("mid_px", window=50),
        ],
    )


def run_once(config: dict[str, str], folder: Path, instruments: hc.InstrumentTable, n_runs: int) -> list[float]:
    """Seconds of some runs in one session, after one that warms it."""
    spark = hs.session("settings", cores=2, config=config)
    rows = hs.features(hs.read_events(spark, str(folder)), spec(), instruments=instruments, n_partitions=8)
    times = []
    for _ in range(n_runs + 1):
        begun = time.perf_counter()
        rows.write.format("noop").mode("overwrite").save()
        times.append(time.perf_counter() - begun)
    spark.stop()
    return times[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=2, help="in a session")
    parser.add_argument("--turns", type=int, default=2, help="sessions of each variant")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    symbols = [f"S{i:02}" for i in range(20)]
    events = hc.generate(seed=7, symbols=symbols, seconds=args.rows / 20_000, rate=20_000)
    times: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as name:
        pq.write_table(events.to_arrow(), Path(name) / "events.parquet")
        run_once({}, Path(name), events.instruments, 1)  # the first session of all finds nothing warm
        order = list(VARIANTS)
        for _ in range(args.turns):
            for variant in order:
                times[variant] += run_once(VARIANTS[variant], Path(name), events.instruments, args.runs)
            order = order[len(order) // args.turns :] + order[: len(order) // args.turns]
    found = [row(variant, each, len(events)) for variant, each in times.items()]
    shown = Table("variant", "best s", "worst s", "rows/s", "against the first")
    for one in found:
        against = one["best_s"] / found[0]["best_s"] - 1
        shown.add_row(
            one["variant"], f"{one['best_s']:.2f}", f"{one['worst_s']:.2f}", f"{one['rows_per_s']:,}", f"{against:+.0%}"
        )
    Console().print(shown)
    print("load average {:.1f} {:.1f} {:.1f}".format(*os.getloadavg()))
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n")


def row(variant: str, times: list[float], n_rows: int) -> dict[str, Any]:
    return {
        "variant": variant,
        "best_s": min(times),
        "worst_s": max(times),
        "rows_per_s": round(n_rows / min(times)),
        "runs": len(times),
    }


if __name__ == "__main__":
    main()
