"""``hftcore prove``: was every input decided once, and is what was published what follows from it?"""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, UsageError, emit_json, errors, output, progress_bar

if TYPE_CHECKING:
    from hftcore.proof import ShardProof

NAME = "prove"
EXIT_CANNOT_TELL = 2


def command(
    config: Annotated[Path | None, typer.Option(help="The daemon's configuration file.")] = None,
    start: Annotated[
        str, typer.Option("--from", help="zero: from the shard's birth; snapshot: from the oldest one that is kept.")
    ] = "zero",
    shard: Annotated[list[int] | None, typer.Option(help="Only this shard; may be repeated.")] = None,
    complete: Annotated[
        bool, typer.Option(help="Nothing may be missing up to the input's end: for a daemon that has caught up.")
    ] = False,
    report: Annotated[Path | None, typer.Option(help="Write the report here.")] = None,
    key: Annotated[Path | None, typer.Option(help="File with the secret that signs the report (HMAC-SHA256).")] = None,
    verify: Annotated[
        Path | None, typer.Option(help="Check this report against the topics and journals that it names.")
    ] = None,
    json: Json = False,
) -> None:
    """Replay a daemon's input and compare topics, journal and replay byte by byte.

    Finds gaps, doubles, differences. Without --complete the proof reaches up to the last published output. Exits 0 when
    all is proven, 1 when something differs, 2 when it cannot be told, because messages are gone by retention.
    """
    from hftcore.proof import CANNOT_TELL, NOT_PROVEN, load_settings, make_report, prove_shards, read_key

    if start not in ("zero", "snapshot"):
        raise UsageError(f"--from must be zero or snapshot, was {start!r}")
    secret = None if key is None else read_key(key)
    if verify is not None:
        _verify(verify, config, secret, json)
        return
    if config is None:
        raise UsageError("--config must name the daemon's configuration, unless --verify names a report")
    settings = load_settings(config)
    shards = tuple(shard) if shard else settings.partitions
    with progress_bar("proving") as progress:
        proofs = prove_shards(settings, shards, start=start, complete=complete, progress=progress)
    made = make_report(settings, proofs, complete=complete, key=secret)
    if report is not None:
        report.write_text(json_.dumps(made, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if json:
        emit_json(made)
    else:
        _print(made, proofs)
    if made["verdict"] == NOT_PROVEN:
        raise typer.Exit(EXIT_CHECK_FAILED)
    if made["verdict"] == CANNOT_TELL:
        raise typer.Exit(EXIT_CANNOT_TELL)


def _verify(path: Path, config: Path | None, secret: bytes | None, json: bool) -> None:
    from hftcore.proof import check_report, load_settings, open_log, read_report

    told = read_report(path)
    settings = load_settings(config or told["config"]["path"])
    with errors.status("reading the topics again"), open_log(settings) as log:
        wrong = check_report(told, log, settings, secret)
    if json:
        emit_json({"report": str(path), "verdict": told["verdict"], "holds": not wrong, "wrong": wrong})
    else:
        for line in wrong:
            output.print(f"[red]{line}[/]")
        output.print("the report does not hold" if wrong else f"the report holds; its verdict: {told['verdict']}")
    if wrong:
        raise typer.Exit(EXIT_CHECK_FAILED)


def _print(made: dict[str, Any], proofs: list[ShardProof]) -> None:
    shown = Table("shard", "output", "records", "equal", "void", "late", "not yet", "head of the chain")
    for one in made["shards"]:
        for row in one["outputs"]:
            equal = "?" if row["n_equal"] is None else f"{row['n_equal']:,}"
            pending = "?" if row["pending"] is None else f"{row['pending']:,}"
            cells = (f"{row['n_records']:,}", equal, f"{row['n_void']:,}", f"{row['n_late']:,}", pending)
            shown.add_row(str(one["shard"]), row["topic"], *cells, row["head"][:16])
        journal = one["journal"]
        if journal is not None:
            cells = (f"{journal['n_records']:,}", f"{journal['n_equal']:,}", "", "", f"{journal['pending']:,}")
            shown.add_row(str(one["shard"]), "journal", *cells, journal["sha256"][:16])
    output.print(shown)
    for one in made["shards"]:
        _print_shard(one)
    if made["signature"]["kind"] == "none":
        errors.print(made["signature"]["note"])
    style = {"proven": "green", "not proven": "bold red"}.get(made["verdict"], "yellow")
    output.print(f"[{style}]{made['verdict']}[/]")


def _print_shard(one: dict[str, Any]) -> None:
    output.print(
        f"shard {one['shard']}: {one['n_inputs']:,} inputs, {one['n_events']:,} events, {one['n_left_out']:,} "
        f"left out, {one['n_gaps']:,} gaps of the feed, {one['n_stale']:,} stale, {one['n_controls']} controls"
    )
    if one["cannot_tell"]:
        output.print(f"[yellow]shard {one['shard']}: {one['cannot_tell']}[/]")
    for kind, n in one["findings"].items():
        output.print(f"[red]shard {one['shard']}: {n:,} x {kind}[/]")
    for finding in one["first_findings"][:5]:
        where = f"{finding['topic']} [{finding['partition']}]"
        output.print(f"  {finding['kind']}: {where} {finding['what']}", markup=False)
        for row in finding["fields"]:
            output.print(f"    {row['field']}: expected {row['expected']}, found {row['found']}", markup=False)
