"""Fitted scikit-learn trees and forests to a Forest whose margins have the bits of scikit-learn's own sums.

Random forests and trees: the mean of the trees' class shares (``predict_proba`` with one job) or values. Gradient
boosting: the initial margin, then the trees in order (``decision_function``, or ``predict`` of a regressor). All of
them but the histogram kind round a row to float32 first: see ``float32_splits``. Fitted without NaN, scikit-learn
refuses a row with NaN; here it takes the side that the tree names for it, which is the right one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ModelMismatchError
from hftcore.forest.checks import class_labels, labels_of
from hftcore.forest.float32_splits import double_cutoff_inclusive
from hftcore.forest.forest import Forest, OutputRule
from hftcore.forest.hist_trees import hist_tables
from hftcore.forest.tree_table import TreeTable, build_flat

_MEANS: Final = ("RandomForest", "ExtraTrees", "DecisionTree", "ExtraTree")
_KINDS: Final = (*_MEANS, "GradientBoosting", "HistGradientBoosting")
_WRAPPERS: Final = {
    "Pipeline": "its earlier steps would be lost; pass its last step, fitted on the features of the spec",
    "CalibratedClassifierCV": "it bends the scores of its model; pass the model inside it",
    "GridSearchCV": "pass its best_estimator_",
    "RandomizedSearchCV": "pass its best_estimator_",
}


def read_sklearn(model: Any, classes: tuple[int, ...] | None = None) -> Forest:
    """Read a fitted tree, random forest, or gradient boosting model of scikit-learn, classifier or regressor.

    Parameters
    ----------
    model : fitted estimator
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: those of the model; (-1, 0, 1) for 0, 1, 2.

    Raises
    ------
    ModelMismatchError
        For another kind of estimator, one that was not fitted, several outputs, a loss whose prediction is no output
        rule, an ``init`` estimator of the caller's, or categories that are not whole numbers; names what was found.
    """
    name = type(model).__name__
    if name in _WRAPPERS:
        raise ModelMismatchError(f"cannot read a {name} of scikit-learn: {_WRAPPERS[name]}")
    kind = name.removesuffix("Classifier").removesuffix("Regressor")
    if kind not in _KINDS or kind == name:
        known = ", ".join(_KINDS)
        raise ModelMismatchError(f"cannot read a {name} of scikit-learn: expected a classifier or regressor of {known}")
    if not hasattr(model, "n_features_in_"):
        raise ModelMismatchError(f"the {name} was not fitted")
    if getattr(model, "n_outputs_", 1) != 1:
        raise ModelMismatchError(f"the {name} must have one output, had {model.n_outputs_}")
    labels = labels_of(model) if name.endswith("Classifier") else None
    try:
        if kind in _MEANS:
            return _mean_of_trees(model, name, classes or labels)
        return _boosted(model, name, kind == "HistGradientBoosting", classes or labels)
    except (AttributeError, KeyError) as error:
        version = model.__getstate__().get("_sklearn_version", "unknown")
        raise ModelMismatchError(f"the {name} of scikit-learn {version} keeps its trees otherwise: {error}") from error


def _mean_of_trees(model: Any, name: str, labels: tuple[int, ...] | None) -> Forest:
    members = list(getattr(model, "estimators_", [model]))
    n_margins = int(model.n_classes_) if name.endswith("Classifier") else 1
    tables, margin_of_tree = [], []
    for member in members:
        values = np.asarray(member.tree_.value, np.float64)[:, 0, :]
        for k in range(n_margins):
            tables.append(_table(member.tree_, values[:, k]))
            margin_of_tree.append(k)
    flat = build_flat(tables, margin_of_tree, int(model.n_features_in_), [0.0] * n_margins, divisor=float(len(members)))
    return _forest(model, flat, "identity", 1.0, class_labels(n_margins, labels), model.feature_importances_)


def _boosted(model: Any, name: str, is_hist: bool, labels: tuple[int, ...] | None) -> Forest:
    rule, alpha = _rule(model, name)
    n_features = int(model.n_features_in_)
    if is_hist:
        tables, gain = hist_tables(model)
        base = np.asarray(model._baseline_prediction, np.float64).ravel()
    else:
        rounds = np.asarray(model.estimators_)
        gain, base = model.feature_importances_, _initial_margins(model, name)
        rate = float(model.learning_rate)
        tables = [_table(t.tree_, rate * np.asarray(t.tree_.value, np.float64)[:, 0, 0]) for t in rounds.ravel()]
    n_margins = len(base)
    margin_of_tree = [tree % n_margins for tree in range(len(tables))]
    flat = build_flat(tables, margin_of_tree, n_features, base.tolist(), base_first=True, whole_categories=is_hist)
    n_classes = 2 if rule == "sigmoid" else n_margins
    return _forest(model, flat, rule, alpha, class_labels(n_classes, labels), gain)


def _rule(model: Any, name: str) -> tuple[OutputRule, float]:
    loss = type(model._loss).__name__
    link = type(model._loss.link).__name__
    if name.endswith("Regressor"):
        if link != "IdentityLink":
            raise ModelMismatchError(f"{name}: the loss must predict its margin, was {model.loss!r}")
        return "identity", 1.0
    alphas = {"HalfBinomialLoss": 1.0, "ExponentialLoss": 2.0}
    if loss in alphas:
        return "sigmoid", alphas[loss]
    if loss != "HalfMultinomialLoss":
        raise ModelMismatchError(f"{name}: the loss must be log_loss or exponential, was {model.loss!r}")
    return "softmax", 1.0


def _initial_margins(model: Any, name: str) -> npt.NDArray[np.float64]:
    is_own = model.init is None and type(model.init_).__name__ in ("DummyClassifier", "DummyRegressor")
    if model.init_ != "zero" and not is_own:
        raise ModelMismatchError(f"{name}: init must be None or 'zero', was {model.init_!r}")
    row = np.zeros((1, int(model.n_features_in_)), np.float32)
    return np.asarray(model._raw_predict_init(row), np.float64).ravel()


def _table(tree: Any, leaf: npt.NDArray[np.float64]) -> TreeTable:
    return TreeTable(
        feature=np.asarray(tree.feature, np.int64),
        threshold=double_cutoff_inclusive(tree.threshold),
        left=np.asarray(tree.children_left, np.int64),
        right=np.asarray(tree.children_right, np.int64),
        leaf=leaf,
        default_left=np.asarray(tree.__getstate__()["nodes"]["missing_go_to_left"]) != 0,
    )


def _forest(
    model: Any,
    flat: Any,
    rule: OutputRule,
    alpha: float,
    classes: tuple[int, ...],
    gain: npt.ArrayLike,
) -> Forest:
    names = getattr(model, "feature_names_in_", None)
    return Forest(
        flat=flat,
        trainer="sklearn",
        trainer_version=str(model.__getstate__().get("_sklearn_version", "unknown")),
        classes=classes,
        output_rule=rule,
        alpha=alpha,
        gain=tuple(float(g) for g in np.asarray(gain)),
        feature_names=None if names is None else tuple(str(name) for name in names),
    )
