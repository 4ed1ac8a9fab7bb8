"""verify: every path gives the same bits, and a path that does not is reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore.parity import compare_bits


@pytest.fixture(scope="session")
def events() -> hc.Events:
    return hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=20, rate=200)


def test_every_path_gives_the_same_bits(artifact: hc.Artifact, events: hc.Events) -> None:
    report = hc.verify(artifact, events)
    assert report.ok, str(report)
    names = [check.name for check in report.checks]
    assert len(names) == len(set(names))
    for words in ("event by event", "split", "restored", "row by row", "GTIL, rows of events", "GTIL, adversarial"):
        assert any(words in name for name in names), words
    assert all(check.rows > 0 for check in report.checks)
    assert report.to_dict()["checks"][0] == {
        "name": "features: event by event = batch",
        "rows": report.checks[0].rows,
        "differing": 0,
        "max_ulp": 0,
    }
    assert str(report).endswith("every bit agrees")


def test_a_reference_that_disagrees_is_reported(
    artifact: hc.Artifact, events: hc.Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hftcore import parity

    honest = parity.reference_margins
    monkeypatch.setattr(parity, "reference_margins", lambda model, rows: np.nextafter(honest(model, rows), np.inf))
    report = hc.verify(artifact, events)
    assert not report.ok
    wrong = [check for check in report.checks if check.differing]
    assert [check.name for check in wrong] == [
        "margins: compiled = GTIL, rows of events",
        "margins: compiled = GTIL, adversarial rows",
    ]
    assert {check.max_ulp for check in wrong} == {1}
    assert str(report).endswith("PATHS DISAGREE")


def test_verify_needs_only_the_folder(artifact: hc.Artifact, events: hc.Events) -> None:
    assert hc.verify(hc.Artifact.load(Path(artifact.path)), events[:500]).ok


def test_bits_are_compared_not_values() -> None:
    a = np.array([[0.0, np.nan], [1.0, 2.0]])
    assert compare_bits("same", a, a.copy()).differing == 0
    assert compare_bits("signs of zero", a, np.array([[-0.0, np.nan], [1.0, 2.0]])).max_ulp == 1
    assert compare_bits("two apart", a, a + np.array([[0.0, 0.0], [0.0, 8.9e-16]])).max_ulp == 2
    assert compare_bits("nan and number", a, np.array([[0.0, 1.0], [1.0, 2.0]])).differing == 1
    assert compare_bits("other shape", a, a[:1]).differing == 2
