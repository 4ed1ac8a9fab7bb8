"""``hftcore features list`` and ``hftcore features explain``: what there is, and what it does."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from hftcore.cli.shared import EXIT_CHECK_FAILED, Json, UsageError, emit_json, errors, output
from hftcore.errors import SpecError
from hftcore.explain import Explanation, explain_column, explain_operation
from hftcore.files import write_atomically
from hftcore.registry import Operation, Param, ParamValue, bar_series, operation, operations, series
from hftcore.spec import FeatureSpec

Words = Annotated[
    list[str] | None, typer.Argument(help="Show those that have all of these words in name, summary, inputs or unit.")
]


def list_command(words: Words = None, json: Json = False) -> None:
    """List the operations of the library; exit 1 when no operation has all of the words."""
    found = {name: op for name, op in operations().items() if _matches(op, words or [])}
    if json:
        emit_json({name: asdict(op) for name, op in found.items()})
    elif found:
        shown = Table("name", "summary", "inputs", "unit")
        for op in found.values():
            shown.add_row(op.name, *(Text(text) for text in (op.summary, _inputs(op), op.unit)))
        output.print(shown)
        output.print(f"series for input: {', '.join(series())}", highlight=False)
        output.print(f"of bars ({escape('[bars.m1]')} in a spec): m1.{', m1.'.join(bar_series())}", highlight=False)
        output.print("more of one: hftcore features explain NAME", highlight=False)
    if not found:
        errors.print(f"none of {len(operations())} operations has the words: {' '.join(words or [])}", markup=False)
        raise typer.Exit(EXIT_CHECK_FAILED)


def explain_command(
    name: Annotated[str, typer.Argument(help="An operation; with --spec a column of it.")],
    spec: Annotated[Path | None, typer.Option(help="Feature spec, TOML or JSON: NAME is one of its columns.")] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter of the operation, such as period=14.", metavar="KEY=VALUE"),
    ] = None,
    source: Annotated[str, typer.Option("--input", help="What the operation steps on; default: mid_px.")] = "",
    tolerance: Annotated[float, typer.Option(help="What a seed may weigh when the warm-up is over.")] = 1e-9,
    html: Annotated[Path | None, typer.Option(help="Write a page with a plot here as well.", metavar="FILE")] = None,
    json: Json = False,
) -> None:
    """Explain an operation or a column: formula, inputs, seed, warm-up, rules, and which libraries agree with it."""
    if spec is not None and (given or source):
        raise UsageError("--set and --input are for an operation; with --spec the column is as the spec has it")
    if html is not None and html.is_dir():
        raise UsageError(f"--html must be a file, was the folder {html}")
    if spec is not None:
        found = explain_column(FeatureSpec.load(spec), name, tolerance=tolerance)
    else:
        found = explain_operation(name, _parameters(name, given or []), steps_on=source, tolerance=tolerance)
    with errors.status("asking the other libraries"):
        _ = found.agreements
    if html is not None:
        from hftcore.report.explanation import explanation_page  # here: it loads the template engine

        html.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(html, explanation_page(found).encode())
    if json:
        emit_json(found.to_dict())
    else:
        _print(found)


def _matches(op: Operation, words: list[str]) -> bool:
    text = " ".join((op.name, op.summary, op.inputs, op.unit, op.standalone)).lower()
    return all(word.lower() in text for word in words)


def _inputs(op: Operation) -> str:
    return op.inputs if op.n_series < 2 else f"{op.n_series} series: {op.inputs}"


def _print(found: Explanation) -> None:
    output.print(Text(found.title, style="bold"))
    facts = Table(box=None, show_header=False, pad_edge=False)
    for name, text in found.facts:
        facts.add_row(Text(name, style="dim"), Text(text))
    for name, value, text in found.parameters:
        facts.add_row(Text(name, style="dim"), Text(f"{value}   ({text})"))
    output.print(facts)
    output.print(Text(f"\nwho agrees: {found.agreement_note}"))
    if found.agreements:
        shown = Table("library", "version", "result", "call")
        for a in found.agreements:
            note = f"  # {a.note}" if a.note else ""
            shown.add_row(a.library, a.version or "-", Text(a.verdict), Text(a.call + note, overflow="fold"))
        output.print(shown)


def _parameters(name: str, given: list[str]) -> dict[str, ParamValue]:
    known = {p.name: p for p in operation(name).params}
    values: dict[str, ParamValue] = {}
    for item in given:
        key, equals, text = item.partition("=")
        if not equals:
            raise UsageError(f"--set must read KEY=VALUE, was {item!r}")
        values[key.strip()] = _value(known[key.strip()], text.strip()) if key.strip() in known else text
    return values


def _value(param: Param, text: str) -> ParamValue:
    """The text as a number where the parameter is one; what is none is refused with the rule."""
    kinds: dict[str, tuple[type, ...]] = {"integer": (int,), "real": (int, float), "window": (int,)}
    for kind in kinds.get(param.type, ()):
        try:
            return kind(text)  # type: ignore[no-any-return]
        except ValueError:
            continue
    if param.type in ("integer", "real"):
        raise SpecError(f"{param.name} must be {'an integer' if param.type == 'integer' else 'a number'}, was {text!r}")
    return text
