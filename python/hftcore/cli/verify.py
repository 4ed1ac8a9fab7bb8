"""``hftcore verify``: does every path give the same bits?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hftcore.artifact import Artifact
from hftcore.cli.shared import (
    EXIT_CHECK_FAILED,
    FirstDay,
    Json,
    LastDay,
    OffTick,
    Symbols,
    emit_json,
    load_events,
    output,
    progress_bar,
)

NAME = "verify"


def command(
    artifact: Annotated[str, typer.Argument(help="Artefact: a folder, a .hft file, or REGISTRY#NAME@ALIAS.")],
    source: Annotated[
        Path | None,
        typer.Argument(help="Events: a Parquet, CSV, Arrow or packed file, or a folder of those; none: rows only."),
    ] = None,
    rows: Annotated[int, typer.Option(min=0, help="Random rows to compare, besides those of the events.")] = 100_000,
    allow_compiled: Annotated[
        bool, typer.Option("--allow-compiled", help="Run the artefact's own machine code too; only if you trust it.")
    ] = False,
    spark_model: Annotated[
        Path | None,
        typer.Option("--spark", help="The folder that MLlib saved: predict the rows with Spark too (needs Java)."),
    ] = None,
    symbols: Symbols = None,
    first: FirstDay = None,
    last: LastDay = None,
    off_tick: OffTick = "error",
    json: Json = False,
) -> None:
    """Compare every engine and every path of this CPU with the reference, and features along every path, bit by bit.

    Spark adds in another order: its margins may be 1e-12 away, and no row may change its class.

    Exits 0 only if nothing differs.
    """
    from hftcore.parity import row_sets, verify  # here, because it needs the extra "train"

    if spark_model is not None:
        from hftcore.forest.mllib_reader import saved_model

        saved_model(spark_model)  # refused before the work, and before Spark starts
    loaded = Artifact.load(artifact, engine="kernel")
    events = None if source is None else load_events(source, symbols, first, last, off_tick)
    with progress_bar("rows") as progress:
        report = verify(loaded, events, rows=rows, allow_compiled=allow_compiled, progress=progress)
    spark = None
    if spark_model is not None:
        from hftcore.spark import compare_with_spark
        from hftcore.spark.session import borrowed

        sets = row_sets(loaded, events, rows=rows)
        blocks = (block.rows for block in sets.blocks())
        with borrowed() as active, progress_bar("rows on Spark") as progress:
            spark = compare_with_spark(spark_model, loaded, blocks, active, lambda n: progress(n, sets.n_rows))
    ok = report.ok and (spark is None or spark.ok)
    if json:
        emit_json({**report.to_dict(), "ok": ok, **({} if spark is None else {"spark": spark.to_dict()})})
    else:
        heads = ("check", "rows", "differing", "largest gap (ulp)", "other classes")
        shown = Table(*heads, title=Text(str(loaded.path)), title_justify="left")
        for check in report.checks:
            style = "red" if check.differing else None
            shown.add_row(
                check.name,
                f"{check.rows:,}",
                f"{check.differing:,}",
                f"{check.max_ulp:,}",
                f"{check.class_flips:,}",
                style=style,
            )
        output.print(shown)
        output.print(f"reference: {report.reference}", highlight=False)
        output.print("every bit agrees" if report.ok else "[red]paths disagree[/]")
        if spark is not None:
            output.print(str(spark), style=None if spark.ok else "red", highlight=False)
    if not ok:
        raise typer.Exit(EXIT_CHECK_FAILED)
