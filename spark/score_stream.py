"""spark-submit job: a topic of market messages becomes topics of decisions, orders, fills and dead letters.

    spark-submit --jars JARS spark/score_stream.py --bootstrap HOST:PORT --topic quotes \\
        --partitions 4 --model up.hft --instruments instruments.json --checkpoint s3a://state/score \\
        --decisions decisions --orders orders --fills fills --dead-letters dead-letter

JARS are those of the Kafka connector (docs/how-to/score-a-stream.md). It runs until it is ended, and goes on from its
checkpoint when it is started again: kill it whenever you like. Each batch is a line on standard output.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pyspark.sql import SparkSession

import hftcore as hc
import hftcore.spark as hs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bootstrap", required=True, help="brokers")
    parser.add_argument("--topic", required=True, help="input")
    parser.add_argument("--partitions", type=int, required=True, help="how many the input has; the outputs must too")
    parser.add_argument("--model", required=True, help="artefact, on the driver")
    parser.add_argument("--instruments", type=Path, required=True, help="JSON of an InstrumentTable")
    for kind in ("decisions", "orders", "fills", "dead-letters"):
        parser.add_argument(f"--{kind}", required=True, help=f"topic of {kind}")
    parser.add_argument("--checkpoint", required=True, help="folder of offsets and states; one per query")
    parser.add_argument("--key", choices=("symbol", "partition"), default="symbol", help="what has an engine")
    parser.add_argument("--format", default="json", help="json, avro, avro_bare or packed")
    parser.add_argument("--settings", type=Path, help='JSON: {"strategy": {...}, "risk": {...}, "execution": {...}}')
    parser.add_argument("--epoch", type=int, default=1, help="part of every id")
    parser.add_argument("--numbered", action="store_true", help="the feed numbers each symbol's events")
    parser.add_argument("--most", type=int, default=200_000, help="messages a batch: back-pressure")
    parser.add_argument("--every", help="trigger, such as '1 second'; default: batch after batch")
    args = parser.parse_args()

    told = json.loads(args.settings.read_text()) if args.settings else {}
    builder = SparkSession.builder.appName(f"score {args.topic}")
    for name, value in hs.STREAM_SETTINGS.items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    hs.watch(spark, lambda progress: print(progress, flush=True))
    rows = hs.score(
        hs.read_kafka(spark, args.bootstrap, args.topic, max_offsets_per_trigger=args.most),
        hc.Artifact.load(args.model),
        instruments=hc.InstrumentTable.from_json(args.instruments.read_text()),
        key=args.key,
        fmt=args.format,
        strategy=hc.Threshold(**told.get("strategy", {})),
        risk=hc.RiskLimits(**told.get("risk", {})),
        execution=hc.SimulatedExchange(**told.get("execution", {})),
        config_epoch=args.epoch,
        numbered=args.numbered,
        n_partitions=args.partitions,
    )
    query = hs.publish(
        rows,
        args.bootstrap,
        {"decision": args.decisions, "order": args.orders, "fill": args.fills, "dead_letter": args.dead_letters},
        args.checkpoint,
        trigger={"processingTime": args.every} if args.every else None,
        name=args.topic,
        n_partitions=args.partitions,
    )
    query.awaitTermination()


if __name__ == "__main__":
    main()
