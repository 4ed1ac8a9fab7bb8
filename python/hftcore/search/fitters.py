"""What a search asks of an algorithm, and LightGBM's answer. MLlib's and XGBoost's are in ``hftcore.spark``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from hftcore.files import write_atomically
from hftcore.folds import Ints
from hftcore.forest.importers import LIGHTGBM_FILE
from hftcore.search.data import SearchData
from hftcore.search.params import Params, row_weights

_ROWS_PER_THREAD = 20_000

Scores = npt.NDArray[np.float64]
Tick = Callable[[int, int], None]  # (trees done, trees in all)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows to train on, and the later rows that say when to stop (empty: train all trees)."""

    train: Ints
    stop: Ints


class Fitted(Protocol):
    """A trained model."""

    n_trees: int
    """Trees kept for each class."""

    def proba(self, rows: Ints) -> Scores:
        """Scores (n, 3) of rows of the table by the library itself: down, flat, up."""

    def save(self, folder: Path) -> None:
        """Write the model into an existing empty folder."""


class Fitter(Protocol):
    """An algorithm bound to one table."""

    algorithm: str
    libraries: tuple[str, ...]
    stops_early: bool

    def fit(self, params: Params, part: Part, seed: int, tick: Tick | None = None) -> Fitted:
        """Train on ``part.train``; ``params`` are full and checked."""


class LightgbmFitter:
    """Boosting by softmax on LightGBM: needs no Java. The same rows, parameters and seed give the same model."""

    algorithm = "lightgbm"
    libraries: tuple[str, ...] = ("lightgbm",)
    stops_early = True

    def __init__(self, data: SearchData, *, stop_after: int | None = 30, n_threads: int | None = None) -> None:
        # Threads that wait for each other cost more than a small table does.
        helpful = min(len(os.sched_getaffinity(0)), 1 + len(data) // _ROWS_PER_THREAD)
        self._data, self._stop_after, self._n_threads = data, stop_after, n_threads or helpful

    def fit(self, params: Params, part: Part, seed: int, tick: Tick | None = None) -> Fitted:
        import lightgbm

        data = self._data
        settings = {
            "objective": "multiclass",
            "num_class": 3,
            "learning_rate": params["learning_rate"],
            "max_depth": params["depth"],
            "num_leaves": params["n_leaves"] or 2 ** params["depth"],
            "max_bin": params["max_bins"],
            "bagging_fraction": params["subsample"],
            "bagging_freq": 1 if params["subsample"] < 1.0 else 0,
            "feature_fraction": params["feature_share"],
            "lambda_l1": params["l1"],
            "lambda_l2": params["l2"],
            "min_gain_to_split": params["min_gain"],
            "min_data_in_leaf": params["min_rows_per_leaf"],
            "num_threads": self._n_threads,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        weights = row_weights(data.y[part.train], params["class_weights"])
        train = lightgbm.Dataset(
            data.X[part.train],
            data.y[part.train].astype(np.int32) + 1,
            weight=weights,
            feature_name=[*data.table.names],
        )
        callbacks: list[Callable[..., Any]] = []
        if tick is not None:
            callbacks.append(lambda env: tick(env.iteration + 1, params["n_trees"]))
        valid = []
        if len(part.stop) and self._stop_after:
            valid = [train.create_valid(data.X[part.stop], data.y[part.stop].astype(np.int32) + 1)]
            callbacks.append(lightgbm.early_stopping(self._stop_after, verbose=False))
        booster = lightgbm.train(
            settings, train, num_boost_round=params["n_trees"], valid_sets=valid, callbacks=callbacks
        )
        return _LightgbmModel(data, booster)


class _LightgbmModel:
    def __init__(self, data: SearchData, booster: Any) -> None:
        self._data, self._booster = data, booster
        self.n_trees = int(booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration())

    def proba(self, rows: Ints) -> Scores:
        return np.asarray(self._booster.predict(self._data.X[rows], num_iteration=self.n_trees), np.float64)

    def save(self, folder: Path) -> None:
        text = self._booster.model_to_string(num_iteration=self.n_trees)
        write_atomically(folder / LIGHTGBM_FILE, text.encode())
