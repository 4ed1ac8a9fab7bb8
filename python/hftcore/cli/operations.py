"""``hftcore operations``: what a feature spec may ask for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from hftcore.cli.shared import Json, emit_json, output
from hftcore.registry import explain, operations, series

NAME = "operations"


def command(
    name: Annotated[str | None, typer.Argument(help="Explain this operation; default: list all.")] = None,
    json: Json = False,
) -> None:
    """List the operations a feature spec may use, or explain one: formula, parameters, warm-up, unit."""
    if name is not None:
        output.print(explain(name), markup=False, highlight=False)
        return
    if json:
        emit_json({key: asdict(operation) for key, operation in operations().items()})
        return
    shown = Table("operation", "rev", "steps on", "parameters", "unit", "summary")
    for operation in operations().values():
        parameters = ", ".join(param.name if param.required else f"\\[{param.name}]" for param in operation.params)
        shown.add_row(
            operation.name, str(operation.rev), operation.clock, parameters or "-", operation.unit, operation.summary
        )
    output.print(shown)
    output.print("input series: " + ", ".join(series()))
