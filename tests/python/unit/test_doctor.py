"""The doctor finds each sickness, and none in a healthy spec."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore.doctor import Diagnosis, examine
from hftcore.doctor.paths import batches, look_ahead
from hftcore.errors import EventError, ParameterError, SpecError


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=5, symbols=["AAA", "BBB"], seconds=60, rate=200, book_levels=1)


def levels(found: Diagnosis) -> list[tuple[str, str, str]]:
    return [(f.check, f.level, f.column) for f in found.findings]


def test_a_healthy_spec_has_no_finding_and_its_warm_up_is_right_to_the_row(tape: hc.Events) -> None:
    features = [hc.mid(), hc.rsi("mid_px", period=5, name="r"), hc.ema("r", period=3, name="e"), hc.vwap(window="5s")]
    spec = hc.FeatureSpec("fine", features, origin="continuous")
    done: list[tuple[int, int]] = []
    found = examine(spec, tape, progress=lambda n, total: done.append((n, total)))
    assert found.ok
    assert not found.findings
    rows = np.bincount(tape.data["symbol_id"][tape.data["kind"] == 2])
    for column, told in zip(spec.columns[1:3], found.columns[1:3], strict=True):
        assert told.n_nan == 2 * column.lookback
        assert told.n_cold == 2 * (column.warm_up(1e-9) - 1)
        assert column.warm_up(1e-9) < rows.min()
    assert done[-1][0] == done[-1][1]
    assert [n for n, _ in done] == sorted(n for n, _ in done)


def test_each_session_warms_up_anew() -> None:
    days = hc.generate(seed=5, symbols=["AAA"], seconds=30, rate=100, book_levels=0, sessions=3)
    spec = hc.FeatureSpec("days", [hc.ema("mid_px", period=4)])
    told = examine(spec, days).columns[0]
    assert (told.n_nan, told.n_cold) == (3 * 3, 3 * (told.warm_up - 1))


def test_every_sickness_of_a_column_is_found(tape: hc.Events) -> None:
    features = [
        hc.mid(name="a"),
        hc.ema("mid_px", period=1, name="b"),
        hc.expr("mid_px - mid_px", name="flat"),
        hc.expr("0 / (mid_px - mid_px)", name="never"),
        hc.log_return("mid_px", lag=500_000, name="long"),
        hc.ema("mid_px", period=400, name="slow"),
        hc.trade_imbalance(window="20s", max_events=4, name="small"),
        hc.vwap(window="20s", name="roomy"),
    ]
    found = examine(hc.FeatureSpec("sick", features), tape)
    assert not found.ok
    told = levels(found)
    for expected in (
        ("duplicate", "warning", "b"),
        ("constant", "warning", "flat"),
        ("always NaN", "failed", "never"),
        ("always NaN", "failed", "long"),
        ("warm-up", "failed", "long"),
        ("early leaves", "failed", "small"),
    ):
        assert expected in told
    assert not [f for f in told if f[2] in ("a", "roomy")]
    assert found.verdict("duplicate") == "warning"
    assert found.verdict("look-ahead") == "ok"
    texts = {f.column: f.text for f in found.findings}
    assert texts["b"] == "it is a again, in every bit of every row"
    assert "max_events" in texts["small"]
    assert found.to_dict()["checks"]["early leaves"] == "failed"


def test_symbols_that_never_warm_are_named_with_what_they_have(tape: hc.Events) -> None:
    quotes = tape.data["kind"] == 2
    few = np.flatnonzero(quotes & (tape.data["symbol_id"] == 1))[:50]
    cut = tape[np.sort(np.concatenate([np.flatnonzero(quotes & (tape.data["symbol_id"] == 0)), few]))]
    found = examine(hc.FeatureSpec("x", [hc.ema("mid_px", period=9)]), cut)
    assert levels(found) == [("warm-up", "warning", "ema_mid_px_9")]
    assert "it needs 102 quotes in a session; BBB has 50" in found.findings[0].text
    assert found.ok


def test_a_tape_without_rows_says_what_became_of_its_events(tape: hc.Events) -> None:
    found = examine(hc.FeatureSpec("x", [hc.mid()], session=("02:00", "03:00")), tape)
    assert levels(found)[0] == ("rows", "failed", "")
    assert "no event gives a row: " in found.findings[0].text


class Cheat:
    """A pipeline of mids that knows something it must not."""

    names = ("mid",)

    def __init__(self, spec: hc.FeatureSpec, tape: hc.Events, fault: str) -> None:
        self.spec, self._tape, self._fault = spec, tape, fault
        self._real = hc.FeaturePipeline(spec, tape.instruments)
        self.rows = self._real.rows

    def transform(self, events: hc.Events) -> Any:
        matrix = self._real.transform(events)
        self.rows = self._real.rows
        if self._fault == "future" and len(matrix):
            matrix = matrix - matrix.mean()  # normalised over all of the tape
        if self._fault == "peek":
            matrix = np.concatenate([matrix[1:], matrix[-1:]])  # the next row's value
        if self._fault == "missing" and len(events) < 500:
            matrix, self.rows = matrix[1:], self.rows[1:]
        return matrix

    def update(self, event: hc.Event) -> Any:
        return self._real.update(event)


@pytest.mark.parametrize("fault", ["future", "peek"])
def test_a_look_into_the_future_is_caught(fault: str, tape: hc.Events) -> None:
    spec = hc.FeatureSpec("x", [hc.mid()])
    found = look_ahead(lambda: Cheat(spec, tape, fault), tape[:4_000], lambda n: None)  # type: ignore[arg-type, return-value]
    assert [(f.check, f.level, f.column) for f in found] == [("look-ahead", "failed", "mid")]


def test_rows_that_depend_on_the_batch_are_caught(tape: hc.Events) -> None:
    spec = hc.FeatureSpec("x", [hc.mid()])
    for fault, where in (("future", "mid"), ("missing", "")):
        found = batches(lambda: Cheat(spec, tape, fault), tape[:4_000], lambda n: None)  # type: ignore[arg-type, return-value]  # noqa: B023
        assert [(f.check, f.column) for f in found] == [("batches", where)]


def test_wrong_use_is_refused(tape: hc.Events) -> None:
    spec = hc.FeatureSpec("x", [hc.mid()])
    with pytest.raises(EventError, match="no event"):
        examine(spec, tape[:0])
    with pytest.raises(ParameterError, match="sample must be >= 1, was 0"):
        examine(spec, tape, sample=0)
    with pytest.raises(SpecError, match="tolerance"):
        examine(hc.FeatureSpec("x", [hc.ema("mid_px", period=3)]), tape, tolerance=2.0)
