"""``hftcore features``: a table of features, and the library they come from: list, explain, doctor.

``hftcore features SOURCE --spec ... --out ...`` is ``hftcore features table SOURCE ...``: what is no command is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from hftcore.cli import feature_doctor, feature_table, feature_words
from hftcore.registry import did_you_mean

NAME = "features"


class _TableByDefault(TyperGroup):
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``table`` before what is neither a command nor a call for help."""
        if args and args[0] not in (*self.commands, "--help"):
            self._refuse_misspelt(ctx, args[0])
            args = [feature_table.NAME, *args]
        return super().parse_args(ctx, args)

    def _refuse_misspelt(self, ctx: Any, first: str) -> None:
        near = did_you_mean(first, self.commands)
        if near and not first.startswith("-") and not Path(first).exists():
            ctx.fail(f"{first!r} is neither a command nor a file{near}")


app = typer.Typer(
    cls=_TableByDefault,
    no_args_is_help=True,
    help="Features: compute a table (SOURCE --spec ... --out ...), list operations, explain them, examine a spec.",
)
app.command(name=feature_table.NAME)(feature_table.command)
app.command(name="list")(feature_words.list_command)
app.command(name="explain")(feature_words.explain_command)
app.command(name=feature_doctor.NAME)(feature_doctor.command)
