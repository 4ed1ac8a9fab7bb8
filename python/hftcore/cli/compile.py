"""``hftcore compile``: a trained forest to an artefact."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hftcore.cli.shared import Json, emit_json, errors, output
from hftcore.spec import FeatureSpec

NAME = "compile"


def command(
    model: Annotated[
        Path,
        typer.Argument(
            help="A folder that a trainer wrote or MLlib saved, or a file: LightGBM's text, XGBoost's .json or .ubj, "
            "Treelite's .tl."
        ),
    ],
    spec: Annotated[Path, typer.Option(help="Feature spec that the model was trained with.")],
    out: Annotated[Path, typer.Option(help="Artefact to write: one file where it ends in .hft, else a folder.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an artefact that is there.")] = False,
    compiled: Annotated[
        bool, typer.Option("--compiled", help="Add machine code of this platform; needs a C compiler.")
    ] = False,
    json: Json = False,
) -> None:
    """Make an artefact of a trained model: import it, flatten it, prove it on probe rows.

    The kernel serves it without a compiler. With --compiled it also holds machine code, made from TL2cgen's C, which
    runs only where loading permits it.
    """
    from hftcore.compiler import compile_model  # here, because it needs the extra "train"

    with errors.status("compiling" if compiled else "importing"):
        artifact = compile_model(model, FeatureSpec.load(spec), out, compiled=compiled, overwrite=overwrite)
    manifest = artifact.manifest
    if json:
        emit_json({"path": str(out), "model_id": artifact.model_id, "manifest": manifest})
    else:
        n_features = len(artifact.spec.names)
        output.print(f"{out}: model {artifact.model_id[:16]}, {manifest['n_trees']} trees, {n_features} features")
