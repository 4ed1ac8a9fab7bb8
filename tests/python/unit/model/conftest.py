"""A small spec, a feature table that can be learned, and models trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.train import TrainingResult, train_lightgbm


@pytest.fixture(scope="session")
def spec() -> hc.FeatureSpec:
    features = [hc.mid(), hc.spread(), hc.queue_imbalance(), hc.ema("mid_px", period=5), hc.rsi("mid_px", period=7)]
    return hc.FeatureSpec("small", features)


@pytest.fixture(scope="session")
def rows() -> np.ndarray:
    """Feature rows (4000, 5); NaN in the first column means something."""
    rng = np.random.default_rng(11)
    rows = rng.normal(size=(4000, 5))
    rows[rng.random(4000) < 0.1, 0] = np.nan
    rows[:, 1] = np.round(rows[:, 1], 1)
    return rows


@pytest.fixture(scope="session")
def labels(rows: np.ndarray) -> np.ndarray:
    rng = np.random.default_rng(12)
    score = np.nan_to_num(rows[:, 0], nan=1.5) + rows[:, 1] * rows[:, 2] + rng.normal(scale=0.5, size=len(rows))
    return np.where(score > 0.6, 1, np.where(score < -0.6, -1, 0)).astype(np.int8)


def table_of(spec: hc.FeatureSpec, rows: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    n = len(rows)
    return {
        **{name: rows[:, i] for i, name in enumerate(spec.names)},
        "label": labels,
        "symbol": ["AAA"] * n,
        "ts_event_ns": np.arange(n) * 1_000 + 10**18,
        "session_id": np.zeros(n, dtype=np.int32),
    }


@pytest.fixture
def columns(spec: hc.FeatureSpec, rows: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """The feature table as columns, for tests that break one."""
    return table_of(spec, rows, labels)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory, spec: hc.FeatureSpec, rows: np.ndarray, labels: np.ndarray) -> Path:
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    pq.write_table(pa.table(table_of(spec, rows, labels)), path, row_group_size=700)
    return path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, table: Path, spec: hc.FeatureSpec) -> TrainingResult:
    return train_lightgbm(table, spec, tmp_path_factory.mktemp("model"), n_trees=5, depth=4, n_threads=1)


@pytest.fixture(scope="session")
def booster(trained: TrainingResult) -> lightgbm.Booster:
    return lightgbm.Booster(model_file=str(trained.model_path / "model.txt"))


@pytest.fixture(scope="session")
def artifact(
    tmp_path_factory: pytest.TempPathFactory, trained: TrainingResult, spec: hc.FeatureSpec, rows: np.ndarray
) -> hc.Artifact:
    return hc.compile_model(trained, spec, tmp_path_factory.mktemp("artifact") / "small.hft", probe=rows)


@pytest.fixture(scope="session")
def compiled(
    tmp_path_factory: pytest.TempPathFactory, trained: TrainingResult, spec: hc.FeatureSpec, rows: np.ndarray
) -> hc.Artifact:
    """The same model with machine code of this platform."""
    path = tmp_path_factory.mktemp("compiled") / "small.hft"
    return hc.compile_model(trained, spec, path, probe=rows, compiled=True)
