"""The report of a training as data: everything the page draws, and the JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hftcore.metrics import Classification, Reliability
from hftcore.search.explain import Curves

SIDES = {-1: "down", 0: "flat", 1: "up"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingReport:
    """How good a trained model is on rows it never saw, beside the majority class and LightGBM on the same rows.

    ``gain`` and ``permutation`` are per feature: share of gain, and what is lost when a feature's values are dealt
    anew (``log_loss_rise``, ``mcc_drop``). ``families`` holds their totals over the EMA and RSI operations. ``cells``
    are the search's, flat. ``train`` scores rows that were trained on: the distance to ``test`` is the overfitting gap.
    """

    title: str
    algorithm: str
    parameters: dict[str, Any]
    split: dict[str, Any]
    test: Classification
    train: Classification
    lightgbm: Classification
    calibration: dict[str, Reliability]
    gain: dict[str, float]
    permutation: dict[str, dict[str, float]]
    families: dict[str, dict[str, float]]
    curves: Curves
    cells: list[dict[str, Any]]
    metric: str

    @property
    def gap(self) -> dict[str, float]:
        """Score on trained rows less score on test rows; for log loss the other way round: above 0 is overfitting."""
        names = ("accuracy", "f1_macro", "mcc")
        loss = (self.test.log_loss or 0.0) - (self.train.log_loss or 0.0)
        return {**{name: getattr(self.train, name) - getattr(self.test, name) for name in names}, "log_loss": loss}

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, the derived figures among them."""
        return {
            "title": self.title,
            "algorithm": self.algorithm,
            "parameters": _plain(self.parameters),
            "metric": self.metric,
            "split": self.split,
            "test": self.test.to_dict(),
            "train": self.train.to_dict(),
            "lightgbm": self.lightgbm.to_dict(),
            "gap": self.gap,
            "calibration": {k: {**asdict(r), "expected_error": r.expected_error} for k, r in self.calibration.items()},
            "importance": {"gain": self.gain, "permutation": self.permutation, "families": self.families},
            "curves": asdict(self.curves),
            "cells": [dict(cell) for cell in self.cells],
        }

    def to_json(self) -> str:
        """The same as text; refuses what is not finite."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> TrainingReport:
        """Read :meth:`to_json` back."""
        plain = json.loads(text)
        importance = plain["importance"]
        curves = plain["curves"]
        return cls(
            title=plain["title"],
            algorithm=plain["algorithm"],
            parameters=plain["parameters"],
            split=plain["split"],
            cells=plain["cells"],
            metric=plain["metric"],
            test=Classification.from_dict(plain["test"]),
            train=Classification.from_dict(plain["train"]),
            lightgbm=Classification.from_dict(plain["lightgbm"]),
            calibration={
                k: Reliability(tuple(r["p_mean"]), tuple(r["hit_frac"]), tuple(r["n"]))
                for k, r in plain["calibration"].items()
            },
            gain=importance["gain"],
            permutation=importance["permutation"],
            families=importance["families"],
            curves=Curves(tuple(curves["n_trees"]), {k: tuple(v) for k, v in curves["log_loss"].items()}),
        )


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """JSON's keys are text: class weights by label become so here, not on the way back."""
    return {
        name: {str(k): v for k, v in value.items()} if isinstance(value, Mapping) else value
        for name, value in parameters.items()
    }
