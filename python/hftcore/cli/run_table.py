"""A replay as tables."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from hftcore.run import Run


def print_run(run: Run, console: Console) -> None:
    """Counters, refusals, money and time per stage of a replay."""
    c = run.counters
    shown = Table("figure", "value", title=f"journal sha256 {run.journal_sha256[:16]}")
    for name in ("events", "rows_scored", "decisions", "orders", "fills"):
        shown.add_row(name.replace("_", " "), f"{c[name]:,}")
    for reason, count in run.refusals.items():
        shown.add_row(f"refused: {reason}", f"{count:,}")
    net = run.profit.net
    shown.add_row("net P&L", "no mark" if net is None else f"{net:,.2f}")
    shown.add_row("events/s", f"{run.throughput_hz:,.0f}")
    console.print(shown)
    stages = Table("stage", "count", "p50 ns", "p99 ns", "p99.9 ns", "max ns")
    for name, row in run.latency.items():
        stages.add_row(name, *(f"{row[key]:,.0f}" for key in ("count", "p50", "p99", "p99_9", "max")))
    console.print(stages)
