"""``hftcore gen``: a seeded market, as a file or a stream."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hftcore.cli.shared import Json, emit_json, errors, progress_bar
from hftcore.generator import write_stream

NAME = "gen"


def command(
    out: Annotated[str, typer.Option(help="File to write, or - for standard output.")] = "-",
    form: Annotated[str, typer.Option("--format", help="packed, json (lines) or avro.")] = "json",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes on every machine.")] = 7,
    symbols: Annotated[str, typer.Option(help="Symbols, separated by commas; the first is the busiest.")] = "AAA,BBB",
    seconds: Annotated[float, typer.Option(help="Length of a session in event time, in seconds.")] = 60.0,
    rate: Annotated[float, typer.Option(help="Mean events per second over all symbols.")] = 20_000.0,
    signal: Annotated[
        float, typer.Option(help="0: nothing predicts the next move; 1: the order book nearly tells it.")
    ] = 0.5,
    book_levels: Annotated[int, typer.Option(help="Book-level updates for this many levels; 0: none.")] = 0,
    sessions: Annotated[int, typer.Option(help="Sessions on consecutive days.")] = 1,
    paced: Annotated[bool, typer.Option(help="Write at --rate by the clock, instead of as fast as possible.")] = False,
    json: Json = False,
) -> None:
    """Generate market events: trades, top-of-book quotes and book levels, with a signal to learn."""
    names = [name.strip() for name in symbols.split(",")]
    with progress_bar("generating") as progress:
        n_events = write_stream(
            out,
            form,
            seed=seed,
            symbols=names,
            seconds=seconds,
            rate=rate,
            signal=signal,
            book_levels=book_levels,
            sessions=sessions,
            paced=paced,
            progress=progress,
        )
    if json and out != "-":
        emit_json({"n_events": n_events, "n_bytes": Path(out).stat().st_size, "format": form, "seed": seed})
    else:
        errors.print(f"{n_events:,} events written to {'standard output' if out == '-' else out}")
