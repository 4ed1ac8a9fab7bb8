"""``hftcore ledger``: a journal to SQLite, and profit and loss."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hftcore.cli.shared import Json, emit_json, errors, output, progress_bar
from hftcore.ledger import profit_and_loss, write_sqlite

NAME = "ledger"
_MONEY = ("realised", "unrealised", "fees", "net")
_COUNTS = ("n_orders", "n_fills", "bought_qty", "sold_qty", "position_qty")


def command(
    journal: Annotated[Path, typer.Argument(help="Journal of a run, or a ledger database to read.")],
    sqlite: Annotated[
        Path | None,
        typer.Option(
            help="Write the journal to this database, each decision id once, and print what all of it holds; default: "
            "print the journal's own."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Follow a journal into SQLite, idempotently by decision id, and print profit and loss."""
    if sqlite is not None:
        with progress_bar("writing") as progress:
            written = write_sqlite(journal, sqlite, progress)
        errors.print(f"{sqlite}: {written.orders:,} new orders, {written.fills:,} new fills")
    pnl = profit_and_loss(sqlite or journal)
    # A database may hold the journals of many runs: its figures are not this journal's.
    title = str(journal) if sqlite is None else f"{sqlite}: all runs written to it"
    rows = [row.to_dict() for row in pnl.rows]
    total = total_of(rows)
    if json:
        emit_json({"source": str(sqlite or journal), "symbols": rows, "total": total})
        return
    shown = Table("symbol", *(name.removeprefix("n_") for name in (*_COUNTS, *_MONEY)), title=title)
    for row in [*rows, total | {"symbol": "total"}]:
        shown.add_row(
            row["symbol"],
            *(f"{row[name]:,}" if name in row else "" for name in _COUNTS),
            *("no mark" if row[name] is None else f"{row[name]:,.2f}" for name in _MONEY),
        )
    output.print(shown)


def total_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum the counts and the money; quantities of different symbols do not add up, so they are left out."""
    total: dict[str, Any] = {name: sum(row[name] for row in rows) for name in ("n_orders", "n_fills")}
    for name in _MONEY:
        values = [row[name] for row in rows]
        total[name] = None if None in values else sum(values)
    return total
