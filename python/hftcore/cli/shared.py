"""What the commands share: consoles, exit codes, option types, progress bars."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from hftcore.errors import EventError, ParameterError
from hftcore.events import Events
from hftcore.readers import read_events

EXIT_CHECK_FAILED = 1
EXIT_BAD_INPUT = 2

_PIPE_WIDTH = 160  # a pipe has no width of its own, and Rich's guess of 80 drops columns


def console(*, stderr: bool = False) -> Console:
    """A console as wide as its terminal; in a pipe as wide as the widest table, unless ``COLUMNS`` says otherwise."""
    found = Console(stderr=stderr)
    return found if found.is_terminal or "COLUMNS" in os.environ else Console(stderr=stderr, width=_PIPE_WIDTH)


output = console()  # what a pipe should receive
errors = console(stderr=True)  # progress, notes and errors

ProgressCallback = Callable[[int, int], None]

Source = Annotated[Path, typer.Argument(help="Events: a Parquet, CSV, Arrow or packed file, or a folder of those.")]
Symbols = Annotated[
    str | None, typer.Option(help="Only these symbols, separated by commas; default: all.", metavar="A,B,...")
]
FirstDay = Annotated[
    str | None, typer.Option("--from", help="First UTC day, inclusive; default: the first.", metavar="YYYY-MM-DD")
]
LastDay = Annotated[
    str | None, typer.Option("--to", help="Last UTC day, inclusive; default: the last.", metavar="YYYY-MM-DD")
]
OffTick = Annotated[str, typer.Option(help="Trades priced between ticks: error, round (to the nearest tick) or drop.")]
Trainer = Annotated[str, typer.Option(help="mllib (Spark, needs Java 17 or newer) or lightgbm.")]
Json = Annotated[bool, typer.Option("--json", help="Print the figures as JSON on standard output.")]


class UsageError(ParameterError):
    """An option whose value breaks a rule."""


def day_start_ns(day: str) -> int:
    """Nanoseconds since the epoch at which a UTC day begins."""
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"day must read YYYY-MM-DD, was {day!r}") from None
    return int(start.timestamp()) * 1_000_000_000


def load_events(source: Path, symbols: str | None, first: str | None, last: str | None, off_tick: str) -> Events:
    """Read a source, cut it to the asked days, and refuse to go on with nothing."""
    wanted = [s.strip() for s in symbols.split(",") if s.strip()] if symbols else None
    with errors.status(f"reading {source}"):
        events = read_events(source, symbols=wanted, off_tick=off_tick)
    if first or last:
        day_ns = int(timedelta(days=1).total_seconds()) * 1_000_000_000
        start_ns = day_start_ns(first) if first else None
        end_ns = day_start_ns(last) + day_ns if last else None
        events = events.select(start_ns=start_ns, end_ns=end_ns)
    if not len(events):
        raise EventError(f"{source}: no events between {first or 'the start'} and {last or 'the end'}")
    return events


@contextmanager
def progress_bar(title: str) -> Iterator[ProgressCallback]:
    """A progress bar on standard error; call what it yields with (done, total). Silent when piped."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task(title, total=None)

        def update(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield update


def emit_json(figures: Any) -> None:
    """Print figures as one JSON document."""
    typer.echo(json.dumps(figures, indent=2, sort_keys=True, allow_nan=False))
