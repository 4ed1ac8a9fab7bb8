"""``hftcore features doctor``: is a spec in health on these events?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hftcore.cli.shared import (
    EXIT_CHECK_FAILED,
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
from hftcore.doctor import ColumnHealth, Diagnosis, examine
from hftcore.doctor.diagnosis import CHECKS, FAILED
from hftcore.spec import FeatureSpec

NAME = "doctor"
_COLOUR = {"ok": "green", "warning": "yellow", "failed": "red"}


def command(
    spec: Annotated[Path, typer.Argument(help="Feature spec, TOML or JSON.")],
    source: Source,
    symbols: Symbols = None,
    first: FirstDay = None,
    last: LastDay = None,
    off_tick: OffTick = "error",
    tolerance: Annotated[float, typer.Option(help="What a seed may weigh when the warm-up is over.")] = 1e-9,
    sample: Annotated[int, typer.Option(help="Try look-ahead and batches on this many events.", min=1)] = 200_000,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 on warnings too.")] = False,
    json: Json = False,
) -> None:
    """Examine a spec on events: warm-up, look-ahead, batches, columns that are constant, copies or never there.

    Exits 0 when no check failed, 1 when one did (with --strict: or warned), 2 on bad input.
    """
    loaded = FeatureSpec.load(spec)
    events = load_events(source, symbols, first, last, off_tick)
    with progress_bar("examining") as progress:
        found = examine(loaded, events, tolerance=tolerance, sample=sample, progress=progress)
    if json:
        emit_json(found.to_dict())
    else:
        _print(found)
    if not found.ok or (strict and found.findings):
        raise typer.Exit(EXIT_CHECK_FAILED)


def _print(found: Diagnosis) -> None:
    title = (
        f"{found.spec_name} on {found.source}: {found.n_rows:,} rows of {found.n_events:,} events, "
        f"{found.n_symbols} symbol{'s'[: found.n_symbols != 1]}"
    )
    heads = "column", "lookback", "warm-up", "rows before it is warm", "rows without a value", "lowest", "highest"
    shown = Table(*heads, title=Text(title), title_justify="left")
    for c in found.columns:
        tick = "" if c.clock == "none" else f" {c.tick}s"
        shown.add_row(c.name, f"{c.lookback:,}", f"{c.warm_up:,}{tick}", _share(c, c.n_cold), _share(c, c.n_nan),
                      _number(c.lowest), _number(c.highest))  # fmt: skip
    output.print(shown)
    for check, meaning in CHECKS.items():
        verdict = found.verdict(check)
        line = Text.assemble((f"{verdict:<8}", _COLOUR[verdict]), f"{check}: {meaning}")
        output.print(line)
        for finding in found.findings:
            if finding.check == check:
                where = f"{finding.column}: " if finding.column else ""
                output.print(Text(f"          {where}{finding.text}", style="red" if finding.level == FAILED else ""))
    if found.n_sampled < found.n_events:
        output.print(f"look-ahead and batches: the first {found.n_sampled:,} events (--sample)", highlight=False)


def _share(column: ColumnHealth, n: int) -> str:
    return f"{n:,} ({n / column.n_rows:.1%})" if column.n_rows else "-"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"
