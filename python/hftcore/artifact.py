"""A model on disk: forest, machine code, feature spec and the rows that prove them, as one folder that checks itself.

manifest.json      what the rest is, with the hash of every file and of itself
spec.json          the feature spec, canonical
forest.tl          Treelite checkpoint: the reference, and what the library can be rebuilt from
forest-<hash>.so   the forest as machine code of this platform, named by its content
probes.npz         rows, the margins that Treelite's interpreter gave for them, to be met in bits, and their scores
training.json      where the model came from

Loading needs no Treelite, so it cannot tell a ``forest.tl`` of another forest with as many trees: only its hash in the
manifest stands for it. What predicts is the library, and that is proved by the probes.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hftcore._core import model as native
from hftcore.errors import ModelMismatchError, SpecError
from hftcore.files import sha256_of
from hftcore.manifest import (
    FOREST,
    MANIFEST,
    PROBES,
    SPEC,
    TRAINING,
    expect,
    model_id,
    read_manifest,
    read_object,
    this_platform,
)
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    FloatMatrix = npt.NDArray[np.float64]

_SCORE_TOLERANCE = 1e-12  # margins are sums and have defined bits; scores come from the exp of this host's libm
_TREELITE_HEADER = struct.Struct("=3i2Bq")  # version (3), types of thresholds and leaves, number of trees


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
        model: native.ForestModel,
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
        """Load a model folder, checking in this order: manifest, files, spec, names, forest, library, probes.

        Every file must be one that the manifest lists, with the hash that it lists. The library must give the margins
        of the probe rows in bits and their scores to 1e-12. ``forest.tl`` is only asked for its number of trees:
        Treelite is not needed to load, and without it another forest cannot be told but by the hash of the file.

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
        expect(folder / MANIFEST, "names in 'importance'", sorted(stored.names), sorted(manifest["importance"]))
        expect(folder / MANIFEST, "model id", model_id(manifest), manifest["model_id"])
        expect(folder / MANIFEST, "number of trees", _n_trees(folder / FOREST), manifest["n_trees"])
        training = read_object(folder / TRAINING)
        model = _load_library(folder, manifest)
        _check_probes(folder / PROBES, model, manifest)
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

    def _native(self) -> native.ForestModel:
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


def probe_bytes(rows: FloatMatrix, margins: FloatMatrix, scores: FloatMatrix, classes: tuple[int, ...]) -> bytes:
    """Probe rows, what must come of them, and the labels of the scores, as the bytes of an npz file."""
    out = io.BytesIO()
    np.savez(out, rows=rows, margins=margins, scores=scores, classes=np.asarray(classes, dtype=np.int64))
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
    for path in sorted(folder.iterdir()):
        if path.name != MANIFEST and path.name not in files:
            raise ModelMismatchError(f"{path}: is not part of this model: the manifest does not list it")
    for name, expected in sorted(files.items()):
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelMismatchError(f"{path}: file is missing")
        try:
            found = sha256_of(path)
        except OSError as error:
            raise ModelMismatchError(f"{path}: cannot be read: {error.strerror}") from error
        if found != expected:
            raise ModelMismatchError(f"{path}: was altered: SHA-256 must be {expected}, was {found}")


def _read_spec(folder: Path) -> FeatureSpec:
    try:
        return FeatureSpec.from_json((folder / SPEC).read_text(encoding="utf-8"))
    except (SpecError, UnicodeDecodeError) as error:  # an operation that this build does not have, or not in this rev
        raise ModelMismatchError(f"{folder / SPEC}: {error}") from error


def _load_library(folder: Path, manifest: Mapping[str, Any]) -> native.ForestModel:
    path = folder / manifest["library"]
    expect(path, "platform", this_platform(), manifest["platform"])
    try:
        return native.ForestModel.from_library(
            str(path.resolve()),
            len(manifest["feature_names"]),
            len(manifest["classes"]),
            manifest["output_rule"],
            manifest["alpha"],
        )
    except ValueError as error:
        raise ModelMismatchError(str(error)) from error


def _n_trees(path: Path) -> int:
    head = path.read_bytes()[: _TREELITE_HEADER.size]
    if len(head) < _TREELITE_HEADER.size:
        raise ModelMismatchError(f"{path}: no Treelite checkpoint: it holds {len(head)} bytes")
    return int(_TREELITE_HEADER.unpack(head)[-1])


def _check_probes(path: Path, model: native.ForestModel, manifest: Mapping[str, Any]) -> None:
    n, classes = manifest["n_probes"], manifest["classes"]
    shapes = {
        "rows": (n, model.n_features),
        "margins": (n, model.n_margins),
        "scores": (n, model.n_classes),
        "classes": (model.n_classes,),
    }
    stored = _read_probes(path, shapes)
    expect(path, "classes", classes, stored["classes"].tolist())
    margins, scores = model.predict_margin(stored["rows"]), model.predict_proba(stored["rows"])
    same_bits = margins.view(np.uint64) == stored["margins"].view(np.uint64)
    _expect_rows(path, "margins", stored["margins"], margins, ~same_bits)
    near = np.isclose(scores, stored["scores"], rtol=0.0, atol=_SCORE_TOLERANCE, equal_nan=True)
    _expect_rows(path, "scores", stored["scores"], scores, ~near)


def _read_probes(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, npt.NDArray[Any]]:
    """The arrays of the probes, each of the type and shape that the manifest asks for."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive)
    except Exception as error:  # numpy, zipfile and zlib each have their own for a damaged file
        raise ModelMismatchError(f"{path}: no probes: {error}") from error
    expect(path, "list of arrays", sorted(shapes), sorted(arrays))
    for name, shape in shapes.items():
        wanted = np.dtype(np.int64 if name == "classes" else np.float64)
        found = arrays[name]
        if found.dtype != wanted or found.shape != shape:
            raise ModelMismatchError(
                f"{path}: {name} must be {wanted} of shape {shape}, was {found.dtype} of shape {found.shape}"
            )
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}


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


def _checked(X: FloatMatrix) -> FloatMatrix:
    if not isinstance(X, np.ndarray) or X.dtype != np.float64:
        raise TypeError(f"X must be a float64 array, was {getattr(X, 'dtype', type(X).__name__)}")
    if not X.flags.c_contiguous:
        raise TypeError("X must be C-contiguous; np.ascontiguousarray makes it so")
    return X
