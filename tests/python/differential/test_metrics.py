"""Our scores against scikit-learn's, over the same fixed set of classes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hftcore.metrics import Classification, Reliability

oracle = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the oracle: pip install 'hftcore[train]'")

CLASSES = (-1, 0, 1)
labels = st.sampled_from(CLASSES)
label_pairs = st.lists(st.tuples(labels, labels), min_size=1, max_size=60)


@given(label_pairs)
def test_scores_match_sklearn(pairs):
    y, guess = (np.array(side) for side in zip(*pairs, strict=True))
    c = Classification.of(y, guess)
    p, r, f, n = oracle.precision_recall_fscore_support(y, guess, labels=CLASSES, zero_division=0)
    np.testing.assert_array_equal(c.confusion, oracle.confusion_matrix(y, guess, labels=CLASSES))
    np.testing.assert_allclose([s.precision for s in c.per_class], p, atol=1e-12)
    np.testing.assert_allclose([s.recall for s in c.per_class], r, atol=1e-12)
    np.testing.assert_allclose([s.f1 for s in c.per_class], f, atol=1e-12)
    assert [s.n_true for s in c.per_class] == n.tolist()
    assert c.accuracy == pytest.approx(oracle.accuracy_score(y, guess), abs=1e-12)
    assert c.f1_macro == pytest.approx(oracle.f1_score(y, guess, labels=CLASSES, average="macro", zero_division=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sklearn warns where one class stands alone
        assert c.mcc == pytest.approx(oracle.matthews_corrcoef(y, guess), abs=1e-12)


@given(label_pairs)
def test_majority_matches_a_constant_prediction(pairs):
    y, guess = (np.array(side) for side in zip(*pairs, strict=True))
    c = Classification.of(y, guess)
    base = Classification.of(y, np.full_like(y, c.majority_class))
    assert c.majority == base


@given(st.lists(labels, min_size=1, max_size=40), st.data())
def test_log_loss_matches_sklearn(y, data):
    weight = data.draw(hnp.arrays(np.float64, (len(y), 3), elements=st.floats(0.0, 1.0)))
    weight[weight.sum(axis=1) < 1e-3] = 1.0
    p = weight / weight.sum(axis=1, keepdims=True)
    ours = Classification.of(y, y, proba=p).log_loss
    assert ours == pytest.approx(oracle.log_loss(y, p, labels=CLASSES), rel=1e-9, abs=1e-12)


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), min_size=2, max_size=80))
def test_reliability_matches_sklearn(points):
    calibration = pytest.importorskip("sklearn.calibration")
    p, hit = (np.array(side) for side in zip(*points, strict=True))
    assume(hit.any() and not hit.all())
    assume(np.all(np.abs(10 * p - np.round(10 * p)) > 1e-9))  # on the edge of a bin the two choose different sides
    frac, mean = calibration.calibration_curve(hit, p, n_bins=10)
    r = Reliability.of(p, hit)
    np.testing.assert_allclose(r.hit_frac, frac)
    np.testing.assert_allclose(r.p_mean, mean)
