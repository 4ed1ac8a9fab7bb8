"""From whatever a caller has trained to a Forest, checked against the names of the spec."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hftcore.errors import ModelMismatchError
from hftcore.forest.forest import Forest, refuse_odd_splits
from hftcore.forest.lightgbm_reader import read_lightgbm
from hftcore.forest.mllib_reader import is_mllib_folder, read_mllib
from hftcore.forest.xgboost_reader import read_xgboost
from hftcore.manifest import TRAINING, read_object

LIGHTGBM_FILE = "model.txt"
XGBOOST_FILE = "xgboost.json"


def load_forest(model: Any, names: tuple[str, ...], classes: tuple[int, ...] | None = None) -> Forest:
    """Read a model and check that it takes the features ``names``, in that order.

    Parameters
    ----------
    model : path, LightGBM or XGBoost booster, fitted classifier of either, or fitted Spark MLlib model
        A path is a folder saved by MLlib, a folder written by a trainer, a LightGBM text file or an XGBoost JSON file.
    names : tuple of str
        The spec's feature names.
    classes : tuple of int, optional
        Labels in the order of the model's classes, where they cannot be known from the model.

    Raises
    ------
    ModelMismatchError
        If the model cannot be read, or takes other features; names the first difference.
    """
    forest = _read(model, names, classes)
    if forest.n_features != len(names):
        raise ModelMismatchError(f"the model takes {forest.n_features} features, the spec has {len(names)}")
    if forest.feature_names is not None:
        for index, (found, expected) in enumerate(zip(forest.feature_names, names, strict=True)):
            # LightGBM invents Column_i where it was given a bare array.
            if found not in (expected, f"Column_{index}"):
                raise ModelMismatchError(f"feature {index}: the spec has {expected!r}, the model has {found!r}")
    refuse_odd_splits(forest.model, names)
    n_classes = 2 if forest.output_rule == "sigmoid" else forest.n_margins
    if len(forest.classes) != n_classes or len(set(forest.classes)) != n_classes:
        raise ModelMismatchError(f"the model has {n_classes} classes, the labels given are {forest.classes}")
    return forest


def _read(model: Any, names: tuple[str, ...], classes: tuple[int, ...] | None) -> Forest:
    if isinstance(model, (str, os.PathLike)):
        return _read_path(Path(model), names, classes)
    if hasattr(model, "booster_"):  # LightGBM's scikit-learn wrapper knows its labels
        return read_lightgbm(model.booster_.model_to_string(), classes or _labels(model))
    if type(model).__module__.startswith("xgboost"):
        return read_xgboost((model.get_booster() if hasattr(model, "get_booster") else model).save_raw("json"), classes)
    if hasattr(model, "model_to_string"):
        return read_lightgbm(model.model_to_string(), classes)
    if type(model).__module__.startswith("pyspark.ml"):
        with tempfile.TemporaryDirectory(prefix="hftcore-mllib-") as folder:
            saved = Path(folder, "model")
            model.write().save(saved.as_uri())
            return read_mllib(saved, names, classes)
    raise ModelMismatchError(
        f"cannot read a {type(model).__name__}: expected a path, or a LightGBM, XGBoost or Spark MLlib model"
    )


def _read_path(path: Path, names: tuple[str, ...], classes: tuple[int, ...] | None) -> Forest:
    if not path.exists():
        raise ModelMismatchError(f"{path}: no such file or folder")
    if path.is_file() and path.suffix == ".json":
        return read_xgboost(path.read_bytes(), classes, source=str(path))
    if path.is_file():
        return read_lightgbm(_text(path), classes, source=str(path))
    if (path / LIGHTGBM_FILE).is_file():
        if is_mllib_folder(path):
            raise ModelMismatchError(f"{path}: holds two models, {LIGHTGBM_FILE} and one saved by Spark MLlib")
        return read_lightgbm(_text(path / LIGHTGBM_FILE), classes, source=str(path / LIGHTGBM_FILE))
    if (path / XGBOOST_FILE).is_file():
        return read_xgboost((path / XGBOOST_FILE).read_bytes(), classes, source=str(path / XGBOOST_FILE))
    if not is_mllib_folder(path):
        raise ModelMismatchError(f"{path}: neither a folder saved by Spark MLlib nor one with {LIGHTGBM_FILE}")
    notes = path / TRAINING
    trained_on = _trained_on(notes) if notes.is_file() else None
    forest = read_mllib(path, names, classes)
    return forest if trained_on is None else _named(forest, trained_on)


def _trained_on(notes: Path) -> tuple[str, ...]:
    found = read_object(notes).get("feature_names")
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ModelMismatchError(f"{notes}: feature_names must be a list of names, was {found!r}")
    return tuple(found)


def _named(forest: Forest, names: tuple[str, ...]) -> Forest:
    if len(names) != forest.n_features:
        raise ModelMismatchError(f"{TRAINING} names {len(names)} features, the model takes {forest.n_features}")
    return replace(forest, feature_names=names)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise ModelMismatchError(f"{path}: no LightGBM text model: {error}") from error


def _labels(wrapper: Any) -> tuple[int, ...] | None:
    labels = tuple(int(label) for label in wrapper.classes_)
    return None if labels == tuple(range(len(labels))) else labels
