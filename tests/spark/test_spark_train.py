"""Training on MLlib, and its way into an artefact."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from pyspark.ml.feature import VectorAssembler
from typer.testing import CliRunner

import hftcore as hc
from hftcore.cli import app
from hftcore.errors import ModelMismatchError, TrainingDataError
from hftcore.forest import load_forest
from hftcore.forest.adversarial import split_thresholds
from hftcore.spark import compare_with_spark, parity, train_mllib
from hftcore.spark.parity import SparkModel
from hftcore.spark.vectors import NOT_READY, numbered_vectors
from hftcore.train import TrainingResult

SMALL: dict[str, Any] = {"n_trees": 3, "depth": 3, "max_bins": 16, "n_partitions": 2}


@pytest.fixture(scope="session")
def steps() -> list[tuple[int, int]]:
    return []


@pytest.fixture(scope="session")
def trained(
    spark: Any,
    tmp_path_factory: pytest.TempPathFactory,
    table: Path,
    spec: hc.FeatureSpec,
    steps: list[tuple[int, int]],
) -> TrainingResult:
    out = tmp_path_factory.mktemp("a folder with spaces") / "model"
    return train_mllib(table, spec, out, spark=spark, progress=lambda done, total: steps.append((done, total)), **SMALL)


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory, trained: TrainingResult, spec: hc.FeatureSpec) -> hc.Artifact:
    return hc.compile_model(trained, spec, tmp_path_factory.mktemp("artifact") / "small.hft")


def hostile_rows(model_dir: Path, spec: hc.FeatureSpec, rows: np.ndarray) -> np.ndarray:
    """Real rows, then rows on and beside the thresholds, with NaN and without infinities."""
    thresholds: list[list[float]] = [[0.0, np.nan] for _ in spec.names]
    for feature, values in split_thresholds(load_forest(model_dir, spec.names).flat).items():
        for value in values:
            thresholds[feature] += [value, np.nextafter(value, -np.inf), np.nextafter(value, np.inf)]
    rng = np.random.default_rng(1)
    return np.vstack([rows, np.column_stack([rng.choice(pool, 1000) for pool in thresholds])])


def test_margins_are_sparks_own_and_no_class_flips(
    spark: Any, trained: TrainingResult, artifact: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray
) -> None:
    given = hostile_rows(trained.model_path, spec, rows)
    found = compare_with_spark(trained.model_path, artifact, given, spark)
    assert found.ok, found
    assert found.n_rows == len(given)


def test_a_margin_that_is_not_sparks_is_noticed(
    spark: Any, trained: TrainingResult, artifact: hc.Artifact, rows: np.ndarray
) -> None:
    class Shifted:
        spec = artifact.spec

        def predict_margin(self, given: np.ndarray) -> np.ndarray:
            return artifact.predict_margin(given) + np.array([0.0, 1e-9, 0.0])

    found = compare_with_spark(trained.model_path, Shifted(), rows, spark)  # type: ignore[arg-type]
    assert not found.ok
    assert found.max_abs_diff == pytest.approx(1e-9, rel=1e-3)


def test_a_zero_of_the_other_sign_is_another_bit() -> None:
    zero, other = np.zeros((3, 1)), np.array([[0.0], [-0.0], [0.0]])
    found = parity.compare(zero, other, has_classes=False)
    assert (found.n_equal_bits, found.max_abs_diff, found.ok) == (2, 0.0, True)


def test_rows_may_come_in_blocks_and_the_report_adds_them(
    spark: Any, trained: TrainingResult, artifact: hc.Artifact, rows: np.ndarray
) -> None:
    seen: list[int] = []
    whole = compare_with_spark(trained.model_path, artifact, rows, spark)
    again = compare_with_spark(trained.model_path, artifact, (rows[:1000], rows[1000:]), spark, seen.append)
    assert again == whole
    assert seen == [1000, 3000]
    assert 0 < whole.n_equal_bits <= 3000
    assert f"3,000 rows, largest gap {whole.max_abs_diff:.3g}, {whole.n_equal_bits:,} rows equal" in str(whole)
    assert not compare_with_spark(trained.model_path, artifact, [], spark).ok, "nothing was compared"


def test_another_model_than_the_artefacts_is_refused(
    spark: Any, artifact: hc.Artifact, rows: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    from pyspark.ml.regression import DecisionTreeRegressor

    frame = numbered_vectors(spark, np.nan_to_num(rows)).selectExpr("features", "cast(row as double) label")
    DecisionTreeRegressor(maxDepth=2).fit(frame).write().save((tmp_path / "model").as_uri())
    with pytest.raises(ModelMismatchError, match="Spark gives 1 margins, the artefact 3"):
        compare_with_spark(tmp_path / "model", artifact, rows, spark)
    frame = numbered_vectors(spark, np.nan_to_num(rows[:, :3])).selectExpr("features", "cast(row as double) label")
    DecisionTreeRegressor(maxDepth=2).fit(frame).write().save((tmp_path / "narrow").as_uri())
    with pytest.raises(ModelMismatchError, match="Spark takes 3 features, the artefact 4"):
        compare_with_spark(tmp_path / "narrow", artifact, rows, spark)
    VectorAssembler(inputCols=["a"], outputCol="b").write().save((tmp_path / "stage").as_uri())
    with pytest.raises(ModelMismatchError, match=r"expected a saved .* found 'org\.apache\.spark\.ml\.feature\.Vec"):
        compare_with_spark(tmp_path / "stage", artifact, rows, spark)


@pytest.mark.usefixtures("spark")
def test_verify_predicts_with_spark_too(trained: TrainingResult, artifact: hc.Artifact) -> None:
    found = CliRunner().invoke(
        app, ["verify", str(artifact.path), "--rows", "1000", "--spark", str(trained.model_path), "--json"]
    )
    assert found.exit_code == 0, found.output
    report = json.loads(found.stdout)
    assert report["ok"] is True
    assert report["spark"]["ok"] is True
    assert report["spark"]["n_rows"] == 21_000
    assert report["spark"]["max_abs_diff"] <= 1e-12


def test_verify_refuses_a_folder_before_spark_starts(
    monkeypatch: pytest.MonkeyPatch, artifact: hc.Artifact, tmp_path: Path
) -> None:
    module = sys.modules["hftcore.spark.session"]  # hftcore.spark.session is the function in it
    monkeypatch.setattr(module, "borrowed", lambda: pytest.fail("Spark was started"))
    found = CliRunner().invoke(app, ["verify", str(artifact.path), "--spark", str(tmp_path)])
    assert isinstance(found.exception, ModelMismatchError)
    assert str(found.exception) == f"{tmp_path}: expected a folder that MLlib saved a model to, with metadata in it"


def test_scores_and_classes_are_those_of_one_vs_rest(artifact: hc.Artifact, rows: np.ndarray) -> None:
    assert artifact.classes == (-1, 0, 1)
    assert artifact.manifest["output_rule"] == "one_vs_rest_normalised"
    margins, scores = artifact.predict_margin(rows), artifact.predict_proba(rows)
    sigmoids = 1.0 / (1.0 + np.exp(-2.0 * margins))
    np.testing.assert_allclose(scores, sigmoids / sigmoids.sum(axis=1, keepdims=True), rtol=1e-14)
    np.testing.assert_array_equal(margins.argmax(axis=1), scores.argmax(axis=1))


def test_the_saved_folder_is_mllibs_own(spark: Any, trained: TrainingResult) -> None:
    from pyspark.ml.classification import OneVsRestModel

    whole = OneVsRestModel.load(f"file://{trained.model_path}")
    assert [len(part.treeWeights) for part in whole.models] == [3, 3, 3]


def test_nan_means_the_same_to_training_and_to_prediction(
    spark: Any, trained: TrainingResult, artifact: hc.Artifact, rows: np.ndarray, labels: np.ndarray
) -> None:
    nan = np.isnan(rows[:, 0])
    replaced = np.where(np.isnan(rows), NOT_READY, rows)
    model = SparkModel(trained.model_path, spark)
    assert model.margins(rows).tobytes() == model.margins(replaced).tobytes()
    predicted = artifact.predict_margin(rows).argmax(axis=1) - 1
    assert np.mean(predicted[nan] == labels[nan]) > 0.85
    assert np.mean(predicted[~nan] == labels[~nan]) > 0.6


def test_training_says_where_the_model_came_from(
    trained: TrainingResult, artifact: hc.Artifact, spec: hc.FeatureSpec, steps: list[tuple[int, int]]
) -> None:
    assert trained.trainer == "mllib"
    assert trained.versions == {"pyspark": "4.2.0"}
    assert trained.n_rows == 3000
    assert max(trained.importance, key=trained.importance.__getitem__) == spec.names[0]
    assert TrainingResult.load(trained.model_path) == trained
    assert artifact.training["data_fingerprint"] == trained.data_fingerprint
    assert artifact.manifest["trainer"] == {"name": "mllib", "version": "4.2.0"}
    assert steps[-1] == (9, 9)
    assert steps == sorted(steps)


def test_the_same_seed_gives_the_same_model_whatever_was_in_the_folder(
    spark: Any, trained: TrainingResult, artifact: hc.Artifact, table: Path, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    out = tmp_path / "model"
    train_mllib(table, spec, out, spark=spark, n_trees=1, depth=2, max_bins=16, max_rows=1500)
    assert load_forest(out, spec.names).n_trees == 3
    again = train_mllib(table, spec, out, spark=spark, **SMALL)
    assert hc.compile_model(again, spec, tmp_path / "again.hft").model_id == artifact.model_id


def test_a_binary_gbt_keeps_its_margin_and_probability(
    spark: Any, rows: np.ndarray, labels: np.ndarray, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    import pandas as pd
    from pyspark.ml.classification import GBTClassifier
    from pyspark.ml.feature import VectorAssembler

    finite = np.nan_to_num(rows)
    frame = spark.createDataFrame(pd.DataFrame(finite, columns=["a", "b", "c", "d"]).assign(y=1.0 * (labels > 0)))
    frame = VectorAssembler(inputCols=["a", "b", "c", "d"], outputCol="features").transform(frame)
    model = GBTClassifier(labelCol="y", maxIter=2, maxDepth=2, seed=1).fit(frame)
    art = hc.compile_model(model, spec, tmp_path / "up.hft", classes=(-1, 1))  # a fitted model, not a folder
    model.write().save(f"file://{tmp_path / 'saved'}")
    assert compare_with_spark(tmp_path / "saved", art, rows, spark).ok
    theirs = np.array([row.probability.toArray() for row in model.transform(frame).select("probability").collect()])
    np.testing.assert_allclose(art.predict_proba(finite), theirs, rtol=0, atol=1e-12)


def test_a_bad_table_is_refused_before_spark_starts(
    monkeypatch: pytest.MonkeyPatch, table: Path, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    monkeypatch.setattr("hftcore.spark.mllib.borrowed", lambda spark: pytest.fail("Spark was started"))
    bad = pq.read_table(table).drop_columns(["label"])
    pq.write_table(bad, tmp_path / "bad.parquet")
    with pytest.raises(TrainingDataError, match="column 'label' is missing"):
        train_mllib(tmp_path / "bad.parquet", spec, tmp_path / "model")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "thesis.txt").write_text("years of work")
    with pytest.raises(TrainingDataError, match="holds something else than an MLlib model"):
        train_mllib(table, spec, tmp_path / "taken")
