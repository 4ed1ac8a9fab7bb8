"""Figures about a training: loss against trees, what is lost without a feature, and the cells of the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hftcore.report import numbers
from hftcore.report.charts.model import shortened
from hftcore.report.theme import BASE, INK, MODEL, MUTED, SERIES, Chart, clean_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_FEATURES = 15


def curves_chart(n_trees: Sequence[int], log_loss: Mapping[str, Sequence[float]]) -> Chart:
    """Log loss after so many trees of each class, a line for each part of the rows."""
    colours = (BASE, MODEL, SERIES[2], SERIES[1])

    def paint(fig: Figure, wide: bool) -> None:
        ax = fig.subplots()
        for (name, losses), colour in zip(log_loss.items(), colours, strict=False):
            ax.plot(n_trees, losses, color=colour, lw=2.0, marker="o", ms=3.0, label=name)
        ax.set_xlabel("trees of each class")
        ax.set_ylabel("log loss, nats per row")
        clean_axes(ax, grid="both")
        fig.legend(loc="outside upper left", ncols=3 if wide else 2, handlelength=1.2, columnspacing=1.0)

    ends = "; ".join(f"{name} {numbers.ratio(losses[-1])}" for name, losses in log_loss.items())
    return Chart(
        key="curves",
        title="Learning curves",
        caption=(
            f"Lower is better; where trained rows go on and others do not, it learns by heart. At the end: {ends}."
        ),
        alt=f"Log loss over {n_trees[-1]} trees of each class, at the end: {ends}",
        paint=paint,
        height_px=330,
        narrow_height_px=300,
    )


def permutation_chart(lost: Mapping[str, Mapping[str, float]]) -> Chart:
    """Rise of the log loss when a feature's values are dealt anew among the test rows, largest first."""
    ranked = sorted(lost.items(), key=lambda item: (-item[1]["log_loss_rise"], item[0]))[:_MOST_FEATURES]
    rises = [1e3 * values["log_loss_rise"] for _, values in ranked]
    height = 64 + 21 * len(ranked)

    def paint(fig: Figure, wide: bool) -> None:
        ax = fig.subplots()
        ax.barh(range(len(ranked)), rises, height=0.62, color=MODEL)
        low, room = min(0.0, *rises), max(*rises, 1e-9) - min(0.0, *rises)
        for row, rise in enumerate(rises):
            ax.text(max(rise, 0.0) + 0.015 * room, row, f"{rise:.1f}", va="center", color=INK, fontsize=11.5)
        ax.set_yticks(range(len(ranked)), [shortened(name, 40 if wide else 22) for name, _ in ranked])
        ax.invert_yaxis()
        ax.set_xlim(1.15 * low, low + 1.2 * room)
        ax.set_xlabel("rise of the log loss, thousandths of a nat" if wide else "rise of log loss, 1/1000 nat")
        clean_axes(ax, grid="x")

    first, values = ranked[0]
    return Chart(
        key="permutation",
        title="What is lost without it",
        caption=(
            f"Test rows with one feature's values dealt anew: without {first} the MCC falls by "
            f"{numbers.ratio(values['mcc_drop'])}; two features that say the same hide each other here."
        ),
        alt="Rise of log loss: " + "; ".join(f"{n} {v['log_loss_rise']:.4f}" for n, v in ranked),
        paint=paint,
        height_px=max(height, 150),
        narrow_height_px=max(height, 150),
    )


def cells_chart(seen: Sequence[float], unseen: Sequence[float], metric: str) -> Chart:
    """Each cell of the search: its score on rows it was trained on against that on its test part."""

    def paint(fig: Figure, wide: bool) -> None:
        ax = fig.subplots()
        both = [*seen, *unseen]
        room = 0.08 * (max(both) - min(both)) or 0.01
        ends = (min(both) - room, max(both) + room)
        ax.plot(ends, ends, color=MUTED, lw=1.0, ls=(0, (4, 3)))
        ax.plot(seen, unseen, ls="", marker="o", ms=6, color=MODEL, alpha=0.8)
        ax.set_xlim(*ends)
        ax.set_ylim(*ends)
        ax.set_xlabel(f"{metric} on trained rows")
        ax.set_ylabel(f"{metric} on the fold's test part")
        clean_axes(ax, grid="both")

    return Chart(
        key="cells",
        title="The cells of the search",
        caption=(
            f"A point for each of {len(seen)} cells; its distance from the dashed line is what was learnt by heart."
        ),
        alt=f"{metric} of {len(seen)} cells, trained rows against test rows",
        paint=paint,
        height_px=330,
        narrow_height_px=300,
    )
