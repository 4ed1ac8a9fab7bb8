"""Bytes of models: whatever stands in them, a reader gives a forest or ModelMismatchError, and no engine falls over."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import treelite
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hftcore._core.model import ForestModel, kernel_paths
from hftcore.errors import ModelMismatchError
from hftcore.forest import FlatForest, load_forest, to_treelite, walk_margins
from hftcore.forest.adversarial import adversarial_rows
from hftcore.forest.lightgbm_reader import read_lightgbm
from hftcore.forest.mllib_reader import read_mllib
from hftcore.forest.to_treelite import unlike_treelite
from hftcore.forest.tree_table import TreeTable, build_flat
from hftcore.forest.xgboost_reader import read_xgboost

xgboost = importlib.import_module("xgboost") if os.environ.get("CI") else pytest.importorskip("xgboost")

N_FEATURES = 4
RNG = np.random.default_rng(2)
ROWS = np.column_stack([RNG.normal(size=(300, 3)), RNG.integers(0, 6, 300)])
TARGET = (ROWS[:, 0] + (ROWS[:, 3] == 2) > 0.3).astype(int)


@st.composite
def forests(draw: st.DrawFn) -> FlatForest:
    """Forests of any shape that the format holds: deep or flat, numbers and categories, all flags."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_margins, n_trees = draw(st.integers(1, 3)), draw(st.integers(0, 12))
    by_float32 = draw(st.booleans())
    trees = [_tree(rng, int(rng.integers(0, 7)), by_float32) for _ in range(n_trees)]
    base = rng.choice([rng.normal(), 0.0, -0.0], n_margins)
    return build_flat(
        trees,
        rng.integers(0, n_margins, n_trees).tolist(),
        N_FEATURES,
        base.astype(np.float32).astype(np.float64) if by_float32 else base,
        divisor=draw(st.sampled_from([1.0, 3.0, 0.1])),
        float32_sums=by_float32,
        base_first=draw(st.booleans()),
        whole_categories=draw(st.booleans()),
    )


def _tree(rng: np.random.Generator, depth: int, by_float32: bool) -> TreeTable:
    feature, threshold, left, right, default, categories = [], [], [], [], [], {}

    def grow(levels: int) -> int:
        node = len(feature)
        splits = levels > 0 and rng.random() < 0.8
        feature.append(int(rng.integers(N_FEATURES)) if splits else 0)
        threshold.append(float(rng.choice([rng.normal(), np.inf, -np.inf, 0.0, -0.0, 5e-324])))
        default.append(bool(splits and rng.random() < 0.5))
        left.append(-1)
        right.append(-1)
        if splits and feature[node] == 3:
            categories[node] = rng.choice(100, int(rng.integers(1, 9)), replace=False).tolist()
        if splits:
            left[node], right[node] = grow(levels - 1), grow(levels - 1)
        return node

    grow(depth)
    leaf = rng.choice([0.0, -0.0, *rng.normal(size=5)], len(feature))
    leaf = leaf.astype(np.float32).astype(np.float64) if by_float32 else leaf
    columns = [np.array(column) for column in (feature, threshold, left, right)]
    return TreeTable(*columns, leaf, np.array(default), categories)


@given(forests())
def test_every_engine_gives_the_same_bits(flat: FlatForest) -> None:
    data = flat.to_bytes()
    assert FlatForest.from_bytes(data).to_bytes() == data
    rows = adversarial_rows(flat, 120, seed=1)
    margins = walk_margins(flat, rows)
    for path in kernel_paths():
        model = ForestModel.from_forest(data, flat.n_margins, "identity", 1.0, path)
        assert model.predict_margin(rows).tobytes() == margins.tobytes()
    if unlike_treelite(flat) is None:
        theirs = treelite.gtil.predict(to_treelite(flat), rows, nthread=1, pred_margin=True)
        assert np.asarray(theirs).reshape(len(rows), -1).tobytes() == margins.tobytes()


damages = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4)


def damaged(data: bytes, changes: list[tuple[float, int]], keep: float) -> bytes:
    """Some bytes replaced, and mostly nothing cut off."""
    altered = bytearray(data)
    for where, value in changes:
        altered[int(where * len(altered))] = value
    return bytes(altered[: int(keep * len(altered))] if keep < 0.2 else altered)


