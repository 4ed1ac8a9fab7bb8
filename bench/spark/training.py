"""Macro F1 and MCC on the real data, same days and labels as the published LightGBM rows, by any trainer.

    HFTCORE_DATA=... python bench/spark/training.py --algorithm lightgbm --work /tmp/training [--shuffle]

Prints a row per case beside the baseline's, and writes ``<work>/<case>-<algorithm>/report.html``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import hftcore as hc
import hftcore.spark as hs
from hftcore.errors import HftError
from hftcore.table import LabelRule, make_feature_table, write_feature_table

NS = 1_000_000_000
DAY = 86_400 * NS
SPEC = Path(hc.__file__).parent / "specs" / "direction.toml"


@dataclass(frozen=True)
class Case:
    """Where the events are, how far the label looks, and what LightGBM scored without tuning (macro F1, MCC; %)."""

    symbol: str
    horizon: int
    files: tuple[str, ...]
    test: float | int  # first ts_event_ns of the test part, or the last share of rows
    baseline: tuple[float, float]
    keeps_unchanged: bool = False  # a row for every message, those that leave level 1 as it was among them


TAQ = tuple(
    f"us_equities_taq/{kind}_201310{day}.parquet" for day in ("07", "08", "09") for kind in ("quotes", "trades")
)
OCT_9 = int(np.datetime64("2013-10-09", "ns").astype(np.int64))
GOOG = ("lobster_nasdaq/GOOG_20120621_book_L10.parquet", "lobster_nasdaq/GOOG_20120621_trades.parquet")
CASES = {
    "IBM-10": Case("IBM", 10, TAQ, OCT_9, (47.0, 21.7)),
    "AIG-50": Case("AIG", 50, TAQ, OCT_9, (51.0, 28.9)),
    "GOOG-10": Case("GOOG", 10, GOOG, 0.3, (45.5, 20.6), keeps_unchanged=True),
}
GRIDS: dict[str, dict[str, list[Any]]] = {
    "lightgbm": {
        "n_trees": [600],
        "depth": [8],
        "n_leaves": [31, 63],
        "learning_rate": [0.04],
        "feature_share": [0.4],
        "subsample": [0.7],
        "min_rows_per_leaf": [200],
        "l2": [10.0],
        "class_weights": [None, "sqrt_balanced"],
    },
    "xgboost": {
        "n_trees": [600],
        "depth": [6],
        "learning_rate": [0.04],
        "feature_share": [0.4],
        "subsample": [0.7],
        "min_child_weight": [100.0],
        "l2": [10.0],
        "class_weights": [None, "sqrt_balanced"],
    },
    "mllib_gbt": {"n_trees": [60], "depth": [5], "learning_rate": [0.2], "max_bins": [64], "min_rows_per_leaf": [200]},
    "mllib_rf": {"n_trees": [60], "depth": [10], "feature_share": [0.3], "min_rows_per_leaf": [50]},
}


def relative_labels(events: hc.Events, rows: Any, at: Any, case: Case) -> tuple[Any, float]:
    """The baseline's labels: sign of mean(mid of the next k rows) / mid - 1 beyond its 1/3 quantile in training.

    Sums of integers, so a price that stood still is exactly 0. ``at`` are the rows wanted, which have k more each.
    """
    data = events.data[rows]
    half = (data["bid_px_ticks"] + data["ask_px_ticks"]).astype(np.int64)
    k, total, i = case.horizon, np.concatenate([[0], np.cumsum(half)]), np.searchsorted(rows, at)
    move = (total[i + k + 1] - total[i + 1] - k * half[i]) / (k * half[i])
    ts = data["ts_event_ns"][i]
    train = ts < (np.quantile(ts, 1.0 - case.test) if isinstance(case.test, float) else case.test)
    band = float(np.quantile(np.abs(move[train]), 1 / 3))
    return (move > band).astype(np.int8) - (move < -band).astype(np.int8), band


def table_of(name: str, case: Case, spec: hc.FeatureSpec, data: Path, work: Path) -> Path:
    path = work / f"{name}-{spec.sha256[:8]}.parquet"
    if path.exists():
        return path
    events = hc.read_events([data / f for f in case.files], symbols=[case.symbol], off_tick="round")
    made = make_feature_table(events, spec, LabelRule(case.horizon))
    pipeline = hc.FeaturePipeline(spec, events.instruments)
    pipeline.transform(events)
    y, band = relative_labels(events, pipeline.rows, made.event_index, case)
    made = replace(made, y=y)
    print(f"{name}: {len(made):,} rows, dead band {1e4 * band:.3f} bps, {made.class_counts()}", flush=True)
    write_feature_table(made, path)
    return path


def shuffled(path: Path, seed: int = 1) -> Path:
    """The same table with its labels dealt anew: whatever then scores above 0 is leakage."""
    table = pq.read_table(path)
    labels = np.random.default_rng(seed).permutation(table["label"].to_numpy())
    at = table.schema.get_field_index("label")
    out = path.with_suffix(".shuffled.parquet")
    pq.write_table(table.set_column(at, "label", pa.array(labels)), out)
    return out


def write_page(trained: Any) -> None:
    try:
        from hftcore.report.training import write_training_report

        write_training_report(trained.report, trained.out / "report.html")
    except HftError as error:  # drawing is an extra
        print(f"no page: {error}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("HFTCORE_DATA"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--algorithm", default="lightgbm", choices=sorted(GRIDS))
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--spec", type=Path, default=SPEC)
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--shuffle", action="store_true", help="deal the labels anew first")
    parser.add_argument("--grid", type=json.loads, default={}, help="JSON over the script's own grid")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    given = hc.FeatureSpec.load(args.spec)
    print("| case | algorithm | rows | accuracy | F1 | MCC | baseline F1 / MCC | plain LightGBM here | majority | s |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in args.cases.split(","):
        case, spec = CASES[name], given
        if case.keeps_unchanged:
            kept = [rule for rule in given.drop if rule != "unchanged"]
            spec = hc.FeatureSpec.from_dict({**given.to_dict(), "drop": kept})
        table = table_of(name, case, spec, Path(args.data), args.work)
        started = time.perf_counter()
        trained = hs.train(
            shuffled(table) if args.shuffle else table,
            spec,
            args.work / f"{name}-{args.algorithm}{'-shuffled' if args.shuffle else ''}",
            algorithm=args.algorithm,
            grid={**GRIDS[args.algorithm], **args.grid},
            folds=hs.TimeFolds(n_folds=args.folds, embargo_ns=NS),
            test=case.test,
            title=f"{name}, {args.algorithm}",
        )
        seconds = time.perf_counter() - started
        write_page(trained)
        t, plain = trained.report.test, trained.report.lightgbm
        print(
            f"| {name} | {args.algorithm} | {t.n_rows:,} | {100 * t.accuracy:.1f} | {100 * t.f1_macro:.1f} | "
            f"{100 * t.mcc:.1f} | {case.baseline[0]} / {case.baseline[1]} | "
            f"{100 * plain.f1_macro:.1f} / {100 * plain.mcc:.1f} | {100 * t.majority.accuracy:.1f} / "
            f"{100 * t.majority.f1_macro:.1f} | {seconds:.0f} |",
            flush=True,
        )
        print(f"  best: {trained.outcome.best}; folds' mean {[round(m, 3) for m in trained.outcome.means]}", flush=True)


if __name__ == "__main__":
    main()
