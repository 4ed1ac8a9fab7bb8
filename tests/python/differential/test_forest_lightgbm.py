"""LightGBM's raw scores, bit for bit, of every objective and boosting that is read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest

from hftcore.errors import ModelMismatchError
from hftcore.forest import Forest, load_forest
from hftcore.forest.forest import reference_scores

from .forests import NAMES, hostile, in_three, learnable, margins_of_every_engine

ROWS, Y = learnable()
RF = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}
MULTI = {"objective": "multiclass", "num_class": 3}


def fit(params: dict[str, Any], categories: list[int]) -> lightgbm.Booster:
    target = {"binary": Y > 0.5, "multiclass": in_three(Y), "multiclassova": in_three(Y), "rank_xendcg": in_three(Y)}
    label = target.get(params["objective"], Y)
    group = [50] * (len(Y) // 50) if params["objective"] == "rank_xendcg" else None
    data = lightgbm.Dataset(ROWS, label, group=group, feature_name=list(NAMES), categorical_feature=categories)
    base = {"verbose": -1, "num_threads": 1, "num_leaves": 15, "min_data_per_group": 5, "seed": 3}
    return lightgbm.train({**base, **params}, data, 12)


def rows_for(forest: Forest, categories: list[int]) -> np.ndarray:
    """Between -1 and 0 LightGBM truncates to category 0; here, as in Treelite, a negative number is no category."""
    rows = hostile(forest, ROWS)
    for column in categories:
        inside = (rows[:, column] > -1.0) & (rows[:, column] < 0.0)
        rows[inside, column] = 0.0
    return rows


@pytest.mark.parametrize("categories", [[], [3, 4]], ids=["numbers", "categories"])
@pytest.mark.parametrize(
    "params",
    [
        {"objective": "binary"},
        {"objective": "binary", "boosting": "dart", "drop_rate": 0.5},
        {"objective": "binary", "use_missing": False},
        {"objective": "binary", "sigmoid": 1.7},
        {"objective": "binary", **RF},
        MULTI,
        {**MULTI, **RF},
        {"objective": "multiclassova", "num_class": 3, "sigmoid": 1.5},
        {"objective": "regression"},
        {"objective": "quantile", "alpha": 0.8},
        {"objective": "rank_xendcg"},
    ],
    ids=lambda params: " ".join(str(v) for v in params.values()),
)
def test_margins_have_the_bits_of_raw_scores(params: dict[str, Any], categories: list[int]) -> None:
    booster = fit(params, categories)
    forest = load_forest(booster, NAMES)
    assert bool(forest.flat.is_categorical.any()) == bool(categories)
    rows = rows_for(forest, categories)
    raw = np.asarray(booster.predict(rows, raw_score=True)).reshape(len(rows), -1)
    margins = margins_of_every_engine(forest, rows)
    assert margins.tobytes() == (raw / forest.flat.divisor).tobytes()  # a raw score of 'rf' is not yet averaged
    theirs = np.asarray(booster.predict(rows)).reshape(len(rows), -1)
    if forest.output_rule == "one_vs_rest_normalised":
        theirs = theirs / theirs.sum(axis=1, keepdims=True)
    ours = reference_scores(forest, margins)[:, -theirs.shape[1] :]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14 * max(1.0, float(np.abs(theirs).max())))


def test_values_that_lightgbm_takes_for_zero_are_taken_for_zero() -> None:
    booster = fit({"objective": "regression"}, [])
    forest = load_forest(booster, NAMES)
    edge = float(np.float32(1e-35))
    values = [edge, -edge, np.nextafter(edge, 1), np.nextafter(-edge, -1), edge / 2, -edge / 2, 5e-324, -5e-324, -0.0]
    rows = np.tile(ROWS[:1], (len(values), 1))
    rows[:, 2] = values
    assert margins_of_every_engine(forest, rows)[:, 0].tolist() == booster.predict(rows, raw_score=True).tolist()
    assert len({forest.flat.nodes["value"][n] for n in np.flatnonzero(forest.flat.feature == 2)}) > 1


def test_a_file_a_booster_and_a_wrapper_give_the_same_forest(tmp_path: Path) -> None:
    wrapper = lightgbm.LGBMClassifier(n_estimators=4, num_leaves=7, n_jobs=1, verbose=-1)
    wrapper.fit(pd.DataFrame(ROWS, columns=list(NAMES)), in_three(Y) - 1)
    wrapper.booster_.save_model(tmp_path / "model.txt")
    forests = [load_forest(m, NAMES) for m in (wrapper, wrapper.booster_, tmp_path / "model.txt", tmp_path)]
    assert len({forest.flat.to_bytes() for forest in forests}) == 1
    assert {forest.classes for forest in forests} == {(-1, 0, 1)}
    regressor = lightgbm.LGBMRegressor(n_estimators=2, n_jobs=1, verbose=-1).fit(ROWS, Y)
    assert (load_forest(regressor, NAMES).output_rule, load_forest(regressor, NAMES).classes) == ("identity", (0,))


def test_categories_of_a_frame_that_are_not_their_codes_are_refused() -> None:
    frame = pd.DataFrame(ROWS, columns=list(NAMES)).astype({"e": "category"})
    wrapper = lightgbm.LGBMClassifier(n_estimators=2, n_jobs=1, verbose=-1).fit(frame, Y > 0)
    with pytest.raises(ModelMismatchError, match=r"pandas categories must be the numbers 0\.\.n-1, were \[3\.0, 7\.0"):
        load_forest(wrapper, NAMES)


def test_sets_of_categories_that_overlap_in_the_file_are_refused(tmp_path: Path) -> None:
    text = fit({"objective": "regression"}, [3, 4]).model_to_string()
    damaged, n = re.subn(r"(\ncat_boundaries=[\d ]+)", r"\1 0", text, count=1)
    assert n == 1
    (tmp_path / "model.txt").write_text(damaged)
    with pytest.raises(ModelMismatchError, match=r"cat_boundaries must ascend within \d+ words, found \d+ and 0"):
        load_forest(tmp_path, NAMES)
