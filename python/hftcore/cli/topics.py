"""``hftcore topics``: the pipeline's topics, from a file to the brokers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from hftcore.cli.shared import EXIT_BAD_INPUT, EXIT_CHECK_FAILED, Json, emit_json, errors, output
from hftcore.errors import TopicError
from hftcore.kafka.admin import Admin
from hftcore.kafka.cluster import Cluster, default_folder
from hftcore.kafka.topic_plan import NOTHING, REFUSE, Step, apply_topics, plan_topics
from hftcore.kafka.topics import default_file, read_topics

NAME = "topics"
app = typer.Typer(no_args_is_help=True, help="The pipeline's topics: what the brokers lack, and making it so.")

File = Annotated[Path | None, typer.Argument(help="TOML file of the topics; default: the one of the package.")]
Bootstrap = Annotated[
    str | None,
    typer.Option(help="Brokers; default: those of `hftcore kafka up`.", metavar="HOST:PORT,..."),
]
Profile = Annotated[str | None, typer.Option(help="safe, paper (two replicas of everything) or one of the file's.")]
Layout = Annotated[str | None, typer.Option(help="split (a topic per kind of input) or single (all in ticks).")]


@app.command()
def plan(
    file: File = None,
    bootstrap: Bootstrap = None,
    profile: Profile = None,
    layout: Layout = None,
    json: Json = False,
) -> None:
    """Show what differs; exit 0 when nothing does, 1 when apply would change something, 2 when it would refuse."""
    _, steps = _planned(file, bootstrap, profile, layout)
    _show(steps, json, applied=False)
    if any(step.action == REFUSE for step in steps):
        raise typer.Exit(EXIT_BAD_INPUT)
    if any(step.action != NOTHING for step in steps):
        raise typer.Exit(EXIT_CHECK_FAILED)


@app.command()
def apply(
    file: File = None,
    bootstrap: Bootstrap = None,
    profile: Profile = None,
    layout: Layout = None,
    json: Json = False,
) -> None:
    """Create and change topics; again, it does nothing. Exit 0 when done; 2 when refused, with nothing changed."""
    admin, steps = _planned(file, bootstrap, profile, layout)
    try:
        with errors.status("creating and changing topics"):
            apply_topics(admin, steps)
    except TopicError:
        _show(steps, json, applied=False)
        errors.print("[bold red]refused:[/] nothing was changed")
        raise typer.Exit(EXIT_BAD_INPUT) from None
    _show(steps, json, applied=True)


def _planned(
    file: Path | None, bootstrap: str | None, profile: str | None, layout: str | None
) -> tuple[Admin, list[Step]]:
    wanted = read_topics(file or default_file(), profile=profile, layout=layout)
    admin = Admin(bootstrap or Cluster.attach(default_folder()).bootstrap)
    return admin, plan_topics(admin, wanted)


def _show(steps: list[Step], json: bool, *, applied: bool) -> None:
    if json:
        found = [{"topic": s.topic.name, "action": s.action, "details": list(s.details)} for s in steps]
        emit_json({"applied": applied, "partitioner": "murmur2(symbol)", "topics": found})
        return
    shown = Table("topic", "done" if applied else "to do", "details")
    for step in steps:
        shown.add_row(step.topic.name, step.action, "\n".join(step.details))
    output.print(shown)
    output.print("partition of a symbol: murmur2 of its name, modulo the number of partitions", highlight=False)
