"""``hftcore operations``: what a feature spec may ask for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from hftcore.cli.shared import Json, emit_json, output
from hftcore.registry import explain, operation, operations, series

NAME = "operations"


def command(
    name: Annotated[str | None, typer.Argument(help="Explain this operation; default: list all.")] = None,
    json: Json = False,
) -> None:
    """List the operations a feature spec may use, or explain one: formula, parameters, warm-up, unit."""
    if name is not None:
        if json:
            emit_json(asdict(operation(name)))
        else:
            output.print(explain(name), markup=False, highlight=False)
        return
    if json:
        emit_json({key: asdict(op) for key, op in operations().items()})
        return
    shown = Table("operation", "rev", "steps on", "parameters", "unit", "summary")
    for op in operations().values():
        parameters = ", ".join(param.name if param.required else f"\\[{param.name}]" for param in op.params)
        shown.add_row(op.name, str(op.rev), op.clock, parameters or "-", op.unit, op.summary)
    output.print(shown)
    output.print("input series: " + ", ".join(series()))
