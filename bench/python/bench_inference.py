"""A slower number means a later decision: one row through a forest of 100 trees, called from Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import treelite

import hftcore as hc

ROWS = np.random.default_rng(7).normal(size=(4096, 5))
FEATURES = [hc.log_return("mid_px", lag=lag) for lag in (1, 2, 3, 5, 8)]


@pytest.fixture(scope="module")
def impls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Callable[[Any], Any]]:
    spec = hc.FeatureSpec("bench", FEATURES)
    y = np.digitize(ROWS[:, 0] + ROWS[:, 1] * ROWS[:, 2], [-0.5, 0.5]) - 1
    rows = lightgbm.Dataset(ROWS, y + 1, feature_name=list(spec.names))
    booster = lightgbm.train({"objective": "multiclass", "num_class": 3, "num_leaves": 31, "verbosity": -1}, rows, 34)
    path = Path(tmp_path_factory.mktemp("bench")) / "bench.hft"
    art = hc.compile_model(booster, spec, path)
    forest = treelite.frontend.from_lightgbm(booster)
    return {
        "hftcore": art.predict_margin,
        "lightgbm": lambda row: booster.predict(row, raw_score=True, num_threads=1),
        "treelite gtil": lambda row: treelite.gtil.predict(forest, row, pred_margin=True, nthread=1),
    }


@pytest.mark.parametrize("n_rows", [1, 4096])
@pytest.mark.parametrize("impl", ["hftcore", "lightgbm", "treelite gtil"])
def test_predict(benchmark: Any, impls: dict[str, Callable[[Any], Any]], impl: str, n_rows: int) -> None:
    benchmark.group = f"forest 102 trees x 31 leaves, {n_rows} rows a call"
    benchmark.extra_info["n_items"] = n_rows
    batches = [np.ascontiguousarray(ROWS[i : i + n_rows]) for i in range(0, len(ROWS), n_rows)]
    at = iter(range(10**9))  # fresh rows each time, so that the branches are not learnt
    found = benchmark(lambda: impls[impl](batches[next(at) % len(batches)]))
    assert np.isfinite(found).all()
