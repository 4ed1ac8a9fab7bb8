"""``hftcore gen``: a seeded market, as a file, a stream, or messages in Kafka."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, UsageError, emit_json, errors, progress_bar
from hftcore.generator import generate_blocks, instrument_table, write_stream
from hftcore.readers import read_events
from hftcore.records import EventArray

NAME = "gen"


def command(
    out: Annotated[str, typer.Option(help="File to write, or - for standard output.")] = "-",
    to: Annotated[
        str | None,
        typer.Option(
            help="Send to Kafka instead: kafka:HOST:PORT/TOPIC, or /trades=T,quotes=Q,book=B by kind of event.",
            metavar="KAFKA",
        ),
    ] = None,
    tape: Annotated[
        Path | None, typer.Option(help="With --to: send these events (a file or a folder) instead of new ones.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="packed, json (lines) or avro.")] = "json",
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes on every machine.")] = 7,
    symbols: Annotated[str, typer.Option(help="Symbols, separated by commas; the first is the busiest.")] = "AAA,BBB",
    seconds: Annotated[float, typer.Option(help="Length of a session in event time, in seconds.")] = 60.0,
    rate: Annotated[
        float, typer.Option(help="Mean events per second over all symbols; with --to also messages per second.")
    ] = 20_000.0,
    signal: Annotated[
        float, typer.Option(help="0: nothing predicts the next move; 1: the order book nearly tells it.")
    ] = 0.5,
    book_levels: Annotated[int, typer.Option(help="Book-level updates for this many levels; 0: none.")] = 0,
    sessions: Annotated[int, typer.Option(help="Sessions on consecutive days.")] = 1,
    paced: Annotated[
        bool | None,
        typer.Option(help="Write at --rate by the clock, or as fast as it goes. Default: by the clock with --to."),
    ] = None,
    producers: Annotated[int, typer.Option(help="With --to: threads, each with a client of its own.")] = 1,
    schema_id: Annotated[int, typer.Option(help="With --to and avro: the schema's id in the registry.")] = 1,
    table: Annotated[
        Path | None, typer.Option("--instruments", help="Also write the instrument table, which a daemon reads.")
    ] = None,
    json: Json = False,
) -> None:
    """Generate market events: trades, top-of-book quotes and book levels, with a signal to learn."""
    if tape is not None and to is None:
        raise UsageError("--tape goes with --to: a tape is already a file")
    market: dict[str, Any] = {
        "seed": seed,
        "symbols": [name.strip() for name in symbols.split(",")],
        "seconds": seconds,
        "rate": rate,
        "signal": signal,
        "book_levels": book_levels,
        "sessions": sessions,
    }
    if to is not None:
        _send(to, tape, form, market, rate if paced is not False else 0.0, producers, schema_id, table, json)
        return
    with progress_bar("generating") as progress:
        n_events = write_stream(out, form, **market, paced=bool(paced), progress=progress)
    if table is not None:
        table.write_text(instrument_table(market["symbols"]).to_json())
    if json and out != "-":
        emit_json({"n_events": n_events, "n_bytes": Path(out).stat().st_size, "format": form, "seed": seed})
    else:
        errors.print(f"{n_events:,} events written to {'standard output' if out == '-' else out}")


def _send(
    to: str,
    tape: Path | None,
    form: str,
    market: dict[str, Any],
    pace_hz: float,
    producers: int,
    schema_id: int,
    table: Path | None,
    json: bool,
) -> None:
    from hftcore.kafka.feeder import feed
    from hftcore.kafka.target import KafkaTarget

    target = KafkaTarget.parse(to)
    if tape is None:
        instruments = instrument_table(market["symbols"])
        blocks: Iterable[EventArray] = generate_blocks(**market)
        expected = round(market["rate"] * market["seconds"] * market["sessions"])
    else:
        with errors.status(f"reading {tape}"):
            events = read_events(tape)
        instruments, blocks, expected = events.instruments, [events.data], len(events)
    if table is not None:
        table.write_text(instruments.to_json())
    with progress_bar("sending") as progress:
        result = feed(
            blocks,
            target,
            form,
            instruments=instruments,
            rate=pace_hz,
            producers=producers,
            schema_id=schema_id,
            progress=lambda n_sent: progress(n_sent, max(n_sent, expected)),
        )
    if json:
        emit_json({**asdict(result), "to": to, "format": form, "asked_rate_hz": pace_hz})
    else:
        asked = f" of {pace_hz:,.0f} asked" if pace_hz else ""
        errors.print(f"{result.n_delivered:,} delivered, {result.n_lost:,} lost; {result.rate_hz:,.0f} a second{asked}")
        if pace_hz:
            late = {name: result.lateness_ns[name] / 1e6 for name in ("p50", "p99", "max")}
            errors.print("handed over late by " + ", ".join(f"{name} {ms:.3f} ms" for name, ms in late.items()))
        for text, n in result.errors.items():
            errors.print(f"{n:,} x {text}", markup=False, highlight=False)
    if not result.ok:
        raise typer.Exit(EXIT_CHECK_FAILED)
