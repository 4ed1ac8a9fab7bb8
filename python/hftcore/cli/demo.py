"""``hftcore demo``: everything, from events to report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from hftcore.cli.shared import Json, Trainer, UsageError, emit_json, errors, output
from hftcore.report.terminal import print_report
from hftcore.steps import Progress as Callback
from hftcore.steps import Steps

NAME = "demo"


def command(
    data: Annotated[
        Path | None,
        typer.Option(envvar="HFTCORE_DATA", help="Folder of real market data; without it, the generator's stream."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for everything that is made; reused by the next run.")] = Path(
        "build/demo"
    ),
    trainer: Trainer = "mllib",
    seed: Annotated[int, typer.Option(help="Seed of generator, sampling and training.")] = 7,
    json: Json = False,
) -> None:
    """Run every step from market events to the report, and say where the report is."""
    from hftcore.demo import DemoConfig, run_demo  # here, because they need the extras "train" and "viz"
    from hftcore.training import TRAINERS

    if trainer not in TRAINERS:
        raise UsageError(f"trainer must be one of {', '.join(TRAINERS)}, was {trainer!r}")
    if data is not None and not data.is_dir():
        raise UsageError(f"data must be a folder, was {str(data)!r}")
    source = f"real market data in {data}" if data else "the generator (no data folder given)"
    errors.print(f"events: {source}", soft_wrap=True, highlight=False, markup=False)
    with _announcer() as announcer:
        result = run_demo(DemoConfig(out=out, data=data, trainer=trainer, seed=seed), Steps(out, announcer))
    if json:
        emit_json({"report_path": str(result.report_path.resolve()), **result.report.to_dict()})
        return
    print_report(result.report, output)
    output.print(f"report: {result.report_path.resolve()}", soft_wrap=True, highlight=False)


@contextmanager
def _announcer() -> Iterator[_Bars]:
    note = TextColumn("{task.fields[note]}")
    columns = (TextColumn("{task.description:<28}"), BarColumn(), note, TimeElapsedColumn())
    with Progress(*columns, console=errors, disable=not errors.is_terminal) as progress:
        yield _Bars(progress)


class _Bars:
    """One bar per step on a terminal; one line per finished step in a pipe."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def started(self, title: str) -> Callback:
        task = self._tasks[title] = self._progress.add_task(title, total=None, note="")
        return lambda done, total: self._progress.update(task, completed=done, total=total)

    def finished(self, title: str, seconds: float, reused: bool) -> None:
        note = "reused" if reused else f"{seconds:.1f} s"
        self._progress.update(self._tasks[title], total=1, completed=1, note=note)
        if not errors.is_terminal:
            errors.print(f"{title}: {note}", highlight=False)
