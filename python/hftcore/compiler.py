"""From a trained model to an artefact: import, flatten, prove, write it in one step; compile where it is asked for."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hftcore import manifest as layout
from hftcore._core import __version__
from hftcore.archive import ModelFiles
from hftcore.artifact import Artifact, refuse_taken, write_model
from hftcore.artifact_checks import probe_bytes
from hftcore.artifact_engine import forest_facts
from hftcore.errors import CompileError, ModelMismatchError
from hftcore.forest import Forest, load_forest
from hftcore.forest.adversarial import adversarial_rows
from hftcore.forest.forest import reference_scores
from hftcore.forest.importers import training_file
from hftcore.model_card import render_card
from hftcore.reference import reference_of
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
    compiled: bool = False,
    cc: str | None = None,
    overwrite: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Artifact:
    """Make an artefact of a trained model and load it.

    Parameters
    ----------
    model : path, TrainingResult, or a fitted model of a supported library
        What :func:`hftcore.forest.load_forest` reads; docs/reference/models.md lists it.
    spec : FeatureSpec
        The features that the model was trained on, in its order.
    path : path
        One file where it ends in ``.hft``, else a folder; it appears complete or not at all.
    probe : float64 array, shape (n, n_features), optional
        Real rows to keep as probes, besides the adversarial ones made from the forest's thresholds.
    training : TrainingResult or mapping, optional
        Where the model came from. Default: ``training.json`` beside the model, where there is one.
    classes : tuple of int, optional
        Labels in the order of the model's classes. Default: (-1, 0, 1) for three, 0..k-1 otherwise.
    compiled : bool
        Add the forest as machine code of this platform, and load it. The kernel needs none and is the default.
    cc : str, optional
        C compiler for ``compiled``. Default: ``$CC``, else cc, gcc or clang.
    overwrite : bool
        Replace an artefact that is there.
    progress : callable, optional
        Called with (files compiled, files in all).

    Raises
    ------
    ModelMismatchError
        If the model cannot be represented exactly or does not fit the spec, or the path is taken.
    CompileError
        If ``compiled`` is asked for and there is no C compiler, or it fails, or the forest has no compiled form.
    """
    target = Path(path)
    refuse_taken(target, overwrite)
    source = model.model_path if isinstance(model, TrainingResult) else model
    report = _training_report(source, training if training is not None or source is model else model)
    _refuse_odd_report(report)
    _refuse_other_training(report, spec)
    forest = load_forest(source, spec.names, classes)
    library, about = _library(forest, cc, progress) if compiled else (None, None)
    rows = _probe_rows(forest, probe)
    reference = reference_of(forest.flat)
    margins = reference.margins(rows)
    members = {
        layout.SPEC: spec.canonical_json().encode(),
        layout.FOREST: forest.flat.to_bytes(),
        layout.PROBES: probe_bytes(rows, margins, reference_scores(forest, margins), forest.classes),
        layout.TRAINING: (json.dumps(report, indent=2) + "\n").encode(),
    }
    if library is not None and about is not None:
        members[about["file"]] = library
    manifest = _manifest(forest, spec, members, report, about, len(rows))
    facts = {"n_nodes": forest.flat.n_nodes, "n_margins": forest.flat.n_margins, "reference": str(reference)}
    members[layout.CARD] = render_card(manifest, report, spec.name, facts).encode()
    manifest["files"] = _hashes(members)
    members[layout.MANIFEST] = layout.render_manifest(manifest)
    write_model(ModelFiles(target, members), overwrite, allow_compiled=compiled)
    return Artifact.load(target, allow_compiled=compiled)


def _library(
    forest: Forest, cc: str | None, progress: Callable[[int, int], None] | None
) -> tuple[bytes, dict[str, str]]:
    """The forest as machine code of this platform, and what the manifest says of it."""
    from hftcore.forest.codegen import generate_c  # here, because only compiling needs TL2cgen
    from hftcore.forest.host_compiler import compile_library, find_compiler

    try:
        compiler = find_compiler(cc)
    except CompileError as error:
        raise CompileError(f"{error}; the kernel serves every model without a compiler: leave compiled out") from error
    library = compile_library(generate_c(forest.flat), compiler, progress)
    return library, {
        "compiler": compiler.version,
        "compiler_flags": compiler.flags,
        "file": f"forest-{hashlib.sha256(library).hexdigest()[:16]}.so",
        "platform": layout.this_platform(),
    }


def _probe_rows(forest: Forest, probe: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64]:
    rows = adversarial_rows(forest.flat, _N_ADVERSARIAL, _PROBE_SEED)
    if probe is None:
        return rows
    if probe.ndim != 2 or probe.shape[1] != forest.n_features or probe.dtype != np.float64:
        raise ModelMismatchError(
            f"probe must be float64 of shape (n, {forest.n_features}), was {probe.dtype} of shape {probe.shape}"
        )
    chosen = np.unique(np.linspace(0, max(len(probe) - 1, 0), min(_N_PROBES, len(probe))).astype(np.int64))
    return np.concatenate([probe[chosen], rows])


def _manifest(
    forest: Forest,
    spec: FeatureSpec,
    members: Mapping[str, bytes],
    report: Mapping[str, Any],
    compiled: Mapping[str, str] | None,
    n_probes: int,
) -> dict[str, Any]:
    window = report.get("window_ns")
    manifest: dict[str, Any] = {
        "alpha": float(forest.alpha),
        "classes": list(forest.classes),
        "compiled": None if compiled is None else dict(compiled),
        "data_fingerprint": report.get("data_fingerprint"),
        "feature_names": list(spec.names),
        "files": _hashes(members),
        "format": layout.FORMAT,
        "format_version": layout.FORMAT_VERSION,
        "importance": {name: float(share) for name, share in zip(spec.names, forest.gain_shares, strict=True)},
        "n_probes": n_probes,
        "n_trees": forest.n_trees,
        "output_rule": forest.output_rule,
        "seed": report.get("seed"),
        "spec_sha256": spec.sha256,
        "sum_rule": forest_facts(members[layout.FOREST]).sum_rule,
        "threshold_type": "float64",
        "trainer": {"name": forest.trainer, "version": forest.trainer_version},
        "training_window_ns": None if window is None else list(window),
        "versions": {"hftcore": __version__, "treelite": version("treelite")},
    }
    if compiled is not None:
        manifest["versions"]["tl2cgen"] = version("tl2cgen")
    return {**manifest, "model_id": layout.model_id(manifest)}


def _hashes(members: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}


def _training_report(source: Any, training: TrainingResult | Mapping[str, Any] | None) -> dict[str, Any]:
    if isinstance(training, TrainingResult):
        return training.to_dict()
    if training is not None:
        return dict(training)
    if isinstance(source, (str, os.PathLike)):
        beside = training_file(Path(source))
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
