"""A model that decides often: what a proof compares are decisions, so a round needs hundreds of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hftcore.artifact import Artifact
from hftcore.compiler import compile_model
from hftcore.pipeline import FeaturePipeline
from hftcore.proof.chaos.tape import TapeKind, clean_events
from hftcore.spec import FeatureSpec, tick_bars, time_bars
from hftcore.spec.builders import ema_deviation, order_flow_imbalance, queue_imbalance, rsi, zscore

_SEED = 20_260_101
_UP, _FLAT, _DOWN = 2, 1, 0


def busy_artifact(
    path: Path, *, seed: int = _SEED, n_trees: int = 6, with_bars: bool = False, compiled: bool = False
) -> Artifact:
    """Train and compile a small forest whose scores hang on book, flow and history, and pass thresholds all the time.

    Another ``seed`` gives another model of the same features, for a change of models. ``with_bars``: two features more,
    on time and tick bars. ``compiled``: with its machine code.
    """
    import lightgbm

    features = [
        queue_imbalance(),
        order_flow_imbalance(window=20),
        ema_deviation("mid_px", period=30),
        rsi("mid_px", period=14),
        zscore("mid_px", window=50),
    ]
    bars = {"s": time_bars("200ms", price="mid"), "t": tick_bars(3)} if with_bars else {}
    if with_bars:
        features += [ema_deviation("s.close", period=3), zscore("mid_px - t.vwap", window=30)]
    spec = FeatureSpec("chaos", features, bars=bars)
    rows = FeaturePipeline(spec).transform(clean_events(TapeKind(seed % 1000, 20_000, "packed")))
    rows = rows[~np.isnan(rows).any(axis=1)]
    lean = _ranks(rows[:, 0]) + 0.6 * _ranks(rows[:, 2]) + 0.3 * _ranks(rows[:, 4])
    if with_bars:
        lean += 0.4 * _ranks(rows[:, 5]) + 0.4 * _ranks(rows[:, 6])
    labels = np.where(lean > 0.35, _UP, np.where(lean < -0.35, _DOWN, _FLAT))
    parameters = {
        "objective": "multiclass", "num_class": 3, "num_leaves": 12, "learning_rate": 0.5, "min_data_in_leaf": 50,
        "seed": seed % 1000, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
    }  # fmt: skip
    data = lightgbm.Dataset(rows, labels, feature_name=list(spec.names))
    booster = lightgbm.train(parameters, data, num_boost_round=n_trees)
    return compile_model(booster, spec, path, compiled=compiled, probe=rows[:500])


def _ranks(column: np.ndarray) -> np.ndarray:
    """The column's ranks, from -0.5 to 0.5."""
    return np.argsort(np.argsort(column, kind="stable"), kind="stable") / max(len(column) - 1, 1) - 0.5
