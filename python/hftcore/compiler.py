"""From a trained model to an artefact: import, generate C, compile, prove, write the folder in one step."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hftcore import manifest as layout
from hftcore._core import __version__
from hftcore.artifact import Artifact, probe_bytes
from hftcore.errors import ModelMismatchError
from hftcore.forest import Forest, load_forest
from hftcore.forest.adversarial import adversarial_rows
from hftcore.forest.codegen import generate_c
from hftcore.forest.forest import reference_scores
from hftcore.forest.host_compiler import Compiler, compile_library, find_compiler
from hftcore.forest.to_treelite import to_treelite
from hftcore.forest.walk import walk_margins
from hftcore.train import TrainingResult

if TYPE_CHECKING:
    from hftcore.spec import FeatureSpec

_N_PROBES = 256  # of the caller's rows
_N_ADVERSARIAL = 1024
_PROBE_SEED = 20_110_217


def compile_model(
    model: Any,
    spec: FeatureSpec,
    path: str | Path,
    *,
    probe: npt.NDArray[np.float64] | None = None,
    training: TrainingResult | Mapping[str, Any] | None = None,
    classes: tuple[int, ...] | None = None,
    cc: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Artifact:
    """Compile a trained model into an artefact folder and load it.

    Parameters
    ----------
    model : path, TrainingResult, LightGBM model or Spark MLlib model
        A folder saved by MLlib (``OneVsRestModel`` of GBTs, or ``GBTClassificationModel``) or by ``hftcore.train``, a
        LightGBM text file, a Booster, a fitted scikit-learn wrapper, or a fitted MLlib model.
    spec : FeatureSpec
        The features that the model was trained on, in its order.
    path : path
        The folder to make; it appears complete or not at all.
    probe : float64 array, shape (n, n_features), optional
        Real rows to keep as probes, besides the adversarial ones made from the forest's thresholds.
    training : TrainingResult or mapping, optional
        Where the model came from. Default: ``training.json`` beside the model, where there is one.
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.
    cc : str, optional
        C compiler. Default: ``$CC``, else cc, gcc or clang.
    overwrite : bool
        Replace an artefact that is there.
    progress : callable, optional
        Called with (files compiled, files in all).

    Raises
    ------
    ModelMismatchError
        If the model cannot be represented exactly or does not fit the spec, or the path is taken.
    CompileError
        If there is no C compiler, or it fails.
    """
    target = Path(path)
    _refuse_taken(target, overwrite)
    source = model.model_path if isinstance(model, TrainingResult) else model
    report = _training_report(source, training if training is not None or source is model else model)
    _refuse_odd_report(report)
    _refuse_other_training(report, spec)
    forest = load_forest(source, spec.names, classes)
    compiler = find_compiler(cc)
    library = compile_library(generate_c(forest.flat), compiler, progress)
    rows, margins = _probes(forest, probe)
    files = {
        layout.SPEC: spec.canonical_json().encode(),
        layout.FOREST: to_treelite(forest.flat).serialize_bytes(),
        f"forest-{hashlib.sha256(library).hexdigest()[:16]}.so": library,
        layout.PROBES: probe_bytes(rows, margins, reference_scores(forest, margins), forest.classes),
        layout.TRAINING: (json.dumps(report, indent=2) + "\n").encode(),
    }
    manifest = layout.render_manifest(_manifest(forest, spec, files, report, compiler, len(rows)))
    _write_folder(target, {**files, layout.MANIFEST: manifest})
    return Artifact.load(target)


def _probes(
    forest: Forest, probe: npt.NDArray[np.float64] | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rows = adversarial_rows(forest.flat, _N_ADVERSARIAL, _PROBE_SEED)
    if probe is not None:
        if probe.ndim != 2 or probe.shape[1] != forest.n_features or probe.dtype != np.float64:
            raise ModelMismatchError(
                f"probe must be float64 of shape (n, {forest.n_features}), was {probe.dtype} of shape {probe.shape}"
            )
        chosen = np.unique(np.linspace(0, max(len(probe) - 1, 0), min(_N_PROBES, len(probe))).astype(np.int64))
        rows = np.concatenate([probe[chosen], rows])
    return rows, walk_margins(forest.flat, rows)


def _manifest(
    forest: Forest,
    spec: FeatureSpec,
    files: Mapping[str, bytes],
    report: Mapping[str, Any],
    compiler: Compiler,
    n_probes: int,
) -> dict[str, Any]:
    gain = np.asarray(forest.gain)
    shares = gain / gain.sum() if gain.sum() > 0 else gain
    window = report.get("window_ns")
    manifest: dict[str, Any] = {
        "alpha": float(forest.alpha),
        "classes": list(forest.classes),
        "data_fingerprint": report.get("data_fingerprint"),
        "feature_names": list(spec.names),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
        "format": layout.FORMAT,
        "format_version": layout.FORMAT_VERSION,
        "importance": {name: float(share) for name, share in zip(spec.names, shares, strict=True)},
        "library": next(name for name in files if name.endswith(".so")),
        "n_probes": n_probes,
        "n_trees": forest.n_trees,
        "output_rule": forest.output_rule,
        "platform": layout.this_platform(),
        "seed": report.get("seed"),
        "spec_sha256": spec.sha256,
        "threshold_type": "float64",
        "trainer": {"name": forest.trainer, "version": forest.trainer_version},
        "training_window_ns": None if window is None else list(window),
        "versions": {
            "compiler": compiler.version,
            "compiler_flags": compiler.flags,
            "hftcore": __version__,
            "tl2cgen": version("tl2cgen"),
            "treelite": version("treelite"),
        },
    }
    return {**manifest, "model_id": layout.model_id(manifest)}


def _training_report(source: Any, training: TrainingResult | Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(training, TrainingResult):
        return training.to_dict()
    if training is not None:
        return dict(training)
    if isinstance(source, (str, os.PathLike)):
        beside = Path(source) / layout.TRAINING
        if beside.is_file():
            return layout.read_object(beside)
    return {}


def _refuse_odd_report(report: Mapping[str, Any]) -> None:
    """Raise unless the manifest can say of each field what it means."""
    kinds: dict[str, tuple[type, ...]] = {
        "data_fingerprint": (str, type(None)),
        "feature_names": (list, tuple, type(None)),
        "seed": (int, type(None)),
        "window_ns": (list, tuple, type(None)),
    }
    for name, kind in kinds.items():
        if not isinstance(report.get(name), kind):
            raise ModelMismatchError(
                f"{layout.TRAINING}: {name} must be {' or '.join(k.__name__ for k in kind)}, was {report[name]!r}"
            )


def _refuse_other_training(report: Mapping[str, Any], spec: FeatureSpec) -> None:
    trained_on = report.get("spec_sha256")
    if trained_on is not None and trained_on != spec.sha256:
        names = report.get("feature_names") or ()
        for index, (ours, theirs) in enumerate(zip(spec.names, names, strict=False)):
            if ours != theirs:
                raise ModelMismatchError(f"feature {index}: the spec has {ours!r}, the model was trained on {theirs!r}")
        raise ModelMismatchError(f"the model was trained with the spec {trained_on}, this one is {spec.sha256}")


def _refuse_taken(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not overwrite:
        raise ModelMismatchError(f"{target}: exists; pass overwrite=True to replace it")
    if not (target / layout.MANIFEST).is_file() and not (target.is_dir() and not any(target.iterdir())):
        raise ModelMismatchError(f"{target}: is no artefact, so it is not replaced")


def _write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Fill a folder beside the target, prove it by loading it, then rename: no reader ever sees half an artefact."""
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    retired = made.with_name(made.name + ".old")
    made.mkdir()
    try:
        for name, data in files.items():
            (made / name).write_bytes(data)
        Artifact.load(made)
        if target.exists():
            target.rename(retired)
        try:
            made.rename(target)
        except OSError:
            if retired.exists():
                retired.rename(target)
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
        shutil.rmtree(retired, ignore_errors=True)
