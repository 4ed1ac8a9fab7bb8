"""The parity table: every form, number of partitions and Arrow batch size, and the bytes that differ.

    python bench/spark/parity.py [--events FILE_OR_FOLDER] [--rows 100000] [--partitions 1 2 7] [--batches 1 7 1000]

Without --events on the generator's stream. Exit code 1 if a byte differs.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

import hftcore as hc
import hftcore.spark as hs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=Path)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--partitions", type=int, nargs="+", default=[1, 2, 7])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 7, 1_000, 100_000])
    parser.add_argument("--forms", nargs="+", default=["arrow", "pandas"])
    args = parser.parse_args()
    if args.events:
        events = hc.read_events(args.events)
        middle = len(events) // 2
        events = events[middle : middle + args.rows]
    else:
        events = hc.generate(seed=7, symbols=["A", "B", "C", "D", "E"], seconds=3600, rate=args.rows / 3600)
    demo = hc.FeatureSpec.load(Path(hc.__file__).parent / "specs" / "demo.toml")
    data = {key: value for key, value in demo.to_dict().items() if key != "session"}
    spec = hc.FeatureSpec.from_dict(data)
    folder = Path(tempfile.mkdtemp(prefix="hftcore-parity-"))
    try:
        pq.write_table(events.to_arrow(), folder / "events.parquet")
        spark = hs.session("parity", cores=2)
        df = hs.read_events(spark, str(folder))
        cuts = {"partitions": args.partitions, "batches": args.batches, "forms": args.forms}
        table = hs.feature_parity(df, events, spec, **cuts)
        spark.stop()
    finally:
        shutil.rmtree(folder)
    print(f"{len(events):,} events of {events.source}: {table[0].n_rows:,} rows of {len(spec.names)} features")
    print(f"{'path':14} {'partitions':>10} {'rows a batch':>12} {'bytes':>14} {'differing':>10}")
    for row in table:
        path = f"mapIn{row.form.capitalize()}"
        print(f"{path:14} {row.n_partitions:>10} {row.batch:>12,} {row.n_bytes:>14,} {row.bytes_differing:>10,}")
    return int(any(row.bytes_differing for row in table))


if __name__ == "__main__":
    sys.exit(main())
