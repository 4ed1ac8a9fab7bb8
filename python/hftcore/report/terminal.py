"""The report in a terminal: the same sentence and the same figures, in at most 100 columns, plain when piped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hftcore.metrics import Classification
from hftcore.report import numbers, words
from hftcore.report.data import Latency, Quality, ReportData, SymbolTrading, Trading

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_WIDTH = 100
_NAME = 12  # characters that a first column keeps however full the row
_MOST_FEATURES = 8
_BAR = 24  # characters of the longest bar
_NOT_ASCII = str.maketrans({"\N{MINUS SIGN}": "-", "\N{MICRO SIGN}": "u", "\N{NO-BREAK SPACE}": " "})


def print_report(data: ReportData, console: Console | None = None) -> None:
    """Print the report; without ``console``, to standard output.

    A terminal gets colour and rules, a pipe gets aligned text; an output that is not UTF-8 gets ASCII.
    """
    from rich.console import Console

    out = console if console is not None else Console()
    if console is None and not out.is_terminal:
        out = Console(width=_WIDTH)  # a pipe has no width of its own
    width = min(out.width, _WIDTH)
    with out.capture() as held:
        for part in _parts(data, fancy=out.is_terminal):
            out.print(part, width=width, highlight=False)
    text = held.get()
    if out.options.ascii_only:
        text = text.translate(_NOT_ASCII).encode("ascii", "replace").decode("ascii")
    out.file.write(text)


def _parts(data: ReportData, *, fancy: bool) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text.assemble((data.title, "bold"), "  ", (f"{words.data_kind(data)}: {data.data_source}", "dim"))
    yield Text(words.verdict(data) + "\n", style="bold")
    if data.quality is not None:
        yield _scores(data.quality, fancy)
        yield _classes(data.quality.overall, fancy)
    if data.importance:
        yield _importance(data.importance, fancy)
    if data.trading is not None:
        yield _trading(data.trading, fancy)
        if data.trading.refusals:
            yield _refusals(data.trading, fancy)
        for text in data.trading.assumptions:
            yield Text(f"simulated: {text}", style="dim")
        yield Text()
    if data.latency is not None and data.latency.stages:
        yield _latency(data.latency, fancy)
    if data.timings_s:
        yield Text(
            "Steps  " + ", ".join(f"{step} {numbers.seconds(s)}" for step, s in data.timings_s.items()), style="dim"
        )
    for absent in words.absences(data):
        yield Text(f"Not in this report: {absent.part} ({absent.remedy})", style="dim")


def _scores(quality: Quality, fancy: bool) -> RenderableType:
    overall, by_symbol = quality.overall, quality.by_symbol
    title = f"Scores beside the majority class, {words.rows_scored(quality).rstrip(',')}"
    table = _table(fancy, "rows of", "n", "accuracy", "majority", "gain", "F1", "majority", "MCC", "log loss")
    for name, c in (*by_symbol.items(), ("all symbols", overall)):
        base = c.majority
        loss = "" if c.log_loss is None else numbers.ratio(c.log_loss)
        table.add_row(
            *_cells(name),
            numbers.count(c.n_rows),
            numbers.percent(c.accuracy),
            numbers.percent(base.accuracy),
            numbers.points(words.edge(c)),
            numbers.ratio(c.f1_macro),
            numbers.ratio(base.f1_macro),
            numbers.ratio(c.mcc),
            loss,
            style="bold" if c is overall else None,
        )
    return _titled(title, table)


def _classes(c: Classification, fancy: bool) -> RenderableType:
    names = [words.class_name(label) for label in c.classes]
    title = "Happened (rows), predicted (columns)"
    table = _table(fancy, "", *names, "precision", "recall", "F1")
    for name, counts, score in zip(names, c.confusion, c.per_class, strict=True):
        ratios = (numbers.ratio(x) for x in (score.precision, score.recall, score.f1))
        table.add_row(name, *map(numbers.count, counts), *ratios)
    macro = (numbers.ratio(x) for x in (c.precision_macro, c.recall_macro, c.f1_macro))
    table.add_row("macro mean", *[""] * len(names), *macro, style="bold")
    return _titled(title, table)


def _importance(importance: dict[str, float], fancy: bool) -> RenderableType:
    ranked = sorted(importance.items(), key=lambda item: (-item[1], item[0]))
    title = f"Feature importance, share of gain, first {min(_MOST_FEATURES, len(ranked))} of {len(ranked)}"
    table = _table(fancy, "feature", "share", "")
    table.columns[2].justify = "left"
    longest = ranked[0][1] or 1.0
    for name, share in ranked[:_MOST_FEATURES]:
        table.add_row(*_cells(name), numbers.percent(share), "#" * round(_BAR * share / longest))
    return _titled(title, table)


def _trading(t: Trading, fancy: bool) -> RenderableType:
    title = (
        f"Simulated trading, {t.currency}: {numbers.count(t.n_rows)} rows, {numbers.count(t.n_decisions)} decisions, "
        f"{numbers.count(sum(t.refusals.values()))} refused{'; in sample' if t.in_sample else ''}"
    )
    table = _table(fancy, "symbol", "orders", "fills", "realised", "unrealised", "fees", "net")
    rows: list[tuple[str, SymbolTrading | Trading]] = [*t.by_symbol.items(), ("all symbols", t)]
    for name, s in rows:
        amounts = (numbers.money(x) for x in (s.realised_pnl, s.unrealised_pnl, s.fees, s.net_pnl))
        table.add_row(
            *_cells(name), numbers.count(s.orders), numbers.count(s.fills), *amounts, style="bold" if s is t else None
        )
    return _titled(title, table)


def _refusals(t: Trading, fancy: bool) -> RenderableType:
    title = "Refused by risk"
    table = _table(fancy, "reason", "decisions", "share")
    total = sum(t.refusals.values())
    for reason, n in sorted(t.refusals.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(*_cells(words.plain_name(reason)), numbers.count(n), numbers.percent(n / total if total else 0.0))
    return _titled(title, table)


def _latency(latency: Latency, fancy: bool) -> RenderableType:
    speed = "" if latency.throughput_hz is None else f"; throughput {numbers.rate(latency.throughput_hz)}"
    title = f"Time per event; offered {words.load(latency)}{speed}"
    table = _table(fancy, "stage", "events", "p50", "p90", "p99", "p99.9", "max")
    for name, p in words.stages(latency):
        times = (numbers.nanoseconds(x) for x in (p.p50, p.p90, p.p99, p.p99_9, p.max))
        style = "bold" if name == words.TICK_TO_DECISION else None
        table.add_row(*_cells(words.plain_name(name)), numbers.count(p.count), *times, style=style)
    return _titled(title, table)


def _table(fancy: bool, *columns: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD if fancy else None, pad_edge=False, header_style="dim" if fancy else "")
    for i, column in enumerate(columns):
        table.add_column(
            column, justify="right" if i else "left", no_wrap=bool(i), min_width=0 if i else _NAME, overflow="fold"
        )
    return table


def _titled(title: str, table: Table) -> RenderableType:
    from rich.console import Group
    from rich.text import Text

    return Group(Text(title, style="bold cyan"), table, Text())


def _cells(name: str) -> list[RenderableType]:
    from rich.text import Text

    return [Text(name)]  # as text: a name may look like markup
