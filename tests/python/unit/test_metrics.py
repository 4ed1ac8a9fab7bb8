from __future__ import annotations

import json
import math

import numpy as np
import pytest

from hftcore.metrics import Classification, Reliability


def test_scores_follow_from_a_matrix_counted_by_hand():
    c = Classification.of([-1, -1, 0, 0, 0, 1], [-1, 0, 0, 0, 1, 1])
    assert c.confusion == ((1, 1, 0), (0, 2, 1), (0, 0, 1))
    assert c.n_rows == 6
    assert c.accuracy == pytest.approx(4 / 6)
    assert [s.precision for s in c.per_class] == pytest.approx([1.0, 2 / 3, 0.5])
    assert [s.recall for s in c.per_class] == pytest.approx([0.5, 2 / 3, 1.0])
    assert c.f1_macro == pytest.approx(2 / 3)


def test_perfect_and_inverted_predictions_stand_at_the_ends_of_mcc():
    y = [-1, 1, -1, 1]
    assert Classification.of(y, y).mcc == pytest.approx(1.0)
    assert Classification.of(y, [1, -1, 1, -1]).mcc == pytest.approx(-1.0)


def test_a_single_class_on_either_side_has_no_correlation():
    assert Classification.of([0, 0, 0], [0, 0, 0]).mcc == 0.0
    assert Classification.of([-1, 0, 1], [0, 0, 0]).mcc == 0.0
    assert Classification.of([0, 0, 0], [-1, 0, 1]).mcc == 0.0


def test_a_class_that_never_occurs_counts_as_zero_in_macro_means():
    c = Classification.of([0, 1, 0, 1], [0, 1, 0, 1])
    assert c.per_class[0].f1 == 0.0
    assert c.f1_macro == pytest.approx(2 / 3)


def test_majority_is_the_most_common_class_of_these_rows_and_has_no_skill():
    c = Classification.of([0, 0, 0, 1, -1], [1, 0, 0, 1, -1])
    assert c.majority_class == 0
    assert c.majority.accuracy == pytest.approx(0.6)
    assert c.majority.recall_macro == pytest.approx(1 / 3)
    assert c.majority.mcc == 0.0


def test_a_tie_for_majority_goes_to_the_lowest_label():
    assert Classification.of([1, 1, -1, -1], [1, 1, 1, 1]).majority_class == -1


def test_log_loss_of_class_shares_is_that_of_the_majority():
    y = [-1, 0, 0, 1]
    shares = np.tile([0.25, 0.5, 0.25], (4, 1))
    c = Classification.of(y, [0, 0, 0, 0], proba=shares)
    assert c.log_loss == pytest.approx(1.5 * math.log(2))
    assert c.majority.log_loss == pytest.approx(c.log_loss)


def test_a_certain_miss_costs_much_but_not_infinitely():
    c = Classification.of([1], [-1], proba=[[1.0, 0.0, 0.0]])
    assert c.log_loss == pytest.approx(-math.log(np.finfo(float).eps))


def test_mcc_survives_more_rows_than_an_int64_can_square():
    n = 4 * 10**9
    c = Classification((-1, 0, 1), ((n, 0, 0), (0, n, 0), (0, 0, n)))
    assert c.mcc == pytest.approx(1.0)


def test_plain_form_is_json_and_comes_back_equal():
    c = Classification.of([-1, 0, 1, 1], [0, 0, 1, -1], proba=np.full((4, 3), 1 / 3))
    assert Classification.from_dict(json.loads(json.dumps(c.to_dict()))) == c


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), r"n >= 1, was \(0,\)"),
        (([0, 1], [0]), "y_true has 2 rows, y_pred has 1"),
        (([0, 2], [0, 0]), r"y_true must hold only \(-1, 0, 1\), found 2 at row 1"),
        (([0, 0], [0, math.nan]), r"y_pred must hold only \(-1, 0, 1\), found nan at row 1"),
    ],
)
def test_bad_labels_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Classification.of(*arguments)


@pytest.mark.parametrize("row", [[0.5, 0.5, 0.5], [1.2, -0.2, 0.0], [math.nan, 0.5, 0.5]])
def test_a_row_that_is_no_distribution_is_named(row):
    with pytest.raises(ValueError, match=r"distribution in every row, was .* at row 1"):
        Classification.of([0, 0], [0, 0], proba=[[0.0, 1.0, 0.0], row])


@pytest.mark.parametrize("confusion", [((1, 0), (0, 1)), ((0, 0, 0),) * 3, ((1, 0, 0), (0, -1, 0), (0, 0, 1))])
def test_a_matrix_that_counts_nothing_sensible_is_refused(confusion):
    with pytest.raises(ValueError, match="confusion must"):
        Classification((-1, 0, 1), confusion)


def test_reliability_puts_each_probability_in_one_bin():
    r = Reliability.of([0.0, 0.05, 0.55, 1.0], [False, True, True, True])
    assert r.n == (2, 1, 1)
    assert r.p_mean == pytest.approx((0.025, 0.55, 1.0))
    assert r.hit_frac == (0.5, 1.0, 1.0)
    assert r.expected_error == pytest.approx((2 * 0.475 + 0.45) / 4)


def test_reliability_of_nothing_is_empty():
    assert Reliability.of([], []) == Reliability((), (), ())
    assert Reliability.of([], []).expected_error == 0.0


@pytest.mark.parametrize(
    ("p", "hit", "message"),
    [([0.5], [], "same shape"), ([1.5], [True], "between 0 and 1"), ([math.nan], [True], "between 0 and 1")],
)
def test_reliability_refuses_what_is_no_probability(p, hit, message):
    with pytest.raises(ValueError, match=message):
        Reliability.of(p, hit)
