"""Macro F1 and MCC on the real data, same days and labels as the published LightGBM rows, by any trainer.

    HFTCORE_DATA=... python bench/spark/training.py --case IBM-10 --algorithm mllib_gbt --work /tmp/training [--shuffle]
    python bench/spark/training.py --table

A run adds its figures to ``bench/results/training.json`` and writes ``<work>/<case>-<algorithm>/report.html``;
``--table`` prints what is in the results as the table of docs/how-to/train-with-search.md.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import hftcore as hc
import hftcore.spark as hs
from hftcore.errors import HftError
from hftcore.files import write_atomically
from hftcore.table import LabelRule, make_feature_table, write_feature_table

NS = 1_000_000_000
SPEC = Path(hc.__file__).parent / "specs" / "direction.toml"
RESULTS = Path(__file__).parents[1] / "results" / "training.json"


@dataclass(frozen=True)
class Case:
    """Where the events are, how far the label looks, and what LightGBM scored without tuning (macro F1, MCC; %)."""

    about: str
    symbol: str
    horizon: int
    files: tuple[str, ...]
    test: float | int  # first ts_event_ns of the test part, or the last share of rows
    baseline: tuple[float, float]
    class_weights: tuple[Any, ...]  # to choose from
    keeps_unchanged: bool = False  # a row for every message, those that leave level 1 as it was among them
    max_rows: int | None = None  # of the training part, evenly spread
    n_leaves: int = 31  # of LightGBM's trees


TAQ = tuple(
    f"us_equities_taq/{kind}_201310{day}.parquet" for day in ("07", "08", "09") for kind in ("quotes", "trades")
)
OCT_9 = int(np.datetime64("2013-10-09", "ns").astype(np.int64))
GOOG = ("lobster_nasdaq/GOOG_20120621_book_L10.parquet", "lobster_nasdaq/GOOG_20120621_trades.parquet")
MORE_FLAT = {-1: 1.0, 0: 1.2, 1: 1.0}  # three classes of a third each by their quantile: no weight of shares changes it
CASES = {
    "IBM-10": Case("IBM, next 10 quotes, 9 Oct 2013", "IBM", 10, TAQ, OCT_9, (47.0, 21.7), (None, MORE_FLAT)),
    "AIG-50": Case(
        "AIG, next 50 quotes, 9 Oct 2013",
        "AIG",
        50,
        TAQ,
        OCT_9,
        (51.0, 28.9),
        ("sqrt_balanced",),
        max_rows=200_000,
        n_leaves=15,
    ),
    "GOOG-10": Case(
        "GOOG, next 10 messages, last 30 % of 21 Jun 2012", "GOOG", 10, GOOG, 0.3, (45.5, 20.6), (None,), True
    ),
}
MLLIB_ROWS = 40_000  # that MLlib trains on unless told: minutes on two cores
GRIDS: dict[str, dict[str, list[Any]]] = {
    "lightgbm": {
        "n_trees": [600],
        "depth": [8],
        "learning_rate": [0.04],
        "feature_share": [0.4],
        "subsample": [0.7],
        "min_rows_per_leaf": [200],
        "l2": [10.0],
    },
    "xgboost": {
        "n_trees": [600],
        "depth": [6],
        "learning_rate": [0.05],
        "feature_share": [0.4],
        "subsample": [0.7],
        "min_child_weight": [100.0],
        "l2": [10.0],
    },
    "mllib_gbt": {"n_trees": [20], "depth": [5], "learning_rate": [0.1], "max_bins": [16], "min_rows_per_leaf": [200]},
    "mllib_rf": {
        "n_trees": [40],
        "depth": [9],
        "feature_share": [0.3],
        "max_bins": [32],
        "min_rows_per_leaf": [20],
        "subsample": [0.7],
    },
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


def percent(found: Any) -> dict[str, float]:
    names = ("accuracy", "precision_macro", "recall_macro", "f1_macro", "mcc")
    return {name: round(100 * getattr(found, name), 2) for name in names if hasattr(found, name)}


def result_of(
    name: str, case: Case, trained: Any, spec: hc.FeatureSpec, shuffle: bool, seconds: float
) -> dict[str, Any]:
    report, training = trained.report, trained.training
    return {
        "case": name,
        "about": case.about,
        "algorithm": report.algorithm,
        "shuffled": shuffle,
        "spec_sha256": spec.sha256,
        "n_features": len(spec.names),
        **{key: report.split[key] for key in ("n_train", "n_stop", "n_left_out", "n_test")},
        "parameters": report.parameters,
        "percent": {
            "test": percent(report.test),
            "train": percent(report.train),
            "plain_lightgbm": percent(report.lightgbm),
            "majority": percent(report.test.majority),
            "baseline": dict(zip(("f1_macro", "mcc"), case.baseline, strict=True)),
        },
        "log_loss": report.test.log_loss,
        "fit_seconds": training.seconds,
        "all_seconds": round(seconds, 1),
        "load_average": os.getloadavg()[1],
        "versions": training.versions,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def keep(result: dict[str, Any]) -> None:
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    key = "-".join([result["case"], result["algorithm"], *(["shuffled"] if result["shuffled"] else [])])
    found[key] = result
    write_atomically(RESULTS, (json.dumps(dict(sorted(found.items())), indent=1) + "\n").encode())


def row(r: dict[str, Any]) -> str:
    def pair(name: str) -> str:
        return " / ".join(f"{r['percent'][name][metric]:.1f}" for metric in ("f1_macro", "mcc"))

    majority = r["percent"]["majority"]["f1_macro"]
    what = r["about"] + (", labels shuffled" if r["shuffled"] else "")
    baseline = "-" if r["shuffled"] else pair("baseline")
    return (
        f"| {what} | {r['algorithm']} | {r['n_train'] + r['n_stop']:,} | {r['n_test']:,} | "
        f"{r['percent']['test']['accuracy']:.1f} | **{pair('test')}** | {pair('plain_lightgbm')} | {baseline} | "
        f"{majority:.1f} / 0 | {r['fit_seconds']:.0f} s |"
    )


def print_table() -> None:
    head = ["case", "trainer", "rows trained on", "rows of the test part", "accuracy", "here", "untuned LightGBM"]
    print("|" + "|".join(f" {h} " for h in [*head, "plain feature set", "majority class", "last fit"]) + "|")
    print("|---" * 10 + "|")
    results = json.loads(RESULTS.read_text()).values()
    print(*map(row, sorted(results, key=lambda r: (r["shuffled"], r["case"], -r["percent"]["test"]["mcc"]))), sep="\n")


def run(name: str, args: argparse.Namespace) -> None:
    case, spec = CASES[name], hc.FeatureSpec.load(args.spec)
    if case.keeps_unchanged:
        kept = [rule for rule in spec.drop if rule != "unchanged"]
        spec = hc.FeatureSpec.from_dict({**spec.to_dict(), "drop": kept})
    table = table_of(name, case, spec, Path(args.data), args.work)
    weights = case.class_weights[-1:] if args.algorithm.startswith("mllib") else case.class_weights  # a cell is minutes
    grid = {**GRIDS[args.algorithm], "class_weights": list(weights), **args.grid}
    if args.algorithm == "lightgbm":
        grid = {"n_leaves": [case.n_leaves], **grid}
    started = time.perf_counter()
    trained = hs.train(
        shuffled(table) if args.shuffle else table,
        spec,
        args.work / f"{name}-{args.algorithm}{'-shuffled' if args.shuffle else ''}",
        algorithm=args.algorithm,
        grid={**grid, "class_weights": [None]} if args.shuffle else grid,
        folds=hs.TimeFolds(n_folds=args.folds, embargo_ns=NS),
        test=case.test,
        # MLlib stops at the first tree that does not help, which in noise is one of the first ten.
        stop_share=0.0 if args.algorithm.startswith("mllib") else 0.15,
        metric="f1_macro",
        max_rows=args.max_rows or (MLLIB_ROWS if args.algorithm.startswith("mllib") else case.max_rows),
        title=f"{case.about}: {args.algorithm}{', labels shuffled' if args.shuffle else ''}",
    )
    result = result_of(name, case, trained, spec, args.shuffle, time.perf_counter() - started)
    keep(result)
    write_page(trained)
    print(row(result), f"\n  best: {trained.outcome.best}; folds' mean {trained.outcome.means}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("HFTCORE_DATA"))
    parser.add_argument("--work", type=Path)
    parser.add_argument("--algorithm", default="lightgbm", choices=sorted(GRIDS))
    parser.add_argument("--case", default=",".join(CASES), help="one or several of " + ", ".join(CASES))
    parser.add_argument("--spec", type=Path, default=SPEC)
    parser.add_argument("--folds", type=int, default=1)
    parser.add_argument(
        "--max-rows", type=int, help="train on this many rows, evenly spread; the test part stays whole"
    )
    parser.add_argument("--shuffle", action="store_true", help="deal the labels anew first")
    parser.add_argument("--grid", type=json.loads, default={}, help="JSON over the script's own grid")
    parser.add_argument("--table", action="store_true", help="print the results as a table and stop")
    args = parser.parse_args()
    if args.table:
        print_table()
        return
    args.work.mkdir(parents=True, exist_ok=True)
    for name in args.case.split(","):
        run(name, args)


if __name__ == "__main__":
    main()
