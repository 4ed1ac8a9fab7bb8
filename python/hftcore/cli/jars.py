"""``hftcore jars``: the Java archives of brokers, connectors and HDFS, fetched once and pinned."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, UsageError, emit_json, errors, output, progress_bar
from hftcore.errors import JarError
from hftcore.jars import JAR_SETS, JarSet

NAME = "jars"
app = typer.Typer(no_args_is_help=True, help="The Java archives of brokers, Spark connectors and HDFS.")

_ALL = "all"


@app.command()
def fetch(
    sets: Annotated[
        list[str] | None, typer.Argument(help=f"{', '.join(JAR_SETS)} or {_ALL} (the default).", metavar="[SET]...")
    ] = None,
    json: Json = False,
) -> None:
    """Fetch sets of jars into the user's cache, where they are not there yet, and check every one against its pin."""
    folders = {}
    for one in _chosen(sets or [_ALL]):
        with progress_bar(f"fetching the {one.title} jars") as progress:
            folders[one.key] = str(one.fetch(progress))
        errors.print(f"{one.key}: {len(one.pins())} jars, as pinned, in {folders[one.key]}", highlight=False)
    if json:
        emit_json(folders)


@app.command(name="list")
def list_(json: Json = False) -> None:
    """Show the sets; exit 0 when those that are there are as pinned, else 1."""
    rows = []
    for one in JAR_SETS.values():
        state = "not fetched"
        if one.fetched:
            try:
                one.checked()
                state = "as pinned"
            except JarError as error:
                state = str(error)
        rows.append({"set": one.key, "version": one.version, "jars": len(one.pins()), "state": state})
    if json:
        emit_json(rows)
    else:
        table = Table("set", "what", "jars", "state")
        for row, one in zip(rows, JAR_SETS.values(), strict=True):
            table.add_row(one.key, f"{one.title} jars", str(row["jars"]), str(row["state"]))
        output.print(table)
    if any(row["state"] not in ("as pinned", "not fetched") for row in rows):
        raise typer.Exit(EXIT_CHECK_FAILED)


def _chosen(names: list[str]) -> list[JarSet]:
    unknown = [name for name in names if name not in JAR_SETS and name != _ALL]
    if unknown:
        raise UsageError(f"set must be one of {', '.join(JAR_SETS)}, {_ALL}, was {unknown[0]!r}")
    return list(JAR_SETS.values()) if _ALL in names else [JAR_SETS[name] for name in dict.fromkeys(names)]
