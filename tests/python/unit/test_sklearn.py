"""The transformer in scikit-learn's own hands."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import polars as pl
import pytest

import hftcore as hc
from hftcore.errors import EventError, MissingExtraError, ParameterError, SpecError

sklearn = pytest.importorskip("sklearn")
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import NotFittedError  # noqa: E402
from sklearn.impute import SimpleImputer  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402
from sklearn.model_selection import TimeSeriesSplit, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.utils import estimator_checks  # noqa: E402

from hftcore.sklearn import FeatureTransformer  # noqa: E402

SPEC = hc.FeatureSpec("x", [hc.mid(), hc.rsi("mid_px", period=5)])
CHECKS = (
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_get_params_invariance",
    "check_set_params",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_do_not_raise_errors_in_init_or_set_param",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_mixin_order",
)


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=20, rate=200, book_levels=1)


@pytest.mark.parametrize("name", [name for name in CHECKS if hasattr(estimator_checks, name)])
def test_sklearns_own_checks_that_need_no_matrix_pass(name: str) -> None:
    getattr(estimator_checks, name)("FeatureTransformer", FeatureTransformer(SPEC))


def test_check_estimator_passes() -> None:
    with pytest.warns(UserWarning, match="Can't test estimator"):  # what is left are checks with a matrix
        estimator_checks.check_estimator(FeatureTransformer(SPEC))


def test_each_row_is_that_of_its_event(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(SPEC)
    expected = pipe.transform(tape)
    rows = FeatureTransformer(SPEC).fit_transform(tape)
    assert rows.shape == (len(tape), 2)
    assert rows[pipe.rows].tobytes() == expected.tobytes()
    assert np.isnan(np.delete(rows, pipe.rows, axis=0)).all()
    alone = FeatureTransformer(SPEC, align="rows").fit(tape)
    assert alone.transform(tape).tobytes() == alone.transform(tape).tobytes() == expected.tobytes()
    assert alone.events_of_rows(tape).tolist() == pipe.rows.tolist()


def test_transform_changes_nothing(tape: hc.Events) -> None:
    made = FeatureTransformer(SPEC).fit(tape)
    before = dict(vars(made))
    made.transform(tape[:100])
    assert vars(made) == before


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_set_output_names_the_columns(container: str, tape: hc.Events) -> None:
    made = FeatureTransformer(SPEC).set_output(transform=container).fit(tape)
    rows = made.transform(tape)
    assert type(rows).__module__.startswith(container)
    assert list(rows.columns) == made.get_feature_names_out().tolist() == list(SPEC.names)
    short = FeatureTransformer(SPEC, align="rows").set_output(transform=container).fit_transform(tape)
    assert 0 < len(short) < len(tape)


def test_containers_and_what_fit_remembers(tape: hc.Events) -> None:
    expected = FeatureTransformer(SPEC).fit_transform(tape).tobytes()
    tables: dict[str, Any] = {
        "arrow": tape.to_arrow(),
        "pandas": tape.to_pandas(),
        "polars": pl.from_arrow(tape.to_arrow()),
    }
    for table in tables.values():
        made = FeatureTransformer(SPEC, instruments=tape.instruments).fit(table)
        assert made.transform(table).tobytes() == expected
        assert made.n_features_in_ == len(made.feature_names_in_) == 21
    made.fit(tape)
    assert made.n_features_in_ == 1
    assert not hasattr(made, "feature_names_in_")
    again = pickle.loads(pickle.dumps(made))
    assert again.transform(tape).tobytes() == expected
    assert clone(made).get_params()["spec"] == SPEC
    with pytest.raises(NotFittedError):
        clone(made).transform(tape)


def test_in_a_pipeline_under_time_splits(tape: hc.Events) -> None:
    y = np.arange(len(tape), dtype=float)
    for X in (tape.data, tape.to_pandas()):
        model = make_pipeline(
            FeatureTransformer(SPEC, instruments=tape.instruments), SimpleImputer(), LinearRegression()
        )
        for train, test in TimeSeriesSplit(3).split(y):
            some = (lambda at, X=X: X[at]) if isinstance(X, np.ndarray) else (lambda at, X=X: X.iloc[at])
            assert np.isfinite(model.fit(some(train), y[train]).predict(some(test))).all()
    with pytest.raises(EventError, match=r"give it events\.data"):  # scikit-learn takes Events apart
        cross_val_score(
            make_pipeline(FeatureTransformer(SPEC), LinearRegression()),
            tape,
            y,
            cv=TimeSeriesSplit(3),
            error_score="raise",
        )


def test_wrong_parameters_are_named_at_fit(tape: hc.Events) -> None:
    with pytest.raises(SpecError, match="spec must be a FeatureSpec, was NoneType"):
        FeatureTransformer().fit(tape)
    with pytest.raises(ParameterError, match="align must be one of events, rows, was 'row'"):
        FeatureTransformer(SPEC, align="row").fit(tape)
    with pytest.raises(EventError, match=r"was builtins\.int"):
        FeatureTransformer(SPEC).fit(3)


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib
    import sys

    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "hftcore.sklearn")
    with pytest.raises(MissingExtraError, match="scikit-learn"):
        importlib.import_module("hftcore.sklearn")
