"""What each reader asks of the trees it finds, in the same words whichever library wrote them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError


def check_splits(feature: npt.ArrayLike, children: npt.ArrayLike, n_nodes: int, n_features: int) -> None:
    """Check the splits of one tree of nodes 0 to ``n_nodes - 1``; node 0 is its root.

    Parameters
    ----------
    feature : ints
        The feature of each split.
    children : ints
        Left and right children of all splits, in any order. A node that hangs nowhere is none of the tree's: XGBoost
        leaves pruned ones behind.

    Raises
    ------
    ValueError
        If a feature is not one of ``n_features``, or a child is no other node or hangs under two splits: without
        that, following the tree would not end.
    """
    used, below = np.asarray(feature, np.int64), np.asarray(children, np.int64)
    outside = used[(used < 0) | (used >= n_features)]
    if len(outside):
        raise ValueError(f"the feature of a split must be below {n_features}, found {outside[0]}")
    strange = below[(below < 1) | (below >= n_nodes)]
    if len(strange):
        raise ValueError(f"a child must be one of nodes 1 to {n_nodes - 1}, found {strange[0]}")
    known, n_parents = np.unique(below, return_counts=True)
    if np.any(n_parents > 1):
        raise ValueError(f"a child must hang under one split, node {known[np.argmax(n_parents)]} is named again")


def class_labels(n_classes: int, given: tuple[int, ...] | None) -> tuple[int, ...]:
    """Labels in the order of a model's classes: those given, else down, flat, up for three, 0..k-1 otherwise."""
    return given or ((-1, 0, 1) if n_classes == 3 else tuple(range(n_classes)))


def labels_of(wrapper: Any) -> tuple[int, ...] | None:
    """Labels of a fitted classifier as whole numbers; None where they are only counted 0..k-1, or are not kept.

    Raises
    ------
    ModelMismatchError
        If a label is no whole number; names it.
    """
    labels = getattr(wrapper, "classes_", None)
    if labels is None:
        return None
    try:
        found = tuple(int(label) for label in labels)
        if any(a != b for a, b in zip(found, labels, strict=True)):
            raise ValueError
    except (TypeError, ValueError) as error:
        raise ModelMismatchError(f"labels must be whole numbers, were {list(labels)}") from error
    return None if found == tuple(range(len(found))) else found
