"""Training: what every trainer returns, and LightGBM. MLlib lives in ``hftcore.spark``."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hftcore.errors import ModelMismatchError, TrainingDataError
from hftcore.files import write_atomically
from hftcore.forest import load_forest
from hftcore.forest.importers import LIGHTGBM_FILE
from hftcore.forest.mllib_files import is_mllib_folder
from hftcore.manifest import TRAINING, read_object
from hftcore.train_rules import check_train_parameter
from hftcore.training_table import TrainingTable, open_training_table

if TYPE_CHECKING:
    from hftcore.spec import FeatureSpec

Progress = Callable[[int, int], None]  # (trees done, trees in all)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainParams:
    """What every trainer understands, refused before a table is read or Spark is up: the libraries would say it later.

    Raises
    ------
    ParameterError
        If a number breaks its rule; names the parameter, the rule and the value.
    """

    n_trees: int
    depth: int
    learning_rate: float
    max_bins: int
    subsample: float
    min_rows_per_leaf: int

    def __post_init__(self) -> None:
        for f in fields(self):
            check_train_parameter(f.name, getattr(self, f.name))


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """A trained model on disk and everything needed to say where it came from; ``training.json`` beside the model.

    ``importance`` is each feature's share of the loss reduction (gain) over all splits. ``window_ns`` is the first and
    last ``ts_event_ns`` of the rows trained on; ``data_fingerprint`` the SHA-256 of their features, labels and times.
    """

    trainer: str
    versions: dict[str, str]
    parameters: dict[str, Any]
    seed: int
    feature_names: tuple[str, ...]
    spec_sha256: str
    n_rows: int
    n_rows_table: int
    n_rows_of_class: dict[int, int]
    window_ns: tuple[int, int]
    symbols: tuple[str, ...]
    data_fingerprint: str
    importance: dict[str, float]
    seconds: float
    model_path: Path = field(compare=False)

    def to_dict(self) -> dict[str, Any]:
        """Everything but the path, ready for JSON."""
        return {
            **{
                f.name: value
                for f, value in zip(fields(self), asdict(self).values(), strict=True)
                if f.name != "model_path"
            },
            "n_rows_of_class": {str(k): n for k, n in self.n_rows_of_class.items()},
        }

    @classmethod
    def load(cls, model_path: str | Path) -> TrainingResult:
        """Read back ``training.json`` of a folder that a trainer wrote; raises ModelMismatchError if it is damaged."""
        path = Path(model_path)
        found = read_object(path / TRAINING)
        try:
            found["n_rows_of_class"] = {int(k): n for k, n in found["n_rows_of_class"].items()}
            for name in ("feature_names", "window_ns", "symbols"):
                found[name] = tuple(found[name])
            return cls(**found, model_path=path)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ModelMismatchError(f"{path / TRAINING}: no record of a training: {error}") from error


def record_training(
    trainer: str,
    table: TrainingTable,
    spec: FeatureSpec,
    model_path: Path,
    *,
    parameters: Mapping[str, Any],
    seed: int,
    libraries: tuple[str, ...],
    seconds: float,
) -> TrainingResult:
    """Read the saved model's importance, write ``training.json`` beside it and return the result."""
    shares = load_forest(model_path, table.names).gain_shares
    result = TrainingResult(
        trainer=trainer,
        versions={name: version(name) for name in libraries},
        parameters=dict(parameters),
        seed=seed,
        feature_names=table.names,
        spec_sha256=spec.sha256,
        n_rows=table.n_rows,
        n_rows_table=table.n_rows_table,
        n_rows_of_class=table.n_rows_of_class,
        window_ns=table.window_ns,
        symbols=table.symbols,
        data_fingerprint=table.fingerprint,
        importance={name: float(share) for name, share in zip(table.names, shares, strict=True)},
        seconds=round(seconds, 3),
        model_path=model_path,
    )
    text = json.dumps(result.to_dict(), indent=2) + "\n"
    write_atomically(model_path / TRAINING, text.encode())
    return result


def train_lightgbm(
    table: str | Path,
    spec: FeatureSpec,
    out_dir: str | Path,
    *,
    n_trees: int = 60,
    depth: int = 5,
    learning_rate: float = 0.1,
    max_bins: int = 255,
    subsample: float = 1.0,
    min_rows_per_leaf: int = 20,
    seed: int = 7,
    max_rows: int | None = None,
    n_threads: int = 2,
    progress: Progress | None = None,
) -> TrainingResult:
    """Train three classes by softmax on LightGBM; no Java. The same table, parameters and seed give the same model.

    Parameters
    ----------
    table : path
        Feature table, see ``hftcore.training_table``.
    spec : FeatureSpec
        Its names are the columns to train on.
    out_dir : path
        Gets ``model.txt`` and ``training.json``; a LightGBM model that was there is replaced, one of MLlib is not.
    n_trees, depth, learning_rate, max_bins, subsample, min_rows_per_leaf
        Rounds of three trees each, of at most ``2 ** depth`` leaves; ``subsample`` is the share of rows per round.
    n_threads : int
        Part of what makes a model: another number may sum in another order.
    progress : callable, optional
        Called with (rounds done, rounds in all).

    Raises
    ------
    TrainingDataError
        If the table cannot be trained on; names the column and the value. If ``out_dir`` holds an MLlib model.
    ParameterError
        If a number breaks its rule.
    """
    import lightgbm

    params = TrainParams(
        n_trees=n_trees,
        depth=depth,
        learning_rate=learning_rate,
        max_bins=max_bins,
        subsample=subsample,
        min_rows_per_leaf=min_rows_per_leaf,
    )
    folder = Path(out_dir)
    if folder.is_file() or is_mllib_folder(folder):
        raise TrainingDataError(f"{folder}: holds something else than a LightGBM model; name another folder")
    report = progress or (lambda done, total: None)
    data = open_training_table(table, spec.names, max_rows=max_rows, seed=seed)
    parameters = {
        "learning_rate": params.learning_rate,
        "max_depth": params.depth,
        "num_leaves": 2**params.depth,
        "max_bin": params.max_bins,
        "bagging_fraction": params.subsample,
        "bagging_freq": 1 if params.subsample < 1.0 else 0,
        "min_data_in_leaf": params.min_rows_per_leaf,
        "num_threads": n_threads,
    }
    started = time.perf_counter()
    batches = list(data.batches())
    rows = lightgbm.Dataset(
        np.concatenate([features for features, _ in batches]),
        np.concatenate([label for _, label in batches]).astype(np.int32) + 1,  # classes 0, 1, 2 = down, flat, up
        feature_name=list(data.names),
        free_raw_data=True,
    )
    del batches

    def on_round(env: Any) -> None:
        report(env.iteration + 1, n_trees)

    fixed = {
        "objective": "multiclass",
        "num_class": 3,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    booster = lightgbm.train({**parameters, **fixed}, rows, num_boost_round=n_trees, callbacks=[on_round])
    seconds = time.perf_counter() - started
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / LIGHTGBM_FILE, booster.model_to_string().encode())
    return record_training(
        "lightgbm",
        data,
        spec,
        folder,
        parameters={"n_trees": n_trees, **parameters},
        seed=seed,
        libraries=("lightgbm",),
        seconds=seconds,
    )
