"""``hftcore features table``: events to a labelled feature table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hftcore import labels
from hftcore.cli.shared import (
    FirstDay,
    Json,
    LastDay,
    OffTick,
    Source,
    Symbols,
    UsageError,
    emit_json,
    load_events,
    output,
    progress_bar,
)
from hftcore.events import Events
from hftcore.spec import FeatureSpec
from hftcore.table import LabelRule, make_feature_table, write_feature_table

NAME = "table"


def command(
    source: Source,
    spec: Annotated[Path, typer.Option(help="Feature spec, TOML or JSON.")],
    out: Annotated[Path, typer.Option(help="Parquet file to write.")],
    symbols: Symbols = None,
    first: FirstDay = None,
    last: LastDay = None,
    off_tick: OffTick = "error",
    horizon: Annotated[int, typer.Option(help="Label: rows ahead, of the same symbol and session; >= 1.")] = 50,
    deadband: Annotated[float, typer.Option(help="Label: a move of up to this many ticks is flat; >= 0.")] = 0.0,
    smoothing: Annotated[
        str, typer.Option(help="Label: compare with the mean of the next rows (mean), or the last of them (last).")
    ] = "mean",
    json: Json = False,
) -> None:
    """Compute features with the compiled pipeline, label each row, and write a Parquet table."""
    if out.resolve() == source.resolve() or out.is_dir():
        raise UsageError(
            f"--out must be a file of its own, was {out}, which is {'a folder' if out.is_dir() else 'read'}"
        )
    loaded = FeatureSpec.load(spec)
    events = load_events(source, symbols, first, last, off_tick)
    rule = LabelRule(horizon, deadband, smoothing)
    _check(rule, events)
    with progress_bar("features") as progress:
        table = make_feature_table(events, loaded, rule, progress)
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


def _check(rule: LabelRule, events: Events) -> None:
    """Try the rule on no event: a wrong one costs no pass over the tape, and no other fault is taken for its own."""
    if rule.horizon > len(events):
        raise UsageError(f"horizon must be at most the number of events, {len(events)}, was {rule.horizon}")
    try:
        labels.direction(events[:0], horizon=rule.horizon, deadband=rule.deadband_ticks, smoothing=rule.smoothing)
    except ValueError as error:
        raise UsageError(str(error)) from error
