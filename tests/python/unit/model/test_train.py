"""Feature tables and LightGBM training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import ModelMismatchError, ParameterError, TrainingDataError
from hftcore.train import TrainingResult, train_lightgbm
from hftcore.training_table import open_training_table


def write(columns: dict[str, Any], path: Path, **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def test_training_says_where_the_model_came_from(trained: TrainingResult, spec: hc.FeatureSpec) -> None:
    assert trained.trainer == "lightgbm"
    assert trained.n_rows == sum(trained.n_rows_of_class.values()) == 4000
    assert trained.window_ns == (10**18, 10**18 + 3999 * 1000)
    assert trained.spec_sha256 == spec.sha256
    assert set(trained.importance) == set(spec.names)
    assert max(trained.importance, key=trained.importance.__getitem__) == spec.names[0]
    assert TrainingResult.load(trained.model_path) == trained


def test_the_same_seed_gives_the_same_model(table: Path, spec: hc.FeatureSpec, tmp_path: Path) -> None:
    models = []
    for name in ("a", "b"):
        result = train_lightgbm(
            table, spec, tmp_path / name, n_trees=3, subsample=0.5, max_rows=2000, seed=5, n_threads=1
        )
        assert (result.n_rows, result.n_rows_table) == (2000, 4000)
        models.append((tmp_path / name / "model.txt").read_bytes())
    assert models[0] == models[1]
    train_lightgbm(table, spec, tmp_path / "c", n_trees=3, subsample=0.5, max_rows=2000, seed=6, n_threads=1)
    assert (tmp_path / "c" / "model.txt").read_bytes() != models[0]


def test_progress_counts_rounds(table: Path, spec: hc.FeatureSpec, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    train_lightgbm(
        table, spec, tmp_path, n_trees=3, n_threads=1, progress=lambda done, total: steps.append((done, total))
    )
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_rows_are_drawn_in_order_and_whatever_the_files(
    columns: dict[str, Any], spec: hc.FeatureSpec, table: Path, tmp_path: Path
) -> None:
    one = write(columns, tmp_path / "one.parquet", row_group_size=4000)
    for max_rows in (None, 1234):
        first = open_training_table(one, spec.names, max_rows=max_rows, seed=3)
        second = open_training_table(table, spec.names, max_rows=max_rows, seed=3)
        assert first.fingerprint == second.fingerprint
        drawn = [np.concatenate([x for x, _ in t.batches()]) for t in (first, second)]
        assert drawn[0].tobytes() == drawn[1].tobytes()
        assert len(drawn[0]) == (max_rows or 4000)
    other = open_training_table(one, spec.names, max_rows=1234, seed=4)
    assert other.fingerprint != first.fingerprint


def test_a_folder_of_files_is_one_table(
    columns: dict[str, Any], spec: hc.FeatureSpec, table: Path, tmp_path: Path
) -> None:
    whole = pa.table(columns)
    pq.write_table(whole.slice(0, 1500), tmp_path / "day-1.parquet")
    pq.write_table(whole.slice(1500), tmp_path / "day-2.parquet")
    parts = open_training_table(tmp_path, spec.names)
    assert parts.fingerprint == open_training_table(table, spec.names).fingerprint


@pytest.mark.parametrize(
    ("column", "change", "words"),
    [
        ("label", lambda y: None, "column 'label' is missing"),
        ("session_id", lambda s: None, "column 'session_id' is missing"),
        ("label", lambda y: np.where(y > 0, 2, y), "label must be -1, 0 or 1, was 2 in training row"),
        ("label", lambda y: np.where(y == 0, 1, y), "label 0 has no row among 4000"),
        ("label", lambda y: y.astype(np.float64), "column 'label' must be an integer, is double"),
        ("ema_mid_px_5", lambda x: None, "column 'ema_mid_px_5' is missing"),
        ("ema_mid_px_5", lambda x: x * np.nan, "feature 'ema_mid_px_5' is NaN in all 4000 rows"),
        ("ema_mid_px_5", lambda x: x.astype(np.float32), "feature 'ema_mid_px_5' must be float64, is float"),
        (
            "ema_mid_px_5",
            lambda x: np.where(np.arange(len(x)) == 9, np.inf, x),
            "must be finite or NaN, was inf in training row 9",
        ),
        ("ema_mid_px_5", lambda x: pa.array([None, *x[1:]]), "column 'ema_mid_px_5' holds nulls"),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_refused_by_column(
    columns: dict[str, Any], spec: hc.FeatureSpec, tmp_path: Path, column: str, change: Any, words: str
) -> None:
    changed = change(columns.pop(column))
    if changed is not None:
        columns[column] = changed
    with pytest.raises(TrainingDataError, match=words):
        train_lightgbm(write(columns, tmp_path / "t.parquet"), spec, tmp_path / "model")


def test_what_is_no_table_is_refused(spec: hc.FeatureSpec, columns: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "t.parquet").write_text("hello")
    empty = tmp_path / "e.parquet"
    for path, words in [(tmp_path / "no", "no such file"), (tmp_path / "t.parquet", "no Parquet")]:
        with pytest.raises(TrainingDataError, match=words):
            open_training_table(path, spec.names)
    pq.write_table(pa.table(columns).slice(0, 0), empty)
    with pytest.raises(TrainingDataError, match="has no rows"):
        open_training_table(empty, spec.names)
    with pytest.raises(TrainingDataError, match="max_rows must be >= 1, was 0"):
        open_training_table(write(columns, tmp_path / "ok.parquet"), spec.names, max_rows=0)


def test_a_folder_that_holds_another_model_is_refused_before_training(
    table: Path, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    (tmp_path / "mllib" / "metadata").mkdir(parents=True)
    (tmp_path / "file").write_text("mine")
    for name in ("mllib", "file"):
        with pytest.raises(TrainingDataError, match=f"{name}: holds something else than a LightGBM model"):
            train_lightgbm(table, spec, tmp_path / name, n_trees=1)
    assert [p.name for p in (tmp_path / "mllib").iterdir()] == ["metadata"]


@pytest.mark.parametrize(
    ("parameter", "rule"),
    [
        ({"n_trees": 0}, "n_trees must be >= 1, was 0"),
        ({"depth": 17}, "depth must be 1 to 16, was 17"),
        ({"learning_rate": float("nan")}, "learning_rate must be above 0 and at most 1, was nan"),
        ({"subsample": 1.5}, "subsample must be above 0 and at most 1, was 1.5"),
        ({"max_bins": 1}, "max_bins must be >= 2, was 1"),
        ({"min_rows_per_leaf": 0}, "min_rows_per_leaf must be >= 1, was 0"),
    ],
)
def test_a_number_that_breaks_its_rule_is_refused_before_the_table_is_read(
    spec: hc.FeatureSpec, tmp_path: Path, parameter: dict[str, Any], rule: str
) -> None:
    with pytest.raises(ParameterError, match=rule):
        train_lightgbm(tmp_path / "no table", spec, tmp_path / "model", **parameter)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"n_rows_of_class": 5}', '{"n_rows_of_class": {"up": 1}}'])
def test_a_damaged_record_of_a_training_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "training.json").write_text(text)
    with pytest.raises(ModelMismatchError, match=r"training\.json: "):
        TrainingResult.load(tmp_path)
