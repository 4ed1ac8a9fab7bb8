"""The search without Spark: it goes on where it was killed, finds skill where there is some, and none where not."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import ParameterError, TrainingDataError
from hftcore.folds import TimeFolds
from hftcore.report.training import training_page, write_training_report
from hftcore.search.cells import CellStore
from hftcore.search.data import load_search_data, table_on_disk
from hftcore.search.fitters import LightgbmFitter
from hftcore.search.params import expand_grid, full_params, row_weights
from hftcore.search.report import TrainingReport
from hftcore.search.trained import Trained, train_on

SPEC = hc.FeatureSpec("small", [hc.mid(), hc.rsi("mid_px", period=5), hc.ema("mid_px", period=5)])
GRID: dict[str, list[Any]] = {"n_trees": [30], "depth": [2, 3], "class_weights": [None, "balanced"]}


def write_table(path: Path, n: int = 3_000, *, shuffle: bool = False) -> Path:
    """Labels follow the first feature; the others are noise. A random walk, as features of a tape are."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, 3))
    X[rng.random(n) < 0.1, 1] = np.nan
    score = X[:, 0] + 0.5 * rng.normal(size=n)
    y = np.where(score > 0.5, 1, np.where(score < -0.5, -1, 0)).astype(np.int8)
    columns = {
        **{name: X[:, i] for i, name in enumerate(SPEC.names)},
        "label": rng.permutation(y) if shuffle else y,
        "symbol": ["AAA"] * n,
        "ts_event_ns": np.arange(n) * 1_000,
        "session_id": np.zeros(n, dtype=np.int32),
    }
    pq.write_table(pa.table(columns), path)
    return path


def run(
    table: Path, out: Path, grid: dict[str, list[Any]] = GRID, *, max_rows: int | None = None, **more: Any
) -> Trained:
    data = load_search_data(table, SPEC.names, horizon=5, test=0.2, max_rows=max_rows)
    settings: dict[str, Any] = {
        "folds": TimeFolds(n_folds=2, embargo_ns=3_000),
        "stop_share": 0.15,
        "metric": "mcc",
        "seed": 7,
        "title": "small",
        "progress": None,
        **more,
    }
    return train_on(data, SPEC, out, LightgbmFitter(data, stop_after=10, n_threads=1), grid=grid, **settings)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("table") / "t.parquet")


