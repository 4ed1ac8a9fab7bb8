"""``hftcore chaos``: hurt a daemon and its brokers, and prove each time that nothing was lost."""

from __future__ import annotations

import json as json_
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, emit_json, errors, output, progress_bar

if TYPE_CHECKING:
    from hftcore.proof.chaos import RoundResult
    from hftcore.proof.chaos.brokers import Brokers

NAME = "chaos"


def command(
    rounds: Annotated[int, typer.Option(help="How many rounds; the scenarios take turns.", min=1)] = 28,
    seed: Annotated[int, typer.Option(help="What is drawn: tapes, moments, visits of fault points.")] = 1,
    only: Annotated[str | None, typer.Option(help="Only scenarios whose name holds this.")] = None,
    pause: Annotated[float, typer.Option(help="Seconds for which a frozen daemon stays frozen.")] = 5.0,
    cluster: Annotated[
        Path | None, typer.Option(help="Folder of a running cluster to hurt; default: one of its own.")
    ] = None,
    bootstrap: Annotated[
        str | None, typer.Option(help="Brokers of somebody else, not to be hurt: only the other scenarios.")
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep configurations, states and logs of all rounds here.")] = None,
    report: Annotated[Path | None, typer.Option(help="Write the results here, as JSON.")] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the scenarios and end.")] = False,
    json: Json = False,
) -> None:
    """Kill, freeze, starve and mislead a daemon and its brokers, and prove after each round what it published.

    Each round has fresh topics and state and a live feed. Afterwards decisions, orders, fills and journal must be those
    of an undisturbed run, and hftcore prove must hold. Exits 0 when every round does, 1 otherwise.
    """
    from hftcore.proof.chaos import SCENARIOS, run_campaign
    from hftcore.proof.chaos.table import by_scenario

    if list_:
        shown = Table("scenario", "what is done", "what must come of it")
        for scenario in SCENARIOS:
            shown.add_row(scenario.name, scenario.what, scenario.expected)
        output.print(shown)
        return
    folder = keep or Path(tempfile.mkdtemp(prefix="hftcore-chaos-"))
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        with errors.status("starting brokers"):
            brokers = _brokers(stack, cluster, bootstrap)
        progress = stack.enter_context(progress_bar("chaos"))

        def done(result: RoundResult, n: int) -> None:
            progress(n, rounds)
            if not result.ok or not errors.is_terminal:
                word = "ok" if result.ok else f"FAILED: {result.problem} ({result.folder})"
                errors.print(f"{n}/{rounds} {result.scenario}: {word}", markup=False, soft_wrap=True)

        results = run_campaign(
            brokers, folder, n_rounds=rounds, seed=seed, only=only, long_pause_s=pause, keep=keep is not None, done=done
        )
    table = by_scenario(results)
    figures = {"seed": seed, "rounds": [result.to_dict() for result in results], "table": table}
    if report is not None:
        report.write_text(json_.dumps(figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if json:
        emit_json(figures)
    else:
        _print(table)
    if not all(result.ok for result in results):
        raise typer.Exit(EXIT_CHECK_FAILED)
    if keep is None:
        shutil.rmtree(folder, ignore_errors=True)


def _brokers(stack: ExitStack, cluster: Path | None, bootstrap: str | None) -> Brokers:
    """The brokers asked for; those that are started here end with the stack."""
    from hftcore.kafka import Cluster
    from hftcore.proof.chaos import ForeignBrokers

    if bootstrap is not None:
        return ForeignBrokers(bootstrap)
    if cluster is not None:
        return Cluster.attach(cluster)
    return stack.enter_context(Cluster(failover="fast", tied=True))


def _print(rows: list[dict[str, Any]]) -> None:
    shown = Table("fault", "rounds", "failed", "records", "lost", "doubled", "differing", "void", "recovery s", "max")
    for row in rows:
        names = ("rounds", "failed", "records", "lost", "doubled", "differing", "void")
        times = ("" if row[k] is None else f"{row[k]:.2f}" for k in ("recovery_s_median", "recovery_s_max"))
        shown.add_row(row["scenario"], *(f"{row[n]:,}" for n in names), *times, style="red" if row["failed"] else None)
    output.print(shown)
    good = not any(row["failed"] for row in rows)
    output.print("nothing lost, nothing doubled" if good else "[bold red]not every round held[/]")
