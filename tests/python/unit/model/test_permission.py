"""Files from strangers cannot run code: machine code in a model runs by permission, and only what was hashed."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core, archive
from hftcore.errors import ModelMismatchError, ParameterError
from hftcore.manifest import model_id, render_manifest, this_platform


@pytest.fixture
def planted(artifact: hc.Artifact, tmp_path: Path) -> tuple[Path, Path]:
    """A model whose library writes a file when it is loaded, with every hash in order; and that file."""
    trace = tmp_path / "it-ran"
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    assert compiler is not None, "a C compiler must be installed"
    source = tmp_path / "planted.c"
    source.write_text(
        f'#include <stdio.h>\n__attribute__((constructor)) static void run(void) {{ fclose(fopen("{trace}", "w")); }}\n'
    )
    library = tmp_path / "planted.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    members = dict(artifact.files.members)
    members["forest-planted.so"] = library.read_bytes()
    about = {"compiler": "", "compiler_flags": "", "file": "forest-planted.so", "platform": this_platform()}
    return write(tmp_path / "planted.hft", members, compiled=about), trace


def write(path: Path, members: dict[str, bytes], **changes: Any) -> Path:
    """Write a model after making manifest, model id and hashes fit."""
    manifest = json.loads(members.pop("manifest.json")) | changes
    manifest["files"] = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
    members["manifest.json"] = render_manifest({**manifest, "model_id": model_id(manifest)})
    path.write_bytes(archive.pack(members))
    return path


@pytest.mark.parametrize("engine", ["auto", "kernel"])
def test_a_planted_library_never_runs_without_permission(
    planted: tuple[Path, Path], artifact: hc.Artifact, rows: np.ndarray, engine: str, tmp_path: Path
) -> None:
    path, trace = planted
    loaded = hc.Artifact.load(path, engine=engine)
    assert loaded.engine == "kernel"
    assert loaded.predict_margin(rows).tobytes() == artifact.predict_margin(rows).tobytes()
    loaded.save(tmp_path / "saved")
    hc.verify(loaded, rows=10)
    hc.ModelRegistry(tmp_path / "models").push(path, "up")
    hc.Artifact.load(f"{tmp_path / 'models'}#up")
    assert _core.artifact.load_check(str(path)) == "kernel"
    assert not trace.exists()


def test_asking_for_the_compiled_engine_is_no_permission(planted: tuple[Path, Path]) -> None:
    path, trace = planted
    with pytest.raises(ModelMismatchError, match=r"compiled code is not loaded: .*allow_compiled=True permits it"):
        hc.Artifact.load(path, engine="compiled")
    assert not trace.exists()


def test_with_permission_it_does_run_so_the_test_above_means_something(planted: tuple[Path, Path]) -> None:
    path, trace = planted
    with pytest.raises(ModelMismatchError, match=r"forest-planted\.so: .*hft_forest"):
        hc.Artifact.load(path, allow_compiled=True)
    assert trace.exists()


def test_a_library_that_is_not_the_one_of_the_manifest_never_runs(planted: tuple[Path, Path]) -> None:
    path, trace = planted
    members = archive.unpack(path.read_bytes(), path)
    manifest = json.loads(members["manifest.json"])
    manifest["files"]["forest-planted.so"] = "0" * 64
    members["manifest.json"] = render_manifest(manifest)
    path.write_bytes(archive.pack(members))
    with pytest.raises(ModelMismatchError, match=r"forest-planted\.so: was altered"):
        hc.Artifact.load(path, allow_compiled=True)
    with pytest.raises(ValueError, match=r"forest-planted\.so: was altered"):
        _core.artifact.load_check(str(path), "compiled")
    assert not trace.exists()


def test_the_engine_is_the_one_that_was_asked_for(compiled: hc.Artifact, rows: np.ndarray) -> None:
    path = compiled.path
    assert compiled.engine == "compiled"
    assert hc.Artifact.load(path).engine == "kernel"
    assert hc.Artifact.load(path, allow_compiled=True).engine == "compiled"
    assert hc.Artifact.load(path, allow_compiled=True, engine="kernel").engine == "kernel"
    assert hc.Artifact.load(path, allow_compiled=True, engine="compiled").engine == "compiled"
    for engine, expected in (("kernel", "kernel"), ("compiled_if_there", "compiled"), ("compiled", "compiled")):
        assert _core.artifact.load_check(str(path), engine) == expected
    with pytest.raises(ParameterError, match="engine must be one of auto, kernel, compiled, was 'fast'"):
        hc.Artifact.load(path, engine="fast")
    kernel = hc.Artifact.load(path)
    assert kernel.predict_margin(rows).tobytes() == compiled.predict_margin(rows).tobytes()
    assert kernel.predict_proba(rows).tobytes() == compiled.predict_proba(rows).tobytes()


def test_a_model_without_a_library_serves_by_the_kernel(artifact: hc.Artifact) -> None:
    path = artifact.path
    assert hc.Artifact.load(path, allow_compiled=True).engine == "kernel"
    assert _core.artifact.load_check(str(path), "compiled_if_there") == "kernel"
    words = "has no compiled library: compile the model with compiled=True"
    with pytest.raises(ModelMismatchError, match=words):
        hc.Artifact.load(path, allow_compiled=True, engine="compiled")
    with pytest.raises(ValueError, match=words):
        _core.artifact.load_check(str(path), "compiled")


def test_a_library_of_another_platform_is_left_alone(compiled: hc.Artifact, tmp_path: Path) -> None:
    about = {**compiled.manifest["compiled"], "platform": "plan9-mips"}
    path = write(tmp_path / "other.hft", dict(compiled.files.members), compiled=about)
    assert hc.Artifact.load(path, allow_compiled=True).engine == "kernel"
    assert _core.artifact.load_check(str(path), "compiled_if_there") == "kernel"
    words = f"platform must be {this_platform()}, was plan9-mips"
    with pytest.raises(ModelMismatchError, match=words):
        hc.Artifact.load(path, allow_compiled=True, engine="compiled")
    with pytest.raises(ValueError, match=words):
        _core.artifact.load_check(str(path), "compiled")


def test_a_library_of_another_forest_fails_its_probes(
    compiled: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1).fit(rows, labels)
    other = hc.compile_model(model, spec, tmp_path / "other.hft", compiled=True)
    members = dict(compiled.files.members)
    members[compiled.manifest["compiled"]["file"]] = other.files[other.manifest["compiled"]["file"]]
    path = write(tmp_path / "mixed.hft", members)
    assert hc.Artifact.load(path).model_id == compiled.model_id
    with pytest.raises(ModelMismatchError, match=r"probes\.npz: probe row 0 must give the margins"):
        hc.Artifact.load(path, allow_compiled=True)
    with pytest.raises(ValueError, match=r"probes\.npz: probe row 0 must give the margins"):
        _core.artifact.load_check(str(path), "compiled")
