"""Reading LightGBM's text and MLlib's Parquet: what is refused, and that order on disk does not matter."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hftcore._core.model import ForestModel
from hftcore.errors import ModelMismatchError
from hftcore.forest import load_forest, walk_margins
from hftcore.forest.adversarial import split_thresholds
from hftcore.forest.forest import reference_scores
from hftcore.forest.host_compiler import compile_library, find_compiler

NAMES = ("a", "b", "c", "d", "e")
PARAMS = {"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}


def fit(rows: np.ndarray, labels: np.ndarray, **params: Any) -> lightgbm.Booster:
    categories = params.pop("categories", "auto")
    data = lightgbm.Dataset(rows, labels + 1, feature_name=list(NAMES), categorical_feature=categories)
    return lightgbm.train({**PARAMS, **params}, data, 3)


def test_lightgbm_margins_by_the_reference_are_its_own(rows: np.ndarray, labels: np.ndarray) -> None:
    booster = fit(rows, labels)
    forest = load_forest(booster, NAMES)
    assert (forest.trainer, forest.n_trees, forest.classes) == ("lightgbm", 9, (-1, 0, 1))
    assert walk_margins(forest.flat, rows).tobytes() == booster.predict(rows, raw_score=True).tobytes()
    np.testing.assert_allclose(forest.gain, booster.feature_importance("gain"), rtol=1e-5)


def test_nan_that_training_never_saw_counts_as_zero_as_in_lightgbm(labels: np.ndarray) -> None:
    seen = np.random.default_rng(1).normal(size=(len(labels), 5))
    booster = fit(seen, labels)
    unseen = np.where(np.random.default_rng(2).random(seen.shape) < 0.3, np.nan, seen)
    forest = load_forest(booster, NAMES)
    assert walk_margins(forest.flat, unseen).tobytes() == booster.predict(unseen, raw_score=True).tobytes()


def test_lightgbm_kinds_that_would_not_be_the_same_model_are_refused(rows: np.ndarray, labels: np.ndarray) -> None:
    filled = np.nan_to_num(rows)
    cases = [
        (fit(filled, labels, linear_tree=True), "is linear"),
        (fit(filled, labels, zero_as_missing=True), "takes 0 for missing"),
        (fit(filled, labels + 1, objective="poisson", num_class=1), "objective must be one of .*, was 'poisson'"),
        (fit(filled, labels, objective="regression", num_class=1, reg_sqrt=True), "reg_sqrt=true squares its margins"),
    ]
    for booster, words in cases:
        with pytest.raises(ModelMismatchError, match=words):
            load_forest(booster, NAMES)


def test_labels_given_by_the_caller_must_fit(rows: np.ndarray, labels: np.ndarray) -> None:
    booster = fit(rows, labels)
    assert load_forest(booster, NAMES, (10, 20, 30)).classes == (10, 20, 30)
    with pytest.raises(ModelMismatchError, match="has 3 classes, the labels given are"):
        load_forest(booster, NAMES, (0, 1))


class SavedGbt:
    """Files as Spark writes them for a GBTClassificationModel of two small trees over two features."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.metadata: dict[str, Any] = {
            "class": "org.apache.spark.ml.classification.GBTClassificationModel",
            "sparkVersion": "4.2.0",
            "numFeatures": 2,
            "numTrees": 2,
        }
        # treeID, id, prediction, gain, left, right, feature, thresholds, numCategories
        self.nodes: list[tuple[Any, ...]] = [
            (0, 0, 0.1, 5.0, 1, 2, 0, [0.5], -1),
            (0, 1, -1.0, -1.0, -1, -1, -1, [], -1),
            (0, 2, 1.0, -1.0, -1, -1, -1, [], -1),
            (1, 0, 0.2, 3.0, 1, 4, 1, [2.0], -1),
            (1, 1, 0.2, 2.0, 2, 3, 0, [-1.0], -1),
            (1, 2, 10.0, -1.0, -1, -1, -1, [], -1),
            (1, 3, 20.0, -1.0, -1, -1, -1, [], -1),
            (1, 4, 30.0, -1.0, -1, -1, -1, [], -1),
        ]
        self.weights = [(0, 1.0), (1, 0.1)]

    def save(self, *, weight_columns: tuple[str, str, str] = ("_1", "_2", "_3"), n_files: int = 1) -> Path:
        for part in ("metadata", "data", "treesMetadata"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        (self.folder / "metadata" / "part-00000").write_text(json.dumps(self.metadata) + "\n")
        rows = [
            {
                "treeID": tree,
                "nodeData": {
                    "id": node,
                    "prediction": prediction,
                    "impurity": 0.0,
                    "impurityStats": [1.0, 0.0, 0.0],
                    "rawCount": 100,
                    "gain": gain,
                    "leftChild": left,
                    "rightChild": right,
                    "split": {
                        "featureIndex": feature,
                        "leftCategoriesOrThreshold": thresholds,
                        "numCategories": n_categories,
                    },
                },
            }
            for tree, node, prediction, gain, left, right, feature, thresholds, n_categories in self.nodes
        ]
        schema = pa.Table.from_pylist(rows).schema
        for i in range(n_files):
            pq.write_table(pa.Table.from_pylist(rows[i::n_files], schema), self.folder / "data" / f"part-{i}.parquet")
        values = ([tree for tree, _ in self.weights], ["{}"] * 2, [weight for _, weight in self.weights])
        columns = dict(zip(weight_columns, values, strict=True))
        pq.write_table(pa.table(columns), self.folder / "treesMetadata" / "part-0.parquet")
        return self.folder


@pytest.fixture
def saved(tmp_path: Path) -> SavedGbt:
    return SavedGbt(tmp_path / "gbt")


CASES = np.array([[0.5, 2.0], [0.6, 2.0], [-1.0, 1.0], [-0.9, 9.0], [np.nan, np.nan], [np.nan, 0.0]])
MARGINS = [
    -1.0 + 0.1 * 20.0,
    1.0 + 0.1 * 20.0,
    -1.0 + 0.1 * 10.0,
    -1.0 + 0.1 * 30.0,
    1.0 + 0.1 * 30.0,
    1.0 + 0.1 * 20.0,
]


@pytest.mark.parametrize("weight_columns", [("_1", "_2", "_3"), ("treeID", "metadata", "weights")])
@pytest.mark.parametrize("n_files", [1, 3])
def test_a_saved_gbt_is_read_whatever_its_columns_and_files_are_called(
    saved: SavedGbt, weight_columns: tuple[str, str, str], n_files: int
) -> None:
    saved.nodes.reverse()
    saved.weights.reverse()
    forest = load_forest(saved.save(weight_columns=weight_columns, n_files=n_files), ("a", "b"))
    assert walk_margins(forest.flat, CASES)[:, 0].tolist() == MARGINS
    assert (forest.output_rule, forest.alpha, forest.classes) == ("sigmoid", 2.0, (0, 1))
    assert forest.gain == (700.0, 300.0)


def test_a_split_at_nan_sends_every_row_right_as_it_does_in_spark(saved: SavedGbt) -> None:
    saved.nodes[0] = (0, 0, 0.1, 5.0, 1, 2, 0, [float("nan")], -1)
    forest = load_forest(saved.save(), ("a", "b"))
    first_tree = [1.0] * len(CASES)
    second_tree = [0.1 * leaf for leaf in (20.0, 20.0, 10.0, 30.0, 30.0, 20.0)]
    assert walk_margins(forest.flat, CASES)[:, 0].tolist() == [
        a + b for a, b in zip(first_tree, second_tree, strict=True)
    ]
    assert all(np.isfinite(thresholds).all() for thresholds in split_thresholds(forest.flat).values())


def damage(saved: SavedGbt, what: str) -> None:
    if what == "categorical":
        saved.nodes[3] = (1, 0, 0.2, 3.0, 1, 4, 1, [0.0, 5.0], 5)
    elif what == "missing node":
        del saved.nodes[5]
    elif what == "missing weight":
        saved.weights[1] = (7, 0.1)
    elif what == "child outside":
        saved.nodes[0] = (0, 0, 0.1, 5.0, 1, 9, 0, [0.5], -1)
    elif what == "feature outside":
        saved.nodes[0] = (0, 0, 0.1, 5.0, 1, 2, 2, [0.5], -1)
    elif what == "leaf not finite":
        saved.nodes[1] = (0, 1, float("inf"), -1.0, -1, -1, -1, [], -1)
    elif what == "many features":
        saved.metadata["numFeatures"] = 10**12
    elif what == "thresholds":
        saved.metadata["paramMap"] = {"thresholds": [0.9, 0.1]}
    elif what == "another class":
        saved.metadata["class"] = "org.apache.spark.ml.classification.LinearSVCModel"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("categorical", r"feature 'b': tree 1 names the categories \[0.0, 5.0\], must be in 0..4"),
        ("missing node", r"tree 1: expected nodes 0\.\.n-1"),
        ("missing weight", r"expected the weights of trees 0\.\.1, found \[0, 7\]"),
        ("child outside", "tree 0: a child must be one of nodes 1 to 2, found 9"),
        ("feature outside", "tree 0: the feature of a split must be below 2, found 2"),
        ("leaf not finite", "tree 0, node 1: a leaf must be finite, was inf"),
        ("thresholds", r"gbt: thresholds must not be set: with \[0\.9, 0\.1\] Spark predicts another class"),
        ("many features", r"n_features must be in 1\.\.1048576, was 1000000000000"),
        (
            "another class",
            "expected a saved OneVsRestModel, GBTClassificationModel, .* or PipelineModel, found .*LinearSVCModel",
        ),
    ],
)
def test_a_damaged_or_foreign_mllib_folder_is_refused(saved: SavedGbt, what: str, words: str) -> None:
    damage(saved, what)
    folder = saved.save()
    (folder / "training.json").write_text(json.dumps({"feature_names": ["a", "b"]}))
    with pytest.raises(ModelMismatchError, match=words):
        load_forest(folder, ("a", "b"))


