"""One face for the trainers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hftcore.errors import TrainingDataError
from hftcore.spec import FeatureSpec
from hftcore.table import spec_of_table
from hftcore.train import Progress, TrainingResult, train_lightgbm

TRAINERS = ("mllib", "lightgbm")
LIBRARY = {"mllib": "pyspark", "lightgbm": "lightgbm"}  # the distribution whose version makes part of a model


def fit(
    trainer: str,
    table: Path,
    spec: FeatureSpec,
    out_dir: Path,
    *,
    n_trees: int | None = None,
    progress: Progress | None = None,
    **parameters: Any,
) -> TrainingResult:
    """Train by name; see :func:`hftcore.train.train_lightgbm` and ``hftcore.spark.train_mllib`` for the parameters.

    Raises
    ------
    TrainingDataError
        If there is no such trainer, or the table cannot be trained on.
    """
    if trainer not in TRAINERS:
        raise TrainingDataError(f"trainer must be one of {', '.join(TRAINERS)}, was {trainer!r}")
    _refuse_other_spec(table, spec)
    train: Callable[..., TrainingResult] = train_lightgbm
    if trainer == "mllib":
        from hftcore.spark import train_mllib

        train = train_mllib
    if n_trees is not None:
        parameters["n_trees"] = n_trees
    return train(table, spec, out_dir, progress=progress, **parameters)


def _refuse_other_spec(table: Path, spec: FeatureSpec) -> None:
    """A table that `hftcore features` wrote knows its spec; one from elsewhere is held to its columns alone."""
    made_with = spec_of_table(table)
    if made_with not in (None, spec.sha256):
        raise TrainingDataError(f"{table}: made with spec {made_with}, expected {spec.sha256} ({spec.name})")
