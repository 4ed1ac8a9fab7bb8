"""scikit-learn's own sums, bit for bit: trees, forests, gradient boosting and its histogram kind with categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import ensemble, tree
from sklearn.calibration import CalibratedClassifierCV
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from hftcore.errors import ModelMismatchError
from hftcore.forest import Forest, load_forest
from hftcore.forest.forest import reference_scores

from .forests import NAMES, fits_float32, hostile, in_three, learnable, margins_of_every_engine

ROWS, Y = learnable(nan=False)
ROWS_WITH_NAN, _ = learnable()
TARGETS = {"two": Y > 0.5, "three": in_three(Y) - 1, "numbers": Y}
FEW = {"n_estimators": 8, "random_state": 0}
HIST = {"max_iter": 8, "random_state": 0}
CATEGORIES = {"categorical_features": [3, 4]}


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of OpenMP that wait for a busy core take longer than one thread."""
    with threadpool_limits(limits=1, user_api="openmp"):
        yield


def own_sums(model: Any, rows: np.ndarray) -> np.ndarray:
    for name in ("decision_function", "predict_proba", "predict"):
        if hasattr(model, name):
            return np.asarray(getattr(model, name)(rows), np.float64).reshape(len(rows), -1)
    raise AssertionError(f"{model} sums nothing")


def check(model: Any, forest: Forest, rows: np.ndarray) -> None:
    margins = margins_of_every_engine(forest, rows)
    assert margins.tobytes() == own_sums(model, rows).tobytes()
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(reference_scores(forest, margins), model.predict_proba(rows), rtol=0, atol=1e-14)


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("target", ["two", "three", "numbers"])
@pytest.mark.parametrize("kind", ["RandomForest", "ExtraTrees", "DecisionTree", "ExtraTree"])
@pytest.mark.parametrize("nan", [False, True], ids=["numbers", "nan"])
def test_means_of_trees(kind: str, target: str, nan: bool) -> None:
    end = "Regressor" if target == "numbers" else "Classifier"
    many = kind in ("RandomForest", "ExtraTrees")
    settings: dict[str, Any] = {"random_state": 0, "max_depth": 6, **({"n_estimators": 8} if many else {})}
    model = getattr(ensemble if many else tree, kind + end)(**settings).fit(
        ROWS_WITH_NAN if nan else ROWS, TARGETS[target]
    )
    forest = load_forest(model, NAMES)
    rows = fits_float32(hostile(forest, ROWS))
    rows = np.where(np.isnan(rows) & (np.arange(5) > (0 if nan else -1)), 0.25, rows)
    check(model, forest, rows)


@pytest.mark.parametrize(
    ("model", "target"),
    [
        (ensemble.GradientBoostingClassifier(**FEW), "two"),
        (ensemble.GradientBoostingClassifier(**FEW), "three"),
        (ensemble.GradientBoostingClassifier(**FEW, loss="exponential"), "two"),
        (ensemble.GradientBoostingClassifier(**FEW, init="zero"), "three"),
        (ensemble.GradientBoostingRegressor(**FEW), "numbers"),
        (ensemble.GradientBoostingRegressor(**FEW, loss="quantile", subsample=0.7), "numbers"),
    ],
    ids=lambda x: x if isinstance(x, str) else repr(x),
)
def test_gradient_boosting(model: Any, target: str) -> None:
    model.fit(ROWS, TARGETS[target])
    forest = load_forest(model, NAMES)
    rows = fits_float32(hostile(forest, ROWS))
    check(model, forest, rows[~np.isnan(rows).any(axis=1)])


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("nan", [False, True], ids=["numbers", "nan"])
@pytest.mark.parametrize("settings", [HIST, {**HIST, **CATEGORIES}], ids=["plain", "categories"])
@pytest.mark.parametrize("target", ["two", "three", "numbers"])
def test_histogram_gradient_boosting(settings: dict[str, Any], target: str, nan: bool) -> None:
    end = "Regressor" if target == "numbers" else "Classifier"
    seen = (ROWS_WITH_NAN if nan else ROWS).copy()
    if nan:
        seen[::11, 3] = np.nan
    model = getattr(ensemble, "HistGradientBoosting" + end)(**settings).fit(seen, TARGETS[target])
    forest = load_forest(model, NAMES)
    assert bool(forest.flat.is_categorical.any()) == ("categorical_features" in settings)
    rows = hostile(forest, ROWS_WITH_NAN)
    if "categorical_features" in settings:  # scikit-learn refuses infinities among categories
        rows[:, 3:] = np.where(np.isinf(rows[:, 3:]), 1e18, rows[:, 3:])
    check(model, forest, rows)


def test_names_and_labels_come_from_the_model() -> None:
    frame = pd.DataFrame(ROWS, columns=list(NAMES))
    model = ensemble.RandomForestClassifier(2, max_depth=2).fit(frame, TARGETS["three"])
    assert load_forest(model, NAMES).classes == (-1, 0, 1)
    with pytest.raises(ModelMismatchError, match="feature 4: the spec has 'z', the model has 'e'"):
        load_forest(model, (*NAMES[:4], "z"))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (make_pipeline(StandardScaler(), tree.DecisionTreeClassifier()), "cannot read a Pipeline .* its last step"),
        (CalibratedClassifierCV(tree.DecisionTreeClassifier(max_depth=2)), "cannot read a CalibratedClassifierCV"),
        (LogisticRegression(), "cannot read a LogisticRegression of scikit-learn: expected a classifier or regressor"),
        (ensemble.AdaBoostClassifier(n_estimators=2), "cannot read a AdaBoostClassifier"),
        (ensemble.GradientBoostingClassifier(n_estimators=2, init=tree.DecisionTreeClassifier()), "init must be None"),
        (ensemble.GradientBoostingClassifier(init=DummyClassifier(strategy="stratified")), "was DummyClassifier"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,
)
def test_what_would_not_be_the_same_model_is_refused(model: Any, words: str) -> None:
    model.fit(ROWS, TARGETS["two"])
    with pytest.raises(ModelMismatchError, match=words):
        load_forest(model, NAMES)


def test_odd_targets_losses_and_categories_are_refused() -> None:
    rows = ROWS.copy()
    rows[:, 4] += 0.5
    positive = np.abs(Y) + 1.0
    hist, words = ensemble.HistGradientBoostingRegressor, np.where(Y > 0, "up", "down")
    cases = [
        (tree.DecisionTreeClassifier(), "was not fitted"),
        (tree.DecisionTreeRegressor(max_depth=2).fit(ROWS, np.column_stack([Y, Y])), "must have one output, had 2"),
        (tree.DecisionTreeClassifier(max_depth=2).fit(ROWS, words), "labels must be whole numbers, were"),
        (hist(max_iter=2, loss="poisson").fit(ROWS, positive), "the loss must predict its margin, was 'poisson'"),
        (hist(max_iter=2, **CATEGORIES).fit(rows, Y), r"feature 4: a category must be a whole number .*, was 3\.5"),
    ]
    for model, message in cases:
        with pytest.raises(ModelMismatchError, match=message):
            load_forest(model, NAMES)
