"""The proof's sequence guard."""

from __future__ import annotations

import numpy as np
import pytest

from hftcore.proof.guard import guard
from hftcore.records import EVENT_DTYPE, Flag


def events(rows):
    data = np.zeros(len(rows), EVENT_DTYPE)
    for i, (symbol, number, *reset) in enumerate(rows):
        data[i]["symbol_id"], data[i]["source_seq"] = symbol, number
        data[i]["flags"] = int(Flag.SEQUENCE_RESET) if reset else 0
    return data


def streams(data):
    return data["symbol_id"].astype(np.int64)


@pytest.mark.parametrize(
    ("rows", "keep", "gap"),
    [
        ([(0, 1), (0, 2), (1, 9), (0, 3)], "1111", "0000"),
        ([(0, 1), (0, 4), (0, 5)], "111", "010"),
        ([(0, 3), (0, 3), (0, 2), (0, 4)], "1001", "0000"),
        ([(0, 5), (0, 1, True), (0, 2)], "111", "000"),
        ([(0, 5), (0, 0), (0, 6)], "111", "000"),
        ([(0, 5), (0, 0, True), (0, 9), (0, 10)], "1111", "0000"),
    ],
)
def test_what_is_left_out_and_what_is_marked(rows, keep, gap):
    seen = guard(events(rows), streams(events(rows)), True)
    assert "".join(map(str, seen.keep.astype(int))) == keep
    assert "".join(map(str, seen.gap.astype(int))) == gap


def test_it_goes_on_from_what_was_seen_before():
    data = events([(0, 7), (0, 8), (1, 3)])
    seen = guard(data, streams(data), True, (7, 0))
    assert seen.keep.tolist() == [False, True, True]


def test_a_feed_without_numbers_is_not_guarded():
    data = events([(0, 7), (0, 7)])
    seen = guard(data, streams(data), False)
    assert seen.keep.all()
