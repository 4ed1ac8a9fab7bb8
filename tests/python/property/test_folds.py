"""No training row's label window touches a test part, whatever the table looks like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hftcore.errors import ParameterError, TrainingDataError
from hftcore.folds import NEVER, Fold, TimeFolds, label_ends, later_slice, split_at

DAY = 1_000_000


@st.composite
def tables(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Times with ties, two symbols, one to three sessions, in source order."""
    seed, n_days = draw(st.integers(0, 2**16)), draw(st.integers(1, 3))
    rng = np.random.default_rng(seed)
    n = draw(st.integers(20, 120))
    day = np.sort(rng.integers(0, n_days, n))
    ts = day * DAY + np.sort(rng.integers(0, draw(st.sampled_from([30, 5_000])), n))
    order = np.argsort(ts, kind="stable")
    return ts[order], day[order], rng.choice(["A", "B"], n), draw(st.integers(1, 6))


def assert_clear(fold: Fold, ts: np.ndarray, ends: np.ndarray, embargo_ns: int) -> None:
    assert not set(fold.train) & set(fold.test)
    first, last = int(ts[fold.test].min()), int(ends[fold.test].max())
    for row in fold.train:
        before, after = int(ends[row]) + embargo_ns < first, int(ts[row]) > last + embargo_ns
        assert before or after, (row, ts[row], ends[row], first, last)


@settings(max_examples=150, deadline=None)
@given(tables(), st.integers(2, 4), st.sampled_from(["expanding", "blocked"]), st.sampled_from([0, 1, 50]))
def test_no_label_window_of_training_touches_the_test_part(
    table: tuple[np.ndarray, np.ndarray, np.ndarray, int], n_folds: int, kind: str, embargo_ns: int
) -> None:
    ts, session, symbol, horizon = table
    ends = label_ends(ts, session, symbol, horizon)
    cut = TimeFolds(n_folds=n_folds, kind=kind, embargo_ns=embargo_ns)
    try:
        folds = cut.split(ts, ends, session)
    except TrainingDataError:  # too few times, or a first fold all within reach: said, never passed over
        return
    assert len(folds) == n_folds
    tested = np.concatenate([fold.test for fold in folds])
    assert len(tested) == len(set(tested.tolist()))
    for fold in folds:
        assert_clear(fold, ts, ends, embargo_ns)
        assert fold.test_ns == (ts[fold.test].min(), ts[fold.test].max())
        if kind == "expanding":
            assert ts[fold.train].max() < ts[fold.test].min()
    if kind == "blocked":
        assert len(tested) == len(ts)


@settings(max_examples=60, deadline=None)
@given(tables())
def test_label_ends_are_those_of_a_slow_search(table: tuple[np.ndarray, np.ndarray, np.ndarray, int]) -> None:
    ts, session, symbol, horizon = table
    found = label_ends(ts, session, symbol, horizon)
    for row in range(len(ts)):
        later = [i for i in range(row + 1, len(ts)) if (session[i], symbol[i]) == (session[row], symbol[row])]
        if len(later) >= horizon:
            assert found[row] == ts[later[horizon - 1]]
        else:
            nexts = ts[session > session[row]]
            assert found[row] == (nexts.min() - 1 if len(nexts) else NEVER)


def test_the_purge_is_what_the_label_asks_and_no_more() -> None:
    ts, session = np.arange(100), np.zeros(100, np.int64)
    ends = label_ends(ts, session, ["A"] * 100, 10)
    fold = split_at(ts, ends, 80)
    assert fold.train.tolist() == list(range(70))  # row 69 is known at 79, row 70 at 80
    assert (fold.n_purged, fold.test_ns) == (10, (80, 99))
    assert split_at(ts, ends, 80, embargo_ns=5).train.tolist() == list(range(65))


def test_blocked_folds_keep_their_distance_on_both_sides() -> None:
    ts = np.arange(90)
    folds = TimeFolds(n_folds=3, kind="blocked", embargo_ns=2).split(ts, ts + 4, np.zeros(90, np.int64))
    assert folds[1].test.tolist() == list(range(30, 60))
    # Before: known (4 later) and 2 more before 30. After: the last test label is known at 63, and 2 more.
    assert folds[1].train.tolist() == [*range(24), *range(66, 90)]


def test_folds_by_session_cut_between_sessions() -> None:
    session = np.repeat([3, 4, 5], [50, 10, 40])
    ts = session * DAY + np.arange(100)
    ends = label_ends(ts, session, ["A"] * 100, 5)
    folds = TimeFolds(n_folds=2, by_session=True).split(ts, ends, session)
    assert [sorted(set(session[fold.test].tolist())) for fold in folds] == [[4], [5]]
    assert [fold.n_purged for fold in folds] == [0, 0]  # windows end with their session


def test_the_later_slice_is_the_last_in_time_whatever_the_order_of_rows() -> None:
    ts = np.random.default_rng(1).permutation(100)
    fold = later_slice(ts, ts + 3, 0.2)
    assert sorted(ts[fold.test].tolist()) == list(range(80, 100))
    assert ts[fold.train].max() == 76


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kind": "random"}, "kind must be one of expanding, blocked, was 'random'"),
        ({"n_folds": 0}, "n_folds must be >= 1 for expanding folds, was 0"),
        ({"n_folds": 1, "kind": "blocked"}, "n_folds must be >= 2 for blocked folds, was 1"),
        ({"embargo_ns": -1}, "embargo_ns must be >= 0, was -1"),
    ],
)
def test_a_rule_that_is_broken_is_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        TimeFolds(**values)  # type: ignore[arg-type]


def test_tables_that_cannot_be_cut_are_refused() -> None:
    ts, zeros = np.arange(10), np.zeros(10, np.int64)
    with pytest.raises(TrainingDataError, match="4 blocks of time need 4 different times, found 1"):
        TimeFolds().split(zeros, zeros, zeros)
    with pytest.raises(TrainingDataError, match=r"fold 1 of 3: none of 2 training rows keeps embargo_ns=50"):
        TimeFolds(embargo_ns=50).split(ts, ts, zeros)
    with pytest.raises(TrainingDataError, match="label_end_ns must be at or after ts_event_ns, was 3 < 4 in row 4"):
        TimeFolds().split(ts, np.minimum(ts, 3), zeros)
    with pytest.raises(ParameterError, match="share must be above 0 and below 1, was 1"):
        later_slice(ts, ts, 1.0)
    with pytest.raises(ParameterError, match="horizon must be >= 1, was 0"):
        label_ends(ts, zeros, ["A"] * 10, 0)
    with pytest.raises(TrainingDataError, match="no row at or after 99"):
        split_at(ts, ts, 99)
