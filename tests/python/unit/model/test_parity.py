"""verify: every path gives the same bits, and a path that does not is reported."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pytest

import hftcore as hc
from hftcore import _core
from hftcore.errors import ParameterError
from hftcore.forest.flat import FlatForest
from hftcore.parity import compare_bits
from hftcore.parity.row_sets import BLOCK_ROWS, RowSets
from hftcore.reference import Reference


@pytest.fixture(scope="session")
def events() -> hc.Events:
    return hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=20, rate=200)


def test_every_path_gives_the_same_bits(compiled: hc.Artifact, events: hc.Events) -> None:
    report = hc.verify(compiled, events, rows=1000, allow_compiled=True)
    assert report.ok, str(report)
    names = [check.name for check in report.checks]
    assert len(names) == len(set(names))
    engines = ["compiled", *{f"kernel {path}" for path in kernel_paths_of(compiled)}]
    for engine in engines:
        for words in ("rows of events", "adversarial rows", "random rows"):
            assert f"margins: {engine} = GTIL, {words}" in names
        for words in (", row by row = batch", ", 2 and 3 threads = one"):
            assert f"margins: {engine}{words}" in names
    for words in ("event by event", "split", "restored"):
        assert any(words in name for name in names), words
    assert all(check.rows > 0 for check in report.checks)
    assert report.reference == "GTIL"
    assert report.to_dict()["checks"][0] == {
        "name": "features: event by event = batch",
        "rows": report.checks[0].rows,
        "differing": 0,
        "max_ulp": 0,
        "class_flips": 0,
    }
    assert str(report).endswith("every bit agrees")


def kernel_paths_of(art: hc.Artifact) -> set[str]:
    manifest = art.manifest
    rule = (art.files["forest.bin"], len(art.classes), manifest["output_rule"], manifest["alpha"])
    return {_core.model.ForestModel.from_forest(*rule, path).path for path in _core.model.kernel_paths()}


def test_without_permission_the_machine_code_is_left_out(compiled: hc.Artifact) -> None:
    report = hc.verify(hc.Artifact.load(compiled.path), rows=10)
    assert report.ok
    assert not any("compiled" in check.name for check in report.checks)


def test_a_reference_that_disagrees_is_reported(
    artifact: hc.Artifact, events: hc.Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hftcore import parity

    honest = parity.reference_of

    def bent(flat: FlatForest) -> Reference:
        true = honest(flat)
        return Reference("bent", "", lambda rows: np.nextafter(true.margins(rows), np.inf))

    monkeypatch.setattr(parity, "reference_of", bent)
    report = hc.verify(artifact, events, rows=100)
    assert not report.ok
    wrong = [check for check in report.checks if check.differing]
    assert {check.name.partition(", ")[2] for check in wrong} == {"rows of events", "adversarial rows", "random rows"}
    assert all(" = bent, " in check.name for check in wrong)
    assert {check.max_ulp for check in wrong} == {1}
    assert str(report).endswith("PATHS DISAGREE")


def test_other_classes_are_counted(artifact: hc.Artifact, monkeypatch: pytest.MonkeyPatch) -> None:
    from hftcore import parity

    honest = parity.reference_of
    monkeypatch.setattr(
        parity, "reference_of", lambda flat: Reference("minus", "", lambda rows: -honest(flat).margins(rows))
    )
    report = hc.verify(artifact, rows=100)
    assert max(check.class_flips for check in report.checks) > 10_000


def test_verify_needs_only_the_file(artifact: hc.Artifact, events: hc.Events) -> None:
    assert hc.verify(hc.Artifact.load(Path(artifact.path)), events[:500], rows=0).ok


def test_progress_ends_at_the_number_of_rows(artifact: hc.Artifact) -> None:
    steps: list[tuple[int, int]] = []
    hc.verify(artifact, rows=100_000, progress=lambda done, total: steps.append((done, total)))
    assert steps[-1] == (120_000, 120_000)
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    with pytest.raises(ParameterError, match="rows must be >= 0, was -1"):
        hc.verify(artifact, rows=-1)


def test_rows_come_in_blocks_and_are_the_same_again(artifact: hc.Artifact) -> None:
    flat = FlatForest.from_bytes(artifact.files["forest.bin"])
    given = np.zeros((BLOCK_ROWS + 1, 5))
    sets = RowSets(flat, given, BLOCK_ROWS + 7)
    once, again = (list(sets.blocks()) for _ in range(2))
    assert [block.set_name for block in once] == ["rows of events"] * 2 + ["adversarial rows"] + ["random rows"] * 2
    assert max(len(block.rows) for block in once) == BLOCK_ROWS
    assert sum(len(block.rows) for block in once) == sets.n_rows
    for a, b in zip(once, again, strict=True):
        assert a.rows.tobytes() == b.rows.tobytes()
    random = once[-2].rows
    for feature in range(5):
        thresholds = flat.nodes["value"][~flat.is_leaf & (flat.feature == feature)]
        on_both_sides = (random[:, [feature]] <= thresholds).mean(axis=0)
        assert on_both_sides.min() > 0.0
        assert on_both_sides.max() < 1.0
    assert 0.04 < np.isnan(random).mean() < 0.06


def test_a_million_rows_of_a_hundred_trees_have_the_bits_of_the_reference(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(5000, 10))
    rows[rng.random(rows.shape) < 0.05] = np.nan
    labels = (np.nan_to_num(rows[:, 0]) + np.nan_to_num(rows[:, 1] * rows[:, 2]) > 0).astype(int)
    spec = hc.FeatureSpec("wide", [hc.log_return("mid_px", lag=lag) for lag in range(1, 11)])
    model = lightgbm.LGBMClassifier(n_estimators=100, max_depth=5, num_leaves=31, verbose=-1, n_jobs=1)
    report = hc.verify(hc.compile_model(model.fit(rows, labels), spec, tmp_path / "up.hft"), rows=1_000_000)
    assert report.ok, str(report)
    assert sum(check.rows for check in report.checks if "random rows" in check.name) >= 1_000_000


def test_bits_are_compared_not_values() -> None:
    a = np.array([[0.0, np.nan], [1.0, 2.0]])
    assert compare_bits("same", a, a.copy()).differing == 0
    assert compare_bits("signs of zero", a, np.array([[-0.0, np.nan], [1.0, 2.0]])).max_ulp == 1
    assert compare_bits("two apart", a, a + np.array([[0.0, 0.0], [0.0, 8.9e-16]])).max_ulp == 2
    assert compare_bits("nan and number", a, np.array([[0.0, 1.0], [1.0, 2.0]])).differing == 1
    assert compare_bits("other shape", a, a[:1]).differing == 2