@pytest.fixture(scope="module")
def trained(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return run(table, tmp_path_factory.mktemp("whole") / "out")


def test_every_cell_is_in_the_plain_table(trained: Trained) -> None:
    with (trained.out / "cells.csv").open() as text:
        rows = list(csv.DictReader(text))
    assert len(rows) == 8
    assert {(r["params.depth"], r["params.class_weights"], r["fold"]) for r in rows} == {
        (d, w, f) for d in ("2", "3") for w in ("", "balanced") for f in ("0", "1")
    }
    stored = pq.read_table(trained.out / "cells.parquet")
    assert stored.num_rows == 8
    assert stored["test.mcc"].to_pylist() == [float(r["test.mcc"]) for r in rows]
    means = np.array([float(r["test.mcc"]) for r in rows]).reshape(4, 2).mean(axis=1)
    assert trained.outcome.means == pytest.approx(means.tolist())
    assert trained.outcome.best == expand_grid("lightgbm", GRID)[int(means.argmax())]


def test_a_killed_search_goes_on_from_its_finished_cells(table: Path, trained: Trained, tmp_path: Path) -> None:
    out = tmp_path / "out"
    # Each cell waits, so that the kill lands inside the search whatever the machine does.
    script = (
        "import sys, time; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "import test_search; from hftcore.search import cells\n"
        "put = cells.CellStore.put\n"
        "cells.CellStore.put = lambda *a: (put(*a), time.sleep(0.3))[0]\n"
        "test_search.run(Path(sys.argv[2]), Path(sys.argv[3]))\n"
    )
    command = [sys.executable, "-c", script, str(Path(__file__).parent), str(table), str(out)]
    process = subprocess.Popen(command, env=os.environ.copy(), start_new_session=True)
    cells, deadline = out / "cells", time.monotonic() + 60
    while len(list(cells.glob("*.json"))) < 3:
        assert process.poll() is None, "the search ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = {path.name: path.stat().st_mtime_ns for path in cells.glob("*.json")}
    assert 3 <= len(before) < 8
    assert not (out / "model").exists()

    again = run(table, out)
    assert again.outcome.n_resumed == len(before)
    assert {name: (cells / name).stat().st_mtime_ns for name in before} == before
    assert again.outcome.means == trained.outcome.means
    whole, resumed = trained.report.to_dict(), again.report.to_dict()
    for cell in (*whole["cells"], *resumed["cells"]):
        cell.pop("seconds")
    assert resumed == whole
    assert (out / "model" / "model.txt").read_bytes() == (trained.model_path / "model.txt").read_bytes()


def test_a_cell_that_was_cut_off_is_trained_again(table: Path, trained: Trained) -> None:
    cell = sorted((trained.out / "cells").iterdir())[0]
    cell.write_text(cell.read_text()[:40])
    again = run(table, trained.out)
    assert again.outcome.n_resumed == 7
    assert json.loads(cell.read_text())["cell"] == cell.stem


def test_other_data_or_another_seed_are_other_cells(table: Path, trained: Trained) -> None:
    again = run(table, trained.out, {"n_trees": [30], "depth": [2]}, seed=8)
    assert again.outcome.n_resumed == 0


def test_skill_is_found_and_shuffled_labels_have_none(trained: Trained, tmp_path: Path) -> None:
    assert trained.report.test.mcc > 0.5
    nothing = run(write_table(tmp_path / "s.parquet", 60_000, shuffle=True), tmp_path / "out", {"n_trees": [30]})
    assert abs(nothing.report.test.mcc) <= 0.01
    assert all(abs(cell["test.mcc"]) <= 0.02 for cell in nothing.report.cells)


def test_the_report_says_what_the_planted_feature_does(trained: Trained) -> None:
    report = trained.report
    assert max(report.gain, key=report.gain.__getitem__) == SPEC.names[0]
    lost = report.permutation
    assert lost[SPEC.names[0]]["mcc_drop"] > 0.3 > 10 * abs(lost[SPEC.names[1]]["mcc_drop"])
    gain = report.families["gain"]
    assert gain == pytest.approx(
        {"other": report.gain[SPEC.names[0]], "rsi": report.gain[SPEC.names[1]], "ema": report.gain[SPEC.names[2]]}
    )
    assert report.curves.n_trees[-1] == report.parameters["n_trees_kept"]
    assert report.curves.log_loss["test rows"][-1] == pytest.approx(report.test.log_loss)
    assert report.split["n_purged"] == 5 + 3  # the label's horizon, then the embargo
    assert report.lightgbm.n_rows == report.test.n_rows == 600
    assert report.gap["mcc"] == report.train.mcc - report.test.mcc


def test_the_page_and_its_json_agree_and_read_back(trained: Trained, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    page = write_training_report(trained.report, tmp_path / "new" / "training.html")
    text = page.read_text()
    assert TrainingReport.from_json(page.with_suffix(".json").read_text()).to_dict() == trained.report.to_dict()
    assert text == training_page(trained.report)
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    for key in ("scores", "confusion", "calibration", "curves", "importance", "permutation", "cells"):
        assert f'<figure id="{key}"' in text
    assert "<script" not in text


def test_tables_of_other_libraries_are_read_alike(table: Path, tmp_path: Path) -> None:
    arrow = pq.read_table(table)
    found = [table_on_disk(source, tmp_path) for source in (table, str(table))]
    assert found == [table, table]
    polars = pytest.importorskip("polars")
    data = load_search_data(table_on_disk(polars.from_arrow(arrow), tmp_path), SPEC.names, horizon=5)
    np.testing.assert_array_equal(data.y, arrow["label"].to_numpy())
    with pytest.raises(TrainingDataError, match="Spark table, was list"):
        table_on_disk([], tmp_path)
    with pytest.raises(ParameterError, match="does not say how far its labels look; pass horizon"):
        load_search_data(table, SPEC.names)


def test_max_rows_thins_what_is_trained_on_and_not_the_test_part(table: Path, tmp_path: Path) -> None:
    whole, few = (load_search_data(table, SPEC.names, horizon=5, test=0.2, max_rows=n) for n in (None, 600))
    before = few.ts_event_ns < few.test_start_ns
    assert (len(whole), len(few), int(before.sum())) == (3_000, 1_200, 600)
    assert set(np.diff(few.rows[before])) <= {3, 4, 5}
    np.testing.assert_array_equal(few.X, whole.X[few.rows])
    np.testing.assert_array_equal(few.label_end_ns, whole.label_end_ns[few.rows])  # from all rows of the tape
    found = run(table, tmp_path / "out", {"n_trees": [5]}, max_rows=600)
    assert found.report.split["n_test"] == 600
    assert found.report.split["n_left_out"] == 1_800
    assert found.training.window_ns[1] < found.data.test_start_ns
    with pytest.raises(ParameterError, match="max_rows must be >= 1, was 0"):
        load_search_data(table, SPEC.names, horizon=5, max_rows=0)


def test_a_table_too_large_for_memory_is_refused_with_both_sizes(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hftcore.search.data.machine_memory", lambda: 4 * 24 * 1_000)
    with pytest.raises(TrainingDataError, match=r"3,000 rows of 3 features .* max_rows, .* 1,000 rows"):
        load_search_data(table, SPEC.names, horizon=5)
    assert len(load_search_data(table, SPEC.names, horizon=5, max_rows=400)) == 1_000


def test_class_weights_correct_the_shares() -> None:
    y = np.array([-1] * 10 + [0] * 80 + [1] * 10, np.int8)
    weights = row_weights(y, "balanced")
    assert weights is not None
    assert [weights[y == c].sum() for c in (-1, 0, 1)] == pytest.approx([100 / 3] * 3)
    mild = row_weights(y, "sqrt_balanced")
    assert mild is not None
    assert mild[0] / mild[50] == pytest.approx(8**0.5)
    assert row_weights(y, None) is None


@pytest.mark.parametrize(
    ("algorithm", "given", "message"),
    [
        ("svm", {}, "algorithm must be one of mllib_gbt, mllib_rf, xgboost, lightgbm, was 'svm'"),
        ("mllib_rf", {"learning_rate": 0.1}, "mllib_rf has no parameter 'learning_rate'; it has n_trees, depth"),
        ("mllib_gbt", {"depth": 17}, "depth must be 1 to 16, was 17"),
        ("mllib_gbt", {"n_trees": 2.5}, "n_trees must be an integer, was 2.5"),
        ("lightgbm", {"subsample": 0.0}, "subsample must be above 0 and at most 1, was 0.0"),
        ("xgboost", {"l2": float("nan")}, "l2 must be finite and >= 0, was nan"),
        ("xgboost", {"n_trees": True}, "n_trees must be a number, was True"),
        ("lightgbm", {"class_weights": "equal"}, "class_weights must be None, balanced, sqrt_balanced or a weight"),
        ("lightgbm", {"class_weights": {-1: 1.0, 0: 0.0, 1: 1.0}}, r"class_weights\[0\] must be finite and above 0"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_named(algorithm: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        full_params(algorithm, given)


def test_class_weights_may_come_from_json() -> None:
    asked = json.loads('{"-1": 1, "0": 1.2, "1": 1}')
    assert full_params("mllib_gbt", {"class_weights": asked})["class_weights"] == {-1: 1, 0: 1.2, 1: 1}


def test_a_grid_is_lists() -> None:
    with pytest.raises(ParameterError, match=r"grid\['depth'\] must be a list of values to try, was 3"):
        expand_grid("lightgbm", {"depth": 3})  # type: ignore[dict-item]


def test_a_fold_without_a_class_is_refused(tmp_path: Path, table: Path) -> None:
    found = pq.read_table(table)
    label = found["label"].to_numpy().copy()
    label[:1_500] = np.minimum(label[:1_500], 0)
    path = tmp_path / "t.parquet"
    pq.write_table(found.set_column(found.schema.get_field_index("label"), "label", pa.array(label)), path)
    with pytest.raises(TrainingDataError, match="label 1 has no row among the"):
        run(path, tmp_path / "out")


def test_with_mlflow_each_cell_is_a_run(tmp_path: Path) -> None:
    if not os.environ.get("CI"):
        pytest.importorskip("mlflow")
    import mlflow.tracking

    store = CellStore(tmp_path, "small")
    cell = {
        "algorithm": "lightgbm",
        "params": {"depth": 3, "class_weights": None},
        "test": {"mcc": 0.5},
        "seconds": 1.0,
    }
    store.put("abc", cell)
    client = mlflow.tracking.MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    (run_,) = client.search_runs([client.get_experiment_by_name("small").experiment_id])
    assert run_.data.metrics == {"test.mcc": 0.5, "seconds": 1.0}
    assert run_.data.params["params.depth"] == "3"
    assert run_.info.status == "FINISHED"
