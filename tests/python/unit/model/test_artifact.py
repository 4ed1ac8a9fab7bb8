"""Model folders: what they hold, what they refuse."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import lightgbm
import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import ModelMismatchError
from hftcore.manifest import read_manifest, render_manifest

FILES = ("manifest.json", "spec.json", "forest.tl", "probes.npz", "training.json", "forest-*.so")


@pytest.fixture
def copy(artifact: hc.Artifact, tmp_path: Path) -> Path:
    return Path(shutil.copytree(artifact.path, tmp_path / "copy.hft"))


def rewrite_manifest(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_bytes(render_manifest({**manifest, **changes}))


def test_a_loaded_artifact_knows_where_it_came_from(artifact: hc.Artifact, spec: hc.FeatureSpec) -> None:
    loaded = hc.Artifact.load(artifact.path, spec=spec)
    assert loaded.classes == (-1, 0, 1)
    assert loaded.spec == spec
    assert tuple(loaded.importance) == spec.names
    assert sum(loaded.importance.values()) == pytest.approx(1.0)
    assert loaded.training["trainer"] == "lightgbm"
    assert loaded.manifest["threshold_type"] == "float64"
    assert loaded.manifest["data_fingerprint"] == loaded.training["data_fingerprint"]
    assert loaded.model_id == artifact.model_id


def test_margins_and_scores_are_lightgbms_own_bits(
    artifact: hc.Artifact, booster: lightgbm.Booster, rows: np.ndarray
) -> None:
    assert artifact.predict_margin(rows).tobytes() == booster.predict(rows, raw_score=True).tobytes()
    np.testing.assert_allclose(artifact.predict_proba(rows), booster.predict(rows), rtol=0, atol=1e-15)


def test_one_row_gives_the_bits_of_the_batch(artifact: hc.Artifact, rows: np.ndarray) -> None:
    margins, scores = artifact.predict_margin(rows), artifact.predict_proba(rows)
    for i in range(50):
        assert artifact.predict_margin(rows[i]).tobytes() == margins[i].tobytes()
        assert artifact.predict_proba(rows[i]).tobytes() == scores[i].tobytes()
    assert artifact.predict_margin(rows[:0]).shape == (0, 3)


def test_nothing_is_converted_on_the_way_in(artifact: hc.Artifact, rows: np.ndarray) -> None:
    with pytest.raises(TypeError, match="must be a float64 array, was float32"):
        artifact.predict_margin(rows.astype(np.float32))
    with pytest.raises(TypeError, match="must be a float64 array, was list"):
        artifact.predict_proba(rows[0].tolist())
    with pytest.raises(TypeError, match="C-contiguous"):
        artifact.predict_margin(rows[:, ::-1])
    with pytest.raises(ValueError, match=r"shape \(n, 5\) or \(5,\)"):
        artifact.predict_margin(np.zeros((3, 4)))


@pytest.mark.parametrize("pattern", FILES)
def test_a_flipped_byte_anywhere_in_any_file_is_caught(copy: Path, pattern: str) -> None:
    file = next(copy.glob(pattern))
    whole = file.read_bytes()
    for at in sorted({0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 2, len(whole) - 1}):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
        with pytest.raises(ModelMismatchError, match=file.name.replace(".", r"\.")):
            hc.Artifact.load(copy)
    file.write_bytes(whole)
    hc.Artifact.load(copy)


def test_every_single_byte_of_the_manifest_matters(copy: Path) -> None:
    file = copy / "manifest.json"
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x02]) + whole[at + 1 :])
        with pytest.raises(ModelMismatchError):
            read_manifest(copy)


@pytest.mark.parametrize("pattern", FILES)
def test_a_missing_file_is_named(copy: Path, pattern: str) -> None:
    file = next(copy.glob(pattern))
    file.unlink()
    with pytest.raises(ModelMismatchError, match=file.name):
        hc.Artifact.load(copy)


def test_another_spec_is_refused_by_its_first_difference(artifact: hc.Artifact) -> None:
    named = [hc.mid(), hc.spread(), hc.queue_imbalance(), hc.ema("mid_px", period=9), hc.rsi("mid_px", period=7)]
    with pytest.raises(ModelMismatchError, match="feature 3 is 'ema_mid_px_5' in the model, 'ema_mid_px_9'"):
        hc.Artifact.load(artifact.path, spec=hc.FeatureSpec("small", named))
    with pytest.raises(ModelMismatchError, match="5 features in the model, 2 in the spec given"):
        hc.Artifact.load(artifact.path, spec=hc.FeatureSpec("small", named[:2]))
    named[3] = hc.ema("mid_px", period=5)
    other_origin = hc.FeatureSpec("small", named, origin="continuous")
    with pytest.raises(ModelMismatchError, match=r"spec\.origin is 'session_open' in the model, 'continuous'"):
        hc.Artifact.load(artifact.path, spec=other_origin)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format_version": 2}, "format version must be 1, was 2"),
        ({"spec_sha256": "0" * 64}, "spec hash must be"),
        ({"feature_names": ["a", "b", "c", "d", "e"]}, "feature names must be"),
        ({"alpha": 3.0}, "model id must be"),
        ({"threshold_type": "float32"}, "threshold type must be float64, was float32"),
        ({"platform": "plan9-mips"}, "platform must be .*, was plan9-mips"),
        ({"n_trees": "many"}, "field 'n_trees' is missing or of another type"),
        ({"extra": 1}, "field 'extra' is unknown"),
    ],
)
def test_a_manifest_that_was_resealed_with_a_lie_is_refused(copy: Path, changes: dict[str, object], words: str) -> None:
    rewrite_manifest(copy, **changes)
    with pytest.raises(ModelMismatchError, match=words):
        hc.Artifact.load(copy)


def test_a_library_that_predicts_something_else_fails_the_probes(copy: Path, tmp_path: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    with np.load(copy / "probes.npz") as stored:
        probes, margins = stored["rows"], stored["margins"]
    margins[5, 1] = np.nextafter(margins[5, 1], np.inf)
    np.savez(copy / "probes.npz", rows=probes, margins=margins)
    from hftcore.files import sha256_of

    rewrite_manifest(copy, files={**manifest["files"], "probes.npz": sha256_of(copy / "probes.npz")})
    with pytest.raises(ModelMismatchError, match="probe row 5 must give the margins"):
        hc.Artifact.load(copy)


def test_a_folder_that_is_no_artifact_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatchError, match="no model folder"):
        hc.Artifact.load(tmp_path / "nowhere")
    (tmp_path / "manifest.json").write_text('{"format": "something"}')
    with pytest.raises(ModelMismatchError, match="not the manifest of an hftcore-model"):
        hc.Artifact.load(tmp_path)
