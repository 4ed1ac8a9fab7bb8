"""hs.features: rows per second and core, and where the time goes.

    python bench/spark/features.py [--rows 2000000] [--symbols 50] [--repeat 3] [--skew] [--out results.json]

Each figure is the best of --repeat runs, a session of its own for each number of cores. "CPU" is what the JVM and its
Python workers used, threads that compile and collect garbage included: on a shared machine the steadier figure. The
stages are Spark jobs that end where the stage ends (a sink that drops its rows), so a stage's cost is a difference of
two lines. Beside them the same rows through FeaturePipeline.transform in this process.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import hftcore as hc

DAY = "2024-01-02"
INPUTS = 6  # ts_event_ns, kind, bid and ask with their quantities


def spec_of_20() -> hc.FeatureSpec:
    """20 columns of the kinds that the demo trains on."""
    features = [hc.queue_imbalance(), hc.microprice(), hc.spread(), hc.mid()]
    features += [hc.order_flow_imbalance(window=window) for window in (10, 50, 200)]
    features += [hc.ema("queue_imbalance_frac", period=period) for period in (10, 50)]
    features += [hc.ema_deviation("mid_px", period=period) for period in (20, 100)]
    features += [hc.log_return("mid_px", lag=lag) for lag in (1, 10, 50, 200)]
    features += [hc.rsi("mid_px", period=14), hc.rsi("mid_px", period=50)]
    features += [hc.rolling_std("mid_px", window=100), hc.zscore("mid_px", window=200)]
    features += [hc.rolling_mean("spread_px", window=100)]
    return hc.FeatureSpec("bench-20", features, rows="quote", origin="continuous")


def make_events(n_rows: int, n_symbols: int, skew: bool) -> hc.Events:
    """Quotes alone, so that each event is a row; with ``skew`` the first symbol has nine tenths of them."""
    symbols = [f"S{i:03d}" for i in range(n_symbols)]
    events = hc.generate(seed=11, symbols=symbols, seconds=3600, rate=n_rows / 3600 * 1.6, book_levels=0)
    data = events.data[events.data["kind"] == 2][:n_rows].copy()
    if skew:
        data["symbol_id"] = np.where(np.arange(len(data)) % 10 < 9, 0, data["symbol_id"])
    return hc.Events(data, events.instruments)


def cpu_seconds() -> float:
    """CPU of this process and all below it, dead children included."""
    ticks: dict[int, int] = {}
    parent: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended
        parent[int(stat.parent.name)] = int(fields[1])
        ticks[int(stat.parent.name)] = sum(map(int, fields[11:15]))

    def mine(pid: int) -> bool:
        while pid > 1:
            if pid == os.getpid():
                return True
            pid = parent.get(pid, 0)
        return False

    return sum(n for pid, n in ticks.items() if mine(pid)) / os.sysconf("SC_CLK_TCK")


def best(repeat: int, work: Callable[[], Any]) -> tuple[float, float]:
    """Least wall time and least CPU time in seconds, after one run that is not counted."""
    work()
    walls, cpus = [], []
    for _ in range(repeat):
        start, used = time.perf_counter(), cpu_seconds()
        work()
        walls.append(time.perf_counter() - start)
        cpus.append(cpu_seconds() - used)
    return min(walls), min(cpus)


def through(batches: Iterator[Any]) -> Iterator[Any]:
    """Take what comes; send nothing back."""
    for _ in batches:
        pass
    yield from ()


def swallow(worker: Any) -> Callable[[Iterator[Any]], Iterator[Any]]:
    """Compute the features; send nothing back."""

    def run_it(batches: Iterator[Any]) -> Iterator[Any]:
        for _ in worker.arrow(batches):
            pass
        yield from ()

    return run_it


def run(cores: int, folder: Path, n: int, repeat: int, batch: int, skew: bool) -> dict[str, tuple[float, float]]:
    """Every stage on one number of cores: wall and CPU seconds."""
    import hftcore.spark as hs
    from hftcore.spark.event_columns import narrow
    from hftcore.spark.features.worker import Worker

    spec = spec_of_20()
    instruments = hc.InstrumentTable.from_json((folder / "instruments.json").read_text())
    config = {"spark.sql.execution.arrow.maxRecordsPerBatch": str(batch), "spark.sql.files.maxPartitionBytes": "32m"}
    spark = hs.session("bench", cores=cores, driver_memory="3g", config=config)
    df = hs.read_events(spark, str(folder / "events"))
    worker = Worker(spec, instruments.to_json(), ("source_seq",), packed=True)
    narrowed = narrow(df, ("source_seq",))
    moved = narrowed.repartition(cores, "symbol").sortWithinPartitions("source_seq")
    two_keys = narrowed.repartition(cores, "symbol").sortWithinPartitions("symbol", "source_seq")

    written = hs.Dataset((folder / f"written-{cores}").as_uri(), layout=hs.Layout(n_buckets=4))

    def noop(frame: Any) -> Callable[[], None]:
        return lambda: frame.write.format("noop").mode("overwrite").save()

    def made(**options: Any) -> Callable[[], None]:
        return noop(hs.features(df, spec, instruments=instruments, n_partitions=cores, **options))

    steps: dict[str, Callable[[], object]] = {
        "scan and narrow": noop(narrowed),
        "... + shuffle and sort": noop(moved),
        "... + Arrow in": noop(worker.pack(moved).mapInArrow(through, narrowed.schema)),
        "... + native": noop(worker.pack(moved).mapInArrow(swallow(worker), worker.output_schema())),
        "hs.features (arrow): ... + Arrow out": made(),
    }
    if skew:
        counts = hs.symbol_counts(df)
        steps["hs.features, weights"] = made(weights=counts)
        steps["hs.features, by_session"] = noop(
            hs.features(
                df,
                hc.FeatureSpec.from_dict({**json.loads(spec.canonical_json()), "origin": "session_open"}),
                instruments=instruments,
                n_partitions=cores,
                by_session=True,
            )
        )
    else:
        steps["hs.publish_features: workers write"] = lambda: hs.publish_features(
            written, DAY, df, spec, instruments=instruments
        )
        steps["hs.features, Dataset.publish: Spark writes"] = lambda: written.publish(
            DAY, hs.features(df, spec, instruments=instruments, n_partitions=cores)
        )
        steps["Arrow in, a column for each integer"] = noop(moved.mapInArrow(through, narrowed.schema))
        steps["shuffle and sort by (symbol, order)"] = noop(two_keys)
        steps["hs.features (pandas)"] = made(form="pandas")
    times = {name: best(repeat, work) for name, work in steps.items()}
    spark.stop()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--symbols", type=int, default=50)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--cores", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--batch", type=int, default=10_000, help="spark.sql.execution.arrow.maxRecordsPerBatch")
    parser.add_argument("--skew", action="store_true", help="one symbol has nine tenths of the events")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    parser.add_argument("--stage", help=argparse.SUPPRESS)  # cores:folder, in a process of its own
    args = parser.parse_args()
    if args.stage:
        cores, folder = args.stage.split(":", 1)
        print(json.dumps(run(int(cores), Path(folder), args.rows, args.repeat, args.batch, args.skew)))
        return
    folder = Path(tempfile.mkdtemp(prefix="hftcore-bench-"))
    try:
        events = make_events(args.rows, args.symbols, args.skew)
        n = len(events)
        (folder / "events").mkdir()
        table = events.to_arrow()
        at = table.schema.get_field_index("source_seq")  # as Spark itself writes it
        table = table.set_column(at, "source_seq", table["source_seq"].cast(pa.int64()))
        for part in range(4):
            piece = table.slice(part * n // 4, (part + 1) * n // 4 - part * n // 4)
            pq.write_table(piece, folder / "events" / f"{part}.parquet", compression="zstd")
        (folder / "instruments.json").write_text(events.instruments.to_json())
        spec = spec_of_20()
        plain, _ = best(args.repeat, lambda: hc.FeaturePipeline(spec, events.instruments).transform(events))
        figures: dict[str, Any] = {"rows": n, "load": os.getloadavg(), "FeaturePipeline.transform": plain}
        print(
            f"{n:,} rows, {args.symbols} symbols, {INPUTS} inputs to {len(spec.names)} features, load {figures['load']}"
        )
        print(f"{'FeaturePipeline.transform':42} 1 core    {plain:6.2f} s {n / plain / 1e6:5.2f} M rows/s")
        for cores in args.cores:
            command = [sys.executable, __file__, "--stage", f"{cores}:{folder}", "--rows", str(n)]
            command += ["--repeat", str(args.repeat), "--batch", str(args.batch)] + (["--skew"] if args.skew else [])
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            times = json.loads(done.stdout.splitlines()[-1])
            figures[f"{cores} cores"] = times
            for name, (wall, cpu) in times.items():
                per_core = n / wall / cores / 1e6
                print(f"{name:42} {cores} core(s) {wall:6.2f} s {per_core:5.2f} M rows/s a core, CPU {cpu:6.2f} s")
        if args.out:
            args.out.write_text(json.dumps(figures, indent=1) + "\n")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
