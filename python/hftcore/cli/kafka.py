"""``hftcore kafka``: a real three-broker cluster on loopback, and what can befall it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from hftcore.cli.server_group import bring_down, bring_up
from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, emit_json, errors, output
from hftcore.jars.catalogue import BROKERS
from hftcore.kafka.cluster import Cluster, default_folder
from hftcore.kafka.properties import NODES

NAME = "kafka"
app = typer.Typer(no_args_is_help=True, help="A real three-broker Kafka cluster on this machine, to try things on.")

Name = Annotated[str, typer.Option(help="Which cluster, where there are several; its folder is named after it.")]
Folder = Annotated[
    Path | None, typer.Option(help="The cluster's folder; default: one in the user's state folder, by --name.")
]
Node = Annotated[int, typer.Argument(help="Broker 1, 2 or 3.", metavar="N", min=NODES[0], max=NODES[-1])]


@app.command()
def up(
    name: Name = "default",
    folder: Folder = None,
    heap: Annotated[str | None, typer.Option(help="Heap of each broker, such as 384m or 1g.")] = None,
    benchmark: Annotated[
        bool, typer.Option("--benchmark", help="G1, the optimising compiler and 512m: for brokers with cores to spare.")
    ] = False,
    failover: Annotated[
        str, typer.Option(help="default: a dead broker is replaced after 3 to 5 s; fast: after 1.1 to 1.6 s.")
    ] = "default",
    json: Json = False,
) -> None:
    """Start the cluster: three brokers, ready when a write to all three is acknowledged. No error if it runs."""
    cluster = Cluster(_folder(name, folder), heap=heap, benchmark=benchmark, failover=failover)
    line = "bootstrap.servers", "bootstrap"
    bring_up(cluster, BROKERS, "three brokers", lambda: _figures(cluster), line, json)


@app.command()
def status(name: Name = "default", folder: Folder = None, json: Json = False) -> None:
    """Show the brokers; exit 0 when all three run and count each other in, else 1."""
    where = _folder(name, folder)
    figures: dict[str, Any] = {"folder": str(where), "bootstrap": "", "ok": False, "brokers": []}
    if where.exists():
        figures = _figures(Cluster.attach(where))
    if json:
        emit_json(figures)
    elif not figures["brokers"]:
        output.print(f"no cluster in {where}", highlight=False, soft_wrap=True)
    else:
        shown = Table("broker", "state", "counted in", "port", "process", "memory", title=f"{where}")
        for one in figures["brokers"]:
            memory = f"{one['resident_bytes'] / 2**20:,.0f} MiB" if one["pid"] else "-"
            counted = "yes" if one["counted_in"] else "no"
            shown.add_row(str(one["node"]), one["state"], counted, str(one["port"]), str(one["pid"] or "-"), memory)
        output.print(shown)
        output.print(f"bootstrap.servers={figures['bootstrap']}", highlight=False, soft_wrap=True)
    if not figures["ok"]:
        raise typer.Exit(EXIT_CHECK_FAILED)


@app.command()
def kill(
    node: Node,
    name: Name = "default",
    folder: Folder = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Ask it to stop: it hands its partitions over before it goes.")
    ] = False,
    json: Json = False,
) -> None:
    """End a broker with signal 9, as a crash does."""
    _change(name, folder, json, lambda cluster: (cluster.terminate if clean else cluster.kill)(node))


@app.command()
def pause(node: Node, name: Name = "default", folder: Folder = None, json: Json = False) -> None:
    """Freeze a broker: its connections stay, it says nothing."""
    _change(name, folder, json, lambda cluster: cluster.pause(node))


@app.command()
def resume(node: Node, name: Name = "default", folder: Folder = None, json: Json = False) -> None:
    """Let a paused broker go on."""
    _change(name, folder, json, lambda cluster: cluster.resume(node))


@app.command()
def restart(node: Node, name: Name = "default", folder: Folder = None, json: Json = False) -> None:
    """Start a dead broker, or stop and start a living one; done when the cluster counts it in."""
    with errors.status(f"starting broker {node}"):
        _change(name, folder, json, lambda cluster: cluster.restart(node))


@app.command()
def down(
    name: Name = "default",
    folder: Folder = None,
    purge: Annotated[bool, typer.Option("--purge", help="Remove its topics, records and logs too.")] = False,
    json: Json = False,
) -> None:
    """Stop the cluster, whoever started it. What it holds is there again after the next up. No error if it is down."""
    where = _folder(name, folder)
    bring_down(Cluster(where), where, purge, json)


@app.command()
def logs(
    node: Node,
    name: Name = "default",
    folder: Folder = None,
    lines: Annotated[int, typer.Option(help="How many of the last lines; 0: all.", min=0)] = 50,
    json: Json = False,
) -> None:
    """Print what a broker has logged."""
    found = Cluster.attach(_folder(name, folder)).log_text(node).splitlines()[-lines:]
    if json:
        emit_json({"broker": node, "lines": found})
    else:
        typer.echo("\n".join(found))


def _folder(name: str, folder: Path | None) -> Path:
    return folder if folder is not None else default_folder(name)


def _change(name: str, folder: Path | None, json: bool, change: Callable[[Cluster], None]) -> None:
    cluster = Cluster.attach(_folder(name, folder))
    change(cluster)
    if json:
        emit_json(_figures(cluster))


def _figures(cluster: Cluster) -> dict[str, Any]:
    """The cluster's brokers; ``ok`` says that all three run and count each other in."""
    found = cluster.status()
    present = cluster.brokers() if any(one.state == "running" for one in found) else set()
    brokers = [asdict(one) | {"counted_in": one.node in present} for one in found]
    return {
        "folder": str(cluster.folder),
        "bootstrap": cluster.bootstrap,
        "ok": all(one["state"] == "running" and one["counted_in"] for one in brokers),
        "brokers": brokers,
    }
