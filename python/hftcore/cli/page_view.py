"""A telemetry page as tables: whose it is, the waterfall of stages, counters, and one table per kind of gauge.

Units come from the names, as everywhere: ``_bytes``, ``_ns`` (a duration), ``_unix_ns`` (a moment, shown as its age).
Groups ``lane.ticks/0`` and ``lane.ticks/1`` are two rows of the table "lane".
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

from rich import box
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hftcore.report import numbers
from hftcore.telemetry import Page

# The way of an event through the daemon; stages of other names follow in the page's order, the sum stands last.
_PATH = ("decode", "ring", "features", "model", "decision", "risk", "journal", "publish", "ack")
_LAST = "tick_to_decision"
_LONG_NAMES = {"journal": "journal hand-over"}
_FIGURES = ("p50_ns", "p99_ns", "p99_9_ns", "max_ns")
_BAR_NS = (10.0, 1e9)  # the ends of the logarithmic scale
_BAR_WIDTHS = (12, 40)  # a narrower one says nothing and is left out
_FIGURES_WIDTH = 78  # of the waterfall without its bars
_NOTHING = "\N{EN DASH}"
_BAR_MARKS = ("█", "▓", "▒", "░")  # up to p50, p99, p99.9, max
_STATE_STYLES = {
    "live": "bold green",
    "recovering": "bold yellow",
    "starting": "bold yellow",
    "draining": "bold yellow",
}


def page_view(page: Page, width: int) -> RenderableType:
    """Everything on a page, in ``width`` columns; its interval's figures where there is one, else since the start."""
    return Group(*_parts(page, width))


def _parts(page: Page, width: int) -> Iterator[RenderableType]:
    yield _title(page)
    if page["texts"].get("last_error"):
        yield Text(f"  last error: {page['texts']['last_error']}", style="red")
    if page["histograms"]:
        yield _indented(_waterfall(page, min(width - _FIGURES_WIDTH, _BAR_WIDTHS[1])))
    if page["counters"]:
        yield _indented(_counters(page, width - 2))
    if page["gauges"]:
        tables = [Padding(_gauges(prefix, rows), (0, 0, 1, 0)) for prefix, rows in _tables(page["gauges"]).items()]
        yield Padding(Columns(tables, padding=(0, 3)), (0, 0, 0, 2))  # side by side where they fit


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 1, 2))


def _title(page: Page) -> Text:
    texts = page["texts"]
    up_s = (time.time_ns() - page["start_unix_ns"]) / 1e9
    state = texts.get("state", "")
    parts = [(f"{page['name']}  ", "bold"), (state, _STATE_STYLES.get(state, "bold"))]
    if page["writer_state"] == "gone":
        parts.append(("  the process is gone", "bold red"))
    elif page["writer_state"] == "silent":
        parts.append((f"  silent for {numbers.seconds(page['beat_age_ns'] / 1e9)}: stopped or stuck", "bold red"))
    else:
        parts.append((f"  up {_span(up_s)}", ""))
    parts.append((f"  pid {page['pid']}", "dim"))
    # Texts that have no place of their own are named here, such as the model's id.
    parts += [(f"  {name} {text}", "") for name, text in texts.items() if text and name not in ("state", "last_error")]
    parts.append((f"  {page['writer']}", "dim"))
    return Text.assemble(*parts)


def _waterfall(page: Page, bar_width: int) -> Table:
    """Stages in the order of the path; a bar's four shades end at p50, p99, p99.9 and max, on a logarithmic scale."""
    interval = page["interval"]
    duration_s = interval["duration_ns"] / 1e9 if interval else None
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        title=_when(duration_s),
        title_justify="left",
        title_style="dim",
    )
    table.add_column("stage")
    for heading in ("per s" if duration_s else "count", "p50", "p99", "p99.9", "max"):
        table.add_column(heading, justify="right", no_wrap=True)
    has_bar = bar_width >= _BAR_WIDTHS[0]
    if has_bar:
        table.add_column(f"10 ns {'─' * (bar_width - 10)} 1 s", no_wrap=True)
    for name, figures in _stages((interval or page)["histograms"]):
        n = figures["count"]
        if n == 0:
            table.add_row(Text(name, style="dim"), *[Text(_NOTHING, style="dim")] * 5)
            continue
        often = numbers.rate(n / duration_s) if duration_s else numbers.count(n)
        bar = [_bar(figures, bar_width)] if has_bar else []
        table.add_row(name, often, *(numbers.nanoseconds(figures[key]) for key in _FIGURES), *bar)
    return table


