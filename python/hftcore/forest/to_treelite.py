"""A flat forest as a Treelite model: for Treelite's interpreter (GTIL), and for the code generator."""

from __future__ import annotations

from typing import Any

import numpy as np
import treelite
from treelite.model_builder import Metadata, ModelBuilder, PostProcessorFunc, TreeAnnotation

from hftcore.forest.flat import FlatForest
from hftcore.forest.flat_rules import CATEGORICAL, DEFAULT_LEFT, FEATURE_MASK, LEAF


def unlike_treelite(forest: FlatForest) -> str | None:
    """Why GTIL's margins have other bits than the forest's; None where they have the same."""
    per_margin = np.bincount(forest.margin_of_tree, minlength=forest.n_margins)
    if forest.n_trees == 0:
        return "it has no trees"
    if forest.float32_sums:
        return "its margins are float32 sums"
    if forest.base_first and np.any((forest.base != 0.0) | np.signbit(forest.base)):
        return "its sums begin at the base scores"
    if forest.whole_categories and bool(forest.is_categorical.any()):
        return "its category splits know whole numbers only"
    if forest.divisor != 1.0 and np.any(per_margin != forest.divisor):
        return f"its margins are divided by {forest.divisor:g}, which is not their number of trees"
    return None


def to_treelite(forest: FlatForest) -> treelite.Model:
    """Rebuild the forest as a float64 Treelite model without a postprocessor.

    Raises
    ------
    ValueError
        If Treelite would compute something else; says what.
    """
    reason = unlike_treelite(forest)
    if reason is not None:
        raise ValueError(f"Treelite cannot hold this forest: {reason}")
    builder: Any = ModelBuilder(
        threshold_type="float64",
        leaf_output_type="float64",
        metadata=Metadata(
            num_feature=forest.n_features,
            task_type="kBinaryClf" if forest.n_margins == 1 else "kMultiClf",
            average_tree_output=forest.divisor != 1.0,
            num_target=1,
            num_class=[forest.n_margins],
            leaf_vector_shape=(1, 1),
        ),
        tree_annotation=TreeAnnotation(
            num_tree=forest.n_trees, target_id=[0] * forest.n_trees, class_id=forest.margin_of_tree.tolist()
        ),
        # The output rule is applied in C++ from margins, so the model itself has none.
        postprocessor=PostProcessorFunc(name="identity" if forest.n_margins == 1 else "identity_multiclass"),
        base_scores=[0.0] * forest.n_margins,
    )
    for index in range(forest.n_trees):
        _add_tree(builder, forest, index)
    model: treelite.Model = builder.commit()
    # As JSON, which the builder takes, some base scores come out one ulp off.
    model.get_header_accessor().set_field("base_scores", forest.base.astype(np.float64))
    return model


def _add_tree(builder: Any, forest: FlatForest, index: int) -> None:
    first = int(forest.first_node[index])
    builder.start_tree()
    for node, (value, left, right, feature, _) in enumerate(forest.tree(index).tolist()):
        builder.start_node(node)
        if left == LEAF:
            builder.leaf(value)
        else:
            to = {
                "feature_id": feature & int(FEATURE_MASK),
                "default_left": bool(feature & int(DEFAULT_LEFT)),
                "left_child_key": left,
                "right_child_key": right,
            }
            if feature & int(CATEGORICAL):
                members = forest.categories(first + node).tolist()
                builder.categorical_test(category_list=members, category_list_right_child=False, **to)
            else:
                builder.numerical_test(threshold=value, opname="<=", **to)
        builder.end_node()
    builder.end_tree()
