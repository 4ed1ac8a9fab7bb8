"""``hftcore verify``: does every path give the same bits?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hftcore.artifact import Artifact
from hftcore.cli.shared import (
    EXIT_CHECK_FAILED,
    FirstDay,
    Json,
    LastDay,
    OffTick,
    Source,
    Symbols,
    emit_json,
    errors,
    load_events,
    output,
)

NAME = "verify"


def command(
    artifact: Annotated[Path, typer.Argument(help="Artefact folder.")],
    source: Source,
    symbols: Symbols = None,
    first: FirstDay = None,
    last: LastDay = None,
    off_tick: OffTick = "error",
    json: Json = False,
) -> None:
    """Compare batch, stream, snapshot, compiled forest and Treelite's reference, bit by bit.

    Exits 0 only if nothing differs.
    """
    from hftcore.parity import verify  # here, because it needs the extra "train"

    loaded = Artifact.load(artifact)
    events = load_events(source, symbols, first, last, off_tick)
    with errors.status("comparing"):
        report = verify(loaded, events)
    if json:
        emit_json(report.to_dict())
    else:
        shown = Table("check", "rows", "differing", "largest gap (ulp)", title=f"{artifact}", title_justify="left")
        for check in report.checks:
            style = "red" if check.differing else None
            shown.add_row(check.name, f"{check.rows:,}", f"{check.differing:,}", f"{check.max_ulp:,}", style=style)
        output.print(shown)
        output.print("every bit agrees" if report.ok else "[red]paths disagree[/]")
    if not report.ok:
        raise typer.Exit(EXIT_CHECK_FAILED)
