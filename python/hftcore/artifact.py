"""A model on disk: forest, machine code, feature spec and the rows that prove them, as one folder that checks itself.

manifest.json      what the rest is, with the hash of every file and of itself
spec.json          the feature spec, canonical
forest.tl          Treelite checkpoint: the reference, and what the library can be rebuilt from
forest-<hash>.so   the forest as machine code of this platform, named by its content
probes.npz         rows and the margins that Treelite's interpreter gave for them, to be met in bits
training.json      where the model came from
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hftcore._core import model as native
from hftcore.errors import ModelMismatchError, SpecError
from hftcore.files import sha256_of
from hftcore.manifest import MANIFEST, PROBES, SPEC, TRAINING, expect, model_id, read_manifest, this_platform
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    FloatMatrix = npt.NDArray[np.float64]


class Artifact:
    """A loaded and checked model. Any number of threads may predict at once.

    Attributes
    ----------
    path : Path
    manifest : dict
        What ``manifest.json`` holds.
    spec : FeatureSpec
        The features the model takes.
    classes : tuple of int
        Labels in the order of the scores: ``(-1, 0, 1)`` for down, flat, up.
    model_id : str
        Hash, in hex, of what decides a prediction: forest, spec, classes and output rule.
    importance : dict
        Feature name to its share of the loss reduction.
    training : dict
        What ``training.json`` holds: trainer, versions, parameters, rows per class, window, fingerprint.
    """

    __slots__ = ("_model", "classes", "importance", "manifest", "model_id", "path", "spec", "training")

    def __init__(
        self,
        path: Path,
        manifest: dict[str, Any],
        spec: FeatureSpec,
        training: dict[str, Any],
        model: native.CompiledModel,
    ) -> None:
        self.path = path
        self.manifest = manifest
        self.spec = spec
        self.training = training
        self.classes: tuple[int, ...] = tuple(manifest["classes"])
        self.model_id: str = manifest["model_id"]
        self.importance: dict[str, float] = {name: manifest["importance"][name] for name in spec.names}
        self._model = model

    @classmethod
    def load(cls, path: str | Path, *, spec: FeatureSpec | None = None) -> Artifact:
        """Load a model folder, checking in this order: manifest, file hashes, spec, feature names, library, probes.

        Parameters
        ----------
        path : path
            The folder that ``compile_model`` wrote.
        spec : FeatureSpec, optional
            The spec the caller computes features with; the model must have been made for it.

        Raises
        ------
        ModelMismatchError
            At the first difference, which it names. After that nothing on the tick path checks anything.
        """
        folder = Path(path)
        manifest = read_manifest(folder)
        _check_files(folder, manifest["files"])
        stored = _read_spec(folder)
        expect(folder / SPEC, "spec hash", manifest["spec_sha256"], stored.sha256)
        if spec is not None and spec.sha256 != stored.sha256:
            raise ModelMismatchError(f"{folder}: made for another spec: {spec_difference(stored, spec)}")
        expect(folder / MANIFEST, "feature names", list(stored.names), manifest["feature_names"])
        expect(folder / MANIFEST, "model id", model_id(manifest), manifest["model_id"])
        model = _load_library(folder, manifest)
        _check_probes(folder, model)
        training = json.loads((folder / TRAINING).read_text(encoding="utf-8"))
        return cls(folder, manifest, stored, training, model)

    def predict_margin(self, X: FloatMatrix) -> FloatMatrix:
        """Raw sums of leaves.

        Parameters
        ----------
        X : float64 array, C-contiguous, shape (n, n_features) or (n_features,)
            Columns follow ``spec.names``; NaN is "not ready" and goes where the forest sends missing values.

        Returns
        -------
        margins : float64 array, shape (n, n_margins) or (n_margins,)
            One margin per class; a single one where the output rule is ``sigmoid``.

        Raises
        ------
        TypeError
            If ``X`` is not float64 or not contiguous: nothing is converted or copied.
        ValueError
            If its shape is another.
        """
        margins: FloatMatrix = self._model.predict_margin(_checked(X))
        return margins

    def predict_proba(self, X: FloatMatrix) -> FloatMatrix:
        """Scores after the output rule, in the order of ``classes``: shape (n, n_classes), or (n_classes,) for one row.

        They sum to 1 up to rounding, unless the rule is ``identity``. Parameters and errors: see ``predict_margin``.
        """
        scores: FloatMatrix = self._model.predict_proba(_checked(X))
        return scores

    def _native(self) -> native.CompiledModel:
        return self._model

    def __repr__(self) -> str:
        return (
            f"Artifact({str(self.path)!r}, {self.manifest['n_trees']} trees, {len(self.spec.names)} features, "
            f"classes {self.classes}, model {self.model_id[:12]})"
        )


def spec_difference(stored: FeatureSpec, given: FeatureSpec) -> str:
    """The first place where two specs differ, in words."""
    for index, (ours, theirs) in enumerate(zip(stored.names, given.names, strict=False)):
        if ours != theirs:
            return f"feature {index} is {ours!r} in the model, {theirs!r} in the spec given"
    if len(stored.names) != len(given.names):
        return f"{len(stored.names)} features in the model, {len(given.names)} in the spec given"
    ours_json, theirs_json = json.loads(stored.canonical_json()), json.loads(given.canonical_json())
    return _first_difference(ours_json, theirs_json, "spec") or f"hash {stored.sha256} against {given.sha256}"


def probe_bytes(rows: FloatMatrix, margins: FloatMatrix) -> bytes:
    """Probe rows and their expected margins as the bytes of an npz file."""
    out = io.BytesIO()
    np.savez(out, rows=rows, margins=margins)
    return out.getvalue()


def _first_difference(ours: Any, theirs: Any, where: str) -> str | None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        pairs = [(f"{where}.{k}", ours.get(k), theirs.get(k)) for k in sorted({*ours, *theirs})]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(ours, theirs, strict=True))]
    else:
        return None if ours == theirs else f"{where} is {ours!r} in the model, {theirs!r} in the spec given"
    return next((found for name, a, b in pairs if (found := _first_difference(a, b, name))), None)


def _check_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, expected in sorted(files.items()):
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelMismatchError(f"{path}: file is missing")
        found = sha256_of(path)
        if found != expected:
            raise ModelMismatchError(f"{path}: was altered: SHA-256 must be {expected}, was {found}")


def _read_spec(folder: Path) -> FeatureSpec:
    try:
        return FeatureSpec.from_json((folder / SPEC).read_text(encoding="utf-8"))
    except SpecError as error:  # an operation that this build does not have, or not in this rev
        raise ModelMismatchError(f"{folder / SPEC}: {error}") from error


def _load_library(folder: Path, manifest: Mapping[str, Any]) -> native.CompiledModel:
    path = folder / manifest["library"]
    expect(path, "platform", this_platform(), manifest["platform"])
    try:
        return native.CompiledModel(
            str(path.resolve()),
            len(manifest["feature_names"]),
            len(manifest["classes"]),
            manifest["output_rule"],
            manifest["alpha"],
        )
    except ValueError as error:
        raise ModelMismatchError(str(error)) from error


def _check_probes(folder: Path, model: native.CompiledModel) -> None:
    with np.load(folder / PROBES, allow_pickle=False) as stored:
        rows, expected = np.ascontiguousarray(stored["rows"]), stored["margins"]
    found = model.predict_margin(rows)
    differing = np.flatnonzero((found.view(np.uint64) != expected.view(np.uint64)).any(axis=1))
    if len(differing):
        row = int(differing[0])
        raise ModelMismatchError(
            f"{folder / PROBES}: probe row {row} must give the margins {expected[row].tolist()}, "
            f"gave {found[row].tolist()} ({len(differing)} of {len(rows)} rows differ)"
        )


def _checked(X: FloatMatrix) -> FloatMatrix:
    if not isinstance(X, np.ndarray) or X.dtype != np.float64:
        raise TypeError(f"X must be a float64 array, was {getattr(X, 'dtype', type(X).__name__)}")
    if not X.flags.c_contiguous:
        raise TypeError("X must be C-contiguous; np.ascontiguousarray makes it so")
    return X
