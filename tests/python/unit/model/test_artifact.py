"""Models on disk: what they hold, what they refuse, as a folder and as one file."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

import hftcore as hc
from hftcore import _core, archive
from hftcore.errors import ModelMismatchError
from hftcore.files import sha256_of
from hftcore.manifest import COMPILED_FIELDS, model_id, read_manifest, render_manifest

FILES = ("manifest.json", "spec.json", "forest.bin", "probes.npz", "training.json", "model_card.md", "forest-*.so")


def npy_bytes(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


@pytest.fixture
def copy(artifact: hc.Artifact, tmp_path: Path) -> Path:
    return artifact.save(tmp_path / "copy").path


@pytest.fixture
def compiled_copy(compiled: hc.Artifact, tmp_path: Path) -> Path:
    return compiled.save(tmp_path / "compiled").path


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
    with pytest.raises(
        TypeError, match="must be a float64 array, an Arrow table or a frame of pandas or polars, was list"
    ):
        artifact.predict_proba(rows[0].tolist())
    with pytest.raises(TypeError, match="C-contiguous"):
        artifact.predict_margin(rows[:, ::-1])
    with pytest.raises(ValueError, match=r"shape \(n, 5\) or \(5,\)"):
        artifact.predict_margin(np.zeros((3, 4)))


def some_bytes(whole: bytes, most: int = 400) -> list[int]:
    """Every place of a small file, that many of a large one, its ends among them."""
    step = max(1, len(whole) // most)
    return sorted({*range(0, len(whole), step), 1, len(whole) - 2, len(whole) - 1})


@pytest.mark.parametrize("pattern", FILES)
def test_a_flipped_byte_anywhere_in_any_file_is_caught(compiled_copy: Path, pattern: str) -> None:
    file = next(compiled_copy.glob(pattern))
    whole = file.read_bytes()
    for at in some_bytes(whole):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x01]) + whole[at + 1 :])
        with pytest.raises(ModelMismatchError, match=file.name.replace(".", r"\.")):
            hc.Artifact.load(compiled_copy)
        with pytest.raises(ValueError, match=file.name.replace(".", r"\.")):
            _core.artifact.load_check(str(compiled_copy))
    file.write_bytes(whole)
    hc.Artifact.load(compiled_copy)
    assert _core.artifact.load_check(str(compiled_copy)) == "kernel"


def test_a_flipped_byte_anywhere_in_the_file_is_caught(artifact: hc.Artifact, tmp_path: Path) -> None:
    whole, file = artifact.to_bytes(), tmp_path / "up.hft"
    for at in some_bytes(whole, 1000):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :])
        with pytest.raises(ModelMismatchError, match=r"up\.hft"):
            hc.Artifact.load(file)
        with pytest.raises(ValueError, match=r"up\.hft"):
            _core.artifact.load_check(str(file))


def test_a_folder_and_a_file_are_one_model(artifact: hc.Artifact, tmp_path: Path, rows: np.ndarray) -> None:
    folder = artifact.save(tmp_path / "up")
    file = folder.save(tmp_path / "again.hft")
    assert file.path.read_bytes() == artifact.path.read_bytes() == artifact.to_bytes()
    for loaded in (folder, file):
        assert (loaded.model_id, loaded.spec) == (artifact.model_id, artifact.spec)
        assert loaded.predict_margin(rows).tobytes() == artifact.predict_margin(rows).tobytes()
    assert _core.artifact.load_check(str(folder.path)) == _core.artifact.load_check(str(file.path)) == "kernel"
    with pytest.raises(ModelMismatchError, match=r"exists; pass overwrite=True"):
        artifact.save(file.path)
    artifact.save(file.path, overwrite=True)


def test_a_folder_gives_way_to_a_file_and_a_file_to_a_file(artifact: hc.Artifact, tmp_path: Path) -> None:
    path = tmp_path / "up.hft"
    path.mkdir()
    for name, data in artifact.files.members.items():
        (path / name).write_bytes(data)
    assert hc.Artifact.load(path).model_id == artifact.model_id
    for _ in range(2):
        artifact.save(path, overwrite=True)
        assert path.is_file()
    assert [p.name for p in tmp_path.iterdir()] == ["up.hft"]
    path.write_bytes(b"a novel")
    with pytest.raises(ModelMismatchError, match="is no artefact, so it is not replaced"):
        artifact.save(path, overwrite=True)


def test_the_card_tells_what_the_model_is(artifact: hc.Artifact, spec: hc.FeatureSpec) -> None:
    for words in (artifact.model_id, spec.sha256, "lightgbm", "softmax", "GTIL", "kernel", *spec.names):
        assert words in artifact.card, words
    assert artifact.training["data_fingerprint"] in artifact.card


def test_a_model_of_format_1_is_to_be_compiled_again(copy: Path) -> None:
    rewrite_manifest(copy, format_version=1)
    words = "format version must be 2, was 1: compile the model again"
    with pytest.raises(ModelMismatchError, match=words):
        hc.Artifact.load(copy)
    with pytest.raises(ValueError, match=words):
        _core.artifact.load_check(str(copy))


def test_every_single_byte_of_the_manifest_matters(copy: Path) -> None:
    file = copy / "manifest.json"
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x02]) + whole[at + 1 :])
        with pytest.raises(ModelMismatchError):
            read_manifest(archive.read_files(copy, "manifest.json"))


@pytest.mark.parametrize("pattern", FILES)
def test_a_missing_file_is_named(compiled_copy: Path, pattern: str) -> None:
    file = next(compiled_copy.glob(pattern))
    file.unlink()
    with pytest.raises(ModelMismatchError, match=file.name):
        hc.Artifact.load(compiled_copy)


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
        ({"format_version": 3}, "format version must be 2, was 3"),
        ({"spec_sha256": "0" * 64}, "spec hash must be"),
        ({"feature_names": ["a", "b", "c", "d", "e"]}, "feature names must be"),
        ({"alpha": 3.0}, "model id must be"),
        ({"threshold_type": "float32"}, "threshold type must be float64, was float32"),
        ({"sum_rule": "float32, base last"}, "sum rule must be float64, base last, was float32, base last"),
        ({"compiled": {"file": "a.so"}}, "field 'compiled' must hold compiler, compiler_flags, file, platform as text"),
        ({"compiled": {**dict.fromkeys(COMPILED_FIELDS, "x")}}, "list of files must be .*'x'"),
        ({"n_trees": "many"}, "field 'n_trees' is missing or of another type"),
        ({"extra": 1}, "field 'extra' is unknown"),
    ],
)
def test_a_manifest_that_was_resealed_with_a_lie_is_refused(copy: Path, changes: dict[str, object], words: str) -> None:
    rewrite_manifest(copy, **changes)
    with pytest.raises(ModelMismatchError, match=words):
        hc.Artifact.load(copy)


def reseal(folder: Path, **changes: Any) -> None:
    """Make manifest, model id and file hashes fit what the folder holds now: what no hash can catch any more."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    manifest["files"] = {name: sha256_of(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_bytes(render_manifest({**manifest, "model_id": model_id(manifest)}))


