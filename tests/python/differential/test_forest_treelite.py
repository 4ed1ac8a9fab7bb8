"""Treelite's interpreter (GTIL), bit for bit: operators, categories, leaf vectors, averages, float32, checkpoints."""

from __future__ import annotations

import importlib
import math
import os
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import treelite
from sklearn import ensemble
from treelite.model_builder import Metadata, ModelBuilder, PostProcessorFunc, TreeAnnotation

from hftcore.errors import ModelMismatchError
from hftcore.forest import load_forest

from .forests import NAMES, hostile, in_three, learnable, margins_of_every_engine

xgboost = importlib.import_module("xgboost") if os.environ.get("CI") else pytest.importorskip("xgboost")

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # GTIL rounds rows to float32

ROWS, Y = learnable()
FILLED = np.nan_to_num(ROWS)
THREE, TWO = in_three(Y), Y > 0.5
FEW = {"n_estimators": 5, "random_state": 0}
LGB = {"verbose": -1, "num_threads": 1, "num_leaves": 7}
TYPES = ["q", "q", "q", "c", "c"]


def by_gtil(model: treelite.Model, rows: np.ndarray) -> np.ndarray:
    margins = treelite.gtil.predict(model, np.ascontiguousarray(rows), nthread=1, pred_margin=True)
    return np.asarray(margins, np.float64).reshape(len(rows), -1)


def stump(
    op: str = "<=",
    threshold: float = 0.25,
    default_left: bool = False,
    *,
    kind: str = "float64",
    base: float = 0.0,
    categories: tuple[list[int], bool] | None = None,
    postprocessor: str = "identity",
) -> treelite.Model:
    builder = ModelBuilder(
        threshold_type=kind,
        leaf_output_type=kind,
        metadata=Metadata(1, "kBinaryClf", False, 1, [1], (1, 1)),
        tree_annotation=TreeAnnotation(1, [0], [0]),
        postprocessor=PostProcessorFunc(postprocessor),
        base_scores=[base],
    )
    builder.start_tree()
    builder.start_node(0)
    to = {"feature_id": 0, "default_left": default_left, "left_child_key": 1, "right_child_key": 2}
    if categories is None:
        builder.numerical_test(threshold=threshold, opname=op, **to)
    else:
        builder.categorical_test(category_list=categories[0], category_list_right_child=categories[1], **to)
    builder.end_node()
    for node, value in ((1, -1.0), (2, 0.75)):
        builder.start_node(node)
        builder.leaf(value)
        builder.end_node()
    builder.end_tree()
    return builder.commit()


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("default_left", [False, True])
@pytest.mark.parametrize("op", ["<", "<=", ">", ">="])
def test_every_operator(op: str, default_left: bool, kind: str) -> None:
    for threshold in (0.25, -0.0, 0.1, 1e-40, math.inf, 3e38):
        if threshold == math.inf and kind == "float32":
            continue  # GTIL rounds 1e300 to the threshold itself, which is no number
        model = stump(op, threshold, default_left, kind=kind)
        forest = load_forest(model, ("x",))
        rows = hostile(forest, np.array([[np.float32(threshold)], [threshold]], np.float64), n=200)
        assert margins_of_every_engine(forest, rows).tobytes() == by_gtil(model, rows).tobytes()


@pytest.mark.parametrize("default_left", [False, True])
@pytest.mark.parametrize("listed_right", [False, True])
def test_categories_on_either_side(listed_right: bool, default_left: bool) -> None:
    model = stump(default_left=default_left, categories=([0, 2, 31, 32, 70_000], listed_right))
    forest = load_forest(model, ("x",))
    rows = hostile(forest, np.array([[0.0], [2.9], [31.0], [33.0], [70_000.0]]), n=300)
    assert margins_of_every_engine(forest, rows).tobytes() == by_gtil(model, rows).tobytes()