def _stages(histograms: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """All stages in order. One that two threads may time is shown once, unless both did."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for group, stages in histograms.items():
        for name, figures in stages.items():
            found.setdefault(name, []).append((group, figures))
    ranks = {name: rank for rank, name in enumerate(_PATH)} | {_LAST: len(_PATH) + 1}
    rows = []
    for name in sorted(found, key=lambda name: ranks.get(name, len(_PATH))):  # stable: the page's order within a rank
        long_name = _LONG_NAMES.get(name, name.replace("_", " "))
        timed = [entry for entry in found[name] if entry[1]["count"]] or found[name][:1]
        rows += [(long_name if len(timed) == 1 else f"{long_name} ({group})", figures) for group, figures in timed]
    return rows


def _bar(figures: dict[str, Any], width: int) -> Text:
    low, high = (math.log10(end) for end in _BAR_NS)

    def cells(ns: float) -> int:
        return round(width * min(max((math.log10(max(ns, 1.0)) - low) / (high - low), 0.0), 1.0))

    bar = Text()
    at = 0
    for key, mark, style in zip(_FIGURES, _BAR_MARKS, ("green", "yellow", "red", "dim red"), strict=True):
        end = max(cells(figures[key]), at)
        bar.append(mark * (end - at), style=style)
        at = end
    return bar


def _counters(page: Page, width: int) -> Table:
    """One paragraph per thread: a counter's total, and its rate where it moved."""
    interval = page["interval"]
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(no_wrap=True)
    room = width - max(map(len, page["counters"])) - 4
    for group, counters in page["counters"].items():
        paragraph, at = Text(), 0
        for name, n in counters.items():
            text = f"{name.replace('_', ' ')} {_amount(name, n)}"
            if moved := interval["counters"][group][name] if interval else 0:
                text += f" ({_amount(name, round(moved * 1e9 / interval['duration_ns']))}/s)"
            gap = "" if at == 0 else "   " if at + 3 + len(text) <= room else "\n"  # a counter stays on one line
            at = len(text) + (at + 3 if gap == "   " else 0)
            paragraph.append(gap).append(text, "" if n else "dim")
        table.add_row(group, paragraph)
    return table


def _tables(gauges: dict[str, dict[str, int]]) -> dict[str, dict[str, dict[str, int]]]:
    tables: dict[str, dict[str, dict[str, int]]] = {}
    for group, values in gauges.items():
        prefix, _, row = group.partition(".")
        tables.setdefault(prefix, {})[row] = values
    return tables


def _gauges(prefix: str, rows: dict[str, dict[str, int]]) -> Table:
    names = list(dict.fromkeys(name for values in rows.values() for name in values))
    is_filling = {"fill", "capacity"} <= set(names)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(prefix, style="bold")
    for name in names:
        table.add_column(_heading(name), justify="right", no_wrap=True)
    if is_filling:
        table.add_column("full", no_wrap=True)
    for row, values in rows.items():
        cells: list[RenderableType] = [_gauge(name, values[name]) if name in values else "" for name in names]
        if is_filling:
            cells.append(_fill(values.get("fill", 0), values.get("capacity", 0)))
        table.add_row(row, *cells)
    return table


def _fill(fill: int, capacity: int) -> Text:
    frac = min(max(fill / capacity, 0.0), 1.0) if capacity > 0 else 0.0
    style = "green" if frac < 0.5 else "yellow" if frac < 0.9 else "red"
    n_full = round(20 * frac)
    return Text.assemble(("█" * n_full, style), ("·" * (20 - n_full), "dim"), f" {numbers.percent(frac, 0)}")


def _heading(name: str) -> str:
    """The name without its unit, which stands in the cells."""
    plain = name.removesuffix("_unix_ns").removesuffix("_ns")
    if plain.endswith("_bytes"):
        plain = plain.removesuffix("_bytes")
        plain += "" if plain.endswith("size") else "_size"
    return plain.replace("_", " ")


def _gauge(name: str, value: int) -> str:
    if name.endswith("_unix_ns"):  # 0: has not happened
        return f"{_span(max(time.time_ns() - value, 0) / 1e9)} ago" if value else "never"
    return _amount(name, value)


def _amount(name: str, value: int) -> str:
    if name.endswith("_bytes") or name == "bytes":
        return _bytes(value)
    return numbers.nanoseconds(value) if name.endswith("_ns") else numbers.count(value)


def _bytes(n: int) -> str:
    for size, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if abs(n) >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} B"


def _span(seconds: float) -> str:
    """Hours and days too, which a daemon's life has: 3 d 04 h, 2 h 05 min, else as numbers.seconds."""
    minutes = int(seconds) // 60
    if minutes >= 2 * 24 * 60:
        return f"{minutes // 1440} d {minutes // 60 % 24:02d} h"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else numbers.seconds(seconds)


def _when(duration_s: float | None) -> str:
    return f"the last {numbers.seconds(duration_s)}" if duration_s else "since the start"
