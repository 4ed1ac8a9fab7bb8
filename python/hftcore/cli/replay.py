"""``hftcore replay``: a tape through the hot path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hftcore.artifact import Artifact
from hftcore.cli.run_table import print_run
from hftcore.cli.shared import (
    FirstDay,
    Json,
    LastDay,
    OffTick,
    Source,
    Symbols,
    emit_json,
    load_events,
    output,
    progress_bar,
)
from hftcore.run import RiskLimits, SimulatedExchange, Threshold, replay

NAME = "replay"


def command(
    artifact: Annotated[str, typer.Argument(help="Artefact: a folder, a .hft file, or REGISTRY#NAME@ALIAS.")],
    source: Source,
    out: Annotated[Path, typer.Option(help="Folder for the journal and the run's figures.")],
    symbols: Symbols = None,
    first: FirstDay = None,
    last: LastDay = None,
    off_tick: OffTick = "error",
    threshold: Annotated[
        float, typer.Option(help="A class trades when its score is at least this; above 0, at most 1.")
    ] = 0.70,
    order_qty: Annotated[int, typer.Option(help="Size of an entry, in lots; >= 1.")] = 100,
    cooldown: Annotated[
        str, typer.Option(help="Event time between two entries of a symbol, such as 250ms (ns, us, ms, s, m, h).")
    ] = "1s",
    hold: Annotated[str, typer.Option(help="A position is closed after this much event time; 0s: never.")] = "60s",
    max_open_positions: Annotated[int, typer.Option(help="Risk: symbols with a position at one time.")] = 2,
    max_order_qty: Annotated[int, typer.Option(help="Risk: largest order that opens or adds, in lots.")] = 100,
    max_position_qty: Annotated[int, typer.Option(help="Risk: largest position of a symbol, in lots.")] = 100,
    stop_loss_bps: Annotated[
        float, typer.Option(help="Risk: loss that closes a position, in steps of 0.001; 0: no stop.")
    ] = 20.0,
    fee_bps: Annotated[
        float, typer.Option(help="Exchange fee, of the traded value, in steps of 0.001; negative: a rebate.")
    ] = 0.0,
    rate: Annotated[
        float | None, typer.Option(help="Records per second, open loop, above 0; default: as fast as it goes.")
    ] = None,
    json: Json = False,
) -> None:
    """Replay events through ring, features, model, threshold, risk and simulated exchange into a journal."""
    strategy = Threshold(threshold, order_qty=order_qty, cooldown=cooldown, hold=hold)
    limits = RiskLimits(
        max_open_positions=max_open_positions,
        max_order_qty=max_order_qty,
        max_position_qty=max_position_qty,
        stop_loss_bps=stop_loss_bps,
    )
    loaded = Artifact.load(artifact)
    events = load_events(source, symbols, first, last, off_tick)
    with progress_bar("replaying") as progress:
        run = replay(
            loaded,
            events,
            strategy=strategy,
            risk=limits,
            execution=SimulatedExchange(fee_bps=fee_bps),
            rate_hz=rate,
            progress=progress,
        )
    run.save(out)
    if json:
        emit_json(run.summary())
    else:
        print_run(run, output)