def probes_of(folder: Path) -> dict[str, Any]:
    with np.load(folder / "probes.npz") as stored:
        return dict(stored)


def test_resealing_what_is_whole_changes_nothing(copy: Path, artifact: hc.Artifact) -> None:
    reseal(copy)
    assert hc.Artifact.load(copy).model_id == artifact.model_id


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"output_rule": "one_vs_rest_normalised"}, r"probes\.npz: probe row 0 must give the scores"),
        ({"output_rule": "argmax"}, "argmax"),
        ({"classes": [1, 0, -1]}, r"probes\.npz: classes must be \[1, 0, -1\], was \[-1, 0, 1\]"),
        ({"classes": [-1, 0]}, "n_margins .* must be 2 .*, was 3"),
        ({"classes": [0, 0, 1]}, "'classes' must hold integers, none of them twice"),
        ({"classes": ["down", "flat", "up"]}, "'classes' must hold integers"),
        ({"n_trees": 14}, "number of trees must be 15, was 14"),
        ({"n_probes": 0}, "'n_probes' must be or hold at least 1, was 0"),
        ({"n_probes": 3}, r"probes\.npz: rows must be float64 of shape \(3, 5\), was float64 of shape \(1280, 5\)"),
        ({"importance": {}}, "names in 'importance' must be"),
        ({"importance": dict.fromkeys("abcde")}, "'importance' must hold numbers"),
    ],
)
def test_a_lie_with_every_hash_recomputed_is_refused(copy: Path, changes: dict[str, object], words: str) -> None:
    reseal(copy, **changes)
    with pytest.raises(ModelMismatchError, match=words):
        hc.Artifact.load(copy)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_number_that_is_not_finite_is_refused(copy: Path, number: str) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    name = next(iter(manifest["importance"]))
    for lie in ({"alpha": float(number)}, {"importance": {**manifest["importance"], name: float(number)}}):
        with pytest.raises(ModelMismatchError, match=r"manifest\.json: every number must be finite"):
            render_manifest({**manifest, **lie})
        rest = {key: value for key, value in {**manifest, **lie}.items() if key != "manifest_sha256"}
        digest = hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        text = json.dumps({**rest, "manifest_sha256": digest}, indent=2, sort_keys=True) + "\n"
        (copy / "manifest.json").write_text(text)
        with pytest.raises(ModelMismatchError, match=rf"{copy}/manifest\.json: every number must be finite"):
            hc.Artifact.load(copy)
        with pytest.raises(ValueError, match=r"manifest\.json"):
            _core.artifact.load_check(str(copy))


