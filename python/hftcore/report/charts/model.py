"""Figures about the model: its scores, its confusions, what it looks at, whether its probabilities hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hftcore.metrics import Classification, Reliability
from hftcore.report import numbers
from hftcore.report.theme import BASE, DOWN, FLAT, GRID, INK, MODEL, MUTED, PAPER, SERIES, UP, Chart, clean_axes
from hftcore.report.words import FIGURES, class_name, edge

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_FEATURES = 15
_SIDE_COLOURS = {"up": UP, "down": DOWN, "flat": FLAT}


def scores_chart(c: Classification) -> Chart:
    """Each score as a bar, with a mark where the majority class stands."""
    base = c.majority
    model_at = [getattr(c, name) for name in FIGURES]
    base_at = [getattr(base, name) for name in FIGURES]

    def paint(fig: Figure, wide: bool) -> None:
        ax = fig.subplots()
        rows = range(len(FIGURES))
        ax.barh(rows, model_at, height=0.5, color=MODEL, label="model")
        ends = [r - 0.36 for r in rows], [r + 0.36 for r in rows]
        ax.vlines(base_at, *ends, color=PAPER, lw=6.0)  # a rim, so that the mark shows on the bar in light and dark
        ax.vlines(base_at, *ends, color=INK, lw=2.4, label="majority class")
        left, right = min(0.0, *model_at) * 1.25, max(0.5, *model_at, *base_at) * 1.16
        for row, at, mark in zip(rows, model_at, base_at, strict=True):
            ax.text(max(at, mark, 0.0) + 0.015 * (right - left), row, numbers.ratio(at), va="center", color=INK)
        ax.set_yticks(rows, list(FIGURES.values()))
        ax.invert_yaxis()
        ax.set_xlim(left, right)
        ax.set_xlabel("score (1 is perfect)")
        clean_axes(ax, grid="x")
        ax.axvline(0.0, color=MUTED, lw=1.0)
        handles, labels = ax.get_legend_handles_labels()
        fig.legend(handles[::-1], labels[::-1], loc="outside upper left", ncols=2, handlelength=1.2)

    said = class_name(c.majority_class)
    return Chart(
        key="scores",
        title="Beside the majority class",
        caption=(
            f"A bar that ends right of its mark is skill; against always saying \N{LEFT DOUBLE QUOTATION MARK}{said}"
            f"\N{RIGHT DOUBLE QUOTATION MARK} the model gains {numbers.points(edge(c))} of accuracy, and its MCC is "
            f"{numbers.ratio(c.mcc)} where chance is 0."
        ),
        alt="Scores, model against majority class: "
        + "; ".join(
            f"{label} {numbers.ratio(m)} against {numbers.ratio(b)}"
            for label, m, b in zip(FIGURES.values(), model_at, base_at, strict=True)
        ),
        paint=paint,
        height_px=300,
        narrow_height_px=290,
    )


def confusion_chart(c: Classification) -> Chart:
    """Shares of each row of the confusion matrix, with counts."""
    names = [class_name(label) for label in c.classes]
    totals = [sum(row) for row in c.confusion]
    shares = [[n / total if total else 0.0 for n in row] for row, total in zip(c.confusion, totals, strict=True)]

    def paint(fig: Figure, wide: bool) -> None:
        ax = fig.subplots()
        for i, row in enumerate(c.confusion):
            for j, n in enumerate(row):
                strength = 0.06 + 0.5 * shares[i][j]  # never so strong that the ink on it fades
                ax.fill(
                    [j - 0.485, j + 0.485, j + 0.485, j - 0.485],
                    [i - 0.475, i - 0.475, i + 0.475, i + 0.475],
                    color=MODEL if i == j else BASE,
                    alpha=strength,
                    lw=0,
                )
                ax.text(j, i - 0.1, numbers.percent(shares[i][j]), ha="center", va="center", color=INK, fontsize=15)
                ax.text(j, i + 0.22, numbers.count(n), ha="center", va="center", color=INK, fontsize=11.5)
        ax.set_xticks(range(len(names)), names)
        ax.set_yticks(range(len(names)), names)
        ax.set_xlim(-0.5, len(names) - 0.5)
        ax.set_ylim(len(names) - 0.5, -0.5)
        ax.set_xlabel("predicted (rows)")
        ax.set_ylabel("happened")
        ax.tick_params(length=0, labelsize=12.5)
        for spine in ax.spines.values():
            spine.set_visible(False)

    return Chart(
        key="confusion",
        title="What it takes for what",
        caption=(
            "Each row adds up to 100 %: of the moves that happened, the share that was predicted as each class; the "
            "blue diagonal is right, the corners are the costly mistakes."
        ),
        alt="Confusion matrix, happened then predicted: "
        + "; ".join(
            f"{names[i]} as {names[j]} {numbers.percent(shares[i][j])}"
            for i in range(len(names))
            for j in range(len(names))
        ),
        paint=paint,
        height_px=330,
        narrow_height_px=290,
    )


def importance_chart(importance: Mapping[str, float]) -> Chart:
    """Share of gain per feature, largest first; the caption sums up what is not shown."""
    ranked = sorted(importance.items(), key=lambda item: (-item[1], item[0]))
    shown, rest = ranked[:_MOST_FEATURES], ranked[_MOST_FEATURES:]
    names, shares = [name for name, _ in shown], [share for _, share in shown]
    used = sum(1 for share in importance.values() if share > 0)
    height = 64 + 21 * len(names)

    def paint(fig: Figure, wide: bool) -> None:
        ax = fig.subplots()
        ax.barh(range(len(names)), [100 * s for s in shares], height=0.62, color=MODEL)
        room = 100 * max(shares) or 1.0
        for row, share in enumerate(shares):
            ax.text(100 * share + 0.015 * room, row, f"{100 * share:.1f}", va="center", color=INK, fontsize=11.5)
        ax.set_yticks(range(len(names)), [shortened(n, 40 if wide else 22) for n in names])
        ax.invert_yaxis()
        ax.set_xlim(0.0, 1.15 * room)
        ax.set_xlabel("share of gain in the forest, %")
        clean_axes(ax, grid="x")

    others = f" The {len(rest)} not shown make {numbers.percent(sum(s for _, s in rest))}." if rest else ""
    return Chart(
        key="importance",
        title="Where its trees split",
        caption=(
            f"{names[0]} alone makes {numbers.percent(shares[0])} of the gain and the forest splits on {used} of "
            f"{len(importance)} features; gain says where the trees split, not what causes the move.{others}"
        ),
        alt="Feature importance: " + "; ".join(f"{n} {numbers.percent(s)}" for n, s in zip(names, shares, strict=True)),
        paint=paint,
        height_px=max(height, 150),
        narrow_height_px=max(height, 150),
    )


def shortened(name: str, limit: int) -> str:
    """``name`` in at most ``limit`` letters: its middle goes, for features of a kind differ at their ends."""
    if len(name) <= limit:
        return name
    tail = (limit - 1) * 3 // 5
    return name[: limit - 1 - tail] + "\N{HORIZONTAL ELLIPSIS}" + name[-tail:]


def calibration_chart(calibration: Mapping[str, Reliability], threshold_frac: float | None) -> Chart:
    """Promised probability against observed frequency, over how many rows stand behind each point."""
    colours = {name: _SIDE_COLOURS.get(name, SERIES[i % len(SERIES)]) for i, name in enumerate(calibration)}

    def paint(fig: Figure, wide: bool) -> None:
        top, bottom = fig.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        top.plot([0, 100], [0, 100], color=MUTED, lw=1.0, ls=(0, (4, 3)), label="as promised")
        for k, (name, r) in enumerate(calibration.items()):
            p_pct = [100 * p for p in r.p_mean]
            top.plot(
                p_pct,
                [100 * h for h in r.hit_frac],
                color=colours[name],
                lw=1.8,
                marker="os^Dv"[k % 5],
                ms=5.5,
                label=name,
            )
            bottom.plot(p_pct, r.n, color=colours[name], lw=1.5, marker="os^Dv"[k % 5], ms=3.5)
        if threshold_frac is not None:
            for ax in (top, bottom):
                ax.axvline(100 * threshold_frac, color=INK, lw=1.0, ls=(0, (1, 2)))
            top.text(100 * threshold_frac + 1.5, 2, "acts from here", color=INK, fontsize=11.5)
        top.set_xlim(0, 100)
        top.set_ylim(0, 100)
        bottom.set_yscale("log")
        bottom.minorticks_off()
        bottom.yaxis.set_major_formatter(lambda n, _: f"{n:,.0f}")
        bottom.set_xlabel("promised probability, %")
        top.set_ylabel("came true, %")
        bottom.set_ylabel("rows")
        for ax in (top, bottom):
            clean_axes(ax, grid="both")
        bottom.spines["bottom"].set(visible=True, color=GRID)
        top.legend(loc="upper left", handlelength=1.8)

    errors = ", ".join(f"{name} {numbers.points(r.expected_error).lstrip('+')}" for name, r in calibration.items())
    return Chart(
        key="calibration",
        title="Whether its probabilities hold",
        caption=(
            f"On the dashed line a promise of 70 % comes true 70 times in 100, below it the model is too sure; mean "
            f"distance, weighted by rows: {errors}."
        ),
        alt=f"Calibration curve of {' and '.join(calibration)}; mean distance from the diagonal: {errors}",
        paint=paint,
        height_px=400,
        narrow_height_px=380,
    )
