"""One face over the trainers on Spark, and its way into a proven artefact."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import hftcore as hc
import hftcore.spark as hs
from hftcore.errors import ModelMismatchError, ParameterError, TrainingDataError
from hftcore.forest import load_forest
from hftcore.search.trained import Trained

SMALL: dict[str, Any] = {
    "mllib_gbt": {"n_trees": [2], "depth": [2, 3], "max_bins": [16], "class_weights": ["balanced"]},
    "mllib_rf": {"n_trees": [3], "depth": [3], "max_bins": [16]},
    "xgboost": {"n_trees": [20], "depth": [3], "learning_rate": [0.3]},
    "lightgbm": {"n_trees": [20], "depth": [3], "learning_rate": [0.3]},
}


def tuned(algorithm: str, spark: Any, table: Path, spec: hc.FeatureSpec, out: Path, **more: Any) -> Trained:
    return hs.train(
        table,
        spec,
        out,
        algorithm=algorithm,
        grid=SMALL[algorithm],
        folds=hs.TimeFolds(n_folds=1),
        horizon=5,
        spark=spark,
        **more,
    )


@pytest.fixture(scope="module")
def gbt(spark: Any, table: Path, spec: hc.FeatureSpec, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return tuned("mllib_gbt", spark, table, spec, tmp_path_factory.mktemp("gbt"))


def test_gbt_is_tuned_and_its_artefact_is_sparks_own(gbt: Trained, spark: Any, spec: hc.FeatureSpec) -> None:
    assert [cell["params"]["depth"] for cell in gbt.outcome.cells] == [2, 3]
    assert gbt.report.test.mcc > 0.4
    exported = hs.export(gbt, spec, gbt.out / "gbt.hft", spark=spark)
    assert exported.spark is not None
    assert exported.spark.ok
    assert exported.n_rows == len(gbt.test_rows) == 600
    assert exported.artifact.manifest["trainer"]["name"] == "mllib"


def test_what_cells_score_is_what_the_saved_model_scores(gbt: Trained, spec: hc.FeatureSpec) -> None:
    """Cells are scored by Spark, the report by our own forest: the same rows must give the same figures."""
    art = hc.compile_model(gbt.training, spec, gbt.out / "again.hft")
    predicted = art.predict_proba(gbt.data.X[gbt.test_rows]).argmax(axis=1) - 1
    hits = int(np.count_nonzero(predicted == gbt.data.y[gbt.test_rows]))
    assert hits == sum(gbt.report.test.confusion[k][k] for k in range(3))


def test_a_killed_search_on_spark_trains_only_what_is_missing(
    gbt: Trained, spark: Any, table: Path, spec: hc.FeatureSpec, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = sorted((gbt.out / "cells").iterdir())
    assert len(cells) == 2
    cells[1].unlink()
    again = tuned("mllib_gbt", spark, table, spec, gbt.out, progress=True)
    assert "2/2" in capsys.readouterr().err
    assert again.outcome.n_resumed == 1
    assert again.training.importance == gbt.training.importance
    assert again.outcome.means == gbt.outcome.means


def test_a_random_forest_of_three_classes_reads_as_spark_predicts(
    spark: Any, table: Path, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    found = tuned("mllib_rf", spark, table, spec, tmp_path / "out")
    forest = load_forest(found.model_path, spec.names)
    assert (forest.output_rule, forest.n_trees, forest.n_margins) == ("identity", 9, 3)
    exported = hs.export(found, spec, tmp_path / "rf.hft", spark=spark)
    assert exported.spark is not None
    assert exported.max_abs_diff < 1e-14
    scores = exported.artifact.predict_proba(found.data.X)
    np.testing.assert_allclose(scores.sum(axis=1), 1.0, rtol=0, atol=1e-14)


def test_xgboost_takes_a_spark_table_and_is_exported(
    spark: Any, table: Path, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    if not os.environ.get("CI"):
        pytest.importorskip("xgboost")
    frame = spark.createDataFrame(pq.read_table(table))
    found = tuned("xgboost", spark, frame, spec, tmp_path / "out")
    assert found.report.test.mcc > 0.6
    exported = hs.export(found, spec, tmp_path / "xgb.hft", spark=spark)
    assert exported.spark is None
    assert 0.0 < exported.max_abs_diff < 1e-6
    assert exported.n_flipped == 0


def test_a_spark_table_too_large_for_the_driver_is_refused_before_it_is_collected(
    spark: Any, table: Path, spec: hc.FeatureSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = spark.createDataFrame(pq.read_table(table))
    monkeypatch.setattr(type(frame), "toArrow", lambda self: pytest.fail("it was collected"))
    monkeypatch.setattr("hftcore.search.data.machine_memory", lambda: 1_000)
    with pytest.raises(TrainingDataError, match=r"the Spark table: [\d,]+ rows of .* pass max_rows"):
        tuned("lightgbm", spark, frame, spec, tmp_path / "out")


def test_lightgbm_has_the_same_face_and_starts_no_spark(
    table: Path, spec: hc.FeatureSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hftcore.spark.search.borrowed", lambda spark: pytest.fail("Spark was started"))
    found = tuned("lightgbm", None, table, spec, tmp_path / "out")
    exported = hs.export(found, spec, tmp_path / "lgb.hft")
    assert (exported.spark, exported.n_flipped, exported.n_rows) == (None, 0, 600)
    assert exported.max_abs_diff < 1e-12
    with pytest.raises(ModelMismatchError, match="exists; pass overwrite=True"):
        hs.export(found, spec, tmp_path / "lgb.hft")


def test_the_job_trains_reports_and_exports(table: Path, spec: hc.FeatureSpec, tmp_path: Path, repo_root: Path) -> None:
    spec.save(tmp_path / "spec.toml")
    job = [sys.executable, str(repo_root / "spark" / "train.py"), "--spec", str(tmp_path / "spec.toml")]
    rest = ["--out", str(tmp_path / "out"), "--algorithm", "lightgbm", "--grid", '{"n_trees": [10]}', "--folds", "1"]
    asked = [*job, "--table", str(table), *rest]
    refused = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "pass horizon" in refused.stderr
    done = subprocess.run([*asked, "--horizon", "5"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "600 rows within" in done.stdout
    assert (tmp_path / "out" / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert hc.Artifact.load(tmp_path / "out" / "model.hft").spec == spec


def test_an_artefact_that_is_not_the_model_is_refused(
    gbt: Trained, spark: Any, spec: hc.FeatureSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = hc.Artifact.predict_margin
    monkeypatch.setattr(hc.Artifact, "predict_margin", lambda self, X: real(self, X) + 1e-9)
    with pytest.raises(
        ModelMismatchError, match="of 600 test rows 0 change their class, the largest difference is 1e-09"
    ):
        hs.export(gbt, spec, tmp_path / "bad.hft", spark=spark)


def test_wrong_names_are_refused_before_anything_is_read(spec: hc.FeatureSpec, tmp_path: Path) -> None:
    with pytest.raises(
        ParameterError, match="algorithm must be one of mllib_gbt, mllib_rf, xgboost, lightgbm, was 'svm'"
    ):
        hs.train(tmp_path / "no table", spec, tmp_path, algorithm="svm")
