"""Spark MLlib's saved trees to a Forest whose margins are Spark's to 1e-12.

A GBT margin is ``sum_i treeWeight_i * leaf_i``, summed tree by tree; a numerical split is left iff ``x <= threshold``,
so NaN goes right. A random forest averages: class shares of its leaves, or their values. A category split of n
categories names its left ones; where they are at most n // 2 a row goes left iff it holds one of them, else it goes
right iff it holds one of the others: what is no category takes the other side. Spark sums through BLAS in an order of
its own, so its last bits differ.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import class_labels
from hftcore.forest.forest import Forest, OutputRule
from hftcore.forest.mllib_files import (
    SavedTree,
    count,
    gain_of,
    is_mllib_folder,
    param,
    read_metadata,
    read_trees,
    saved_class,
)
from hftcore.forest.tree_table import TreeTable, build_flat

_PIPELINE = "PipelineModel"
_ASSEMBLER = "VectorAssembler"
_ONE_VS_REST = "OneVsRestModel"
_GBT = "GBTClassificationModel"
_SHARES = ("RandomForestClassificationModel", "DecisionTreeClassificationModel")
_MEANS = ("RandomForestRegressionModel", "DecisionTreeRegressionModel")
_KINDS = (_ONE_VS_REST, _GBT, "GBTRegressionModel", *_SHARES, *_MEANS)
_ALPHA = 2.0  # MLlib's GBT probability is 1 / (1 + exp(-2 margin))


def read_mllib(
    path: Path, feature_names: tuple[str, ...] | None = None, classes: tuple[int, ...] | None = None
) -> Forest:
    """Read a saved GBT, random forest or decision tree, a ``OneVsRestModel`` of GBTs, or a pipeline that ends in one.

    Parameters
    ----------
    path : Path
        The folder that ``model.save`` wrote, on a local file system.
    feature_names : tuple of str, optional
        Names for messages and for the forest; MLlib saves none, but for those that a pipeline's assembler takes.
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.

    Raises
    ------
    ModelMismatchError
        If the folder holds something else, a pipeline has a stage that changes values (names it), a classifier has
        ``thresholds``, files are missing or damaged, or a category is none (names the tree and the feature).
    """
    path, names = saved_model(path)
    try:
        return _forest(path, saved_class(path), names or feature_names, classes)
    except (TypeError, ValueError, OverflowError) as error:
        raise ModelMismatchError(f"{path}: damaged: {error}") from error


def saved_model(path: Path) -> tuple[Path, tuple[str, ...] | None]:
    """The folder of the tree model itself, and the names that a pipeline's assembler gives its features.

    Raises ModelMismatchError where ``path`` holds something else, or a pipeline that does more than join columns.
    """
    if not is_mllib_folder(path):
        raise ModelMismatchError(f"{path}: expected a folder that MLlib saved a model to, with metadata in it")
    names = None
    if saved_class(path) == _PIPELINE:
        path, names = _last_stage(path)
    if saved_class(path) not in _KINDS:
        found = read_metadata(path).get("class")
        raise ModelMismatchError(f"{path}: expected a saved {', '.join(_KINDS)} or {_PIPELINE}, found {found!r}")
    return path, names


def _forest(path: Path, kind: str, names: tuple[str, ...] | None, classes: tuple[int, ...] | None) -> Forest:
    metadata = read_metadata(path)
    thresholds = param(metadata, "thresholds")
    if thresholds is not None:
        raise ModelMismatchError(
            f"{path}: thresholds must not be set: with {thresholds} Spark predicts another class than the likeliest"
        )
    rule: OutputRule
    if kind == _ONE_VS_REST:
        n_classes = count(path, metadata, "numClasses")
        parts = [_one_of(path / f"model_{k}") for k in range(n_classes)]
        if len({n for _, n in parts}) > 1:
            raise ModelMismatchError(f"{path}: its models differ in their features: {[n for _, n in parts]}")
        n_features = parts[0][1]
        trees = [tree for part, _ in parts for tree in part]
        margin_of_tree = [k for k, (part, _) in enumerate(parts) for _ in part]
        leaves = [_weighted(tree) for tree in trees]
        rule, divisor = "one_vs_rest_normalised", 1.0
    else:
        n_features, trees = count(path, metadata, "numFeatures"), read_trees(path, metadata)
        n_classes = count(path, metadata, "numClasses") if kind in _SHARES else 2 if kind == _GBT else 1
        rule, divisor = "sigmoid" if kind == _GBT else "identity", 1.0
        leaves, margin_of_tree = [_weighted(tree) for tree in trees], [0] * len(trees)
        if kind in _MEANS:
            leaves, divisor = [tree.columns["prediction"] for tree in trees], float(len(trees))
        elif kind in _SHARES:
            leaves = [share for tree in trees for share in _shares(path, tree, n_classes)]
            margin_of_tree, divisor = list(range(n_classes)) * len(trees), float(len(trees))
    gain = gain_of(trees, n_features)
    if kind in _SHARES:
        trees = [tree for tree in trees for _ in range(n_classes)]
    tables = [
        _table(path, index, tree, leaf, names) for index, (tree, leaf) in enumerate(zip(trees, leaves, strict=True))
    ]
    n_margins = n_classes if kind in (*_SHARES, _ONE_VS_REST) else 1
    return Forest(
        flat=build_flat(tables, margin_of_tree, n_features, [0.0] * n_margins, divisor=divisor, whole_categories=True),
        trainer="mllib",
        trainer_version=str(metadata.get("sparkVersion", "unknown")),
        classes=class_labels(n_classes, classes),
        output_rule=rule,
        alpha=_ALPHA if kind in (_GBT, _ONE_VS_REST) else 1.0,
        gain=tuple(float(g) for g in gain),
        feature_names=names,
    )


def _last_stage(path: Path) -> tuple[Path, tuple[str, ...] | None]:
    """The model of a pipeline, and the names that its assembler gives the features."""
    stages = sorted((path / "stages").glob("[0-9]*_*"), key=lambda stage: int(stage.name.partition("_")[0]))
    listed = param(read_metadata(path), "stageUids") or []
    if [stage.name.partition("_")[2] for stage in stages] != listed or not stages:
        raise ModelMismatchError(f"{path}: expected the stages {listed}, found {[stage.name for stage in stages]}")
    *earlier, last = stages
    kinds = [saved_class(stage) for stage in earlier]
    for at, (stage, kind) in enumerate(zip(earlier, kinds, strict=True)):
        if kind != _ASSEMBLER or _ASSEMBLER in kinds[:at]:
            raise ModelMismatchError(
                f"{path}: stage {stage.name} is a {kind}, whose work would be lost: a pipeline may hold one "
                f"{_ASSEMBLER} before its model; save its last stage alone, and make the rest part of the spec"
            )
    if saved_class(last) == _PIPELINE:
        raise ModelMismatchError(f"{path}: stage {last.name} is a pipeline again; save its model alone")
    if not earlier:
        return last, None
    assembler, model = read_metadata(earlier[0]), read_metadata(last)
    given, taken = param(assembler, "outputCol"), param(model, "featuresCol")
    if given != taken:
        raise ModelMismatchError(f"{path}: the model takes the column {taken!r}, the assembler makes {given!r}")
    names = param(assembler, "inputCols")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ModelMismatchError(f"{path}: inputCols of the {_ASSEMBLER} must be names, were {names!r}")
    n_features = model.get("numFeatures", len(names))  # a OneVsRestModel keeps it in its models
    if n_features != len(names):
        raise ModelMismatchError(f"{path}: {_ASSEMBLER} joins {len(names)} columns to {n_features} features")
    return last, tuple(names)


def _one_of(path: Path) -> tuple[list[SavedTree], int]:
    metadata = read_metadata(path)
    if saved_class(path) != _GBT:
        raise ModelMismatchError(f"{path}: expected a {_GBT}, found {metadata.get('class')!r}")
    return read_trees(path, metadata), count(path, metadata, "numFeatures")


def _weighted(tree: SavedTree) -> npt.NDArray[np.float64]:
    return np.asarray(tree.columns["prediction"] * tree.weight)


def _shares(path: Path, tree: SavedTree, n_classes: int) -> list[npt.NDArray[np.float64]]:
    """One column of leaves for each class; rows of no weight have no share, as in Spark."""
    if tree.stats.shape[1] != n_classes:
        raise ModelMismatchError(f"{path}: impurityStats must hold {n_classes} values, held {tree.stats.shape[1]}")
    total = tree.stats.sum(axis=1)
    return [np.divide(tree.stats[:, k], total, out=np.zeros(len(total)), where=total != 0.0) for k in range(n_classes)]


def _table(
    path: Path, index: int, tree: SavedTree, leaf: npt.NDArray[np.float64], names: tuple[str, ...] | None
) -> TreeTable:
    columns, is_split = tree.columns, tree.is_split
    by_set = is_split & (columns["n_categories"] >= 0)
    threshold = np.zeros(len(leaf))
    for node in np.flatnonzero(is_split & ~by_set).tolist():
        threshold[node] = _threshold(path, index, node, tree.split_values[node])
    turned = np.zeros(len(leaf), np.bool_)
    sets: dict[int, list[int]] = {}
    for node in np.flatnonzero(by_set).tolist():
        feature, n_categories = int(columns["feature"][node]), int(columns["n_categories"][node])
        named = tree.split_values[node]
        if any(not 0 <= value < n_categories or value != int(value) for value in named):
            name = repr(names[feature]) if names and feature < len(names) else f"number {feature}"
            raise ModelMismatchError(
                f"{path}: feature {name}: tree {index} names the categories {named}, must be in 0..{n_categories - 1}"
            )
        left = {int(value) for value in named}
        turned[node] = len(named) > n_categories // 2
        sets[node] = sorted(set(range(n_categories)) - left if turned[node] else left)
    left_child, right_child = columns["leftChild"], columns["rightChild"]
    return TreeTable(
        feature=columns["feature"],
        threshold=threshold,
        left=np.where(turned, right_child, left_child),
        right=np.where(turned, left_child, right_child),
        leaf=leaf,
        categories=sets,
    )


def _threshold(path: Path, index: int, node: int, values: list[Any]) -> float:
    if len(values) != 1:
        raise ModelMismatchError(f"{path}: tree {index}, node {node}: must have one threshold, had {values}")
    return math.nan if values[0] is None else float(values[0])