def imported(name: str) -> treelite.Model:
    if name.startswith("lightgbm"):
        data = lightgbm.Dataset(ROWS, THREE, categorical_feature=[3, 4] if "categories" in name else [])
        return treelite.frontend.from_lightgbm(
            lightgbm.train({**LGB, "objective": "multiclass", "num_class": 3}, data, 4)
        )
    if name.startswith("xgboost"):
        types = TYPES if "categories" in name else None
        data = xgboost.DMatrix(ROWS, THREE, feature_types=types, enable_categorical=types is not None)
        settings = {"objective": "multi:softprob", "num_class": 3, "max_depth": 4, "nthread": 1, "base_score": 0.5}
        return treelite.frontend.from_xgboost(xgboost.train(settings, data, 4))
    fitted = {
        "forest of three": lambda: ensemble.RandomForestClassifier(**FEW, max_depth=5).fit(FILLED, THREE),
        "forest of numbers": lambda: ensemble.RandomForestRegressor(**FEW, max_depth=5).fit(FILLED, Y),
        "boosting of two": lambda: ensemble.GradientBoostingClassifier(**FEW).fit(FILLED, TWO),
        "boosting of three": lambda: ensemble.GradientBoostingClassifier(**FEW).fit(FILLED, THREE),
    }
    return treelite.sklearn.import_model(fitted[name]())


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("lightgbm", "softmax"),
        ("lightgbm categories", "softmax"),
        ("xgboost", "softmax"),
        ("xgboost categories", "softmax"),
        ("forest of three", "identity"),
        ("forest of numbers", "identity"),
        ("boosting of two", "sigmoid"),
        ("boosting of three", "softmax"),
    ],
)
def test_models_that_treelite_imported(name: str, rule: str, tmp_path: Path) -> None:
    model = imported(name)
    forest = load_forest(model, NAMES)
    assert (forest.output_rule, forest.trainer) == (rule, "treelite")
    rows = hostile(forest, ROWS)
    if name == "xgboost categories":  # a float32 between two categories is rounded by GTIL, truncated by the forest
        rows[:, 3:] = rows[:, 3:].astype(np.float32)
    assert margins_of_every_engine(forest, rows).tobytes() == by_gtil(model, rows).tobytes()
    model.serialize(tmp_path / "m.tl")
    assert load_forest(tmp_path / "m.tl", NAMES).flat.to_bytes() == forest.flat.to_bytes()


def wrong(name: str) -> Any:
    if name == "two targets":
        return treelite.sklearn.import_model(
            ensemble.RandomForestRegressor(**FEW, max_depth=2).fit(FILLED, np.column_stack([Y, Y]))
        )
    if name == "anomalies":
        return treelite.sklearn.import_model(ensemble.IsolationForest(**FEW).fit(FILLED))
    return {
        "equality": lambda: stump("=="),
        "strictly below -inf": lambda: stump("<", -math.inf),
        "exponential": lambda: stump(postprocessor="exponential"),
        "base of float32": lambda: stump(kind="float32", base=0.1),
    }[name]()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("two targets", "must have one target, had 2"),
        ("anomalies", "postprocessor must be one of .*, was 'exponential_standard_ratio'"),
        ("equality", "tree 0, node 0: feature 0 must be split by <, <=, > or >= at a number, was operator 1"),
        ("strictly below -inf", "must be split by <, <=, > or >= at a number, was operator 2 at -inf"),
        ("exponential", "postprocessor must be one of .*, was 'exponential'"),
        ("base of float32", r"float32 must have base scores of float32, had \[0\.1.*import the XGBoost model itself"),
    ],
)
def test_what_would_not_be_the_same_model_is_refused(name: str, words: str, tmp_path: Path) -> None:
    model = wrong(name)
    names = tuple(f"f{i}" for i in range(model.num_feature))
    with pytest.raises(ModelMismatchError, match=words):
        load_forest(model, names)
    model.serialize(tmp_path / "m.tl")
    with pytest.raises(ModelMismatchError, match=words):
        load_forest(tmp_path / "m.tl", names)


def test_modules_of_the_folder_that_we_are_in_do_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stump().serialize(tmp_path / "m.tl")
    for name in ("resource", "treelite", "json"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert load_forest("m.tl", ("x",)).n_trees == 1
    assert not (tmp_path / "ran").exists()


def test_bytes_that_crash_treelite_stay_in_their_process(tmp_path: Path) -> None:
    path = tmp_path / "m.tl"
    for damaged in (b"", b"\0" * 100, b"\4\0\0\0" + b"\xff" * 300):
        path.write_bytes(damaged)
        with pytest.raises(ModelMismatchError, match=r"m\.tl: no Treelite checkpoint, or damaged"):
            load_forest(path, NAMES)
