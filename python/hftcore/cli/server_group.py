"""What the commands of every group of servers have in common."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Protocol

from hftcore.cli.shared import emit_json, errors, output, progress_bar
from hftcore.jars import JarSet
from hftcore.servers.group import ServerGroup


class Figures(Protocol):
    """Tells the state of a group; called once it is up."""

    def __call__(self) -> dict[str, Any]:
        """Return it."""


def bring_up(group: ServerGroup, jars: JarSet, what: str, figures: Figures, line: tuple[str, str], json: bool) -> None:
    """Fetch the jars, start the servers, print how long it took and ``line``: a setting, and its key in the figures."""
    with progress_bar(f"fetching the jars of {what}") as progress:
        jars.fetch(progress)
    begun = time.monotonic()
    with errors.status(f"starting {what}"):
        started = group.up()
    seconds = round(time.monotonic() - begun, 2)
    found = figures()
    if json:
        emit_json({"started": started, "seconds": seconds, **found})
        return
    errors.print(f"ready after {seconds} s" if started else "it was running already")
    output.print(f"{line[0]}={found[line[1]]}", highlight=False, soft_wrap=True)


def bring_down(group: ServerGroup, where: Path, purge: bool, json: bool) -> None:
    """Stop the servers, say whether there were any."""
    stopped = group.down(purge=purge)
    if json:
        emit_json({"stopped": stopped, "folder": str(where)})
    else:
        errors.print("stopped" if stopped else "it was not running")
