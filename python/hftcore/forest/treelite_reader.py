"""Treelite's models to a Forest whose margins have the bits of Treelite's own interpreter (GTIL).

GTIL rounds rows to float32 for a model of float32 (those of XGBoost are), and sums in float32: here as well.
A checkpoint may come from a stranger, and damaged bytes can crash Treelite's C++: it is read in a process of its own,
which hands back a flat forest and a few words about it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import check_splits, class_labels
from hftcore.forest.flat import FlatForest
from hftcore.forest.flat_rules import check_counts
from hftcore.forest.float32_splits import double_cutoff, double_cutoff_inclusive
from hftcore.forest.forest import Forest, OutputRule
from hftcore.forest.tree_table import TreeTable, build_flat

_RULES: Final[dict[str, OutputRule]] = {
    "identity": "identity",
    "identity_multiclass": "identity",
    "sigmoid": "sigmoid",
    "softmax": "softmax",
    "multiclass_ova": "one_vs_rest_normalised",
}
_LT, _LE, _GT, _GE = 2, 3, 4, 5  # Treelite's codes of operators
_CATEGORICAL: Final = 2  # of node types
_TIMEOUT_S: Final = 300.0


def read_treelite(model: Any, classes: tuple[int, ...] | None = None) -> Forest:
    """Read a ``treelite.Model``.

    Parameters
    ----------
    model : treelite.Model
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.

    Raises
    ------
    ModelMismatchError
        For a postprocessor that is no output rule, several targets, a split by ``==``, or trees that are not averaged
        alike; names the tree and the value.
    """
    return _forest(flat_of_treelite(model), words_of(model), classes)


def read_treelite_checkpoint(path: Path, classes: tuple[int, ...] | None = None) -> Forest:
    """Read a file that Treelite's ``serialize`` wrote; cost: a second for the process. Raises as ``read_treelite``."""
    # -P: without it modules of the folder that we happen to be in would run as those of Python.
    command = [sys.executable, "-P", "-m", "hftcore.forest.treelite_child", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise ModelMismatchError(f"{path}: Treelite did not read it within {_TIMEOUT_S:.0f} s") from error
    head, _, body = done.stdout.partition(b"\n")
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        reason = head.decode(errors="replace") or (said[-1] if said else "it said nothing")
        raise ModelMismatchError(f"{path}: no Treelite checkpoint, or damaged: {reason[:300]} (exit {done.returncode})")
    return _forest(FlatForest.from_bytes(body), json.loads(head), classes)


def flat_of_treelite(model: Any) -> FlatForest:
    """The trees, base scores and averages of a ``treelite.Model``; raises as ``read_treelite``."""
    header = model.get_header_accessor()
    n_features = int(header.get_field("num_feature")[0])
    if int(header.get_field("num_target")[0]) != 1:
        raise ModelMismatchError(f"Treelite model must have one target, had {int(header.get_field('num_target')[0])}")
    n_margins = int(header.get_field("num_class")[0])
    check_counts(n_features, n_margins)
    is_float32_model = model.input_type == "float32"
    class_of_tree = np.asarray(header.get_field("class_id"), np.int64)
    tables: list[TreeTable] = []
    margins: list[int] = []
    for index in range(int(model.num_tree)):
        tree = _Tree(model.get_tree_accessor(index), index, n_features, is_float32_model)
        output = int(class_of_tree[index])
        for k in range(n_margins) if output < 0 else [output]:
            tables.append(tree.table(k if output < 0 and n_margins > 1 else None, n_margins))
            margins.append(k)
    base = np.asarray(header.get_field("base_scores"), np.float64).ravel()
    if len(base) != n_margins:
        raise ModelMismatchError(f"Treelite model must have {n_margins} base scores, had {len(base)}")
    if is_float32_model and np.any(base != base.astype(np.float32)):
        raise ModelMismatchError(
            f"Treelite model of float32 must have base scores of float32, had {base.tolist()}; import the XGBoost "
            "model itself"
        )
    averages = bool(header.get_field("average_tree_output")[0])
    counts = np.bincount(margins, minlength=n_margins)
    if averages and (len(np.unique(counts)) > 1 or counts[0] == 0):
        raise ModelMismatchError(f"Treelite model averages other numbers of trees for each class: {counts.tolist()}")
    return build_flat(
        tables,
        margins,
        n_features,
        base.tolist(),
        divisor=float(counts[0]) if averages else 1.0,
        float32_sums=is_float32_model,
    )


class _Tree:
    """The arrays of one tree, with ``>`` and ``>=`` turned into ``<=`` and ``<`` of swapped children."""

    def __init__(self, fields: Any, index: int, n_features: int, is_float32_model: bool) -> None:
        self._fields = fields
        self._index = index
        left, right = (np.asarray(fields.get_field(name), np.int64) for name in ("cleft", "cright"))
        self._feature = np.asarray(fields.get_field("split_index"), np.int64)
        is_split = left >= 0
        try:
            check_splits(self._feature[is_split], [*left[is_split], *right[is_split]], len(left), n_features)
        except ValueError as error:
            raise ModelMismatchError(f"tree {index}: {error}") from error
        by_set = is_split & (np.asarray(fields.get_field("node_type")) == _CATEGORICAL)
        operator = np.asarray(fields.get_field("cmp"), np.int64)
        threshold = np.asarray(fields.get_field("threshold"), np.float64)
        is_strict = (operator == _LT) | (operator == _GE)
        odd = is_split & ~by_set & (~np.isin(operator, (_LT, _LE, _GT, _GE)) | (is_strict & np.isneginf(threshold)))
        if odd.any():
            at = int(np.argmax(odd))
            raise ModelMismatchError(
                f"tree {index}, node {at}: feature {self._feature[at]} must be split by <, <=, > or >= at a number, "
                f"was operator {operator[at]} at {threshold[at]}"
            )
        with np.errstate(over="ignore"):  # below the lowest double is -inf
            below = (
                double_cutoff(threshold.astype(np.float32)) if is_float32_model else np.nextafter(threshold, -np.inf)
            )
        at_most = double_cutoff_inclusive(threshold) if is_float32_model else threshold
        self._threshold = np.where(is_strict, below, at_most)
        listed_right = np.asarray(fields.get_field("category_list_right_child")) != 0
        turned = np.where(by_set, listed_right, is_split & ((operator == _GT) | (operator == _GE)))
        self._default_left = (np.asarray(fields.get_field("default_left")) != 0) ^ turned
        self._left, self._right = np.where(turned, right, left), np.where(turned, left, right)
        self._categories = {int(node): self._listed("category_list", int(node)) for node in np.flatnonzero(by_set)}

    def table(self, output: int | None, n_outputs: int) -> TreeTable:
        """The tree with its leaves, or with one value of each of its leaf vectors."""
        leaf = np.asarray(self._fields.get_field("leaf_value"), np.float64)
        if output is not None:
            vectors = [self._listed("leaf_vector", node) for node in np.flatnonzero(self._left < 0).tolist()]
            if any(len(vector) != n_outputs for vector in vectors):
                raise ModelMismatchError(f"tree {self._index}: a leaf must hold {n_outputs} values")
            leaf = leaf.copy()
            leaf[self._left < 0] = [vector[output] for vector in vectors]
        return TreeTable(
            self._feature, self._threshold, self._left, self._right, leaf, self._default_left, self._categories
        )

    def _listed(self, name: str, node: int) -> npt.NDArray[Any]:
        begin, end = (int(self._fields.get_field(f"{name}_{side}")[node]) for side in ("begin", "end"))
        values = np.asarray(self._fields.get_field(name))
        if not 0 <= begin <= end <= len(values):
            raise ModelMismatchError(f"tree {self._index}, node {node}: {name} {begin}..{end} is not in its list")
        return values[begin:end]


def words_of(model: Any) -> dict[str, Any]:
    """What a forest must know besides its trees."""
    header = model.get_header_accessor()
    return {
        "postprocessor": str(header.get_field("postprocessor")),
        "alpha": float(header.get_field("sigmoid_alpha")[0]),
        "version": ".".join(str(header.get_field(f"{part}_ver")[0]) for part in ("major", "minor", "patch")),
    }


def _forest(flat: FlatForest, words: dict[str, Any], classes: tuple[int, ...] | None) -> Forest:
    name = words["postprocessor"]
    if name not in _RULES:
        raise ModelMismatchError(f"Treelite postprocessor must be one of {', '.join(_RULES)}, was {name!r}")
    rule = _RULES[name]
    if rule == "sigmoid" and flat.n_margins != 1:
        raise ModelMismatchError(f"Treelite postprocessor 'sigmoid' needs one class, had {flat.n_margins}")
    n_splits = np.bincount(flat.feature[~flat.is_leaf], minlength=flat.n_features)
    return Forest(
        flat=flat,
        trainer="treelite",
        trainer_version=words["version"],
        classes=class_labels(2 if rule == "sigmoid" else flat.n_margins, classes),
        output_rule=rule,
        alpha=words["alpha"] if rule in ("sigmoid", "one_vs_rest_normalised") else 1.0,
        gain=tuple(float(n) for n in n_splits),
        feature_names=None,
    )
