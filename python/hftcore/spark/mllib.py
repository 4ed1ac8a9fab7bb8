"""Three classes on Spark MLlib: one-vs-rest of GBTClassifier, saved as MLlib's own OneVsRestModel."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.ml.classification import GBTClassifier, OneVsRestModel
from pyspark.sql import SparkSession
from pyspark.sql.functions import col

from hftcore.errors import TrainingDataError
from hftcore.forest.mllib_files import is_mllib_folder
from hftcore.spark.session import borrowed
from hftcore.spark.vectors import vector_rows
from hftcore.train import Progress, TrainingResult, TrainParams, record_training
from hftcore.training_table import CLASSES, open_training_table

if TYPE_CHECKING:
    from hftcore.spec import FeatureSpec


def train_mllib(
    table: str | Path,
    spec: FeatureSpec,
    out_dir: str | Path,
    *,
    n_trees: int = 20,
    depth: int = 5,
    learning_rate: float = 0.1,
    max_bins: int = 64,
    subsample: float = 1.0,
    min_rows_per_leaf: int = 20,
    seed: int = 7,
    max_rows: int | None = None,
    n_partitions: int = 4,
    spark: SparkSession | None = None,
    progress: Progress | None = None,
) -> TrainingResult:
    """Fit one binary GBT per class (down, flat, up against the rest) and save them as an MLlib ``OneVsRestModel``.

    What ``OneVsRest.fit`` does, class by class, so that progress can be shown. A NaN feature goes right at every split,
    in training as in prediction.

    Parameters
    ----------
    table : path
        Feature table, see ``hftcore.training_table``.
    spec : FeatureSpec
        Its names are the columns to train on.
    out_dir : path
        MLlib's folder; a model that was there is replaced. ``training.json`` is written beside.
    n_trees, depth, learning_rate, max_bins, subsample, min_rows_per_leaf
        Of each of the three GBTs.
    n_partitions : int
        Part of what makes a model: rows are dealt to partitions by number, whatever the machine has cores.
    spark : SparkSession, optional
        Default: the session that runs, else ``hftcore.spark.session()``, stopped with its JVM when the model is saved.
    progress : callable, optional
        Called with (trees done, trees in all) of the three GBTs together, from a thread of its own while Spark works.

    Raises
    ------
    TrainingDataError
        If the table cannot be trained on; names the column and the value. Raised before Spark starts.
    ParameterError
        If a number breaks its rule.
    """
    params = TrainParams(
        n_trees=n_trees,
        depth=depth,
        learning_rate=learning_rate,
        max_bins=max_bins,
        subsample=subsample,
        min_rows_per_leaf=min_rows_per_leaf,
    )
    folder = Path(out_dir).resolve()
    if folder.exists() and not is_mllib_folder(folder) and (folder.is_file() or any(folder.iterdir())):
        raise TrainingDataError(f"{folder}: holds something else than an MLlib model; name another folder")
    data = open_training_table(table, spec.names, max_rows=max_rows, seed=seed)
    parameters: dict[str, Any] = {
        "maxIter": params.n_trees,
        "maxDepth": params.depth,
        "stepSize": params.learning_rate,
        "maxBins": params.max_bins,
        "subsamplingRate": params.subsample,
        "minInstancesPerNode": params.min_rows_per_leaf,
    }
    with borrowed(spark) as active, tempfile.TemporaryDirectory(prefix="hftcore-train-") as scratch:
        started = time.perf_counter()
        classifier = GBTClassifier(featuresCol="features", labelCol="is_class", seed=seed, **parameters)
        rows = vector_rows(active, data.batches(), Path(scratch, "rows.parquet"), n_partitions).persist()
        try:
            models = []
            for index in range(len(CLASSES)):
                of_class = rows.withColumn("is_class", (col("label") == float(index)).cast("double"))
                with _counted(active, progress, index, n_trees, jobs_per_tree=depth + 1):
                    models.append(classifier.fit(of_class))
        finally:
            rows.unpersist()
        whole = OneVsRestModel(models=models)
        whole.set(whole.classifier, classifier)
        whole.write().overwrite().save(f"file://{folder}")
        seconds = time.perf_counter() - started
    return record_training(
        "mllib",
        data,
        spec,
        folder,
        parameters={**parameters, "n_partitions": n_partitions},
        seed=seed,
        libraries=("pyspark",),
        seconds=seconds,
    )


@contextmanager
def _counted(
    spark: SparkSession, progress: Progress | None, index: int, n_trees: int, jobs_per_tree: int
) -> Iterator[None]:
    """Report trees twice a second while the block fits class ``index``: Spark runs about one job per tree level."""
    if progress is None:
        yield
        return
    group, finished = f"hftcore-train-{index}-{time.monotonic_ns()}", threading.Event()
    context, n_before, n_all = spark.sparkContext, index * n_trees, len(CLASSES) * n_trees

    def watch() -> None:
        while not finished.wait(0.5):
            n_jobs = len(context.statusTracker().getJobIdsForGroup(group))
            progress(n_before + min(n_trees - 1, n_jobs // jobs_per_tree), n_all)

    context.setJobGroup(group, f"class {CLASSES[index]:+d}: {n_trees} trees")
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()
        context.setLocalProperty("spark.jobGroup.id", None)  # type: ignore[arg-type]  # None clears it
    progress(n_before + n_trees, n_all)
