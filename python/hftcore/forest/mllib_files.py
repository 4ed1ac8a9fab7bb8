"""What Spark MLlib saves of its trees, from the Parquet and JSON files alone: no JVM is started.

Spark writes nodes in any order over any number of files, so rows are sorted by tree and id. The columns of
``treesMetadata`` changed their names between releases (``treeID, metadata, weights``; ``_1, _2, _3``): they are read by
position. A single tree is saved without that table, and without the column of trees.
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
from hftcore.forest.checks import check_splits
from hftcore.forest.flat_rules import check_counts

_LEAF = -1
_COLUMNS = ("id", "prediction", "rawCount", "gain", "leftChild", "rightChild")


@dataclass(frozen=True, slots=True)
class SavedTree:
    """One tree as columns of its nodes, in the order of ids; ``stats`` (n_nodes, n_classes) of impurity."""

    columns: dict[str, npt.NDArray[Any]]
    stats: npt.NDArray[np.float64]
    split_values: list[list[float]]
    weight: float

    @property
    def is_split(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.columns["leftChild"] != _LEAF)


def is_mllib_folder(path: Path) -> bool:
    """Whether ``path`` looks like a model that Spark saved."""
    return (path / "metadata").is_dir()


def saved_class(path: Path) -> str:
    """The last word of the Scala class that was saved in ``path``."""
    return str(read_metadata(path).get("class", "")).rpartition(".")[2]


def read_metadata(path: Path) -> dict[str, Any]:
    """The one line of JSON that Spark writes beside every stage."""
    files = sorted((path / "metadata").glob("part-*"))
    try:
        lines = [line for file in files for line in file.read_text().splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise ModelMismatchError(f"{path}: the metadata cannot be read: {error}") from error
    if len(lines) != 1:
        raise ModelMismatchError(f"{path}: expected one line of metadata in metadata/part-*, found {len(lines)}")
    try:
        parsed = json.loads(lines[0])
    except (ValueError, RecursionError) as error:
        raise ModelMismatchError(f"{path}: the metadata is no JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise ModelMismatchError(f"{path}: the metadata must be a JSON object, was {type(parsed).__name__}")
    return parsed


def param(metadata: dict[str, Any], name: str) -> Any:
    """A parameter of a stage: as it was set, else its default, else None."""
    for where in ("paramMap", "defaultParamMap"):
        values = metadata.get(where)
        if isinstance(values, dict) and name in values:
            return values[name]
    return None


def count(path: Path, metadata: dict[str, Any], name: str) -> int:
    """A count in the metadata of a model; at least 1."""
    value = metadata.get(name)
    if not isinstance(value, int) or value < 1:
        raise ModelMismatchError(f"{path}: {name} in the metadata must be a whole number from 1, was {value!r}")
    return value


def read_trees(path: Path, metadata: dict[str, Any]) -> list[SavedTree]:
    """The trees of a saved model, checked; raises ModelMismatchError naming the tree."""
    n_features = count(path, metadata, "numFeatures")
    check_counts(n_features, n_margins=1)
    try:
        tree_of, nodes, weights = _tables(path, metadata)
        columns, stats, values = _columns(nodes)
    except (pa.ArrowException, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ModelMismatchError(f"{path}: its Parquet files are damaged: {error}") from error
    order = np.lexsort((columns["id"], tree_of))
    starts = np.searchsorted(tree_of[order], np.arange(len(weights) + 1))
    trees = []
    for index, weight in enumerate(weights):
        at = order[starts[index] : starts[index + 1]]
        own = {name: column[at] for name, column in columns.items()}
        tree = SavedTree(own, stats[at], [values[row] for row in at], weight)
        _check(path, index, tree, n_features)
        trees.append(tree)
    return trees


def gain_of(trees: list[SavedTree], n_features: int) -> npt.NDArray[np.float64]:
    """Gain of each feature, weighted by the rows that a split saw."""
    gain = np.zeros(n_features)
    with np.errstate(over="ignore", invalid="ignore"):
        for tree in trees:
            weighted = tree.columns["gain"] * tree.columns["rawCount"]
            np.add.at(gain, tree.columns["feature"][tree.is_split], weighted[tree.is_split])
    return gain


def _tables(path: Path, metadata: dict[str, Any]) -> tuple[npt.NDArray[np.int64], Any, list[float]]:
    """The tree of each row, the rows as one struct, and the weight of each tree."""
    rows: Any = _parquet(path / "data")
    if "nodeData" not in rows.column_names:
        return np.zeros(len(rows), np.int64), rows.to_struct_array().combine_chunks(), [1.0]
    n_trees = count(path, metadata, "numTrees")
    described: Any = _parquet(path / "treesMetadata")
    ids, weights = described.column(0).to_pylist(), described.column(2).to_pylist()
    if len(ids) != n_trees or sorted(ids) != list(range(n_trees)):
        raise ModelMismatchError(f"{path}: expected the weights of trees 0..{n_trees - 1}, found {sorted(ids)}")
    weight_of = dict(zip(ids, weights, strict=True))
    tree_of = _integers(rows.column(0).combine_chunks(), "treeID")
    return tree_of, rows.column(1).combine_chunks(), [float(weight_of[index]) for index in range(n_trees)]


def _columns(nodes: Any) -> tuple[dict[str, npt.NDArray[Any]], npt.NDArray[np.float64], list[list[float]]]:
    split = nodes.field("split")
    columns = {name: _integers(nodes.field(name), name) for name in _COLUMNS if name not in ("prediction", "gain")}
    for name in ("prediction", "gain"):
        columns[name] = np.asarray(nodes.field(name).to_numpy(zero_copy_only=False), np.float64)
    columns["feature"] = _integers(split.field("featureIndex"), "featureIndex")
    columns["n_categories"] = _integers(split.field("numCategories"), "numCategories")
    stats = np.asarray(nodes.field("impurityStats").to_pylist(), dtype=np.float64).reshape(len(nodes), -1)
    return columns, stats, [list(map(float, v)) for v in split.field("leftCategoriesOrThreshold").to_pylist()]


def _integers(column: Any, name: str) -> npt.NDArray[np.int64]:
    if column.null_count or not pa.types.is_integer(column.type):
        raise ValueError(f"column {name} must hold whole numbers, held {column.type} with {column.null_count} nulls")
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype(np.int64)


def _parquet(path: Path) -> pa.Table:
    files = sorted(path.glob("*.parquet"))
    if not files:
        raise ModelMismatchError(f"{path}: expected Parquet files, found none")
    return pa.concat_tables(pq.ParquetFile(file).read() for file in files)


def _check(path: Path, index: int, tree: SavedTree, n_features: int) -> None:
    n_nodes, is_split = len(tree.stats), tree.is_split
    if n_nodes == 0 or not np.array_equal(tree.columns["id"], np.arange(n_nodes)):
        raise ModelMismatchError(f"{path}: tree {index}: expected nodes 0..n-1, found {n_nodes} rows with other ids")
    children = [*tree.columns["leftChild"][is_split], *tree.columns["rightChild"][is_split]]
    try:
        check_splits(tree.columns["feature"][is_split], children, n_nodes, n_features)
    except ValueError as error:
        raise ModelMismatchError(f"{path}: tree {index}: {error}") from error
