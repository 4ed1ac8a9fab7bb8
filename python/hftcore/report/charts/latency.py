"""Where the nanoseconds go: each stage's percentiles on one logarithmic axis, in the order an event meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hftcore.report import numbers
from hftcore.report.data import Latency
from hftcore.report.theme import BASE, GRID, INK, MODEL, MUTED, PAPER, Chart, clean_axes
from hftcore.report.words import TICK_TO_DECISION, load, plain_name, stages

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

_FLOOR_NS = 1.0  # a logarithm has no zero: what rounds to nothing is drawn here
_MARKS: dict[str, dict[str, Any]] = {
    "max": {"marker": "|", "ms": 11, "mew": 2.0},
    "p99_9": {"marker": "o", "ms": 4.5},
    "p90": {"marker": "o", "ms": 4.5},
    "p99": {"marker": "o", "ms": 6.5, "mew": 1.6, "mfc": PAPER},
    "p50": {"marker": "o", "ms": 9},
}


def latency_chart(latency: Latency) -> Chart:
    """A line from p50 to max per stage; p50 is the full dot, p99 the ring, the worst event the tick at the end."""
    rows = list(stages(latency))

    def paint(fig: Figure, wide: bool) -> None:
        from matplotlib.ticker import LogLocator

        ax = fig.subplots()
        for at, (name, p) in enumerate(rows):
            colour = MODEL if name == TICK_TO_DECISION else MUTED
            p50, p99, top = (max(x, _FLOOR_NS) for x in (p.p50, p.p99, p.max))
            ax.plot([p50, top], [at, at], color=BASE, lw=1.2, zorder=2)
            ax.plot([p50, p99], [at, at], color=colour, lw=4.5, alpha=0.45, solid_capstyle="butt", zorder=2)
            for percentile, look in _MARKS.items():
                x = max(getattr(p, percentile), _FLOOR_NS)
                ax.plot([x], [at], ls="", mec=colour, **({"mfc": colour} | look), zorder=3)
            bold = "bold" if name == TICK_TO_DECISION else "normal"
            ax.annotate(
                numbers.nanoseconds(p.p50),
                (p50, at),
                xytext=(-8, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                color=INK,
                fontweight=bold,
            )
            ax.text(p99, at + 0.22, numbers.nanoseconds(p.p99), ha="center", va="top", color=MUTED, fontsize=11)
        if rows[-1][0] == TICK_TO_DECISION and len(rows) > 1:
            ax.axhline(len(rows) - 1.5, color=GRID, lw=1.5)
        ax.set_xscale("log")
        lowest, highest = (max(x, _FLOOR_NS) for x in (min(p.p50 for _, p in rows), max(p.max for _, p in rows)))
        ax.set_xlim(lowest / (2 * highest / lowest) ** (0.08 if wide else 0.3), 1.8 * highest)  # left: the first label
        ax.set_ylim(len(rows) - 0.4, -0.7)
        ax.set_yticks(range(len(rows)), [plain_name(name) for name, _ in rows])
        ax.xaxis.set_major_formatter(lambda x, _: _decade(x) if x >= _FLOOR_NS else "")
        ax.xaxis.set_major_locator(LogLocator(numticks=9 if wide else 5))
        ax.minorticks_off()
        ax.set_xlabel("time per event (logarithmic)")
        clean_axes(ax, grid="x")
        fig.legend(
            handles=_legend(), loc="outside upper left", ncols=4 if wide else 2, handlelength=1.0, columnspacing=1.2
        )

    return Chart(
        key="latency",
        title="Time per event, stage by stage",
        caption=_caption(latency),
        alt="Latency percentiles: "
        + "; ".join(
            f"{plain_name(name)} p50 {numbers.nanoseconds(p.p50)}, p99 {numbers.nanoseconds(p.p99)}, "
            f"max {numbers.nanoseconds(p.max)}"
            for name, p in rows
        ),
        paint=paint,
        height_px=90 + 52 * len(rows),
        narrow_height_px=90 + 50 * len(rows),
        spans_page=True,
    )


def _caption(latency: Latency) -> str:
    parts = {name: p for name, p in stages(latency) if name != TICK_TO_DECISION}
    slowest = max(parts, key=lambda name: parts[name].p50) if parts else ""
    costs = f"; {plain_name(slowest)} costs most at {numbers.nanoseconds(parts[slowest].p50)}" if slowest else ""
    path = f"; for tick to decision, events were offered {load(latency)}" if TICK_TO_DECISION in latency.stages else ""
    return (
        f"Labelled are the median event (left of its dot) and p99 (under its ring){costs}; a long thin line to the "
        f"right is a rare but slow event{path}."
    )


def _legend() -> list[Artist]:
    from matplotlib.lines import Line2D

    names = {"p50": "p50", "p99": "p99", "p90": "p90 and p99.9", "max": "worst event"}
    return [Line2D([], [], ls="", mec=MUTED, label=label, **({"mfc": MUTED} | _MARKS[p])) for p, label in names.items()]


def _decade(ns: float) -> str:
    """10 ns, 100 ns, 1 us, ...: an axis label, without needless figures."""
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "\N{MICRO SIGN}s"), (1.0, "ns")):
        if ns >= size:
            return f"{ns / size:g} {unit}"
    return f"{ns:g} ns"
