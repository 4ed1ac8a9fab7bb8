"""XGBoost's float32 splits as splits on doubles: no row may take another path."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hftcore.errors import ModelMismatchError
from hftcore.forest import walk_margins
from hftcore.forest.float32_splits import double_cutoff
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
        "categories": [3],
        "categories_segments": [0],
        "categories_sizes": [1],
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0],
        "split_conditions": [0.3, -1.5, 2.5],
        "loss_changes": [7.0, 0.0, 0.0],
        "sum_hessian": [10.0, 4.0, 6.0],
        "default_left": [1, 0, 0],
        **changes,
    }


def model(
    one: dict[str, object],
    objective: str = "binary:logistic",
    booster: str = "gbtree",
    base: str = "[5E-1]",
    classes: str = "0",
) -> str:
    return json.dumps(
        {
            "version": [3, 2, 0],
            "learner": {
                "feature_names": [],
                "objective": {"name": objective},
                "learner_model_param": {"base_score": base, "num_class": classes, "num_feature": "2"},
                "gradient_booster": {"name": booster, "model": {"trees": [one], "tree_info": [0]}},
            },
        }
    )


def test_a_tree_keeps_its_leaves_its_missing_side_and_its_gain() -> None:
    forest = read_xgboost(model(tree()))
    below = float(np.nextafter(np.float32(0.3), np.float32(0)))
    rows = np.array([[below, 0.0], [np.float32(0.3), 0.0], [np.nan, 0.0], [0.3, 0.0]])
    # 0.3 as a double rounds to the float32 threshold itself, and so is not below it.
    assert walk_margins(forest.flat, rows)[:, 0].tolist() == [-1.5, 2.5, -1.5, 2.5]
    assert (forest.output_rule, forest.classes, forest.gain) == ("sigmoid", (0, 1), (7.0, 0.0))


@pytest.mark.parametrize(
    ("objective", "base", "classes", "expected"),
    [
        ("binary:logistic", "5E-1", "0", [0.0]),  # before XGBoost 3.1
        ("reg:squarederror", "7.5E0", "0", [7.5]),
        ("multi:softprob", "5E-1", "3", [0.5, 0.5, 0.5]),
        ("multi:softprob", "[1E0,2.5E-1,-3E0]", "3", [1.0, 0.25, -3.0]),
    ],
)
def test_base_scores_of_every_format(objective: str, base: str, classes: str, expected: list[float]) -> None:
    forest = read_xgboost(model(tree(), objective, base=base, classes=classes))
    assert forest.flat.base.tolist() == expected


def stopped(best: str, **about: object) -> str:
    """Three rounds of two trees, of which a wrapper keeps those up to ``best``."""
    found = json.loads(model(tree()))
    found["learner"]["attributes"] = {"best_iteration": best, "scikit_learn": "{}"}
    found["learner"]["gradient_booster"]["model"] = {"trees": [tree()] * 6, "tree_info": [0] * 6, **about}
    return json.dumps(found)


@pytest.mark.parametrize(
    "about", [{"iteration_indptr": [0, 2, 4, 6]}, {"gbtree_model_param": {"num_parallel_tree": "2"}}]
)
def test_the_best_round_of_a_wrappers_file_is_its_last(about: dict[str, object]) -> None:
    assert read_xgboost(stopped("1", **about), is_file=True).n_trees == 4
    assert read_xgboost(stopped("2", **about), is_file=True).n_trees == 6
    assert read_xgboost(stopped("1", **about)).n_trees == 6
    for best in ("3", "-1"):
        with pytest.raises(ModelMismatchError, match=f"best_iteration must be one of 3 rounds, was {best}"):
            read_xgboost(stopped(best, **about), is_file=True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (model(tree(), booster="gblinear"), "booster must be gbtree or dart, was 'gblinear'"),
        (model(tree(), objective="count:poisson"), "objective must be one of .*, was 'count:poisson'"),
        (model(tree(categories_nodes=[1])), "tree 0: categories_nodes must name splits, found 1"),
        (model(tree(left_children=[5, -1, -1])), "tree 0: a child must be one of nodes 1 to 2, found 5"),
        (model(tree(left_children=[2, -1, -1])), "tree 0: a child must hang under one split, node 2 is named again"),
        (model(tree(split_indices=[2, 0, 0])), "tree 0: the feature of a split must be below 2, found 2"),
        (model(tree(), base="0"), r"base_score of a logistic objective must be in \(0, 1\), was 0"),
        (model(tree(), base="[1,2]"), "base_score must hold 1 values, found 2"),
        (model(tree(), "multi:softprob", classes="9" * 12), r"n_margins must be in 1\.\.65536, was 9{12}"),
        (model(tree()).replace('"num_feature": "2"', '"num_feature": "8888888888"'), "n_features must be in"),
        ("{}", "no XGBoost JSON model, or damaged"),
        ("tree", "no XGBoost JSON model, or damaged"),
    ],
)
def test_what_would_not_be_the_same_model_is_refused(text: str, message: str) -> None:
    with pytest.raises(ModelMismatchError, match=message):
        read_xgboost(text, source="x.json")