def test_names_kept_beside_an_mllib_model_are_checked(saved: SavedGbt) -> None:
    folder = saved.save()
    (folder / "training.json").write_text(json.dumps({"feature_names": ["a", "z"]}))
    with pytest.raises(ModelMismatchError, match="feature 1: the spec has 'b', the model has 'z'"):
        load_forest(folder, ("a", "b"))
    with pytest.raises(ModelMismatchError, match="the model takes 2 features, the spec has 3"):
        load_forest(folder, ("a", "b", "c"))


def test_names_are_checked_beside_every_model_that_keeps_none(
    rows: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    unnamed = lightgbm.LGBMRegressor(n_estimators=2, verbose=-1, n_jobs=1).fit(rows, labels).booster_
    path = tmp_path / "model.txt"
    for booster, words in ((unnamed, "feature 4: the spec has 'e', the model has 'z'"), (fit(rows, labels), None)):
        booster.save_model(path)
        for place in (path, tmp_path):
            (tmp_path / "training.json").write_text(json.dumps({"feature_names": ["a", "b", "c", "d", "z"]}))
            if words is None:  # its own names are the ones that count
                assert load_forest(place, NAMES).feature_names == NAMES
                continue
            with pytest.raises(ModelMismatchError, match=words):
                load_forest(place, NAMES)
            (tmp_path / "training.json").write_text(json.dumps({"feature_names": ["a"]}))
            with pytest.raises(ModelMismatchError, match=r"training\.json: names 1 features, the model takes 5"):
                load_forest(place, NAMES)


def test_missing_parquet_files_are_named(saved: SavedGbt) -> None:
    folder = saved.save()
    (folder / "data" / "part-0.parquet").unlink()
    with pytest.raises(ModelMismatchError, match="data: expected Parquet files, found none"):
        load_forest(folder, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "no JSON"), ("[]", "must hold a JSON object"), ("{}", "feature_names must be a list of names, was None")],
)
def test_a_damaged_record_beside_an_mllib_model_is_named(saved: SavedGbt, text: str, words: str) -> None:
    folder = saved.save()
    (folder / "training.json").write_text(text)
    with pytest.raises(ModelMismatchError, match=rf"training\.json: {words}"):
        load_forest(folder, ("a", "b"))


