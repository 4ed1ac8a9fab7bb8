"""Artefacts of every kind of MLlib model against Spark's own predictions.

    python bench/spark/models.py [--rows 1000000] [--kinds GBTClassifier ...] [--out results.json]

Models with category splits on made data; the rows are those of ``hc.verify``: on and beside every threshold, then
random ones with missing values. Exits 1 if a margin is more than 1e-12 from Spark's, or a class flips.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.ml import classification, regression
from pyspark.ml.feature import VectorAssembler, VectorIndexer

import hftcore as hc
import hftcore.spark as hs
from hftcore.cli.shared import progress_bar
from hftcore.parity import row_sets

_N_FEATURES = 32
_N_CATEGORIES = {30: 9, 31: 5}  # feature: how many
_KINDS = {  # estimator: its target
    "GBTClassifier": "two",
    "OneVsRest": "three",
    "RandomForestClassifier": "three",
    "DecisionTreeClassifier": "three",
    "GBTRegressor": "value",
    "RandomForestRegressor": "value",
    "DecisionTreeRegressor": "value",
}


def market(spark: Any) -> Any:
    """A DataFrame of ``features`` and the three targets, 5,000 rows."""
    rng = np.random.default_rng(6)
    rows = rng.normal(size=(5_000, _N_FEATURES))
    for feature, n in _N_CATEGORIES.items():
        rows[:, feature] = rng.permutation(np.arange(len(rows)) % n)
    value = rows[:, 0] + np.sin(rows[:, 1]) * rows[:, 2] + 2 * (rows[:, 30] % 3 == 1) + rng.normal(size=len(rows))
    columns = {f"f{i}": rows[:, i] for i in range(_N_FEATURES)}
    columns |= {"value": value, "two": 1.0 * (value > 0.8), "three": np.digitize(value, [0.0, 1.5]).astype(float)}
    frame = VectorAssembler(inputCols=list(columns)[:_N_FEATURES], outputCol="numbers").transform(
        spark.createDataFrame(pa.table(columns))
    )
    return VectorIndexer(inputCol="numbers", outputCol="features", maxCategories=10).fit(frame).transform(frame).cache()


def estimator(kind: str, n_trees: int) -> Any:
    """An estimator of trees of depth 5."""
    common = {"seed": 3, "maxDepth": 5}
    if kind == "OneVsRest":
        return classification.OneVsRest(classifier=classification.GBTClassifier(maxIter=n_trees // 3, **common))
    number = {"maxIter": n_trees} if kind.startswith("GBT") else {"numTrees": n_trees} if "Forest" in kind else {}
    return getattr(classification if kind.endswith("Classifier") else regression, kind)(**common, **number)


def main() -> int:
    """Train, export, compare; 0 where all hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="random rows for each model")
    parser.add_argument("--trees", type=int, default=30, help="of a forest")
    parser.add_argument("--kinds", nargs="+", choices=_KINDS, default=list(_KINDS), metavar="KIND")
    parser.add_argument("--out", type=Path, help="write the table to this JSON file")
    args = parser.parse_args()
    spec = hc.FeatureSpec("prove", [hc.log_return("mid_px", lag=lag) for lag in range(1, _N_FEATURES + 1)])
    spark = hs.session("models", cores=2)
    frame = market(spark)
    table: dict[str, dict[str, Any]] = {}
    print(f"{'model':24} {'trees':>5} {'rows':>10} {'largest gap':>12} {'equal in bits':>14} {'flips':>6} {'s':>5}")
    with tempfile.TemporaryDirectory(prefix="hftcore-models-") as folder:
        for kind in args.kinds:
            saved = Path(folder) / kind
            estimator(kind, args.trees).setLabelCol(_KINDS[kind]).fit(frame).write().save(str(saved))
            art = hc.compile_model(saved, spec, saved.with_suffix(".hft"))
            sets = row_sets(art, rows=args.rows)
            began = time.perf_counter()
            with progress_bar(kind) as progress:
                blocks = (block.rows for block in sets.blocks())
                found = hs.compare_with_spark(saved, art, blocks, spark, lambda n, sets=sets: progress(n, sets.n_rows))
            took = time.perf_counter() - began
            table[kind] = {"n_trees": sets.forest.n_trees, **found.to_dict()}
            print(
                f"{kind:24} {sets.forest.n_trees:>5} {found.n_rows:>10,} {found.max_abs_diff:>12.3g} "
                f"{found.n_equal_bits:>14,} {found.n_flipped:>6,} {took:>5.0f}",
                flush=True,
            )
    spark.stop()
    if args.out:
        args.out.write_text(json.dumps(table, indent=2) + "\n")
    return 0 if all(row["ok"] for row in table.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
