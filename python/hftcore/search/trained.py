"""From a table to a tuned model: hold the last part out, search, train the best once more, report."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hftcore.errors import TrainingDataError
from hftcore.files import write_atomically
from hftcore.folds import Fold, TimeFolds, split_at
from hftcore.forest import load_forest
from hftcore.metrics import Reliability
from hftcore.search.cells import CellStore, flat
from hftcore.search.data import SearchData, thinned
from hftcore.search.explain import family_totals, learning_curves, permutation_importance, scores_of
from hftcore.search.fitters import Fitter, LightgbmFitter
from hftcore.search.loop import Outcome, Progress, score, search, stop_part
from hftcore.search.params import Params, expand_grid, full_params
from hftcore.search.report import SIDES, TrainingReport
from hftcore.train import TrainingResult, record_training
from hftcore.training_table import CLASSES

if TYPE_CHECKING:
    from hftcore.spec import FeatureSpec

MODEL, REPORT = "model", "report.json"
BASELINE: Params = {"n_trees": 400, "depth": 8, "n_leaves": 31, "learning_rate": 0.05}  # LightGBM as in a first try
_EXPLAINED_ROWS = 4_000  # of each part, for the curves: a pass over the forest
_DEALT_ROWS = 2_000  # for permutation: a pass for each feature


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A tuned model: ``training`` is where it lies and came from, ``report`` how good it is on ``test_rows``."""

    training: TrainingResult
    report: TrainingReport
    outcome: Outcome
    data: SearchData
    test_rows: Any
    out: Path

    @property
    def model_path(self) -> Path:
        return self.training.model_path


def train_on(
    data: SearchData,
    spec: FeatureSpec,
    out: Path,
    fitter: Fitter,
    *,
    grid: Mapping[str, Sequence[Any]],
    folds: TimeFolds,
    stop_share: float,
    metric: str,
    seed: int,
    title: str,
    progress: Progress | None,
) -> Trained:
    """Search over ``grid``, train the best on all rows before the test part, and report on the test part.

    See ``hftcore.spark.train``, which is the public face; ``out`` gets ``cells/``, ``cells.csv``, ``cells.parquet``,
    ``model/`` and ``report.json``.
    """
    combinations = expand_grid(fitter.algorithm, grid)
    stop_share = stop_share if fitter.stops_early else 0.0
    held_out = split_at(data.ts_event_ns, data.label_end_ns, data.test_start_ns, folds.embargo_ns)
    out.mkdir(parents=True, exist_ok=True)
    store = CellStore(out, experiment=f"hftcore {spec.name}")
    outcome = search(
        data,
        fitter,
        combinations,
        held_out.train,
        store,
        folds=folds,
        stop_share=stop_share,
        metric=metric,
        seed=seed,
        progress=progress,
    )
    training = _train_best(data, spec, out / MODEL, fitter, outcome.best, held_out, stop_share, seed)
    report = _report(data, spec, training, outcome, held_out, stop_share, metric, seed, title)
    write_atomically(out / REPORT, report.to_json().encode())
    return Trained(training, report, outcome, data, held_out.test, out)


def _train_best(
    data: SearchData,
    spec: FeatureSpec,
    folder: Path,
    fitter: Fitter,
    params: Params,
    held_out: Fold,
    stop_share: float,
    seed: int,
) -> TrainingResult:
    part = stop_part(data, held_out.train, stop_share)
    if folder.exists():
        if not (folder / "training.json").is_file():
            raise TrainingDataError(f"{folder}: holds something else than a trained model; name another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    started = time.perf_counter()
    fitted = fitter.fit(params, part, seed)
    fitted.save(folder)
    return record_training(
        fitter.algorithm,
        data.part(part.train),
        spec,
        folder,
        parameters=json.loads(json.dumps({**params, "n_trees_kept": fitted.n_trees, "stop_share": stop_share})),
        seed=seed,
        libraries=fitter.libraries,
        seconds=time.perf_counter() - started,
    )


def _report(
    data: SearchData,
    spec: FeatureSpec,
    training: TrainingResult,
    outcome: Outcome,
    held_out: Fold,
    stop_share: float,
    metric: str,
    seed: int,
    title: str,
) -> TrainingReport:
    forest = load_forest(training.model_path, spec.names)
    test, part = held_out.test, stop_part(data, held_out.train, stop_share)
    seen = thinned(part.train, 5 * _EXPLAINED_ROWS)
    proba, y = scores_of(forest, data.X[test]), data.y[test]
    few = {"trained rows": thinned(part.train, _EXPLAINED_ROWS), "test rows": thinned(test, _EXPLAINED_ROWS)}
    if len(part.stop):
        few["rows watched for stopping"] = thinned(part.stop, _EXPLAINED_ROWS)
    at = thinned(test, _DEALT_ROWS)
    permutation = permutation_importance(forest, data.X[at], data.y[at], spec.names, seed)
    rise = {name: lost["log_loss_rise"] for name, lost in permutation.items()}
    plain = spec.to_dict()
    # The baseline stops early on the last 15 % of the training part, whatever this search does.
    watched = stop_part(data, held_out.train, 0.15)
    baseline = LightgbmFitter(data).fit(full_params("lightgbm", BASELINE), watched, seed)
    return TrainingReport(
        title=title,
        algorithm=training.trainer,
        parameters=training.parameters,
        split={
            "n_train": len(part.train),
            "n_stop": len(part.stop),
            "n_test": len(test),
            "n_purged": held_out.n_purged,
            "n_left_out": data.table.n_rows_table - len(data),
            "test_ns": list(held_out.test_ns),
            "train_ns": list(training.window_ns),
            "horizon_rows": data.horizon,
            "symbols": list(training.symbols),
        },
        test=score(y, proba),
        train=score(data.y[seen], scores_of(forest, data.X[seen])),
        lightgbm=score(y, baseline.proba(test)),
        calibration={
            SIDES[c]: Reliability.of(np.clip(proba[:, k], 0.0, 1.0), y == c) for k, c in enumerate(CLASSES) if c != 0
        },
        gain=training.importance,
        permutation=permutation,
        families={"gain": family_totals(training.importance, plain), "log_loss_rise": family_totals(rise, plain)},
        curves=learning_curves(forest, {name: (data.X[rows], data.y[rows]) for name, rows in few.items()}),
        cells=[flat(cell) for cell in outcome.cells],
        metric=metric,
    )
