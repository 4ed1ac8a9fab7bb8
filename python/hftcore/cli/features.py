"""``hftcore features``: events to a labelled feature table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hftcore.cli.shared import (
    FirstDay,
    Json,
    LastDay,
    OffTick,
    Source,
    Symbols,
    emit_json,
    load_events,
    output,
    progress_bar,
)
from hftcore.spec import FeatureSpec
from hftcore.table import LabelRule, make_feature_table, write_feature_table

NAME = "features"


def command(
    source: Source,
    spec: Annotated[Path, typer.Option(help="Feature spec, TOML or JSON.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    symbols: Symbols = None,
    first: FirstDay = None,
    last: LastDay = None,
    off_tick: OffTick = "error",
    horizon: Annotated[int, typer.Option(help="Label: rows ahead, of the same symbol and session.")] = 50,
    deadband: Annotated[float, typer.Option(help="Label: a move of up to this many ticks is flat.")] = 0.0,
    smoothing: Annotated[
        str, typer.Option(help="Label: compare with the mean of the next rows, or with the last of them.")
    ] = "mean",
    json: Json = False,
) -> None:
    """Compute features with the compiled pipeline, label each row, and write a Parquet table."""
    loaded = FeatureSpec.load(spec)
    events = load_events(source, symbols, first, last, off_tick)
    with progress_bar("features") as progress:
        table = make_feature_table(events, loaded, LabelRule(horizon, deadband, smoothing), progress)
    write_feature_table(table, out)
    figures = {
        "path": str(out),
        "n_events": len(events),
        "n_rows": table.about["n_rows"],
        "n_labelled": len(table),
        "classes": table.class_counts(),
        "counters": table.about["counters"],
        "spec_sha256": loaded.sha256,
    }
    if json:
        emit_json(figures)
        return
    shown = Table("figure", "value", title=f"{out}", title_justify="left")
    for key in ("n_events", "n_rows", "n_labelled"):
        shown.add_row(key, f"{figures[key]:,}")
    for key, count in table.class_counts().items():
        shown.add_row(f"label {key}", f"{count:,} ({count / len(table):.1%})")
    output.print(shown)
