"""``hftcore top``: what the daemons on this host do, live in the terminal."""

from __future__ import annotations

import json as json_
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from hftcore.cli.page_view import page_view
from hftcore.cli.shared import Json, UsageError, emit_json, errors, output
from hftcore.errors import TelemetryError
from hftcore.run.config import duration_ns
from hftcore.telemetry import PAGE_FOLDER, Page, PageReader, page_path, page_paths

NAME = "top"
_SHORTEST_NS = 50_000_000


def command(
    page: Annotated[Path | None, typer.Option(help="This page; default: all of /dev/shm/hftcored-*.page.")] = None,
    name: Annotated[str | None, typer.Option(help="The page of the daemon of this name.")] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Print one table of everything since the start, and end.")
    ] = False,
    interval: Annotated[str, typer.Option(help="Time between two looks, such as 500ms or 2s.")] = "1s",
    json: Json = False,
) -> None:
    """Show the stages, counters, lags and snapshots of running daemons; Ctrl-C ends it.

    Figures are of the last interval, and with --once since the start. With --json one document per look.
    """
    if page is not None and name is not None:
        raise UsageError("--page and --name exclude each other")
    pause_ns = duration_ns("--interval", interval)
    if pause_ns < _SHORTEST_NS:
        raise UsageError(f"--interval must be at least 50ms, was {interval}")
    chosen = page if page is not None else page_path(name) if name is not None else None
    watch = _Watch(chosen)
    if once or not (output.is_terminal or json):
        pages = watch.look()
        emit_json(pages) if json else output.print(_screen(pages))
        return
    try:
        _follow(watch, pause_ns / 1e9, json=json)
    except KeyboardInterrupt:
        return


def _follow(watch: _Watch, pause_s: float, *, json: bool) -> None:
    watch.look()  # so that the first figures shown are of an interval
    if json:
        while True:
            time.sleep(pause_s)
            typer.echo(json_.dumps(watch.look(), allow_nan=False))
    errors.print("[dim]first figures in a moment; Ctrl-C ends[/]")
    with Live(console=output, screen=True, auto_refresh=False) as live:
        while True:
            time.sleep(pause_s)
            live.update(_screen(watch.look()), refresh=True)


def _screen(pages: list[Page]) -> Group:
    return Group(*(_refused(page) if "error" in page else page_view(page, output.width) for page in pages))


def _refused(page: Page) -> Text:
    return Text.assemble((f"{page['path']}  ", "bold"), (page["error"], "red"))


class _Watch:
    """Readers of one page, or of all pages that come and go."""

    def __init__(self, chosen: Path | None) -> None:
        self._chosen = chosen
        self._readers: dict[Path, PageReader] = {}

    def look(self) -> list[Page]:
        """One dict per page; a page of the crowd that cannot be read is ``{"path", "error"}``.

        Raises
        ------
        TelemetryError
            If the chosen page cannot be read, or there is none at all.
        """
        if self._chosen is not None:
            return [self._read(self._chosen)]
        found = page_paths()
        if not found:
            raise TelemetryError(f"no telemetry page in {PAGE_FOLDER} (hftcored-*.page): does hftcored run here?")
        return [self._read_or_say(path) for path in found]

    def _read(self, path: Path) -> Page:
        if path not in self._readers:
            self._readers[path] = PageReader(path)
        return {"path": str(path), **self._readers[path].read()}

    def _read_or_say(self, path: Path) -> Page:
        try:
            return self._read(path)
        except TelemetryError as error:
            return {"path": str(path), "error": str(error).removeprefix(f"{path}: ")}
