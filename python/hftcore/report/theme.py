"""Colours and type of the charts, and matplotlib's SVG made fit to live inside a page.

Charts are painted in the light palette; each of its colours then becomes a CSS variable, so one drawing serves
both light and dark. Up is blue and down vermillion, told apart by every common kind of colour vision (Okabe and Ito).
"""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hftcore.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1b1f24", "#59636e", "#dfe3e7", "#ffffff"
MODEL, BASE, UP, DOWN, FLAT = "#0b62a8", "#98a1aa", "#0b63a9", "#c4501b", "#8c959f"
SERIES = ("#6f4aa0", "#12816f", "#a67400", "#b8437c", "#4f6bc9", "#7d5a3c")
# CSS variable -> (light, dark); the page's style sheet is built from the same table.
PALETTE = {
    "ink": (INK, "#e7eaed"),
    "muted": (MUTED, "#a0aab4"),
    "grid": (GRID, "#323a42"),
    "paper": (PAPER, "#181c20"),
    "model": (MODEL, "#62aeea"),
    "base": (BASE, "#6f7a85"),
    "up": (UP, "#62aeeb"),
    "down": (DOWN, "#f08c55"),
    "flat": (FLAT, "#8b96a1"),
    **{
        f"series-{i}": pair
        for i, pair in enumerate(
            zip(SERIES, ("#b294e0", "#4cc2ad", "#d9a93a", "#e786b4", "#93a8f0", "#c29a78"), strict=True)
        )
    },
}
_STYLE: Any = {  # matplotlib types its keys one by one, and differently in every version
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "svg.hashsalt": "hftcore",  # the same data give the same bytes
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.family": "DejaVu Sans",  # ships with matplotlib: layout is measured alike on every machine
    "font.size": 12,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 12,
    "axes.facecolor": "none",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "figure.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 12,
}
_DPI = 72.0  # SVG units per inch in matplotlib: one unit is one CSS pixel where the drawing is not scaled
_DEFAULTS = re.compile(r"(?:^|;\s*)(?:stroke-linejoin: miter|stroke-dashoffset: 0)(?=;|$)")
_LONG_NUMBER = re.compile(r"(\d+\.\d)\d+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_OWN_ID = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Chart:
    """One figure: what it is called, what to read from it, and how to paint it at a width."""

    key: str
    title: str
    caption: str
    alt: str
    paint: Callable[[Figure, bool], None]  # (figure, wide)
    height_px: int
    narrow_height_px: int
    spans_page: bool = False

    def svg(self, wide: bool) -> str:
        """The drawing as an ``<svg>`` element for inline use, labelled by ``alt``.

        Raises
        ------
        MissingExtraError
            If matplotlib is not installed.
        """
        width = (1000 if self.spans_page else 490) if wide else 330
        height = self.height_px if wide else self.narrow_height_px
        raw = _paint(lambda fig: self.paint(fig, wide), width, height)
        return _inline(raw, prefix=f"{self.key}-{'w' if wide else 'n'}-", label=self.alt)


def printable(text: str) -> str:
    """Drop control characters: XML and HTML have no form for them, and a stranger's name may hold one."""
    return _CONTROL.sub("", text)


def clean_axes(ax: Axes, *, grid: str) -> None:
    """Only the grid lines that help reading: those across ``grid`` ("x" or "y"); no tick marks."""
    ax.grid(axis=grid, visible=True)  # type: ignore[arg-type]
    ax.tick_params(length=0)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _paint(paint: Callable[[Figure], None], width_px: int, height_px: int) -> str:
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise MissingExtraError("charts need matplotlib: pip install 'hftcore[viz]'") from missing
    with mpl.rc_context(_STYLE):
        fig = Figure(figsize=(width_px / _DPI, height_px / _DPI), dpi=_DPI, layout="constrained")
        paint(fig)
        out = io.StringIO()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph")  # text stays text: the reader's fonts draw what ours lacks
            fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _inline(svg: str, prefix: str, label: str) -> str:
    """Drop what a page cannot share (metadata, global style, clashing ids) and turn colours into variables."""
    root = ET.fromstring(printable(svg))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
        node.attrib = {key.rpartition("}")[2]: value for key, value in node.attrib.items()}
        _rewrite(node.attrib, prefix)
    for name in ("version", "width", "height"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": label, "class": "chart"}
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _rewrite(attributes: dict[str, Any], prefix: str) -> None:
    for key in ("id", "href"):
        if key in attributes:
            attributes[key] = re.sub(r"^(#?)", rf"\g<1>{prefix}", attributes[key])
    for key, value in attributes.items():
        if key in ("d", "x", "y", "transform", "points"):
            attributes[key] = _LONG_NUMBER.sub(r"\1", value)
        elif key in ("style", "clip-path", "fill", "stroke"):
            attributes[key] = _OWN_ID.sub(rf"url(#{prefix}\1)", _DEFAULTS.sub("", _themed(value)))


def _themed(style: str) -> str:
    for name, (light, _) in PALETTE.items():
        style = style.replace(light, f"var(--{name})")
    return style
