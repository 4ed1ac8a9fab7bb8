"""An explanation of a feature as HTML: a fragment for a notebook, or a page of its own. No script, no request."""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from hftcore.errors import MissingExtraError
from hftcore.report.html import fill_template
from hftcore.report.theme import BASE, GRID, MODEL, MUTED, PALETTE, Chart, clean_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from hftcore.explain import Explanation

_FEWEST, _MOST = 240, 1_500  # rows that a plot shows


def explanation_html(explanation: Explanation) -> str:
    """Return the fragment that a notebook shows. The same explanation gives the same bytes.

    Its style is its own: nothing of the notebook changes. Without jinja2 and matplotlib it is the text, and says so.
    """
    chart = _chart(explanation)
    try:
        return fill_template(
            "explanation.html.j2", {"plot": chart} if chart else {}, e=explanation, palette=PALETTE, worst=worst
        )
    except MissingExtraError as error:
        return f"<pre>{escape(str(explanation))}</pre><p>{escape(str(error))}</p>"


def explanation_page(explanation: Explanation) -> str:
    """Return the fragment as a page of its own."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    title = f"<title>{escape(explanation.column.name)}</title>"
    body = explanation_html(explanation)
    top = f'<!doctype html>\n<html lang="en"><head>{head}{title}</head>\n<body style="margin:0">'
    return f"{top}\n{body}\n</body></html>\n"


def worst(value: float) -> str:
    """The largest relative difference for people: those of rounding are so called."""
    return "0" if value == 0 else f"{value:.1e}"


def _chart(e: Explanation) -> Chart | None:
    sample = e.sample
    if sample is None or not np.isfinite(sample.values).any():
        return None
    n = min(len(sample), max(_FEWEST, min(_MOST, 3 * e.warm_up)))
    lookback, warm_up = min(e.column.lookback, n), min(e.warm_up - 1, n)
    single = e.operation.takes_series and len(sample.inputs) == 1
    # Two of a notebook share one page: what a drawing refers to has a name of its own.
    mark = hashlib.sha256(e.spec.canonical_json().encode() + e.column.name.encode()).hexdigest()[:8]
    tick = {"quote": "quote", "trade": "trade", "book": "level of the book"}.get(e.column.clock, "event")

    def paint(fig: Figure, wide: bool) -> None:
        axes = fig.subplots(2 if single else 1, 1, sharex=True, squeeze=False, height_ratios=[1, 2] if single else [1])
        rows = np.arange(n)
        if single:
            _line(axes[0, 0], rows, sample.inputs[0][:n], MUTED, e.inputs[0][0])
        below = axes[-1, 0]
        _line(below, rows, sample.values[:n], MODEL, f"{e.column.name}, {e.column.unit}")
        for ax in axes[:, 0]:
            ax.axvspan(0, lookback, color=GRID, lw=0, zorder=0)
            ax.axvspan(lookback, warm_up, color=GRID, alpha=0.45, lw=0, zorder=0)
            ax.set_xlim(0, max(n - 1, 1))
        if warm_up:
            text = f"warm-up: {e.warm_up:,}" if warm_up < n else f"warm-up: {e.warm_up:,}, beyond this plot"
            below.annotate(text, (min(warm_up, n), 0.02), xycoords=("data", "axes fraction"), xytext=(4, 0),
                           textcoords="offset points", color=MUTED, fontsize=11,
                           ha="left" if warm_up < 0.6 * n else "right")  # fmt: skip
            below.axvline(min(warm_up, n - 1), color=BASE, lw=1.0)
        below.set_xlabel(f"{tick}s since the start")

    return Chart(
        key=f"explain-{mark}",
        title="On the shared tape",
        caption=_caption(e, n),
        alt=f"{e.column.name} over the first {n:,} rows of the shared tape; no value in the first {lookback:,}, "
        f"warm after {e.warm_up:,}",
        paint=paint,
        height_px=360 if single else 260,
        narrow_height_px=380 if single else 280,
        spans_page=True,
    )


def _caption(e: Explanation, n: int) -> str:
    said = [f"The first {n:,} rows of the shared tape."]
    said += ["Strong shade: no value yet."] * (e.column.lookback > 0)
    said += [f"Faint shade: the seed still weighs more than {e.tolerance:g}."] * (e.warm_up > e.column.lookback + 1)
    return " ".join(said)


def _line(ax: Axes, rows: np.ndarray, values: np.ndarray, colour: str, title: str) -> None:
    ax.plot(rows, values, color=colour, lw=1.3, drawstyle="steps-post")
    ax.set_title(title, loc="left", fontsize=12, color=MUTED)
    clean_axes(ax, grid="y")
