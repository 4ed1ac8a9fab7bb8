"""MLlib's algorithms and XGBoost on Spark, as a search asks for them."""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import numpy as np
from pyspark import inheritable_thread_target
from pyspark.ml.classification import GBTClassifier, OneVsRestModel, RandomForestClassifier
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import array, col, lit

from hftcore.errors import MissingExtraError
from hftcore.files import write_atomically
from hftcore.folds import Ints
from hftcore.forest.importers import XGBOOST_FILE
from hftcore.search.data import SearchData
from hftcore.search.fitters import Fitted, Part, Scores, Tick
from hftcore.search.params import Params, row_weights
from hftcore.spark.vectors import NOT_READY, gbt_margins, numbered_vectors, probabilities, vector_rows
from hftcore.training_table import CLASSES

# MLlib stops at the first tree that lowers the loss of the later rows by less than this share of it.
_VALIDATION_TOL: Final = 1e-4
# A tree is a job for each of its levels, so a partition has to be worth a task. By rows, not by cores: where a row lies
# is part of what makes a model.
_ROWS_PER_PARTITION: Final = 40_000
_MOST_PARTITIONS: Final = 64


class _OnSpark:
    """Loads each part of the table once: cells that differ only in parameters share it. Close it to let the rows go."""

    missing = NOT_READY

    def __init__(self, spark: SparkSession, data: SearchData) -> None:
        self.spark, self.data = spark, data
        self._scratch = tempfile.TemporaryDirectory(prefix="hftcore-search-")
        self._frames: dict[str, DataFrame] = {}

    def close(self) -> None:
        for frame in self._frames.values():
            frame.unpersist()
        self._frames.clear()
        self._scratch.cleanup()

    def rows(self, part: Part, params: Params) -> DataFrame:
        """``features``, ``label``, ``weight`` and ``stop`` (true for the later rows that early stopping watches)."""
        order = np.concatenate([part.train, part.stop])
        key = hashlib.sha256(order.tobytes() + len(part.train).to_bytes(8, "little")).hexdigest()[:16]
        if key not in self._frames:
            batch = (self.data.X[order], self.data.y[order])
            path = Path(self._scratch.name, f"{key}.parquet")
            n_partitions = min(max(len(order) // _ROWS_PER_PARTITION, 2), _MOST_PARTITIONS)
            self._frames[key] = vector_rows(
                self.spark, [batch], path, n_partitions, missing=self.missing, stop_from=len(part.train)
            ).persist()
        return self._frames[key].withColumn("weight", self._weight(part, params))

    def _weight(self, part: Part, params: Params) -> Any:
        y = self.data.y[part.train]
        weights = row_weights(y, params["class_weights"])
        of_class = [1.0 if weights is None else float(weights[np.argmax(y == label)]) for label in CLASSES]
        return array(*map(lit, of_class))[col("label").cast("int")]


class GbtFitter(_OnSpark):
    """One binary ``GBTClassifier`` for each class against the rest, saved as MLlib's ``OneVsRestModel``."""

    algorithm = "mllib_gbt"
    libraries: tuple[str, ...] = ("pyspark",)
    stops_early = True

    def fit(self, params: Params, part: Part, seed: int, tick: Tick | None = None) -> Fitted:
        classifier = GBTClassifier(
            featuresCol="features",
            labelCol="is_class",
            weightCol="weight",
            seed=seed,
            maxIter=params["n_trees"],
            maxDepth=params["depth"],
            stepSize=params["learning_rate"],
            maxBins=params["max_bins"],
            subsamplingRate=params["subsample"],
            featureSubsetStrategy=_strategy(params["feature_share"]),
            minInstancesPerNode=params["min_rows_per_leaf"],
            minInfoGain=params["min_gain"],
            validationTol=_VALIDATION_TOL,
        )
        if len(part.stop):
            classifier.setValidationIndicatorCol("stop")
        rows = self.rows(part, params)

        def fit_class(k: int) -> Any:
            return classifier.copy().fit(rows.withColumn("is_class", (col("label") == float(k)).cast("double")))

        # A level of a tree is a job of its own, and half its time is the driver's: the classes fill each other's gaps.
        with ThreadPoolExecutor(len(CLASSES)) as pool:
            fits = [pool.submit(inheritable_thread_target(self.spark)(fit_class), k) for k in range(len(CLASSES))]
            models = []
            for k, fit in enumerate(fits, start=1):
                models.append(fit.result())
                if tick is not None:
                    tick(k * params["n_trees"], len(CLASSES) * params["n_trees"])
        return _GbtModel(self.spark, self.data, classifier, models)


class _GbtModel:
    def __init__(self, spark: SparkSession, data: SearchData, classifier: Any, models: list[Any]) -> None:
        self._spark, self._data, self._classifier, self._models = spark, data, classifier, models
        self.n_trees = max(len(model.treeWeights) for model in models)

    def proba(self, rows: Ints) -> Scores:
        margins = gbt_margins(self._models, numbered_vectors(self._spark, self._data.X[rows]))
        shares = 1.0 / (1.0 + np.exp(-2.0 * margins))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def save(self, folder: Path) -> None:
        whole = OneVsRestModel(models=self._models)
        whole.set(whole.classifier, self._classifier)
        whole.write().overwrite().save(f"file://{folder.resolve()}")


class ForestFitter(_OnSpark):
    """MLlib's ``RandomForestClassifier`` on three classes. It has no rounds, so nothing is stopped early."""

    algorithm = "mllib_rf"
    libraries: tuple[str, ...] = ("pyspark",)
    stops_early = False

    def fit(self, params: Params, part: Part, seed: int, tick: Tick | None = None) -> Fitted:
        classifier = RandomForestClassifier(
            featuresCol="features",
            labelCol="label",
            weightCol="weight",
            seed=seed,
            numTrees=params["n_trees"],
            maxDepth=params["depth"],
            maxBins=params["max_bins"],
            subsamplingRate=params["subsample"],
            featureSubsetStrategy=_strategy(params["feature_share"]),
            minInstancesPerNode=params["min_rows_per_leaf"],
            minInfoGain=params["min_gain"],
        )
        return _ForestModel(self.spark, self.data, classifier.fit(self.rows(part, params)))


class _ForestModel:
    def __init__(self, spark: SparkSession, data: SearchData, model: Any) -> None:
        self._spark, self._data, self._model = spark, data, model
        self.n_trees = int(model.getNumTrees)

    def proba(self, rows: Ints) -> Scores:
        return probabilities(self._model, numbered_vectors(self._spark, self._data.X[rows]))

    def save(self, folder: Path) -> None:
        self._model.write().overwrite().save(f"file://{folder.resolve()}")


class XgboostFitter(_OnSpark):
    """``xgboost.spark``: boosting by softmax in a barrier job, float32 inside."""

    algorithm = "xgboost"
    libraries: tuple[str, ...] = ()
    stops_early = True
    missing = float("nan")

    def __init__(self, spark: SparkSession, data: SearchData, *, stop_after: int | None = 30) -> None:
        try:
            import xgboost  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("algorithm 'xgboost' needs xgboost: pip install 'hftcore[xgboost]'") from error
        super().__init__(spark, data)
        self._stop_after = stop_after
        self.libraries = ("pyspark", _installed("xgboost", "xgboost-cpu"))

    def fit(self, params: Params, part: Part, seed: int, tick: Tick | None = None) -> Fitted:
        from xgboost.spark import SparkXGBClassifier

        watched: dict[str, Any] = {}
        if len(part.stop) and self._stop_after:
            watched = {"validation_indicator_col": "stop", "early_stopping_rounds": self._stop_after}
        classifier = SparkXGBClassifier(
            features_col="features",
            label_col="label",
            weight_col="weight",
            num_workers=1,
            tree_method="hist",
            random_state=seed,
            n_estimators=params["n_trees"],
            max_depth=params["depth"],
            learning_rate=params["learning_rate"],
            subsample=params["subsample"],
            colsample_bytree=params["feature_share"],
            max_bin=params["max_bins"],
            reg_alpha=params["l1"],
            reg_lambda=params["l2"],
            gamma=params["min_gain"],
            min_child_weight=params["min_child_weight"],
            verbosity=0,
            **watched,
        )
        booster = classifier.fit(self.rows(part, params)).get_booster()
        best = booster.attr("best_iteration")
        return _XgboostModel(self.data, booster if best is None else booster[: int(best) + 1])


class _XgboostModel:
    def __init__(self, data: SearchData, booster: Any) -> None:
        self._data, self._booster = data, booster
        self.n_trees = int(booster.num_boosted_rounds())

    def proba(self, rows: Ints) -> Scores:
        found = np.asarray(self._booster.inplace_predict(self._data.X[rows]), np.float64)
        return np.asarray(found / found.sum(axis=1, keepdims=True))  # float32 shares add up to 1 within 1e-7 only

    def save(self, folder: Path) -> None:
        write_atomically(folder / XGBOOST_FILE, bytes(self._booster.save_raw("json")))


def _strategy(share: float) -> str:
    return "all" if share == 1.0 else str(share)


def _installed(*distributions: str) -> str:
    """The one of several distributions of the same package that is there."""
    for name in distributions:
        try:
            version(name)
        except PackageNotFoundError:
            continue
        return name
    raise MissingExtraError(f"none of {', '.join(distributions)} is installed")
