"""The manifest of a model: what each of its files is, and a hash over all of it."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hftcore.archive import ModelFiles
from hftcore.errors import ModelMismatchError

FORMAT = "hftcore-model"
FORMAT_VERSION = 2
MANIFEST, SPEC, FOREST, PROBES = "manifest.json", "spec.json", "forest.bin", "probes.npz"
TRAINING, CARD = "training.json", "model_card.md"
COMPILED_FIELDS = ("compiler", "compiler_flags", "file", "platform")

_FIELDS: dict[str, type | tuple[type, ...]] = {
    "alpha": float,
    "classes": list,
    "compiled": (dict, type(None)),
    "feature_names": list,
    "files": dict,
    "format": str,
    "format_version": int,
    "importance": dict,
    "manifest_sha256": str,
    "model_id": str,
    "n_probes": int,
    "n_trees": int,
    "output_rule": str,
    "seed": (int, type(None)),
    "spec_sha256": str,
    "sum_rule": str,
    "threshold_type": str,
    "trainer": dict,
    "training_window_ns": (list, type(None)),
    "data_fingerprint": (str, type(None)),
    "versions": dict,
}


def read_manifest(files: ModelFiles) -> dict[str, Any]:
    """Read and check the manifest of a model; raises ModelMismatchError at the first thing that is wrong."""
    path = files.where(MANIFEST)
    if MANIFEST not in files.members:
        raise ModelMismatchError(f"{files.path}: no model: there is no file {path}")
    manifest = parse_object(path, files[MANIFEST])
    if manifest.get("format") != FORMAT:
        raise ModelMismatchError(f"{path}: not the manifest of an {FORMAT}")
    found = manifest.get("format_version")
    if found != FORMAT_VERSION:
        raise ModelMismatchError(
            f"{path}: format version must be {FORMAT_VERSION}, was {found}: compile the model again"
        )
    for name, kind in _FIELDS.items():
        if not isinstance(manifest.get(name, ...), kind):
            raise ModelMismatchError(f"{path}: field {name!r} is missing or of another type")
    for name in manifest:
        if name not in _FIELDS:
            raise ModelMismatchError(f"{path}: field {name!r} is unknown to format version {FORMAT_VERSION}")
    _check_finite(path, manifest)
    if render_manifest(manifest) != files[MANIFEST]:
        raise ModelMismatchError(f"{path}: was altered: it does not have the hash that it states")
    expect(path, "threshold type", "float64", manifest["threshold_type"])
    _check_values(path, manifest)
    wanted = {SPEC, FOREST, PROBES, TRAINING, CARD, *compiled_file(manifest)}
    expect(path, "list of files", sorted(wanted), sorted(manifest["files"]))
    return manifest


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object; raises ModelMismatchError naming the file and what it holds instead."""
    try:
        return parse_object(path, path.read_bytes())
    except OSError as error:
        raise ModelMismatchError(f"{path}: cannot be read: {error.strerror}") from error


def parse_object(path: Path, raw: bytes) -> dict[str, Any]:
    """The one JSON object in the bytes of a file that ``path`` names."""
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise ModelMismatchError(f"{path}: no JSON: {error}") from error
    if not isinstance(found, dict):
        raise ModelMismatchError(f"{path}: must hold a JSON object, held {type(found).__name__}")
    return found


def compiled_file(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The name of the compiled library in a tuple, empty where the model has none."""
    return () if manifest["compiled"] is None else (manifest["compiled"]["file"],)


def render_manifest(manifest: Mapping[str, Any]) -> bytes:
    """The one text a manifest may have, with ``manifest_sha256`` computed over the rest of it.

    Raises
    ------
    ModelMismatchError
        If a number is NaN or infinite: that is no JSON.
    """
    _check_finite(Path(MANIFEST), manifest)
    rest = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    digest = hashlib.sha256(_canonical(rest)).hexdigest()
    return (json.dumps({**rest, "manifest_sha256": digest}, indent=2, sort_keys=True) + "\n").encode()


def model_id(manifest: Mapping[str, Any]) -> str:
    """Hash of what decides a prediction; two builds of one model share it, whenever and wherever they were made."""
    decisive = {key: manifest[key] for key in ("alpha", "classes", "feature_names", "output_rule", "spec_sha256")}
    return hashlib.sha256(_canonical({**decisive, "forest": manifest["files"][FOREST]})).hexdigest()


def this_platform() -> str:
    """What machine code belongs to: ``linux-x86_64``."""
    return f"{sys.platform}-{platform.machine()}"


def expect(path: Path, what: str, expected: Any, found: Any) -> None:
    """Raise ModelMismatchError, naming both, unless what was found is what was expected."""
    if expected != found:
        raise ModelMismatchError(f"{path}: {what} must be {expected}, was {found}")


def _check_finite(path: Path, manifest: Mapping[str, Any]) -> None:
    try:
        json.dumps(manifest, allow_nan=False)
    except ValueError as error:
        raise ModelMismatchError(f"{path}: every number must be finite: {error}") from error


def _check_values(path: Path, manifest: Mapping[str, Any]) -> None:
    """What the types of the fields leave open, so that nothing that reads the manifest later can fail on it."""
    for name, low in (("n_trees", 0), ("n_probes", 1), ("classes", 1), ("feature_names", 1)):
        value = manifest[name]
        count = len(value) if isinstance(value, list) else value
        if count < low:
            raise ModelMismatchError(f"{path}: field {name!r} must be or hold at least {low}, was {value!r}")
    for name, kind, words in (("classes", int, "integers"), ("feature_names", str, "names")):
        values = manifest[name]
        if not all(isinstance(value, kind) for value in values) or len(set(values)) < len(values):
            raise ModelMismatchError(f"{path}: field {name!r} must hold {words}, none of them twice, was {values!r}")
    compiled = manifest["compiled"]
    if compiled is not None and (
        sorted(compiled) != sorted(COMPILED_FIELDS) or not all(isinstance(text, str) for text in compiled.values())
    ):
        raise ModelMismatchError(
            f"{path}: field 'compiled' must hold {', '.join(COMPILED_FIELDS)} as text, was {compiled!r}"
        )
    if not all(isinstance(share, (int, float)) for share in manifest["importance"].values()):
        raise ModelMismatchError(f"{path}: field 'importance' must hold numbers, was {manifest['importance']!r}")


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