def test_a_folder_of_two_models_is_refused(saved: SavedGbt) -> None:
    folder = saved.save()
    (folder / "model.txt").write_text("tree")
    with pytest.raises(ModelMismatchError, match=r"must hold one model, holds model\.txt and one saved by Spark MLlib"):
        load_forest(folder, ("a", "b"))
    (folder / "xgboost.json").write_text("{}")
    with pytest.raises(ModelMismatchError, match=r"holds model\.txt and xgboost\.json and one saved by Spark MLlib"):
        load_forest(folder, ("a", "b"))
    (folder / "model.txt").unlink()
    with pytest.raises(ModelMismatchError, match=r"holds xgboost\.json and one saved by Spark MLlib"):
        load_forest(folder, ("a", "b"))


@pytest.fixture(scope="module")
def lightgbm_text() -> str:
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(300, 5))
    return fit(rows, np.where(rows[:, 0] > 0.3, 1, np.where(rows[:, 1] > 0, 0, -1)), num_leaves=4).model_to_string()


def test_a_lightgbm_text_cut_off_anywhere_is_refused(lightgbm_text: str, tmp_path: Path) -> None:
    path = tmp_path / "cut.txt"
    for at in range(0, lightgbm_text.index("end of trees") + len("end of trees"), 37):
        path.write_text(lightgbm_text[:at])
        with pytest.raises(ModelMismatchError, match=r"cut\.txt: "):
            load_forest(path, NAMES)


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"\nTree=8\n.*?\nend of", "\nend of", "tree_sizes lists 9 trees, found 8"),
        (r"\nTree=8\n", "\nTree=7\n", "tree 8 must follow, found tree '7'"),
        (r"\ntree_sizes=[^\n]*", "", "field 'tree_sizes' is missing"),
        (r"num_class=3", "num_class=three", "invalid literal.*'three'"),
        (r"num_tree_per_iteration=3", "num_tree_per_iteration=2", "must hold 2 trees per iteration, found 9"),
        (r"num_leaves=4", "num_leaves=5", "tree 0: leaf_value must hold 5 values, found 4"),
        (r"\nthreshold=\S+ ", "\nthreshold=", "tree 0: threshold must hold 3 values, found 2"),
        (r"\nthreshold=\S+", "\nthreshold=x", "tree 0: could not convert string to float: 'x'"),
        (r"\nsplit_gain=[^\n]*", "", "tree 0: field 'split_gain' is missing"),
        (r"\nsplit_feature=\d+", "\nsplit_feature=5", "tree 0: the feature of a split must be below 5, found 5"),
        (r"\nsplit_feature=\d+", "\nsplit_feature=-1", "tree 0: the feature of a split must be below 5, found -1"),
        (r"\nleft_child=\S+", "\nleft_child=0", "tree 0: a child must be one of nodes 1 to 6, found 0"),
        (r"\nleaf_value=\S+", "\nleaf_value=nan", "tree 0: leaf_value must be finite"),
    ],
)
def test_a_damaged_lightgbm_text_is_named(
    lightgbm_text: str, tmp_path: Path, pattern: str, replacement: str, words: str
) -> None:
    damaged, n = re.subn(pattern, replacement, lightgbm_text, count=1, flags=re.DOTALL)
    assert n == 1
    (tmp_path / "model.txt").write_text(damaged)
    for path in (tmp_path, tmp_path / "model.txt"):
        with pytest.raises(ModelMismatchError, match=rf"model\.txt: damaged: {words}"):
            load_forest(path, NAMES)


