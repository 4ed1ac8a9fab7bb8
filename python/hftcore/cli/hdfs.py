"""``hftcore hdfs``: a real NameNode with three DataNodes on loopback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hftcore.cli.server_group import bring_down, bring_up
from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, emit_json, errors, output
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
    what = "a NameNode and three DataNodes"
    bring_up(hdfs, HDFS, what, lambda: _figures(hdfs), ("fs.defaultFS", "url"), json)


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
    bring_down(Hdfs(where), where, purge, json)


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
