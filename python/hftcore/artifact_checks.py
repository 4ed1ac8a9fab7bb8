"""The checks between a model's bytes and its first prediction. Each raises at the first difference, which it names."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hftcore._core import model as native
from hftcore.archive import ModelFiles, is_plain
from hftcore.errors import ModelMismatchError, SpecError
from hftcore.manifest import MANIFEST, PROBES, SPEC, expect
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    FloatMatrix = npt.NDArray[np.float64]

_UNREADABLE = 0x1 | 0x20 | 0x40  # flags of a ZIP member: encrypted, patched, strongly encrypted
_SCORE_TOLERANCE = 1e-12  # margins are sums and have defined bits; scores come from the exp of this host's libm


def check_files(files: ModelFiles, listed: Mapping[str, Any]) -> None:
    """Every file is one that the manifest lists, with the hash that it lists."""
    for name in sorted(files.members):
        if name != MANIFEST and name not in listed:
            raise ModelMismatchError(f"{files.where(name)}: is not part of this model: the manifest does not list it")
    for name, expected in sorted(listed.items()):
        if not is_plain(name) or name not in files.members:
            raise ModelMismatchError(f"{files.where(name)}: file is missing")
        found = hashlib.sha256(files[name]).hexdigest()
        if found != expected:
            raise ModelMismatchError(f"{files.where(name)}: was altered: SHA-256 must be {expected}, was {found}")


def read_spec(files: ModelFiles) -> FeatureSpec:
    """The feature spec of a model."""
    try:
        return FeatureSpec.from_json(files[SPEC].decode())
    except (SpecError, UnicodeDecodeError) as error:  # an operation that this build does not have, or not in this rev
        raise ModelMismatchError(f"{files.where(SPEC)}: {error}") from error


def spec_difference(stored: FeatureSpec, given: FeatureSpec) -> str:
    """The first place where two specs differ, in words."""
    for index, (ours, theirs) in enumerate(zip(stored.names, given.names, strict=False)):
        if ours != theirs:
            return f"feature {index} is {ours!r} in the model, {theirs!r} in the spec given"
    if len(stored.names) != len(given.names):
        return f"{len(stored.names)} features in the model, {len(given.names)} in the spec given"
    ours_json, theirs_json = json.loads(stored.canonical_json()), json.loads(given.canonical_json())
    return _first_difference(ours_json, theirs_json, "spec") or f"hash {stored.sha256} against {given.sha256}"


def probe_bytes(rows: FloatMatrix, margins: FloatMatrix, scores: FloatMatrix, classes: tuple[int, ...]) -> bytes:
    """Probe rows, what must come of them, and the labels of the scores, as the bytes of an npz file."""
    out = io.BytesIO()
    np.savez(out, rows=rows, margins=margins, scores=scores, classes=np.asarray(classes, dtype=np.int64))
    return out.getvalue()


def check_probes(files: ModelFiles, model: native.ForestModel, manifest: Mapping[str, Any]) -> None:
    """The engine gives the margins of the probe rows in bits, and their scores to 1e-12."""
    path = files.where(PROBES)
    n, classes = manifest["n_probes"], manifest["classes"]
    shapes = {
        "rows": (n, model.n_features),
        "margins": (n, model.n_margins),
        "scores": (n, model.n_classes),
        "classes": (model.n_classes,),
    }
    stored = _read_probes(path, files[PROBES], shapes)
    expect(path, "classes", classes, stored["classes"].tolist())
    margins = model.predict_margin(stored["rows"])
    scores = model.scores_of(margins)
    same_bits = margins.view(np.uint64) == stored["margins"].view(np.uint64)
    _expect_rows(path, "margins", stored["margins"], margins, ~same_bits)
    near = np.isclose(scores, stored["scores"], rtol=0.0, atol=_SCORE_TOLERANCE, equal_nan=True)
    _expect_rows(path, "scores", stored["scores"], scores, ~near)


def _first_difference(ours: Any, theirs: Any, where: str) -> str | None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = [(f"{where}.{k}", ours.get(k), theirs.get(k)) for k in sorted({*ours, *theirs})]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(ours, theirs, strict=True))]
    else:
        return None if ours == theirs else f"{where} is {ours!r} in the model, {theirs!r} in the spec given"
    return next((found for name, a, b in pairs if (found := _first_difference(a, b, name))), None)


def _read_probes(path: Path, data: bytes, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the probes, each of the type and shape that the manifest asks for."""
    try:
        expect(path, "list of arrays", sorted(shapes), _stored_arrays(data))
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = dict(archive)
    except ModelMismatchError:
        raise
    except Exception as error:  # numpy, zipfile and zlib each have their own for a damaged file
        raise ModelMismatchError(f"{path}: no probes: {error}") from error
    for name, shape in shapes.items():
        wanted = np.dtype(np.int64 if name == "classes" else np.float64)
        found = arrays[name]
        if found.dtype != wanted or found.shape != shape:
            raise ModelMismatchError(
                f"{path}: {name} must be {wanted} of shape {shape}, was {found.dtype} of shape {found.shape}"
            )
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


def _stored_arrays(data: bytes) -> list[str]:
    """Names of the arrays of an npz file, each stored: what is read of it is never larger than it is."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & _UNREADABLE:
            raise ValueError(f"{member.filename} is compressed or encrypted; np.savez stores")
        if member.compress_size != member.file_size:
            raise ValueError(f"{member.filename} has two lengths")
    return sorted(member.filename.removesuffix(".npy") for member in members)


def _expect_rows(
    path: Path, what: str, expected: FloatMatrix, found: FloatMatrix, differs: npt.NDArray[np.bool_]
) -> None:
    differing = np.flatnonzero(differs.any(axis=1))
    if len(differing):
        row = int(differing[0])
        raise ModelMismatchError(
            f"{path}: probe row {row} must give the {what} {expected[row].tolist()}, "
            f"gave {found[row].tolist()} ({len(differing)} of {len(expected)} rows differ)"
        )