@pytest.mark.parametrize("rule", ["softmax", "one_vs_rest_normalised", "sigmoid", "identity"])
def test_reference_scores_are_the_output_rule_of_the_core(lightgbm_text: str, tmp_path: Path, rule: Any) -> None:
    n_margins = 1 if rule == "sigmoid" else 3
    classes = (0, 1) if rule == "sigmoid" else (-1, 0, 1)
    margins = np.random.default_rng(4).normal(scale=300.0, size=(500, n_margins))
    margins[0] = -1e300
    body = " ".join(f"m[{k}] += row[{k}];" for k in range(n_margins))
    source = f"""#include <stdint.h>
static void add(const double* row, double* m) {{ {body} }}
__attribute__((visibility("default"))) const struct {{
  uint32_t abi, n_features, n_margins, reserved; void (*add_margins)(const double*, double*);
}} hft_forest = {{1, {n_margins}, {n_margins}, 0, add}};
"""
    (tmp_path / "margins.so").write_bytes(compile_library({"main.c": source}, find_compiler()))
    model = ForestModel.from_library(str(tmp_path / "margins.so"), n_margins, len(classes), rule, 1.7)
    (tmp_path / "model.txt").write_text(lightgbm_text)
    forest = replace(load_forest(tmp_path, NAMES), output_rule=rule, classes=classes, alpha=1.7)
    np.testing.assert_allclose(reference_scores(forest, margins), model.predict_proba(margins), rtol=0, atol=1e-15)
