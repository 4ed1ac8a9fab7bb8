"""Kill a scored stream and its brokers, and prove after each round what its reader sees.

    python bench/spark/stream_chaos.py --rounds 50 --seed 1 --report chaos.json

A real cluster of three brokers, a live feed, `spark/score_stream.py` as a job of its own processes, restarted from one
checkpoint. After each round decisions, orders, fills and dead letters, as a once-reader gives them, must be byte for
byte those of `hc.replay`. Exits 0 when every round holds, else 1.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hftcore.kafka import Cluster
from hftcore.proof.chaos.model import busy_artifact
from hftcore.proof.chaos.table import by_scenario
from hftcore.proof.stream import FAULTS, Market, StreamCampaign
from hftcore.spark.session import connector_jars

SCRIPT = Path(__file__).parents[2] / "spark" / "score_stream.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=12, help=f"{', '.join(fault.name for fault in FAULTS)} in turn")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--messages", type=int, default=6_000, help="of a round")
    parser.add_argument("--rate", type=float, default=800.0, help="messages per second")
    parser.add_argument("--keep", type=Path, help="keep checkpoint and log here")
    parser.add_argument("--report", type=Path, help="write the rounds and the table here, as JSON")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp(prefix="hftcore-stream-"))
    folder.mkdir(parents=True, exist_ok=True)
    market = Market(args.seed, args.rounds, args.messages)
    artifact = busy_artifact(folder / "busy.hft")
    with Cluster(failover="fast", tied=True) as cluster:
        jars = connector_jars(["kafka"])
        with StreamCampaign(cluster, artifact, SCRIPT, jars, folder, market, args.seed, args.rate) as campaign:
            results = campaign.run(
                lambda r, n: print(
                    f"{n}/{args.rounds} {r.scenario} ({r.master}): {r.problem or 'ok'}; {'; '.join(r.evidence)}; "
                    f"{r.n_decisions:,} decisions, {r.void} written twice, {r.elapsed_s:.1f} s",
                    flush=True,
                )
            )
    table = by_scenario(results)
    if args.report:
        rounds = [result.to_dict() for result in results]
        text = json.dumps({"seed": args.seed, "rounds": rounds, "table": table}, indent=2, sort_keys=True)
        args.report.write_text(text + "\n", encoding="utf-8")
    names = (
        "rounds",
        "failed",
        "records",
        "lost",
        "doubled",
        "differing",
        "void",
        "recovery_s_median",
        "recovery_s_max",
    )
    shown = Table("fault", *(name.replace("_", " ") for name in names))
    for row in table:
        shown.add_row(row["scenario"], *(str(row[name]) for name in names))
    Console().print(shown)
    good = len(results) == args.rounds and all(result.ok for result in results)
    if good and args.keep is None:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