@given(forests(), damages, st.floats(0, 1))
def test_both_parsers_take_and_refuse_the_same_bytes(
    flat: FlatForest, changes: list[tuple[float, int]], keep: float
) -> None:
    data = damaged(flat.to_bytes(), changes, keep)
    rows = adversarial_rows(flat, 20, seed=1)
    try:
        found = FlatForest.from_bytes(data)
    except ModelMismatchError:
        with pytest.raises(ValueError, match=r"."):
            ForestModel.from_forest(data, flat.n_margins, "identity")
        return
    model = ForestModel.from_forest(data, found.n_margins, "identity")
    if found.n_features == rows.shape[1]:
        with np.errstate(all="ignore"):
            assert model.predict_margin(rows).tobytes() == walk_margins(found, rows).tobytes()


def _lightgbm() -> bytes:
    data = lightgbm.Dataset(ROWS, TARGET, categorical_feature=[3])
    settings = {"objective": "binary", "verbose": -1, "num_leaves": 5, "num_threads": 1, "min_data_per_group": 5}
    return lightgbm.train(settings, data, 3).model_to_string().encode()


def _xgboost(form: str) -> bytes:
    data = xgboost.DMatrix(ROWS, TARGET, feature_types=["q", "q", "q", "c"], enable_categorical=True)
    return bytes(xgboost.train({"objective": "binary:logistic", "max_depth": 3, "nthread": 1}, data, 3).save_raw(form))


READERS: dict[str, tuple[bytes, Callable[[bytes], Any]]] = {
    "lightgbm": (_lightgbm(), lambda data: read_lightgbm(data.decode("latin-1"))),
    "xgboost json": (_xgboost("json"), read_xgboost),
    "xgboost ubj": (_xgboost("ubj"), read_xgboost),
}


@pytest.mark.parametrize("name", READERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=damages, keep=st.floats(0, 1))
def test_a_damaged_model_is_read_or_refused(name: str, changes: list[tuple[float, int]], keep: float) -> None:
    data, read = READERS[name]
    assert read(data).n_trees == 3
    with contextlib.suppress(ModelMismatchError):
        forest = read(damaged(data, changes, keep))
        assert np.isfinite(forest.flat.base).all()


@given(st.binary(max_size=80))
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    for _, read in READERS.values():
        with pytest.raises(ModelMismatchError):
            read(b"{" + data)


def _saved(folder: Path) -> dict[str, bytes]:
    """A decision tree as Spark saves it: relative path to content."""
    node = {"prediction": 0.0, "impurity": 0.0, "impurityStats": [1.0, 3.0], "rawCount": 4, "gain": 0.5}
    split = {"featureIndex": 0, "leftCategoriesOrThreshold": [0.5], "numCategories": -1}
    none = {"featureIndex": -1, "leftCategoriesOrThreshold": [], "numCategories": -1}
    nodes = [
        {"id": 0, **node, "leftChild": 1, "rightChild": 2, "split": split},
        {"id": 1, **node, "leftChild": -1, "rightChild": -1, "split": none},
        {"id": 2, **node, "leftChild": -1, "rightChild": -1, "split": none},
    ]
    table = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(nodes), table)
    kind = "org.apache.spark.ml.classification.DecisionTreeClassificationModel"
    words = {"class": kind, "sparkVersion": "4.2.0", "numFeatures": 2, "numClasses": 2}
    return {"metadata/part-0": json.dumps(words).encode(), "data/part-0.parquet": table.getvalue()}


@pytest.mark.parametrize("name", ["metadata/part-0", "data/part-0.parquet"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=damages, keep=st.floats(0, 1))
def test_a_damaged_mllib_folder_is_read_or_refused(
    tmp_path: Path, name: str, changes: list[tuple[float, int]], keep: float
) -> None:
    for file, data in _saved(tmp_path).items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(data)
    assert read_mllib(tmp_path).flat.n_trees == 2
    (tmp_path / name).write_bytes(damaged(_saved(tmp_path)[name], changes, keep))
    with contextlib.suppress(ModelMismatchError):
        read_mllib(tmp_path)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flat=forests(), changes=damages, keep=st.floats(0, 1))
def test_a_damaged_checkpoint_is_read_or_refused(
    tmp_path: Path, flat: FlatForest, changes: list[tuple[float, int]], keep: float
) -> None:
    if unlike_treelite(flat) is not None:
        return
    path = tmp_path / "m.tl"
    path.write_bytes(damaged(to_treelite(flat).serialize_bytes(), changes, keep))
    with contextlib.suppress(ModelMismatchError):
        load_forest(path, ("a", "b", "c", "d"))
