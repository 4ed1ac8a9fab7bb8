"""``hftcore report``: what a run did, as a page and in the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hftcore.artifact import Artifact
from hftcore.cli.shared import Json, emit_json, errors, output
from hftcore.report.assemble import assemble
from hftcore.report.output import render
from hftcore.report.terminal import print_report
from hftcore.run import Run
from hftcore.table import read_feature_table

NAME = "report"


def command(
    artifact: Annotated[str, typer.Option(help="Artefact: a folder, a .hft file, or REGISTRY#NAME@ALIAS.")],
    out: Annotated[Path, typer.Option(help="Page to write; its figures go beside it as JSON.")],
    table: Annotated[
        Path | None, typer.Option(help="Feature table of the test part: adds the model's quality; default: left out.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="Folder of a replay: adds trading and latency; default: left out.")
    ] = None,
    paced: Annotated[
        Path | None,
        typer.Option(
            help="Folder of a replay with --rate: its tick-to-decision time is shown; default: that of --run."
        ),
    ] = None,
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "From market events to risk-checked decisions",
    json: Json = False,
) -> None:
    """Write one self-contained HTML page, and show the same figures in the terminal."""
    loaded = Artifact.load(artifact)
    read = None if table is None else read_feature_table(table, loaded.spec)
    replayed = None if run is None else Run.load(run)
    source = replayed.figures["source"] if replayed else read.about["source"] if read else artifact
    with errors.status("drawing"):
        data = assemble(
            title=title,
            data_source=source,
            real_data=None,
            artifact=loaded,
            table=read,
            run=replayed,
            paced=None if paced is None else Run.load(paced),
        )
        page = render(data, out)
    if json:
        emit_json(data.to_dict())
        return
    print_report(data, output)
    output.print(f"report: {page.resolve()}", soft_wrap=True, highlight=False)
