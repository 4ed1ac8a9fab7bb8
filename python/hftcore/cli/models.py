"""``hftcore models``: a registry of models in a folder or a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from hftcore.cli.shared import Json, emit_json, errors, output
from hftcore.models import ModelRegistry
from hftcore.models.log import Record
from hftcore.models.reference import Reference

NAME = "models"

app = typer.Typer(
    help="A registry of models: push, promote, roll back, pull, link. A model is NAME, NAME@ALIAS or NAME:ID.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Registry = Annotated[
    str,
    typer.Option(
        envvar="HFTCORE_MODELS",
        help="A folder, or s3://bucket/prefix.",
        metavar="URL",
        show_default=False,
    ),
]
Model = Annotated[str, typer.Argument(help="NAME (its newest), NAME@ALIAS or NAME:ID.", metavar="MODEL")]
Moved = Annotated[str, typer.Argument(help="NAME@ALIAS.", metavar="NAME@ALIAS")]
By = Annotated[str | None, typer.Option(help="Who acts, for the log; default: user@host.", metavar="WHO")]
Note = Annotated[str, typer.Option(help="Why, for the log.", metavar="TEXT")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an artefact that is there.")]


@app.command(epilog="Example: `hftcore models push up.hft up_1s --alias candidate --registry s3://models/prod`")
def push(
    artifact: Annotated[Path, typer.Argument(help="Artefact: a folder or a .hft file.")],
    name: Annotated[str, typer.Argument(help="Name to push it under.")],
    registry: Registry,
    alias: Annotated[str | None, typer.Option(help="Also promote it to this alias.")] = None,
    by: By = None,
    note: Note = "",
    json: Json = False,
) -> None:
    """Add a model, after every check; the same model again adds nothing."""
    with errors.status("pushing"):
        entry = ModelRegistry(registry, by=by).push(artifact, name, alias=alias, note=note)
    if json:
        emit_json(entry.to_dict())
    else:
        output.print(f"{name}:{entry.record.model}", *(f"{name}@{a}" for a in entry.aliases), highlight=False)


@app.command("list", epilog="Example: `hftcore models list up_1s --registry models`")
def list_(
    registry: Registry,
    name: Annotated[str | None, typer.Argument(help="Only this name.")] = None,
    json: Json = False,
) -> None:
    """List models in the order of their pushes, with the aliases that stand for them now."""
    entries = ModelRegistry(registry).entries(name)
    if json:
        emit_json([entry.to_dict() for entry in entries])
        return
    shown = Table("name", "id", "aliases", "pushed at", "by", "note")
    for entry in entries:
        r = entry.record
        shown.add_row(*_plain(r.name, r.model, ", ".join(entry.aliases), r.at, r.by, r.note))
    output.print(shown)


@app.command(epilog="Example: `hftcore models show up_1s@stable --registry models`")
def show(model: Model, registry: Registry, json: Json = False) -> None:
    """Show a model, its card and the moves of its name."""
    known = ModelRegistry(registry)
    entry, history = known.show(model), known.history(Reference.parse(model).name)
    artifact = known.load(f"{entry.record.name}:{entry.record.model}", engine="kernel")
    if json:
        emit_json({**entry.to_dict(), "manifest": artifact.manifest, "history": [_line(record) for record in history]})
        return
    output.print(artifact.card, markup=False, highlight=False)
    shown = Table("number", "action", "alias", "id", "at", "by", "note")
    for record in history:
        shown.add_row(*_plain(*(_line(record)[c] for c in ("number", "action", "alias", "id", "at", "by", "note"))))
    output.print(shown)


@app.command(
    epilog="Example: `hftcore models promote up_1s@candidate stable --registry models --note 'shadowed 2 days'`"
)
def promote(
    model: Model,
    alias: Annotated[str, typer.Argument(help="Alias that shall stand for it.")],
    registry: Registry,
    by: By = None,
    note: Note = "",
    json: Json = False,
) -> None:
    """Let an alias stand for a model, in one step."""
    _tell(ModelRegistry(registry, by=by).promote(model, alias, note=note), json)


@app.command(epilog="Example: `hftcore models rollback up_1s@stable --registry models`")
def rollback(moved: Moved, registry: Registry, by: By = None, note: Note = "", json: Json = False) -> None:
    """Let an alias stand for what it stood for before."""
    _tell(ModelRegistry(registry, by=by).rollback(moved, note=note), json)


@app.command(epilog="Example: `hftcore models pull up_1s@stable up.hft --registry s3://models/prod`")
def pull(
    model: Model,
    out: Annotated[Path, typer.Argument(help="Where to write it: one file where it ends in .hft, else a folder.")],
    registry: Registry,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Write a model to a path, after every check."""
    with errors.status("pulling"):
        artifact = ModelRegistry(registry).pull(model, out, overwrite=overwrite)
    if json:
        emit_json({"path": str(out), "model_id": artifact.model_id})
    else:
        output.print(f"{out}: model {artifact.model_id[:16]}", markup=False, highlight=False)


@app.command(epilog="Example: `hftcore models link up_1s@stable /etc/hft/up.hft --registry s3://models/prod`")
def link(
    model: Model,
    place: Annotated[Path, typer.Argument(help="The symbolic link, which is made or moved.", metavar="LINK")],
    registry: Registry,
    json: Json = False,
) -> None:
    """Pull a model beside a link, under its id, and let the link stand for it: what a daemon's model.path may name."""
    with errors.status("pulling"):
        target = ModelRegistry(registry).link(model, place)
    if json:
        emit_json({"link": str(place), "path": str(target)})
    else:
        output.print(f"{place} is {target.name}", markup=False, highlight=False)


@app.command(epilog="Example: `hftcore models diff up_1s@stable up_1s@candidate --registry models`")
def diff(
    old: Model,
    new: Annotated[str, typer.Argument(help="The same, of the other model.", metavar="MODEL")],
    registry: Registry,
    json: Json = False,
) -> None:
    """Say what differs between two models."""
    found = ModelRegistry(registry).diff(old, new)
    if json:
        emit_json([difference.to_dict() for difference in found])
        return
    if not found:
        output.print("nothing differs")
        return
    shown = Table("what", old, new)
    for difference in found:
        shown.add_row(*_plain(difference.what, difference.old, difference.new))
    output.print(shown)


def _plain(*cells: object) -> list[Text]:
    """Cells as they are: what stands in a note is no markup."""
    return [Text(str(cell)) for cell in cells]


def _tell(record: Record, json: bool) -> None:
    if json:
        emit_json(_line(record))
    else:
        output.print(f"{record.name}@{record.alias} is {record.model}", highlight=False)


def _line(record: Record) -> dict[str, str | int]:
    return {
        "number": record.number,
        "action": record.action,
        "name": record.name,
        "alias": record.alias,
        "id": record.model,
        "by": record.by,
        "at": record.at,
        "note": record.note,
    }
