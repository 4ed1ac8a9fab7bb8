"""``hftcore hdfs``: a real NameNode with three DataNodes on loopback."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, emit_json, errors, output, progress_bar
from hftcore.hdfs.cluster import Hdfs, default_folder
from hftcore.hdfs.configuration import DATA_NODES
from hftcore.jars.catalogue import HDFS

NAME = "hdfs"
app = typer.Typer(no_args_is_help=True, help="A real HDFS on this machine: a NameNode, three DataNodes, two copies.")

Name = Annotated[str, typer.Option(help="Which one, where there are several; its folder is named after it.")]
Folder = Annotated[Path | None, typer.Option(help="Its folder; default: one in the user's state folder, by --name.")]
Node = Annotated[int, typer.Argument(help="DataNode 1, 2 or 3.", metavar="N", min=DATA_NODES[0], max=DATA_NODES[-1])]


@app.command()
def up(
    name: Name = "default",
    folder: Folder = None,
    heap: Annotated[str, typer.Option(help="Heap of each server, such as 256m or 1g.")] = "256m",
    json: Json = False,
) -> None:
    """Start it, ready when a file with two copies was read back. No error if it runs."""
    hdfs = Hdfs(_folder(name, folder), heap=heap)
    with progress_bar("fetching the HDFS servers' jars") as progress:
        HDFS.fetch(progress)
    begun = time.monotonic()
    with errors.status("starting a NameNode and three DataNodes"):
        started = hdfs.up()
    seconds = round(time.monotonic() - begun, 2)
    if json:
        emit_json({"started": started, "seconds": seconds, **_figures(hdfs)})
        return
    errors.print(f"ready after {seconds} s" if started else "it was running already")
    output.print(f"fs.defaultFS={hdfs.url}", highlight=False, soft_wrap=True)


@app.command()
def status(name: Name = "default", folder: Folder = None, json: Json = False) -> None:
    """Show the servers; exit 0 when all run and the NameNode counts three DataNodes, else 1."""
    where = _folder(name, folder)
    figures: dict[str, Any] = {"folder": str(where), "url": "", "ok": False, "servers": []}
    if where.exists():
        figures = _figures(Hdfs.attach(where))
    if json:
        emit_json(figures)
    elif not figures["servers"]:
        output.print(f"no HDFS in {where}", highlight=False, soft_wrap=True)
    else:
        shown = Table("server", "state", "process", "memory", title=f"{where}")
        for one in figures["servers"]:
            memory = f"{one['resident_bytes'] / 2**20:,.0f} MiB" if one["pid"] else "-"
            shown.add_row(one["name"], one["state"], str(one["pid"] or "-"), memory)
        output.print(shown)
        output.print(f"DataNodes that the NameNode counts: {figures['counted_in']}", highlight=False)
        output.print(f"fs.defaultFS={figures['url']}", highlight=False, soft_wrap=True)
    if not figures["ok"]:
        raise typer.Exit(EXIT_CHECK_FAILED)


@app.command()
def kill(node: Node, name: Name = "default", folder: Folder = None, json: Json = False) -> None:
    """End a DataNode with signal 9, as a crash does: every file has another copy."""
    _change(name, folder, json, lambda hdfs: hdfs.kill(node))


@app.command()
def restart(node: Node, name: Name = "default", folder: Folder = None, json: Json = False) -> None:
    """Start a dead DataNode; done when the NameNode counts it in."""
    with errors.status(f"starting DataNode {node}"):
        _change(name, folder, json, lambda hdfs: hdfs.restart(node))


@app.command()
def down(
    name: Name = "default",
    folder: Folder = None,
    purge: Annotated[bool, typer.Option("--purge", help="Remove its files and logs too.")] = False,
    json: Json = False,
) -> None:
    """Stop it, whoever started it. Its files are there again after the next up. No error if it is down."""
    where = _folder(name, folder)
    stopped = Hdfs(where).down(purge=purge)
    if json:
        emit_json({"stopped": stopped, "folder": str(where)})
    else:
        errors.print("stopped" if stopped else "it was not running")


def _folder(name: str, folder: Path | None) -> Path:
    return folder if folder is not None else default_folder(name)


def _change(name: str, folder: Path | None, json: bool, change: Callable[[Hdfs], None]) -> None:
    hdfs = Hdfs.attach(_folder(name, folder))
    change(hdfs)
    if json:
        emit_json(_figures(hdfs))


def _figures(hdfs: Hdfs) -> dict[str, Any]:
    """The servers; ``ok`` says that all run and the NameNode counts every DataNode."""
    found = hdfs.status()
    counted = hdfs.living_data_nodes()
    return {
        "folder": str(hdfs.folder),
        "url": hdfs.url,
        "ok": all(one.state == "running" for one in found) and counted == len(DATA_NODES),
        "counted_in": counted,
        "servers": [asdict(one) for one in found],
    }
