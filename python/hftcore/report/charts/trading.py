"""Figures about the simulated trading: worth over time, and what risk refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np

from hftcore.report import numbers
from hftcore.report.data import PnlCurve, envelope
from hftcore.report.theme import DOWN, INK, MODEL, MUTED, SERIES, UP, Chart, clean_axes
from hftcore.report.words import plain_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_MOST_SERIES = len(SERIES)
_FILL_BINS = 90
_MOST_STEPS = 300


def equity_chart(curve: PnlCurve, currency: str) -> Chart:
    """Net worth, its distance from the highest point so far, and fills per interval, on one clock."""
    equity = np.array(curve.equity)
    peak = np.maximum.accumulate(np.maximum(equity, 0.0))  # a run starts at 0: below it is drawdown from the start
    has_fills = bool(curve.buy_ts_ns or curve.sell_ts_ns)

    def paint(fig: Figure, wide: bool) -> None:
        ratios = (4, 1.5, 1.2) if has_fills else (4, 1.5)
        axes = fig.subplots(len(ratios), 1, sharex=True, height_ratios=ratios)
        top, below = axes[0], axes[1]
        keep = envelope(equity, 1200 if wide else 400)  # about a point per pixel: more cannot be seen
        ts = _times(curve.ts_ns)[keep]
        top.plot(ts, equity[keep], color=MODEL, lw=2.0, ds=_shape(ts), label="all symbols", zorder=3)
        _symbols(top, curve, ts, keep)
        top.axhline(0.0, color=MUTED, lw=1.0)
        top.set_ylabel(f"net P&L, {currency}")
        below.fill_between(ts, (equity - peak)[keep], 0.0, step="post", color=DOWN, alpha=0.35, lw=0)
        below.set_ylabel(f"drawdown,\n{currency}")
        if has_fills:
            _fills(axes[2], curve)
        for ax in axes:
            clean_axes(ax, grid="y")
            ax.yaxis.set_major_formatter(lambda y, _: f"{y:,.10g}".replace("-", "\N{MINUS SIGN}"))
        for ax in axes[1:]:
            ax.locator_params(axis="y", nbins=3)
        fig.align_ylabels(axes)
        _clock(axes[-1], curve.ts_ns, wide)
        if curve.by_symbol:
            fig.legend(loc="outside upper left", ncols=4 if wide else 3, handlelength=1.2, columnspacing=1.0)

    worst = numbers.money(curve.max_drawdown, currency)
    end = numbers.money(curve.equity[-1], currency, signed=True)
    return Chart(
        key="equity",
        title="Net P&L over the run",
        caption=(
            f"After fees, open positions at their mid: it ends at {end}, and at worst stood {worst} below its best "
            "point so far"
            + ("; the lowest panel counts buys (up) and sells (down) per interval." if has_fills else ".")
        ),
        alt=f"Net profit and loss over time: ends at {end}, largest drawdown {worst}, "
        f"{numbers.count(len(curve.buy_ts_ns))} buys and {numbers.count(len(curve.sell_ts_ns))} sells",
        paint=paint,
        height_px=460,
        narrow_height_px=430,
        spans_page=True,
    )


def refusals_chart(refusals: Mapping[str, int], n_decisions: int) -> Chart:
    """Refused decisions by reason, most frequent first."""
    ranked = sorted(refusals.items(), key=lambda item: (-item[1], item[0]))
    names = [plain_name(reason) for reason, _ in ranked]
    counts = [n for _, n in ranked]
    total = sum(counts)
    height = max(84 + 24 * len(names), 150)

    def paint(fig: Figure, wide: bool) -> None:
        ax = fig.subplots()
        ax.barh(range(len(names)), counts, height=0.6, color=DOWN)
        room = max(counts) or 1
        for row, n in enumerate(counts):
            ax.text(n + 0.015 * room, row, numbers.count(n), va="center", color=INK, fontsize=11.5)
        ax.set_yticks(range(len(names)), names)
        ax.invert_yaxis()
        ax.set_xlim(0, 1.2 * room)
        ax.locator_params(axis="x", integer=True, nbins=5)
        ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        ax.set_xlabel("decisions refused")
        clean_axes(ax, grid="x")

    share = f" ({numbers.percent(total / n_decisions)})" if n_decisions else ""
    often = f", most often for {names[0]}" if total else ""
    return Chart(
        key="refusals",
        title="What risk refused",
        caption=f"Risk said no to {numbers.count(total)} of {numbers.count(n_decisions)} decisions{share}{often}.",
        alt="Refusals by reason: "
        + "; ".join(f"{name} {numbers.count(n)}" for name, n in zip(names, counts, strict=True)),
        paint=paint,
        height_px=height,
        narrow_height_px=height,
    )


def _symbols(ax: Axes, curve: PnlCurve, ts: NDArray[np.datetime64], keep: NDArray[np.int64]) -> None:
    """The symbols that ended furthest from zero, thin and in their own colours."""
    ranked = sorted(curve.by_symbol.items(), key=lambda item: -abs(item[1][-1]))[:_MOST_SERIES]
    for (symbol, worth), colour in zip(ranked, SERIES, strict=False):
        label = f" {symbol}" if symbol.startswith("_") else symbol  # matplotlib hides what starts with "_"
        ax.plot(ts, np.array(worth)[keep], ds=_shape(ts), color=colour, lw=1.1, label=label)


def _shape(ts: NDArray[np.datetime64]) -> Literal["steps-post", "default"]:
    """Steps where they can be seen; with a point per pixel a line looks the same at half the size."""
    return "steps-post" if ts.size <= _MOST_STEPS else "default"


def _fills(ax: Axes, curve: PnlCurve) -> None:
    edges = np.linspace(curve.ts_ns[0], max(curve.ts_ns[-1], curve.ts_ns[0] + 1), _FILL_BINS + 1)
    left = _times(edges)
    for stamps, sign, colour in ((curve.buy_ts_ns, 1, UP), (curve.sell_ts_ns, -1, DOWN)):
        n, _ = np.histogram(stamps, bins=edges)
        ax.fill_between(left, sign * np.append(n, 0), 0.0, step="post", color=colour, lw=0)
    ax.axhline(0.0, color=MUTED, lw=0.8)
    ax.set_ylabel("fills")


def _times(ts_ns: object) -> NDArray[np.datetime64]:
    # microseconds: matplotlib's dates are doubles in days, good to about 20 us near today
    return (np.asarray(ts_ns).astype(np.int64) // 1000).astype("datetime64[us]")


def _clock(ax: Axes, ts_ns: tuple[int, ...], wide: bool) -> None:
    from matplotlib.dates import AutoDateLocator, DateFormatter

    first, last = _times(ts_ns[:1])[0].item(), _times(ts_ns[-1:])[0].item()
    seconds = (last - first).total_seconds()
    form = "%H:%M:%S" if seconds < 900 else "%H:%M" if seconds < 86400 else "%d %b"
    ax.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=9 if wide else 4))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(DateFormatter(form))  # type: ignore[no-untyped-call]
    day = f"{first.day} {first:%b %Y}"
    ax.set_xlabel(f"time, UTC ({day})" if first.date() == last.date() else f"time, UTC (from {day})")
    ax.margins(x=0.01)