def one_bit_up(values: np.ndarray) -> np.ndarray:
    values[5, 1] = np.nextafter(values[5, 1], np.inf)
    return values


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("margins", one_bit_up, "probe row 5 must give the margins"),
        ("scores", lambda p: p + 1e-9, "probe row 0 must give the scores"),
        ("scores", lambda p: np.where(p == p[7, 2], np.nan, p), "probe row 7 must give the scores"),
        ("scores", lambda p: None, r"list of arrays must be .*'scores'.*, was"),
        ("margins", lambda m: m[:, :1], r"margins must be float64 of shape \(1280, 3\), was .* \(1280, 1\)"),
        ("rows", lambda x: x.view(np.int64), r"rows must be float64 of shape .*, was int64"),
        ("rows", lambda x: x[:0], r"rows must be float64 of shape \(1280, 5\), was float64 of shape \(0, 5\)"),
        ("classes", lambda c: c.astype(object), "no probes: Object arrays cannot be loaded"),
    ],
)
def test_probes_that_do_not_fit_the_forest_are_refused(copy: Path, name: str, change: Any, words: str) -> None:
    probes = probes_of(copy)
    changed = change(probes.pop(name))
    np.savez(copy / "probes.npz", **probes, **({} if changed is None else {name: changed}))
    reseal(copy)
    with pytest.raises(ModelMismatchError, match=rf"probes\.npz: {words}"):
        hc.Artifact.load(copy)


def test_compressed_probes_are_refused_unread(copy: Path) -> None:
    bomb = {**probes_of(copy), "rows": np.zeros((2**21, 5))}
    np.savez_compressed(copy / "probes.npz", **bomb)
    reseal(copy)
    tracemalloc.start()
    with pytest.raises(ModelMismatchError, match=r"probes\.npz: no probes: .*\.npy is compressed or encrypted"):
        hc.Artifact.load(copy)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most_bytes < bomb["rows"].nbytes / 4
    with pytest.raises(ValueError, match="is compressed or encrypted"):
        _core.artifact.load_check(str(copy))


def test_a_member_of_the_probes_twice_is_refused(copy: Path) -> None:
    with zipfile.ZipFile(copy / "probes.npz", "a") as archive:
        archive.writestr("rows", archive.read("rows.npy"))
    reseal(copy)
    with pytest.raises(ModelMismatchError, match=r"list of arrays must be .*, was .*'rows', 'rows'"):
        hc.Artifact.load(copy)
    with pytest.raises(ValueError, match="rows occurs twice"):
        _core.artifact.load_check(str(copy))


def test_scores_may_differ_by_the_rounding_of_another_libm(copy: Path) -> None:
    probes = probes_of(copy)
    np.savez(copy / "probes.npz", **{**probes, "scores": one_bit_up(probes["scores"])})
    reseal(copy)
    hc.Artifact.load(copy)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("probes.npz", b"", "no probes"),
        ("probes.npz", b"garbage", "no probes"),
        ("probes.npz", b"PK\x03\x04garbage", "no probes"),
        ("probes.npz", npy_bytes(np.zeros(3)), "no probes"),
        ("training.json", b"{", "no JSON"),
        ("training.json", b"[]", "must hold a JSON object, held list"),
        ("training.json", b"\xff", "no JSON"),
        ("spec.json", b"\xff", "utf-8"),
        ("spec.json", b"{", "not JSON"),
        ("spec.json", b"5", "a spec is a table of keys"),
        ("forest.bin", b"short", "must .*5"),
    ],
)
def test_a_damaged_file_with_a_fresh_hash_is_named(copy: Path, name: str, data: bytes, words: str) -> None:
    (copy / name).write_bytes(data)
    reseal(copy)
    with pytest.raises(ModelMismatchError, match=rf"{name}: .*{words}"):
        hc.Artifact.load(copy)


def test_a_file_that_the_manifest_does_not_list_is_refused(copy: Path) -> None:
    (copy / "notes.txt").write_text("mine")
    with pytest.raises(ModelMismatchError, match=r"notes\.txt: is not part of this model"):
        hc.Artifact.load(copy)


def test_a_folder_that_is_no_artifact_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatchError, match="no model: there is no such file or folder"):
        hc.Artifact.load(tmp_path / "nowhere")
    with pytest.raises(ModelMismatchError, match="no model folder: there is no file"):
        hc.Artifact.load(tmp_path)
    (tmp_path / "manifest.json").write_text('{"format": "something"}')
    with pytest.raises(ModelMismatchError, match="not the manifest of an hftcore-model"):
        hc.Artifact.load(tmp_path)
