"""Every kind of tree model that MLlib saves, read without a JVM and held against Spark's own predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftcore._core.model import ForestModel, kernel_paths
from hftcore.errors import ModelMismatchError
from hftcore.forest import load_forest, walk_margins
from hftcore.spark.parity import SparkModel

NAMES = ("a", "b", "c", "d")
CATEGORIES = {2: 9, 3: 5}  # column: how many


@pytest.fixture(scope="module")
def market(spark: Any) -> tuple[np.ndarray, Any]:
    """Rows (300, 4), and the same as a DataFrame: names, targets, and the vectors `numbers` and `categories`."""
    from pyspark.ml.feature import VectorAssembler, VectorIndexer

    rng = np.random.default_rng(6)
    rows = rng.normal(size=(300, 4))
    for column, n in CATEGORIES.items():
        rows[:, column] = rng.permutation(np.arange(300) % n)
    y = rows[:, 0] + np.sin(rows[:, 1]) + 2 * (rows[:, 2] % 3 == 1) + (rows[:, 3] == 2)
    targets = np.column_stack([y, y > 0.8, np.digitize(y, [0.3, 1.3])]).astype(float)
    table = np.column_stack([rows, targets]).tolist()
    frame = spark.createDataFrame(table, [*NAMES, "value", "two", "three"]).coalesce(1)
    frame = VectorAssembler(inputCols=list(NAMES), outputCol="numbers").transform(frame)
    frame = VectorIndexer(inputCol="numbers", outputCol="categories", maxCategories=10).fit(frame).transform(frame)
    return rows, frame.cache()


def estimator(kind: str) -> Any:
    from pyspark.ml import classification, regression

    few = {"seed": 3, "maxDepth": 4}
    if kind == "OneVsRest":
        return classification.OneVsRest(classifier=classification.GBTClassifier(maxIter=1, **few))
    module = classification if kind.endswith("Classifier") else regression
    more = {"maxIter": 3} if kind.startswith("GBT") else {"numTrees": 3} if kind.startswith("Random") else {}
    return getattr(module, kind)(**few, **more)


@pytest.mark.parametrize(
    ("kind", "target", "rule", "features"),
    [
        ("GBTClassifier", "two", "sigmoid", "categories"),
        ("RandomForestClassifier", "three", "identity", "categories"),
        ("DecisionTreeClassifier", "three", "identity", "numbers"),
        ("GBTRegressor", "value", "identity", "numbers"),
        ("RandomForestRegressor", "value", "identity", "categories"),
        ("DecisionTreeRegressor", "value", "identity", "categories"),
        ("OneVsRest", "three", "one_vs_rest_normalised", "categories"),
    ],
)
def test_margins_are_sparks(
    market: tuple[np.ndarray, Any], tmp_path: Path, kind: str, target: str, rule: str, features: str
) -> None:
    rows, frame = market
    model = estimator(kind).setFeaturesCol(features).setLabelCol(target).fit(frame)
    model.write().save((tmp_path / "model").as_uri())
    forest = load_forest(tmp_path / "model", NAMES)
    assert forest.output_rule == rule
    assert bool(forest.flat.is_categorical.any()) == (features == "categories")
    found = model.transform(frame).toPandas()
    margins = walk_margins(forest.flat, rows)
    if target == "value":
        theirs = found["prediction"].to_numpy()[:, None]
    else:
        theirs = np.stack([raw.toArray() for raw in found["rawPrediction"]])
        if rule == "identity":
            theirs = theirs / theirs.sum(axis=1, keepdims=True)  # Spark's probability
        classes = margins.argmax(axis=1) if rule != "sigmoid" else margins[:, 0] > 0
        assert np.array_equal(classes, found["prediction"])
        theirs = theirs[:, -margins.shape[1] :]
    np.testing.assert_allclose(margins, theirs, rtol=0, atol=1e-12)
    np.testing.assert_allclose(SparkModel(tmp_path / "model").margins(rows), margins, rtol=0, atol=1e-12)
    for path in kernel_paths():
        kernel = ForestModel.from_forest(forest.flat.to_bytes(), len(forest.classes), rule, forest.alpha, path)
        assert kernel.predict_margin(rows).tobytes() == margins.tobytes()


def test_what_is_no_category_goes_where_spark_sends_it(market: tuple[np.ndarray, Any], tmp_path: Path) -> None:
    from pyspark.ml.linalg import Vectors

    rows, frame = market
    model = estimator("DecisionTreeRegressor").setFeaturesCol("categories").setLabelCol("value").fit(frame)
    model.write().save((tmp_path / "model").as_uri())
    odd = np.repeat(rows[:20], 8, axis=0)
    values = np.tile([np.nan, 2.5, -1.0, 99.0, 1e18, -0.0, np.inf, -0.5], 20)
    for column in CATEGORIES:
        altered = odd.copy()
        altered[:, column] = values
        theirs = [model.predict(Vectors.dense(row)) for row in altered.tolist()]
        assert walk_margins(load_forest(tmp_path / "model", NAMES).flat, altered)[:, 0].tolist() == theirs


def test_a_pipeline_gives_the_names_and_stages_that_change_values_are_refused(
    market: tuple[np.ndarray, Any], tmp_path: Path
) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import VectorAssembler, VectorIndexer

    frame = market[1].drop("numbers", "categories")
    join = VectorAssembler(inputCols=list(NAMES), outputCol="numbers")
    tree = estimator("DecisionTreeClassifier").setLabelCol("two")
    plain = Pipeline(stages=[join, tree.copy().setFeaturesCol("numbers")]).fit(frame)
    plain.write().save((tmp_path / "plain").as_uri())
    for given in (plain, tmp_path / "plain"):
        assert load_forest(given, NAMES).feature_names == NAMES
    with pytest.raises(ModelMismatchError, match="feature 3: the spec has 'z', the model has 'd'"):
        load_forest(tmp_path / "plain", ("a", "b", "c", "z"))
    index = VectorIndexer(inputCol="numbers", outputCol="categories", maxCategories=10)
    Pipeline(stages=[join, index, tree.copy().setFeaturesCol("categories")]).fit(frame).write().save(
        (tmp_path / "indexed").as_uri()
    )
    with pytest.raises(ModelMismatchError, match=r"stage 1_VectorIndexer_\w+ is a VectorIndexerModel, whose work"):
        load_forest(tmp_path / "indexed", NAMES)


def test_thresholds_that_change_the_predicted_class_are_refused(market: tuple[np.ndarray, Any]) -> None:
    tree = estimator("DecisionTreeClassifier").setFeaturesCol("numbers").setLabelCol("two")
    model = tree.setThresholds([0.9, 0.1]).fit(market[1])
    with pytest.raises(ModelMismatchError, match=r"thresholds must not be set: with \[0\.9, 0\.1\] Spark predicts"):
        load_forest(model, NAMES)
