"""The search: every cell of the grid on every fold, those finished before taken from disk, and the best of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from hftcore.errors import ParameterError, TrainingDataError
from hftcore.folds import Fold, Ints, TimeFolds, later_slice
from hftcore.metrics import Classification
from hftcore.search.cells import Cell, CellStore, cell_key
from hftcore.search.data import SearchData, thinned
from hftcore.search.fitters import Fitted, Fitter, Part, Scores
from hftcore.search.params import Params
from hftcore.training_table import CLASSES

METRICS: Final = {"mcc": 1, "f1_macro": 1, "accuracy": 1, "log_loss": -1}  # +1: larger is better
_MOST_TRAIN_ROWS = 20_000  # of the training part are scored: enough to see a gap

Progress = Callable[[int, int], None]  # (cells done, cells in all)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cells in the order of the grid, the mean score of each combination, and the best combination."""

    cells: tuple[Cell, ...]
    means: tuple[float, ...]
    best: Params
    n_resumed: int


def score(y: Any, proba: Scores) -> Classification:
    """Score probabilities (n, 3) against labels (n,); the class is the likeliest, the lower one on a tie."""
    safe = proba / proba.sum(axis=1, keepdims=True)
    return Classification.of(y, np.asarray(CLASSES)[safe.argmax(axis=1)], CLASSES, safe)


def figures(found: Classification) -> dict[str, float]:
    """The scores of a cell, as plain numbers."""
    return {
        **{name: getattr(found, name) for name in ("accuracy", "precision_macro", "recall_macro", "f1_macro", "mcc")},
        "log_loss": float(found.log_loss if found.log_loss is not None else np.nan),
    }


def stop_part(data: SearchData, train: Ints, stop_share: float) -> Part:
    """Cut the later ``stop_share`` of training rows off for early stopping, purged; 0 cuts nothing."""
    if stop_share == 0.0:
        return Part(train, train[:0])
    inner = later_slice(data.ts_event_ns[train], data.label_end_ns[train], stop_share)
    return Part(train[inner.train], train[inner.test])


def refuse_missing_class(data: SearchData, train: Ints) -> None:
    """Raise TrainingDataError unless rows to train on hold every class; names the class and the span of time."""
    for label in CLASSES:
        if not np.any(data.y[train] == label):
            ts = data.ts_event_ns[train]
            raise TrainingDataError(
                f"label {label} has no row among the {len(train)} to train on from {ts.min()} to {ts.max()}; "
                "use fewer folds or more rows"
            )


def search(
    data: SearchData,
    fitter: Fitter,
    combinations: Sequence[Params],
    rows: Ints,
    store: CellStore,
    *,
    folds: TimeFolds,
    stop_share: float,
    metric: str,
    seed: int,
    progress: Progress | None = None,
) -> Outcome:
    """Train and score every combination on every fold of ``rows``.

    Parameters
    ----------
    rows : int64 array
        Row numbers that may be trained on and scored: all but the final test part.
    store : CellStore
        Cells found in it are not trained again.
    stop_share : float
        Later share of each training part that early stopping watches, 0 to below 1.
    metric : {"mcc", "f1_macro", "accuracy", "log_loss"}
        Its mean over folds chooses the combination; the first one on a tie.
    progress : callable, optional
        Called with (cells done, cells in all), those from disk among them.

    Raises
    ------
    ParameterError
        If ``metric`` or ``stop_share`` breaks its rule.
    TrainingDataError
        If the rows cannot be cut into folds.
    """
    if metric not in METRICS:
        raise ParameterError(f"metric must be one of {', '.join(METRICS)}, was {metric!r}")
    if not 0.0 <= stop_share < 1.0:
        raise ParameterError(f"stop_share must be >= 0 and below 1, was {stop_share}")
    stop_share = stop_share if fitter.stops_early else 0.0
    cuts = folds.split(data.ts_event_ns[rows], data.label_end_ns[rows], data.session_id[rows])
    versions = {name: version(name) for name in fitter.libraries}
    cells, n_resumed, n_all = [], 0, len(combinations) * len(cuts)
    for params in combinations:
        for number, cut in enumerate(cuts):
            about = {
                "algorithm": fitter.algorithm,
                "versions": versions,
                "seed": seed,
                "stop_share": stop_share,
                "folds": folds.to_dict(),
                "fold": number,
                "fold_test_ns": list(cut.test_ns),
                "params": params,
            }
            key = cell_key({**about, "data": data.table.fingerprint, "horizon": data.horizon, "n_rows": len(rows)})
            cell = store.find(key)
            if cell is None:
                cell = store.put(key, {**about, **_train_cell(data, fitter, params, rows, cut, stop_share, seed)})
            else:
                n_resumed += 1
            cells.append(cell)
            if progress is not None:
                progress(len(cells), n_all)
    store.write_table(cells)
    means = [
        float(np.mean([cell["test"][metric] for cell in cells[at : at + len(cuts)]]))
        for at in range(0, n_all, len(cuts))
    ]
    best = int(np.argmax(np.asarray(means) * METRICS[metric]))
    return Outcome(tuple(cells), tuple(means), dict(combinations[best]), n_resumed)


def _train_cell(
    data: SearchData, fitter: Fitter, params: Params, rows: Ints, cut: Fold, stop_share: float, seed: int
) -> Cell:
    train, test = rows[cut.train], rows[cut.test]
    part = stop_part(data, train, stop_share)
    refuse_missing_class(data, part.train)
    started = time.perf_counter()
    fitted: Fitted = fitter.fit(params, part, seed)
    seconds = time.perf_counter() - started
    seen = thinned(part.train, _MOST_TRAIN_ROWS)
    return {
        "n_train": len(part.train),
        "n_stop": len(part.stop),
        "n_test": len(test),
        "n_purged": cut.n_purged,
        "n_trees_kept": fitted.n_trees,
        "seconds": round(seconds, 3),
        "train": figures(score(data.y[seen], fitted.proba(seen))),
        "test": figures(score(data.y[test], fitted.proba(test))),
    }
