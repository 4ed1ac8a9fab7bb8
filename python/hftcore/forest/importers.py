"""From whatever a caller has trained to a Forest, checked against the names of the spec."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import labels_of
from hftcore.forest.forest import Forest
from hftcore.forest.lightgbm_reader import read_lightgbm
from hftcore.forest.mllib_files import is_mllib_folder
from hftcore.forest.mllib_reader import read_mllib
from hftcore.forest.sklearn_reader import read_sklearn
from hftcore.forest.treelite_reader import read_treelite, read_treelite_checkpoint
from hftcore.forest.xgboost_reader import read_xgboost
from hftcore.manifest import TRAINING, read_object

LIGHTGBM_FILE = "model.txt"
XGBOOST_FILE = "xgboost.json"


def load_forest(model: Any, names: tuple[str, ...], classes: tuple[int, ...] | None = None) -> Forest:
    """Read a model and check that it takes the features ``names``, in that order.

    Parameters
    ----------
    model : path, or a model of LightGBM, XGBoost, scikit-learn, Treelite or Spark MLlib
        A path is a folder saved by MLlib, a folder written by a trainer, an XGBoost file (``.json``, ``.ubj``), a
        Treelite checkpoint (``.tl``) or a LightGBM text file. A model is a booster or a fitted estimator.
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
    n_classes = 2 if forest.output_rule == "sigmoid" else forest.n_margins
    if len(forest.classes) != n_classes or len(set(forest.classes)) != n_classes:
        raise ModelMismatchError(f"the model has {n_classes} classes, the labels given are {forest.classes}")
    return forest


def training_file(model: Path) -> Path:
    """Where a trainer says what it did: in the folder of a model, or beside its file."""
    return (model.parent if model.is_file() else model) / TRAINING


def _read(model: Any, names: tuple[str, ...], classes: tuple[int, ...] | None) -> Forest:
    if isinstance(model, (str, os.PathLike)):
        return _read_path(Path(model), names, classes)
    library = type(model).__module__.partition(".")[0]
    if library == "lightgbm" or hasattr(model, "model_to_string"):
        booster = model.booster_ if hasattr(model, "booster_") else model
        if not hasattr(booster, "model_to_string"):
            raise ModelMismatchError(f"cannot read a {type(model).__name__}: expected a fitted LightGBM model")
        return read_lightgbm(booster.model_to_string(), classes or labels_of(model))
    if library == "xgboost":
        return read_xgboost(_xgboost_bytes(model), classes or labels_of(model))
    if library == "sklearn":
        return read_sklearn(model, classes)
    if library == "treelite":
        return read_treelite(model, classes)
    if library == "pyspark":
        with tempfile.TemporaryDirectory(prefix="hftcore-mllib-") as folder:
            saved = Path(folder, "model")
            model.write().save(saved.as_uri())
            return read_mllib(saved, names, classes)
    raise ModelMismatchError(
        f"cannot read a {type(model).__name__}: expected a path, or a model of LightGBM, XGBoost, scikit-learn, "
        "Treelite or Spark MLlib"
    )


def _xgboost_bytes(model: Any) -> bytes:
    """The booster as UBJSON; of a wrapper that stopped early only the rounds that its own ``predict`` takes."""
    if not hasattr(model, "get_booster"):
        return bytes(model.save_raw("ubj"))
    try:
        booster = model.get_booster()
    except (ValueError, AttributeError) as error:
        raise ModelMismatchError(f"cannot read a {type(model).__name__}: {error}") from error
    best = getattr(model, "best_iteration", None)
    return bytes((booster if best is None else booster[: best + 1]).save_raw("ubj"))


def _read_path(path: Path, names: tuple[str, ...], classes: tuple[int, ...] | None) -> Forest:
    if not path.exists():
        raise ModelMismatchError(f"{path}: no such file or folder")
    model, notes = path if path.is_file() else _only_model(path), training_file(path)
    if model.is_dir():  # MLlib keeps no names: those of the spec are for messages
        forest = read_mllib(path, names, classes)
        is_named = forest.feature_names != names
    else:
        forest = _read_file(model, classes)
        is_named = forest.feature_names not in (None, tuple(f"Column_{i}" for i in range(forest.n_features)))
    return forest if is_named or not notes.is_file() else _named(forest, notes)


def _only_model(folder: Path) -> Path:
    """The model file in a folder, or the folder itself where MLlib saved it."""
    models = [folder / name for name in (LIGHTGBM_FILE, XGBOOST_FILE) if (folder / name).is_file()]
    models += [folder] if is_mllib_folder(folder) else []
    if len(models) == 1:
        return models[0]
    if not models:
        raise ModelMismatchError(
            f"{folder}: neither a folder saved by Spark MLlib nor one with {LIGHTGBM_FILE} or {XGBOOST_FILE}"
        )
    held = " and ".join("one saved by Spark MLlib" if model == folder else model.name for model in models)
    raise ModelMismatchError(f"{folder}: must hold one model, holds {held}")


def _read_file(path: Path, classes: tuple[int, ...] | None) -> Forest:
    if path.suffix == ".tl":
        return read_treelite_checkpoint(path, classes)
    if path.suffix in (".json", ".ubj"):
        return read_xgboost(path.read_bytes(), classes, source=str(path), is_file=True)
    return read_lightgbm(_text(path), classes, source=str(path))


def _named(forest: Forest, notes: Path) -> Forest:
    """The forest with the names in ``training.json``."""
    found = read_object(notes).get("feature_names")
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise ModelMismatchError(f"{notes}: feature_names must be a list of names, was {found!r}")
    if len(found) != forest.n_features:
        raise ModelMismatchError(f"{notes}: names {len(found)} features, the model takes {forest.n_features}")
    return replace(forest, feature_names=tuple(found))


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise ModelMismatchError(f"{path}: no LightGBM text model: {error}") from error
