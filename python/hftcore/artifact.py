"""A model on disk that checks itself: a folder, or one ``.hft`` file with the same members.

manifest.json      what the rest is, with the hash of every file and of itself
spec.json          the feature spec, canonical
forest.bin         the forest: the truth of what the model computes
probes.npz         rows, the margins that the reference gave for them, to be met in bits, and their scores
training.json      where the model came from
model_card.md      the same for people
forest-<hash>.so   optional: the forest as machine code of one platform, named by its content

Loading reads data only. Machine code in a model runs where ``allow_compiled=True`` permits it, and nowhere else.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hftcore import archive
from hftcore._core import model as native
from hftcore.archive import ModelFiles
from hftcore.artifact_checks import check_files, check_probes, read_spec, spec_difference
from hftcore.artifact_engine import choose_engine
from hftcore.errors import ModelMismatchError
from hftcore.manifest import CARD, MANIFEST, SPEC, TRAINING, expect, model_id, parse_object, read_manifest
from hftcore.matrix import feature_matrix
from hftcore.model_folder import put_model
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    FloatMatrix = npt.NDArray[np.float64]

SUFFIX = ".hft"


class Artifact:
    """A loaded and checked model. Any number of threads may predict at once.

    Attributes
    ----------
    path : Path
        Where it was read from; of a model from a bucket its URL, without user info and query.
    manifest : dict
        What ``manifest.json`` holds.
    spec : FeatureSpec
        The features the model takes.
    classes : tuple of int
        Labels in the order of the scores: ``(-1, 0, 1)`` for down, flat, up.
    model_id : str
        Hash, in hex, of what decides a prediction: forest, spec, classes, output rule and alpha.
    importance : dict
        Feature name to its share of the loss reduction.
    training : dict
        What ``training.json`` holds: trainer, versions, parameters, rows per class, window, fingerprint.
    engine : str
        What predicts: ``kernel`` or ``compiled``.
    """

    __slots__ = ("_files", "_model", "classes", "importance", "manifest", "model_id", "path", "spec", "training")

    def __init__(
        self,
        files: ModelFiles,
        manifest: dict[str, Any],
        spec: FeatureSpec,
        training: dict[str, Any],
        model: native.ForestModel,
    ) -> None:
        self.path = files.path
        self.manifest = manifest
        self.spec = spec
        self.training = training
        self.classes: tuple[int, ...] = tuple(manifest["classes"])
        self.model_id: str = manifest["model_id"]
        self.importance: dict[str, float] = {name: manifest["importance"][name] for name in spec.names}
        self._files = files
        self._model = model

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        spec: FeatureSpec | None = None,
        allow_compiled: bool = False,
        engine: str = "auto",
    ) -> Artifact:
        """Load a model, checking in this order: manifest, files, spec, names, model id, forest, engine, probes.

        Every file must be one that the manifest lists, with the hash that it lists. The engine that will serve must
        give the margins of the probe rows in bits and their scores to 1e-12.

        Parameters
        ----------
        path : path or text
            A folder, a ``.hft`` file, or a model of a registry: ``"s3://bucket/models#up_1s@stable"``.
        spec : FeatureSpec, optional
            The spec the caller computes features with; the model must have been made for it.
        allow_compiled : bool
            Permit the model's own machine code to run. Only for a model whose maker is trusted: it runs as this
            process, from the moment it is loaded.
        engine : {"auto", "kernel", "compiled"}
            ``auto`` is the compiled library where it is permitted, there, and of this platform, else the kernel.

        Raises
        ------
        ModelMismatchError
            At the first difference, which it names. After that nothing on the tick path checks anything.
        ParameterError
            If ``engine`` is none.
        """
        return cls._checked(_read(path), spec, allow_compiled, engine)

    @classmethod
    def _checked(
        cls, files: ModelFiles, spec: FeatureSpec | None = None, allow_compiled: bool = False, engine: str = "auto"
    ) -> Artifact:
        manifest = read_manifest(files)
        check_files(files, manifest["files"])
        stored = read_spec(files)
        expect(files.where(SPEC), "spec hash", manifest["spec_sha256"], stored.sha256)
        if spec is not None and spec.sha256 != stored.sha256:
            raise ModelMismatchError(f"{files.path}: made for another spec: {spec_difference(stored, spec)}")
        where = files.where(MANIFEST)
        expect(where, "feature names", list(stored.names), manifest["feature_names"])
        expect(where, "names in 'importance'", sorted(stored.names), sorted(manifest["importance"]))
        expect(where, "model id", model_id(manifest), manifest["model_id"])
        training = parse_object(files.where(TRAINING), files[TRAINING])
        model = choose_engine(files, manifest, engine, allow_compiled)
        check_probes(files, model, manifest)
        return cls(files, manifest, stored, training, model)

    @property
    def engine(self) -> str:
        return str(self._model.engine)

    @property
    def card(self) -> str:
        """The text of ``model_card.md``."""
        return self._files[CARD].decode("utf-8", errors="replace")

    @property
    def files(self) -> ModelFiles:
        """The bytes that were checked."""
        return self._files

    def save(self, path: str | Path, *, overwrite: bool = False) -> Artifact:
        """Write the model's files as they were checked, as one file where the name ends in ``.hft``, else as a folder.

        The same model gives the same bytes, and the model loaded from there has the same id.

        Raises
        ------
        ModelMismatchError
            If something is there and ``overwrite`` is false, or it is no model.
        """
        target = Path(path)
        write_model(ModelFiles(target, self._files.members), overwrite)
        return Artifact.load(target, allow_compiled=self.engine == "compiled", engine=self.engine)

    def to_bytes(self) -> bytes:
        """The bytes of its ``.hft`` file."""
        return archive.pack(self._files.members)

    def predict_margin(self, X: Any, *, out: FloatMatrix | None = None, n_threads: int = 1) -> FloatMatrix:
        """Raw sums of leaves.

        Parameters
        ----------
        X : float64 array, Arrow table or record batch, pandas or polars frame
            A C-contiguous array of shape (n, n_features) or (n_features,), its columns those of ``spec.names``; of a
            frame the float64 columns of these names, in this order, null as NaN. NaN is "not ready" and goes where the
            forest sends missing values.
        out : float64 array, C-contiguous, of the shape of the result, optional
            Filled and given back, in place of a new array.
        n_threads : int
            Rows are shared among so many threads; the bits do not depend on it.

        Returns
        -------
        margins : float64 array, shape (n, n_margins) or (n_margins,)
            One margin per class; a single one where the output rule is ``sigmoid``.

        Raises
        ------
        TypeError
            If ``X`` or a column of it is not float64, or an array is not contiguous: nothing is converted.
        ValueError
            If its shape is another, or a column is missing or out of order.
        """
        rows = X if isinstance(X, np.ndarray) else feature_matrix(X, self.spec.names)
        return self._model.predict_margin(rows, out, n_threads)

    def predict_proba(self, X: Any, *, out: FloatMatrix | None = None, n_threads: int = 1) -> FloatMatrix:
        """Scores after the output rule, in the order of ``classes``: shape (n, n_classes), or (n_classes,) for one row.

        They sum to 1 up to rounding, unless the rule is ``identity``. Parameters and errors: see ``predict_margin``.
        """
        rows = X if isinstance(X, np.ndarray) else feature_matrix(X, self.spec.names)
        return self._model.predict_proba(rows, out, n_threads)

    def single_row(self) -> native.SingleRow:
        """The fastest way from Python to one row after the other: no frame, no new array, no threads.

        Its ``predict_margin(row)`` and ``predict_proba(row)`` take a C-contiguous float64 array of shape (n_features,)
        and give the bits of those above. Each fills an array of its own, the same one at every call, and gives it back:
        copy what is to stay. For one thread at a time; each thread makes its own.
        """
        return self._model.single_row()

    def _native(self) -> native.ForestModel:
        return self._model

    def __repr__(self) -> str:
        return (
            f"Artifact({str(self.path)!r}, {self.manifest['n_trees']} trees, {len(self.spec.names)} features, "
            f"classes {self.classes}, model {self.model_id[:12]}, {self.engine})"
        )


def write_model(files: ModelFiles, overwrite: bool, *, allow_compiled: bool = False) -> None:
    """Prove a model by loading it, then put it at its path: no reader ever sees half of one, or a wrong one.

    Raises
    ------
    ModelMismatchError
        If the model is none, or the path is taken and may not be replaced.
    """
    target = files.path
    refuse_taken(target, overwrite)
    Artifact._checked(files, engine="kernel")
    if allow_compiled:
        Artifact._checked(files, allow_compiled=True)
    put_model(target, archive.pack(files.members) if target.suffix == SUFFIX else files.members)


def refuse_taken(target: Path, overwrite: bool) -> None:
    """Raise unless a model may be written there: nothing is lost that is no model."""
    if not target.exists() and not target.is_symlink():
        return
    if not overwrite:
        raise ModelMismatchError(f"{target}: exists; pass overwrite=True to replace it")
    if target.is_dir():
        is_model = (target / MANIFEST).is_file() or not any(target.iterdir())
    else:
        is_model = target.suffix == SUFFIX and target.is_file() and archive.looks_packed(target)
    if not is_model:
        raise ModelMismatchError(f"{target}: is no artefact, so it is not replaced")


def _read(path: str | Path) -> ModelFiles:
    if isinstance(path, str) and ("#" in path or "://" in path) and not Path(path).exists():
        from hftcore.models import fetch  # here: a registry keeps artefacts, and few callers have one

        return fetch(path)
    return archive.read_files(Path(path), MANIFEST)
