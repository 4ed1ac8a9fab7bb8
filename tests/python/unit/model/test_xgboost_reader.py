"""XGBoost's float32 splits as splits on doubles: no row may take another path."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import ModelMismatchError
from hftcore.forest.float32_splits import double_cutoff
from hftcore.forest.forest import reference_margins
from hftcore.forest.xgboost_reader import read_xgboost


def test_the_cutoff_is_the_last_double_that_rounds_below_the_threshold() -> None:
    rng = np.random.default_rng(3)
    t = np.concatenate(
        [
            rng.normal(size=2_000),
            rng.normal(size=500) * 1e-40,  # float32 subnormals
            10.0 ** rng.uniform(-30, 30, 500),
            [0.0, 1.0, -1.0, 0.5, 2.0**24, 1e-45],
        ]
    ).astype(np.float32)
    cut = double_cutoff(t)
    assert np.all(cut.astype(np.float32) < t)
    assert np.all(np.nextafter(cut, np.inf).astype(np.float32) >= t)


def tree(**changes: object) -> dict[str, object]:
    return {
        "categories_nodes": [],
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "split_conditions": [0.3, -1.5, 2.5],
        "loss_changes": [7.0, 0.0, 0.0],
        "sum_hessian": [10.0, 4.0, 6.0],
        "default_left": [1, 0, 0],
        **changes,
    }


def model(one: dict[str, object], objective: str = "binary:logistic", booster: str = "gbtree") -> str:
    return json.dumps(
        {
            "version": [3, 2, 0],
            "learner": {
                "feature_names": [],
                "objective": {"name": objective},
                "learner_model_param": {"base_score": "[5E-1]", "num_class": "0", "num_feature": "2"},
                "gradient_booster": {"name": booster, "model": {"trees": [one], "tree_info": [0]}},
            },
        }
    )


def test_a_tree_keeps_its_leaves_its_missing_side_and_its_gain() -> None:
    forest = read_xgboost(model(tree()))
    below = float(np.nextafter(np.float32(0.3), np.float32(0)))
    rows = np.array([[below, 0.0], [np.float32(0.3), 0.0], [np.nan, 0.0], [0.3, 0.0]])
    # 0.3 as a double rounds to the float32 threshold itself, and so is not below it.
    assert reference_margins(forest.model, rows)[:, 0].tolist() == [-1.5, 2.5, -1.5, 2.5]
    assert (forest.output_rule, forest.classes, forest.gain) == ("sigmoid", (0, 1), (7.0, 0.0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (model(tree(), booster="dart"), "booster must be gbtree, was 'dart'"),
        (model(tree(), objective="reg:squarederror"), "objective must be one of .*, was 'reg:squarederror'"),
        (model(tree(categories_nodes=[0])), "feature number 0: tree 0 splits it as a category"),
        (model(tree(left_children=[5, -1, -1])), "tree 0: a child must be one of nodes 1 to 2, found 5"),
        (model(tree(left_children=[2, -1, -1])), "tree 0: a child must hang under one split, node 2 is named again"),
        (model(tree(split_indices=[2, 0, 0])), "tree 0: the feature of a split must be below 2, found 2"),
        ("{}", "no XGBoost JSON model, or damaged"),
        ("tree", "no XGBoost JSON model, or damaged"),
    ],
)
def test_what_would_not_be_the_same_model_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelMismatchError, match=message):
        read_xgboost(text, source="x.json")


def test_a_real_booster_agrees_on_hostile_rows(tmp_path: Path) -> None:
    xgboost = importlib.import_module("xgboost") if os.environ.get("CI") else pytest.importorskip("xgboost")
    spec = hc.FeatureSpec("small", [hc.mid(), hc.spread(), hc.queue_imbalance()])
    rng = np.random.default_rng(1)
    X = rng.normal(size=(2_000, 3))
    X[rng.random(2_000) < 0.2, 0] = np.nan
    y = np.clip(np.round(np.nan_to_num(X[:, 0], nan=1.0) + X[:, 1]), -1, 1).astype(int) + 1
    settings = {"objective": "multi:softprob", "num_class": 3, "max_depth": 4, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(X, y), 10)
    thresholds = list(json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"])
    pool = np.array([c for t in thresholds for c in t["split_conditions"]], np.float32).astype(np.float64)
    pool = np.concatenate([pool, double_cutoff(pool.astype(np.float32)), [np.nan, 0.0]])
    pool = np.concatenate([pool, np.nextafter(pool, np.inf), np.nextafter(pool, -np.inf)])
    rows = rng.choice(pool, size=(5_000, 3))
    art = hc.compile_model(booster, spec, tmp_path / "x.hft")
    theirs = booster.inplace_predict(rows.astype(np.float32), predict_type="margin")
    np.testing.assert_allclose(art.predict_margin(rows), theirs, rtol=0, atol=2e-6)
    assert art.manifest["trainer"]["name"] == "xgboost"
