"""Spark MLlib's saved trees to a Forest, from the Parquet files alone: no JVM is started.

A GBT margin is ``sum_i treeWeight_i * leaf_i``, summed tree by tree; a split is left iff ``x <= threshold``, so NaN
goes right. A random forest's score is the mean over trees of a leaf's class shares: each tree stands here once for each
class, with those shares over the number of trees as its leaves, so that its scores are sums of leaves too.

Spark writes nodes in any order over any number of files, so rows are sorted by tree and id. The columns of
``treesMetadata`` changed their names between releases (``treeID, metadata, weights``; ``_1, _2, _3``): they are read by
position.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import check_splits, class_labels
from hftcore.forest.forest import Forest, OutputRule
from hftcore.forest.tree_table import TreeTable, build_flat

_ONE_VS_REST = "OneVsRestModel"
_GBT = "GBTClassificationModel"
_FOREST = "RandomForestClassificationModel"
_ALPHA = 2.0  # MLlib's GBT probability is 1 / (1 + exp(-2 margin))
_LEAF = -1
_RULES: dict[str, OutputRule] = {_GBT: "sigmoid", _ONE_VS_REST: "one_vs_rest_normalised", _FOREST: "identity"}


@dataclass(frozen=True, slots=True)
class _Gbt:
    trees: list[TreeTable]
    n_features: int
    gain: npt.NDArray[np.float64]


def is_mllib_folder(path: Path) -> bool:
    """Whether ``path`` looks like a model that Spark saved."""
    return (path / "metadata").is_dir()


def saved_class(path: Path) -> str:
    """The last word of the Scala class that was saved in ``path``."""
    return str(_metadata(path).get("class", "")).rpartition(".")[2]


def read_mllib(
    path: Path, feature_names: tuple[str, ...] | None = None, classes: tuple[int, ...] | None = None
) -> Forest:
    """Read a saved ``OneVsRestModel`` of GBTs, a binary ``GBTClassificationModel``, or a ``RandomForest...`` model.

    Parameters
    ----------
    path : Path
        The folder that ``model.save`` wrote, on a local file system.
    feature_names : tuple of str, optional
        Names for messages and for the forest; MLlib saves none.
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.

    Raises
    ------
    ModelMismatchError
        If the folder holds something else, files are missing, or a split is categorical (names the feature).
    """
    metadata = _metadata(path)
    kind = saved_class(path)
    if kind == _GBT:
        parts = [_read_gbt(path, metadata, feature_names)]
        n_classes = 2
    elif kind == _ONE_VS_REST:
        n_classes = int(metadata["numClasses"])
        parts = [_read_part(path / f"model_{k}", feature_names) for k in range(n_classes)]
    elif kind == _FOREST:
        n_classes = int(metadata["numClasses"])
        parts = _read_forest(path, metadata, feature_names, n_classes)
    else:
        raise ModelMismatchError(
            f"{path}: expected a saved {_ONE_VS_REST}, {_GBT} or {_FOREST}, found {metadata.get('class')!r}"
        )
    n_features = parts[0].n_features
    if any(part.n_features != n_features for part in parts):
        raise ModelMismatchError(f"{path}: its models differ in their features: {[p.n_features for p in parts]}")
    margin_of_tree = [k for k, part in enumerate(parts) for _ in part.trees]
    trees = [tree for part in parts for tree in part.trees]
    return Forest(
        flat=build_flat(trees, margin_of_tree, n_features, [0.0] * len(parts)),
        trainer="mllib",
        trainer_version=str(metadata.get("sparkVersion", "unknown")),
        classes=class_labels(n_classes, classes),
        output_rule=_RULES[kind],
        alpha=1.0 if kind == _FOREST else _ALPHA,
        gain=tuple(float(g) for g in np.sum([part.gain for part in parts], axis=0)),
        feature_names=feature_names,
    )


def _metadata(path: Path) -> dict[str, Any]:
    files = sorted((path / "metadata").glob("part-*"))
    lines = [line for file in files for line in file.read_text().splitlines() if line.strip()]
    if len(lines) != 1:
        raise ModelMismatchError(f"{path}: expected one line of metadata in metadata/part-*, found {len(lines)}")
    try:
        parsed: dict[str, Any] = json.loads(lines[0])
    except json.JSONDecodeError as error:
        raise ModelMismatchError(f"{path}: the metadata is no JSON: {error}") from error
    return parsed


def _parquet(path: Path) -> pa.Table:
    files = sorted(path.glob("*.parquet"))
    if not files:
        raise ModelMismatchError(f"{path}: expected Parquet files, found none")
    return pa.concat_tables(pq.ParquetFile(file).read() for file in files)


def _read_part(path: Path, names: tuple[str, ...] | None) -> _Gbt:
    metadata = _metadata(path)
    if saved_class(path) != _GBT:
        raise ModelMismatchError(f"{path}: expected a {_GBT}, found {metadata.get('class')!r}")
    return _read_gbt(path, metadata, names)


def _read_gbt(path: Path, metadata: dict[str, Any], names: tuple[str, ...] | None) -> _Gbt:
    weights, nodes, gain = _read_nodes(path, metadata, names)
    leaves = [tree["prediction"] * weight for tree, weight in zip(nodes, weights, strict=True)]
    trees = [_table(tree, leaf) for tree, leaf in zip(nodes, leaves, strict=True)]
    return _Gbt(trees, int(metadata["numFeatures"]), gain)


def _read_forest(path: Path, metadata: dict[str, Any], names: tuple[str, ...] | None, n_classes: int) -> list[_Gbt]:
    """One part per class; the gain, which belongs to all of them, with the first."""
    _, nodes, gain = _read_nodes(path, metadata, names)
    parts = []
    for k in range(n_classes):
        trees = []
        for tree in nodes:
            stats = np.asarray(tree["stats"], dtype=np.float64)
            trees.append(_table(tree, stats[:, k] / stats.sum(axis=1) / len(nodes)))
        parts.append(_Gbt(trees, int(metadata["numFeatures"]), gain if k == 0 else np.zeros_like(gain)))
    return parts


def _read_nodes(
    path: Path, metadata: dict[str, Any], names: tuple[str, ...] | None
) -> tuple[list[float], list[dict[str, Any]], npt.NDArray[np.float64]]:
    """Weights of the trees, their nodes as columns in the order of ids, and the gain of each feature."""
    n_features, n_trees = int(metadata["numFeatures"]), int(metadata["numTrees"])
    described: Any = _parquet(path / "treesMetadata")
    weight_of: dict[int, float] = dict(
        zip(described.column(0).to_pylist(), described.column(2).to_pylist(), strict=True)
    )
    if sorted(weight_of) != list(range(n_trees)):
        raise ModelMismatchError(f"{path}: expected the weights of trees 0..{n_trees - 1}, found {sorted(weight_of)}")

    rows: Any = _parquet(path / "data")
    tree_of = rows.column(0).to_numpy()
    nodes = rows.column(1).combine_chunks()
    splits = nodes.field("split")
    columns = {name: nodes.field(name).to_numpy(zero_copy_only=False) for name in _NODE_COLUMNS}
    columns["feature"] = splits.field("featureIndex").to_numpy(zero_copy_only=False)
    columns["n_categories"] = splits.field("numCategories").to_numpy(zero_copy_only=False)
    thresholds = splits.field("leftCategoriesOrThreshold")
    columns["threshold"] = np.asarray(
        [values[0] if values else np.nan for values in thresholds.to_pylist()], dtype=np.float64
    )
    stats = np.asarray(nodes.field("impurityStats").to_pylist(), dtype=np.float64)

    order = np.lexsort((columns["id"], tree_of))
    trees, gain = [], np.zeros(n_features)
    for index in range(n_trees):
        at = order[tree_of[order] == index]
        tree = {name: values[at] for name, values in columns.items()}
        is_split = tree["leftChild"] != _LEAF
        _check(path, index, tree, is_split, n_features, names)
        np.add.at(gain, tree["feature"][is_split], (tree["gain"] * tree["rawCount"])[is_split])
        trees.append({**tree, "stats": stats[at]})
    return [float(weight_of[index]) for index in range(n_trees)], trees, gain


def _table(tree: dict[str, Any], leaf: npt.NDArray[np.float64]) -> TreeTable:
    return TreeTable(
        feature=tree["feature"].astype(np.int64),
        threshold=tree["threshold"],
        left=tree["leftChild"].astype(np.int64),
        right=tree["rightChild"].astype(np.int64),
        leaf=leaf,
    )


_NODE_COLUMNS = ("id", "prediction", "rawCount", "gain", "leftChild", "rightChild")


def _check(
    path: Path,
    index: int,
    tree: dict[str, npt.NDArray[Any]],
    is_split: npt.NDArray[np.bool_],
    n_features: int,
    names: tuple[str, ...] | None,
) -> None:
    n_nodes = len(tree["id"])
    if n_nodes == 0 or not np.array_equal(tree["id"], np.arange(n_nodes)):
        raise ModelMismatchError(f"{path}: tree {index}: expected nodes 0..n-1, found {n_nodes} rows with other ids")
    features = tree["feature"][is_split]
    try:
        check_splits(features, [*tree["leftChild"][is_split], *tree["rightChild"][is_split]], n_nodes, n_features)
    except ValueError as error:
        raise ModelMismatchError(f"{path}: tree {index}: {error}") from error
    categorical = features[tree["n_categories"][is_split] != -1]
    if len(categorical):
        feature = int(categorical[0])
        name = repr(names[feature]) if names and feature < len(names) else f"number {feature}"
        raise ModelMismatchError(
            f"feature {name}: tree {index} of {path} splits it as a category; use numbers or one column per category"
        )
