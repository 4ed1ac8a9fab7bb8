"""Binary trees as columns of nodes, and the Treelite model made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import treelite
from treelite.model_builder import Metadata, ModelBuilder, PostProcessorFunc, TreeAnnotation

from hftcore.errors import ModelMismatchError


@dataclass(frozen=True, slots=True)
class TreeTable:
    """One tree; node 0 is the root. Left iff ``x[feature] <= threshold``. Leaves: left = -1.

    NaN goes left where ``default_left`` says so, right everywhere without it.

    ``n_rows`` counts the training rows that reached a node: the generated code lays out the likelier branch first.
    """

    feature: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    leaf: npt.NDArray[np.float64]
    n_rows: npt.NDArray[np.int64]
    default_left: npt.NDArray[np.bool_] | None = None

    def resolve(self, node: int) -> int:
        """The node reached when splits at NaN are skipped: no value is <= NaN, so they send every row right."""
        while self.left[node] >= 0 and math.isnan(self.threshold[node]):
            node = int(self.right[node])
        return node


def build_treelite(
    trees: Sequence[TreeTable], margin_of_tree: Sequence[int], n_features: int, n_margins: int
) -> treelite.Model:
    """Build a float64 Treelite model whose margins are sums of leaves.

    Raises
    ------
    ModelMismatchError
        If a leaf is not finite; names the tree and the value.
    """
    builder: Any = ModelBuilder(
        threshold_type="float64",
        leaf_output_type="float64",
        metadata=Metadata(
            num_feature=n_features,
            task_type="kBinaryClf" if n_margins == 1 else "kMultiClf",
            average_tree_output=False,
            num_target=1,
            num_class=[n_margins],
            leaf_vector_shape=(1, 1),
        ),
        tree_annotation=TreeAnnotation(num_tree=len(trees), target_id=[0] * len(trees), class_id=list(margin_of_tree)),
        # The output rule is applied in C++ from margins, so the model itself has none.
        postprocessor=PostProcessorFunc(name="identity" if n_margins == 1 else "identity_multiclass"),
        base_scores=[0.0] * n_margins,
    )
    for index, tree in enumerate(trees):
        _add_tree(builder, index, tree)
    model: treelite.Model = builder.commit()
    return model


def _add_tree(builder: Any, index: int, tree: TreeTable) -> None:
    builder.start_tree()
    waiting = [tree.resolve(0)]
    while waiting:
        node = waiting.pop()
        builder.start_node(node)
        if tree.left[node] < 0:
            value = float(tree.leaf[node])
            if not math.isfinite(value):
                raise ModelMismatchError(f"tree {index}: leaf {node} must be finite, was {value}")
            builder.leaf(value)
        else:
            feature, threshold = int(tree.feature[node]), float(tree.threshold[node])
            left, right = tree.resolve(int(tree.left[node])), tree.resolve(int(tree.right[node]))
            builder.numerical_test(
                feature_id=feature,
                threshold=threshold,
                default_left=tree.default_left is not None and bool(tree.default_left[node]),
                opname="<=",
                left_child_key=left,
                right_child_key=right,
            )
            waiting += [right, left]  # left first: nodes keep the order of their ids
        builder.data_count(int(tree.n_rows[node]))
        builder.end_node()
    builder.end_tree()
