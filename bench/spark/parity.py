"""The parity table: every path, number of partitions and Arrow batch size, and the bytes that differ.

    python bench/spark/parity.py [--rows 100000] [--partitions 1 2 7] [--batches 1 7 1000] [--out results.json]
    python bench/spark/parity.py --events quotes.parquet trades.parquet --symbols IBM --master 'local-cluster[2,1,1024]'

Without --events on the generator's stream. ``publish`` is hs.publish_features, with as many buckets as partitions: what
its workers wrote is read again. Exit code 1 if a byte differs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

import hftcore as hc
import hftcore.spark as hs
from hftcore.spark.features import FeatureParity


def published(df: Any, events: hc.Events, spec: hc.FeatureSpec, n: int, batch: int, folder: Path) -> FeatureParity:
    """One line of the table by way of files that the workers wrote."""
    df.sparkSession.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(batch))
    dataset = hs.Dataset((folder / f"published-{n}-{batch}").as_uri(), layout=hs.Layout(n_buckets=n))
    hs.publish_features(dataset, "2024-01-02", df, spec, instruments=events.instruments)
    differ, n_bytes = hs.differing_bytes(dataset.to_spark(), events, spec)
    return FeatureParity("publish", n, batch, n_bytes // 8 // len(spec.names), n_bytes, differ)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=Path, nargs="+", help="files of quotes and trades")
    parser.add_argument("--symbols", nargs="+", help="only these of them")
    parser.add_argument("--rows", type=int, default=100_000, help="events from the middle of the files")
    parser.add_argument("--partitions", type=int, nargs="+", default=[1, 2, 7])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 7, 1_000, 100_000])
    parser.add_argument("--paths", nargs="+", default=["arrow", "pandas", "publish"])
    parser.add_argument("--master", help="such as local-cluster[2,1,1024]: executors of their own; default: local[2]")
    parser.add_argument("--out", type=Path, help="add the table to this JSON file")
    args = parser.parse_args()
    if args.events:
        events = hc.read_events(args.events, symbols=args.symbols, off_tick="round")
        middle = max(0, (len(events) - args.rows) // 2)
        events = events[middle : middle + args.rows]
    else:
        events = hc.generate(seed=7, symbols=["A", "B", "C", "D", "E"], seconds=3600, rate=args.rows / 3600)
    demo = hc.FeatureSpec.load(Path(hc.__file__).parent / "specs" / "demo.toml")
    data = {key: value for key, value in demo.to_dict().items() if key != "session"}
    spec = hc.FeatureSpec.from_dict(data)
    folder = Path(tempfile.mkdtemp(prefix="hftcore-parity-"))
    try:
        pq.write_table(events.to_arrow(), folder / "events.parquet")
        config = {"spark.executorEnv.PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        config |= {"spark.master": args.master, "spark.executor.memory": "768m"} if args.master else {}
        spark = hs.session("parity", cores=2, config=config)
        df = hs.read_events(spark, str(folder / "events.parquet"))
        forms = [path for path in args.paths if path != "publish"]
        cuts = {"partitions": args.partitions, "batches": args.batches, "forms": forms}
        table = hs.feature_parity(df, events, spec, **cuts)
        if "publish" in args.paths:
            table += [published(df, events, spec, n, batch, folder) for n in args.partitions for batch in args.batches]
        spark.stop()
    finally:
        shutil.rmtree(folder)
    print(f"{len(events):,} events of {events.source}: {table[0].n_rows:,} rows of {len(spec.names)} features")
    print(f"{'path':14} {'partitions':>10} {'rows a batch':>12} {'bytes':>14} {'differing':>10}")
    for row in table:
        path = row.form if row.form == "publish" else f"mapIn{row.form.capitalize()}"
        print(f"{path:14} {row.n_partitions:>10} {row.batch:>12,} {row.n_bytes:>14,} {row.bytes_differing:>10,}")
    if args.out:
        runs = json.loads(args.out.read_text()) if args.out.exists() else []
        runs.append(
            {
                "events": [path.name for path in args.events] if args.events else "the generator's",
                "n_events": len(events),
                "n_features": len(spec.names),
                "master": args.master or "local[2]",
                "table": [asdict(row) for row in table],
            }
        )
        args.out.write_text(json.dumps(runs, indent=1) + "\n")
    return int(any(row.bytes_differing for row in table))


if __name__ == "__main__":
    sys.exit(main())
