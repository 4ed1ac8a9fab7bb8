"""spark-submit job: tune and train on a labelled feature table, report, and export the artefact.

    spark-submit spark/train.py --table train.parquet --spec spec.toml --out runs/gbt --algorithm mllib_gbt \\
        --grid '{"n_trees": [20, 60], "depth": [4, 6]}' --folds 3 --embargo 1e9

Run it again with the same ``--out`` after a kill: it goes on from its finished cells.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import hftcore as hc
import hftcore.spark as hs
from hftcore.errors import HftError
from hftcore.report.training import write_training_report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True, help="Parquet, as `hftcore features` writes it")
    parser.add_argument("--spec", required=True, help="feature spec that the table was made with")
    parser.add_argument("--out", type=Path, required=True, help="folder for cells, model, report and artefact")
    parser.add_argument("--algorithm", default="mllib_gbt", help="mllib_gbt, mllib_rf, xgboost or lightgbm")
    parser.add_argument("--grid", type=json.loads, default={}, help="JSON: parameter to list of values")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--kind", default="expanding", help="expanding or blocked")
    parser.add_argument("--embargo", type=float, default=0.0, help="nanoseconds")
    parser.add_argument("--test", type=json.loads, default=0.2, help="last share of rows, or their first ts_event_ns")
    parser.add_argument("--horizon", type=int, help="rows that labels looked ahead; needed for a table from elsewhere")
    parser.add_argument(
        "--max-rows", type=int, help="train on this many rows, evenly spread; the test part stays whole"
    )
    parser.add_argument("--metric", default="mcc")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    try:
        spec = hc.FeatureSpec.load(args.spec)
        trained = hs.train(
            args.table,
            spec,
            args.out,
            algorithm=args.algorithm,
            grid=args.grid,
            folds=hs.TimeFolds(n_folds=args.folds, kind=args.kind, embargo_ns=int(args.embargo)),
            test=args.test,
            metric=args.metric,
            horizon=args.horizon,
            max_rows=args.max_rows,
            seed=args.seed,
            progress=True,
        )
        page = write_training_report(trained.report, args.out / "report.html")
        exported = hs.export(trained, spec, args.out / "model.hft", overwrite=True)
    except HftError as error:
        print(f"train: {error}", file=sys.stderr)
        return 2
    test = trained.report.test
    print(f"{page}: MCC {test.mcc:.3f}, macro F1 {test.f1_macro:.3f} on {test.n_rows:,} later rows")
    print(f"{exported.artifact.path}: {exported.n_rows:,} rows within {exported.max_abs_diff:.1e}, no class changes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
