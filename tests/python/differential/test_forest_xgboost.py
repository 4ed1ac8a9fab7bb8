"""XGBoost's margins, bit for bit: float32 sums that begin at the base score, float32 splits, DART and categories."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hftcore.errors import ModelMismatchError
from hftcore.forest import load_forest
from hftcore.forest.forest import reference_scores

from .forests import (
    N_CATEGORIES,
    NAMES,
    fits_float32,
    hostile,
    in_three,
    learnable,
    margins_of_every_engine,
)

xgboost = importlib.import_module("xgboost") if os.environ.get("CI") else pytest.importorskip("xgboost")

ROWS, Y = learnable()
TYPES = ["q", "q", "q", "c", "c"]
DART = {"booster": "dart", "rate_drop": 0.3}
MULTI = {"objective": "multi:softprob", "num_class": 3}


def matrix(rows: np.ndarray, categories: bool, label: np.ndarray | None = None, **more: Any) -> Any:
    types = TYPES if categories else None
    return xgboost.DMatrix(
        rows, label, feature_names=list(NAMES), feature_types=types, enable_categorical=categories, **more
    )


def fit(params: dict[str, Any], categories: bool = False) -> Any:
    objective = params["objective"]
    label = Y if objective.startswith("reg") else in_three(Y) if objective[0] in "mr" else Y > 0.5
    more = {"qid": np.arange(len(Y)) // 20} if objective.startswith("rank") else {}
    base = {"nthread": 1, "max_depth": 4, "max_cat_to_onehot": 4, "seed": 1}
    return xgboost.train({**base, **params}, matrix(ROWS, categories, label, **more), 10)


@pytest.mark.parametrize("categories", [False, True], ids=["numbers", "categories"])
@pytest.mark.parametrize(
    "params",
    [
        {"objective": "binary:logistic"},
        {"objective": "binary:logistic", "base_score": 0.30001},
        {"objective": "binary:logistic", "num_parallel_tree": 3, "subsample": 0.5},
        {"objective": "binary:logistic", **DART},
        {"objective": "binary:logitraw"},
        MULTI,
        {**MULTI, **DART},
        {"objective": "reg:squarederror"},
        {"objective": "reg:absoluteerror"},
        {"objective": "reg:pseudohubererror"},
        {"objective": "reg:quantileerror", "quantile_alpha": 0.7},
        {"objective": "rank:ndcg"},
    ],
    ids=lambda params: " ".join(str(v) for v in params.values()),
)
def test_margins_have_the_bits_of_output_margin(params: dict[str, Any], categories: bool) -> None:
    booster = fit(params, categories)
    forest = load_forest(booster, NAMES)
    assert bool(forest.flat.is_categorical.any()) == categories
    rows = fits_float32(hostile(forest, ROWS))
    if categories:  # a category is a float32: between two of them XGBoost rounds, the forest truncates
        rows[:, 3:] = rows[:, 3:].astype(np.float32)
    theirs = booster.predict(matrix(rows, categories), output_margin=True).reshape(len(rows), -1)
    margins = margins_of_every_engine(forest, rows)
    assert margins.tobytes() == theirs.astype(np.float64).tobytes()
    scores = booster.predict(matrix(rows, categories)).reshape(len(rows), -1)
    ours = reference_scores(forest, margins)[:, -scores.shape[1] :]
    np.testing.assert_allclose(ours, scores, rtol=1e-5, atol=2e-7)  # XGBoost's exp is float32


def test_any_base_score_gives_the_bits_of_its_logit() -> None:
    """One probability in 170 has a float32 logarithm that is not the rounded one; some of these have."""
    probabilities = np.random.default_rng(0).random(400).astype(np.float32)
    small = xgboost.DMatrix(ROWS[:2], [0, 1])
    for probability in probabilities.tolist():
        settings = {"objective": "binary:logistic", "base_score": probability, "nthread": 1, "max_depth": 1}
        booster = xgboost.train(settings, small, 0)
        forest = load_forest(booster, NAMES)
        assert forest.flat.base.tolist() == [float(booster.predict(small, output_margin=True)[0])]


def test_json_ubjson_and_booster_give_the_same_forest(tmp_path: Path) -> None:
    booster = fit(MULTI, categories=True)
    for name in ("m.json", "m.ubj"):
        booster.save_model(tmp_path / name)
    forests = [load_forest(m, NAMES) for m in (booster, tmp_path / "m.json", tmp_path / "m.ubj")]
    assert len({forest.flat.to_bytes() for forest in forests}) == 1
    assert len({forest.gain for forest in forests}) == 1
    assert (forests[0].feature_names, forests[0].classes) == (NAMES, (-1, 0, 1))


@pytest.mark.parametrize("settings", [{}, {"num_parallel_tree": 2, "subsample": 0.7}, DART], ids=["", "many", "dart"])
def test_early_stopping_is_read_as_the_library_predicts(settings: dict[str, Any], tmp_path: Path) -> None:
    """A wrapper and its file end at the best round; a booster and its file have them all."""
    wrapper = xgboost.XGBRegressor(n_estimators=200, early_stopping_rounds=2, n_jobs=1, learning_rate=0.9, **settings)
    wrapper.fit(ROWS[:700], Y[:700], eval_set=[(ROWS[700:], Y[700:])], verbose=False)
    booster, data = wrapper.get_booster(), xgboost.DMatrix(ROWS)
    wrapper.save_model(tmp_path / "w.json")
    wrapper.save_model(tmp_path / "w.ubj")
    booster.save_model(tmp_path / "b.json")
    reread = xgboost.Booster(model_file=tmp_path / "w.json")
    whole = booster.predict(data, output_margin=True)
    short = booster.predict(data, output_margin=True, iteration_range=(0, wrapper.best_iteration + 1))
    # DART's sums have another order in the wrapper, which predicts in place.
    np.testing.assert_allclose(wrapper.predict(ROWS, output_margin=True), short, rtol=0, atol=1e-6)
    assert short.tobytes() != whole.tobytes() == reread.predict(data, output_margin=True).tobytes()
    for models, theirs in (
        ((wrapper, tmp_path / "w.json", tmp_path / "w.ubj"), short),
        ((booster, tmp_path / "b.json", reread), whole),
    ):
        forests = [load_forest(model, NAMES) for model in models]
        assert len({forest.flat.to_bytes() for forest in forests}) == 1
        assert margins_of_every_engine(forests[0], ROWS)[:, 0].tobytes() == theirs.astype(np.float64).tobytes()


def test_what_would_not_be_the_same_model_is_refused() -> None:
    frame = pd.DataFrame(ROWS, columns=list(NAMES)).astype({"e": int}).astype({"e": "category"})
    data = xgboost.DMatrix(frame, Y, enable_categorical=True)
    recoded = xgboost.train({"nthread": 1}, data, 1)
    two = xgboost.train({"nthread": 1}, xgboost.DMatrix(ROWS, np.column_stack([Y, Y])), 1)
    cases = [
        (recoded, r"feature 'e': its categories must be the numbers 0\.\.n-1, were \[3\.0, 7\.0, 10\.0, 33\.0\]"),
        (two, "must have one target, had 2"),
        (xgboost.train({"booster": "gblinear"}, xgboost.DMatrix(np.nan_to_num(ROWS), Y), 1), "was 'gblinear'"),
    ]
    for booster, words in cases:
        with pytest.raises(ModelMismatchError, match=words):
            load_forest(booster, NAMES)


def test_categories_of_a_frame_that_are_their_codes_are_read() -> None:
    frame = pd.DataFrame(ROWS, columns=list(NAMES)).astype({"d": int}).astype({"d": "category"})
    assert frame["d"].cat.categories.tolist() == list(range(N_CATEGORIES))
    booster = xgboost.train({"nthread": 1, "max_depth": 4}, xgboost.DMatrix(frame, Y, enable_categorical=True), 5)
    forest = load_forest(booster, NAMES)
    assert forest.flat.is_categorical.any()
    theirs = booster.predict(xgboost.DMatrix(frame, enable_categorical=True), output_margin=True)
    assert margins_of_every_engine(forest, ROWS)[:, 0].tobytes() == theirs.astype(np.float64).tobytes()
