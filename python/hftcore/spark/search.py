"""``hs.train`` and ``hs.export``: one face over MLlib, XGBoost and LightGBM, tuned on time folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from hftcore.artifact import Artifact
from hftcore.compiler import compile_model
from hftcore.errors import ModelMismatchError, ParameterError
from hftcore.folds import TimeFolds
from hftcore.search.data import SearchData, load_search_data, refuse_too_large, table_on_disk
from hftcore.search.fitters import Fitter, LightgbmFitter
from hftcore.search.loop import Progress
from hftcore.search.params import ALGORITHMS
from hftcore.search.trained import Trained, train_on
from hftcore.spark.fitters import ForestFitter, GbtFitter, XgboostFitter
from hftcore.spark.parity import SparkParity, compare_with_spark
from hftcore.spark.session import borrowed

if TYPE_CHECKING:
    from hftcore.spec import FeatureSpec


def train(
    table: Any,
    spec: FeatureSpec,
    out: str | Path,
    *,
    algorithm: str = "mllib_gbt",
    grid: Mapping[str, Sequence[Any]] | None = None,
    folds: TimeFolds | None = None,
    test: float | int = 0.2,
    stop_share: float = 0.15,
    metric: str = "mcc",
    horizon: int | None = None,
    max_rows: int | None = None,
    seed: int = 7,
    title: str | None = None,
    spark: SparkSession | None = None,
    progress: Progress | bool = False,
) -> Trained:
    """Tune and train three classes on a labelled feature table, and report on its last part.

    The rows before the test part are cut into purged, embargoed time folds; every combination of ``grid`` is trained
    and scored on each. The best one is trained once more on all of them. A search that was killed goes on from its
    finished cells when it is called again with the same ``out``.

    Parameters
    ----------
    table : path, or Spark, pandas, polars or Arrow table
        Columns as ``hftcore.training_table`` says. Its features are held in the driver's memory, 8 bytes a value.
    spec : FeatureSpec
        Its names are the columns to train on.
    out : path
        Gets ``cells/``, ``cells.csv``, ``cells.parquet``, ``model/`` and ``report.json``.
    algorithm : {"mllib_gbt", "mllib_rf", "xgboost", "lightgbm"}
    grid : mapping of parameter name to list of values, optional
        Names are those of ``hftcore.search.params.DEFAULTS[algorithm]``; what is left out keeps its default.
    folds : TimeFolds, optional
        Default: three expanding folds without embargo.
    test : float or int
        The last part, never trained on: a share of rows (0 to 1, a float), or its first ``ts_event_ns`` (an int).
    stop_share : float
        Later share of each training part that early stopping watches; 0 trains every tree.
    metric : {"mcc", "f1_macro", "accuracy", "log_loss"}
        Chooses the combination, by its mean over folds.
    horizon : int, optional
        Rows ahead that the labels looked; read from a table of ``hftcore features``.
    max_rows : int, optional
        Train on at most this many of the rows before the test part, evenly spread; the test part stays whole.
    progress : bool or callable
        True shows a bar on standard error; a callable is called with (cells done, cells in all).

    Returns
    -------
    trained : Trained
        ``model_path``, ``training``, ``report`` and the cells of the search.

    Raises
    ------
    ParameterError
        If an argument breaks its rule, or the algorithm has no such parameter.
    TrainingDataError
        If the table cannot be trained on, or cut into those folds; if its features take more than a quarter of the
        driver's memory.
    MissingExtraError
        If the algorithm's library is not installed.
    """
    if algorithm not in ALGORITHMS:
        raise ParameterError(f"algorithm must be one of {', '.join(ALGORITHMS)}, was {algorithm!r}")
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    path = table_on_disk(_collected(table, spec) if isinstance(table, DataFrame) else table, folder)
    data = load_search_data(path, spec.names, horizon, test=test, max_rows=max_rows)
    with ExitStack() as stack:
        return train_on(
            data,
            spec,
            folder,
            _fitter(algorithm, data, spark, stack),
            grid=grid or {},
            folds=folds or TimeFolds(),
            stop_share=stop_share,
            metric=metric,
            seed=seed,
            title=title or f"{spec.name}: {algorithm}",
            progress=_told(progress, stack),
        )


def _collected(table: DataFrame, spec: FeatureSpec) -> pa.Table:
    refuse_too_large(table.count(), len(spec.names), "the Spark table")
    return table.toArrow()


def _told(progress: Progress | bool, stack: ExitStack) -> Progress | None:
    if not isinstance(progress, bool):
        return progress
    if not progress:
        return None
    columns = (TextColumn("cells"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = stack.enter_context(Bar(*columns, console=Console(stderr=True)))
    task = bar.add_task("cells", total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


def _fitter(algorithm: str, data: SearchData, spark: SparkSession | None, stack: ExitStack) -> Fitter:
    if algorithm == "lightgbm":
        return LightgbmFitter(data)
    active = stack.enter_context(borrowed(spark))
    fitter: GbtFitter | ForestFitter | XgboostFitter
    if algorithm == "xgboost":
        fitter = XgboostFitter(active, data)
    else:
        fitter = GbtFitter(active, data) if algorithm == "mllib_gbt" else ForestFitter(active, data)
    stack.callback(fitter.close)
    return fitter


@dataclass(frozen=True, slots=True)
class Exported:
    """An artefact, and how far its margins are from the training library's own on the rows of the test part.

    ``spark`` is the comparison with Spark's own predictions of an MLlib model, None for the other libraries.
    ``max_abs_diff`` is that of margins with Spark, of probabilities with LightGBM and XGBoost.
    """

    artifact: Artifact
    n_rows: int
    max_abs_diff: float
    n_flipped: int
    spark: SparkParity | None


_TOLERANCE = {"lightgbm": 1e-9, "xgboost": 1e-5}  # of probabilities; XGBoost sums its leaves as float32


def export(
    trained: Trained,
    spec: FeatureSpec,
    path: str | Path,
    *,
    overwrite: bool = False,
    spark: SparkSession | None = None,
) -> Exported:
    """Compile a tuned model into an artefact and prove it on the rows of the test part.

    Raises
    ------
    ModelMismatchError
        If the model does not fit the spec, or its margins or classes are not those of the library that trained it.
    CompileError
        If there is no C compiler, or it fails.
    """
    rows = trained.data.X[trained.test_rows]
    art = compile_model(trained.training, spec, path, probe=rows, overwrite=overwrite)
    if trained.training.trainer.startswith("mllib"):
        with borrowed(spark) as active:
            found = compare_with_spark(trained.model_path, art, rows, active)
        result = Exported(art, found.n_rows, found.max_abs_diff, found.n_flipped, found)
        proven = found.ok
    else:
        theirs, ours = _native_scores(trained, rows), art.predict_proba(rows)
        tolerance = _TOLERANCE[trained.training.trainer]
        best = np.sort(theirs, axis=1)
        decided = best[:, -1] - best[:, -2] > tolerance
        flipped = int(np.count_nonzero(decided & (theirs.argmax(axis=1) != ours.argmax(axis=1))))
        result = Exported(art, len(rows), float(np.abs(theirs - ours).max()), flipped, None)
        proven = result.max_abs_diff <= tolerance and flipped == 0
    if not proven:
        raise ModelMismatchError(
            f"{path}: not the model that was trained: of {result.n_rows} test rows {result.n_flipped} change their "
            f"class, the largest difference is {result.max_abs_diff:.3g}"
        )
    return result


def _native_scores(trained: Trained, rows: Any) -> Any:
    """Scores by the library itself, read back from the saved model."""
    from hftcore.forest.importers import LIGHTGBM_FILE, XGBOOST_FILE

    if trained.training.trainer == "lightgbm":
        import lightgbm

        return lightgbm.Booster(model_file=str(trained.model_path / LIGHTGBM_FILE)).predict(rows)
    import xgboost

    booster = xgboost.Booster(model_file=str(trained.model_path / XGBOOST_FILE))
    return np.asarray(booster.inplace_predict(rows), np.float64)
