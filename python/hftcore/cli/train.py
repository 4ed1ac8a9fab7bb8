"""``hftcore train``: a feature table to a trained forest."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hftcore.cli.shared import Json, Trainer, emit_json, output, progress_bar
from hftcore.spec import FeatureSpec

NAME = "train"


def command(
    table: Annotated[Path, typer.Argument(help="Feature table, as `hftcore features` writes it.")],
    spec: Annotated[Path, typer.Option(help="Feature spec that the table was made with.")],
    out: Annotated[Path, typer.Option(help="Folder for the model; a model that was there is replaced.")],
    trainer: Trainer = "mllib",
    trees: Annotated[
        int | None, typer.Option(help="Trees per class, >= 1; default: 20 (mllib) or 60 (lightgbm).")
    ] = None,
    depth: Annotated[int, typer.Option(help="Largest depth of a tree, 1 to 16.")] = 5,
    learning_rate: Annotated[float, typer.Option(help="Weight of each new tree, above 0, at most 1.")] = 0.1,
    max_rows: Annotated[
        int | None, typer.Option(help="Train on this many rows, drawn by the seed; default: all.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of sampling and training.")] = 7,
    json: Json = False,
) -> None:
    """Train up, flat and down on Spark MLlib (one-vs-rest of GBTClassifier) or on LightGBM (no Java)."""
    from hftcore.training import fit  # here, because it needs the extra "train"

    with progress_bar(f"training on {trainer}") as progress:
        result = fit(
            trainer,
            table,
            FeatureSpec.load(spec),
            out,
            n_trees=trees,
            depth=depth,
            learning_rate=learning_rate,
            max_rows=max_rows,
            seed=seed,
            progress=progress,
        )
    if json:
        emit_json(result.to_dict() | {"path": str(out)})
        return
    shown = Table("feature", "share of gain", title=f"{out}: {result.n_rows:,} rows, {result.seconds:.1f} s")
    for name, share in sorted(result.importance.items(), key=lambda item: -item[1]):
        shown.add_row(name, f"{share:.1%}")
    output.print(shown)
