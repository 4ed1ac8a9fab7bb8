"""spark-submit job: a folder of events becomes a folder of features.

    spark-submit spark/features_of_a_day.py --events s3a://ticks/2024-01-02 --spec spec.toml --out s3a://features/2024-01-02

With an origin of "continuous", --state names the output of the day before, and the state at the end of this day is
written beside the rows (<out>/part=rows, <out>/part=state).

With --day, --out is the URL of an hs.Dataset: the workers write its files themselves, the day appears whole, and states
lie in <out>/_states/<day>.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pyspark.sql import SparkSession

import hftcore as hc
import hftcore.spark as hs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", required=True, help="Parquet files of events, or folders of them")
    parser.add_argument("--spec", required=True, help="feature spec, TOML or JSON, on the driver")
    parser.add_argument(
        "--out", required=True, help="folder to write, which must not exist; with --day a dataset's URL"
    )
    parser.add_argument("--day", help="publish as this day (YYYY-MM-DD) of a dataset")
    parser.add_argument(
        "--instruments", type=Path, help="JSON of an InstrumentTable; default: the local files' footers"
    )
    parser.add_argument("--state", help="output folder of the day before, for an origin of continuous")
    parser.add_argument("--order", nargs="+", default=["source_seq"], help="columns that order a symbol's events")
    parser.add_argument("--partitions", type=int, help="default: spark.sql.shuffle.partitions")
    parser.add_argument("--balance", action="store_true", help="count each symbol's events first and balance by them")
    args = parser.parse_args()

    spec = hc.FeatureSpec.load(args.spec)
    if args.instruments:
        instruments = hc.InstrumentTable.from_json(args.instruments.read_text())
    else:
        instruments = hs.read_instruments(args.events)
    spark = SparkSession.builder.appName(f"features {spec.name}").getOrCreate()
    events = hs.read_events(spark, args.events)
    chained = spec.origin == "continuous"
    state = hs.end_state(spark.read.parquet(args.state)) if args.state else None
    if args.day:
        dataset = hs.Dataset(args.out, spark=spark, layout=hs.Layout(order=tuple(args.order)))
        done = hs.publish_features(
            dataset, args.day, events, spec, instruments=instruments, state=state, with_state=chained
        )
        if chained:
            states = spark.createDataFrame(list(done.states.items()), "symbol string, state binary")
            states.write.mode("overwrite").parquet(f"{args.out}/_states/{args.day}")
    else:
        rows = hs.features(
            events,
            spec,
            instruments=instruments,
            order=args.order,
            n_partitions=args.partitions,
            weights=hs.symbol_counts(events) if args.balance else None,
            state=state,
            with_state=chained,
        )
        hs.write_features(rows, args.out)
    print(f"{spec.name}: features of {args.events} written to {args.out}")


if __name__ == "__main__":
    main()
