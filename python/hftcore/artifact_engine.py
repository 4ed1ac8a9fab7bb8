"""What computes a model's margins: the kernel from ``forest.bin``, or its compiled library, where that is allowed."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hftcore._core import model as native
from hftcore.archive import ModelFiles
from hftcore.errors import ModelMismatchError, ParameterError
from hftcore.manifest import FOREST, MANIFEST, compiled_file, expect, this_platform

ENGINES = ("auto", "kernel", "compiled")
_HEADER = struct.Struct("<8s6I")  # magic, features, margins, trees, flags; the native parser checks all of it
_FLOAT32_SUMS, _BASE_FIRST = 1, 2


@dataclass(frozen=True, slots=True)
class ForestFacts:
    """What ``forest.bin`` says of itself."""

    n_features: int
    n_margins: int
    n_trees: int
    sum_rule: str


def forest_facts(data: bytes) -> ForestFacts:
    """The head of a ``forest.bin`` that the native parser took."""
    _, n_features, n_margins, n_trees, flags, *_ = _HEADER.unpack_from(data)
    kind = "float32" if flags & _FLOAT32_SUMS else "float64"
    return ForestFacts(n_features, n_margins, n_trees, f"{kind}, base {'first' if flags & _BASE_FIRST else 'last'}")


def kernel_of(files: ModelFiles, manifest: Mapping[str, Any], path: str = "") -> native.ForestModel:
    """The kernel over ``forest.bin``, checked against what the manifest says of it.

    Parameters
    ----------
    path : str
        The kernel's path to take; "" is the fastest that this CPU runs.
    """
    where = files.where(FOREST)
    try:
        model = native.ForestModel.from_forest(
            files[FOREST], len(manifest["classes"]), manifest["output_rule"], manifest["alpha"], path
        )
    except ValueError as error:
        raise ModelMismatchError(f"{where}: {error}") from error
    facts = forest_facts(files[FOREST])
    expect(files.where(MANIFEST), "number of trees", facts.n_trees, manifest["n_trees"])
    expect(files.where(MANIFEST), "sum rule", facts.sum_rule, manifest["sum_rule"])
    expect(files.where(MANIFEST), "number of features", facts.n_features, len(manifest["feature_names"]))
    return model


def choose_engine(
    files: ModelFiles, manifest: Mapping[str, Any], engine: str, allow_compiled: bool
) -> native.ForestModel:
    """The engine that serves. Machine code of the artefact runs only where ``allow_compiled`` says so.

    Raises
    ------
    ParameterError
        If ``engine`` is none.
    ModelMismatchError
        If the forest is none, or ``engine="compiled"`` cannot be had: says why.
    """
    if engine not in ENGINES:
        raise ParameterError(f"engine must be one of {', '.join(ENGINES)}, was {engine!r}")
    kernel = kernel_of(files, manifest)
    if engine == "compiled" and not allow_compiled:
        raise ModelMismatchError(
            f"{files.path}: compiled code is not loaded: it runs as this process; allow_compiled=True permits it"
        )
    if engine == "kernel" or not allow_compiled:
        return kernel
    if engine == "auto" and (not compiled_file(manifest) or manifest["compiled"]["platform"] != this_platform()):
        return kernel
    return _library_of(files, manifest)


def _library_of(files: ModelFiles, manifest: Mapping[str, Any]) -> native.ForestModel:
    if not compiled_file(manifest):
        raise ModelMismatchError(f"{files.path}: has no compiled library: compile the model with compiled=True")
    (name,) = compiled_file(manifest)
    expect(files.where(name), "platform", this_platform(), manifest["compiled"]["platform"])
    # The bytes that were hashed are the bytes that run: a file of our own that nobody else can write.
    with tempfile.TemporaryDirectory(prefix="hftcore-library-") as folder:
        library = Path(folder, "forest.so")
        library.write_bytes(files[name])
        try:
            return native.ForestModel.from_library(
                str(library),
                len(manifest["feature_names"]),
                len(manifest["classes"]),
                manifest["output_rule"],
                manifest["alpha"],
            )
        except ValueError as error:
            raise ModelMismatchError(f"{files.where(name)}: {error}") from error
