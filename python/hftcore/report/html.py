"""The report as one HTML page: no script, no request, readable in light and dark, on paper and on a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hftcore.errors import MissingExtraError
from hftcore.report import numbers, words
from hftcore.report.charts import charts
from hftcore.report.data import ReportData
from hftcore.report.theme import PALETTE, Chart, printable

_TEMPLATES = Path(__file__).parent / "templates"


def html_page(data: ReportData) -> str:
    """Fill the page. The same data give the same bytes.

    Raises
    ------
    MissingExtraError
        If jinja2 or matplotlib is not installed.
    """
    return fill_template(
        "report.html.j2",
        charts(data),
        d=data,
        verdict=words.verdict(data),
        data_kind=words.data_kind(data),
        absences=words.absences(data),
        stages=list(words.stages(data.latency)) if data.latency is not None else [],
        load=words.load,
        score_names=words.FIGURES,
        edge=words.edge,
    )


def fill_template(name: str, drawn: Mapping[str, Chart], **values: Any) -> str:
    """Fill a template of this package: ``values``, and ``figures`` and ``css`` beside them.

    Raises
    ------
    MissingExtraError
        If jinja2 or matplotlib is not installed.
    """
    try:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError as missing:
        raise MissingExtraError("the HTML report needs jinja2: pip install 'hftcore[viz]'") from missing
    env = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= {name: _shown(form, Markup) for name, form in _FORMS.items()}
    env.filters |= {"class_name": words.class_name, "plain_name": words.plain_name}
    figures = {
        key: {"chart": c, "wide": Markup(c.svg(True)), "narrow": Markup(c.svg(False))} for key, c in drawn.items()
    }
    page = env.get_template(name).render(figures=figures, css=Markup(_style_sheet()), **values)
    return printable(page)


_FORMS: Mapping[str, Callable[..., str]] = {
    "count": numbers.count,
    "percent": numbers.percent,
    "ratio": numbers.ratio,
    "points": numbers.points,
    "money": numbers.money,
    "ns": numbers.nanoseconds,
    "seconds": numbers.seconds,
    "rate": numbers.rate,
}


def _shown(form: Callable[..., str], markup: Any) -> Callable[..., Any]:
    """A number as people read it, inside a ``data`` element that keeps the exact one for programs."""

    def shown(value: float, *args: Any, **named: Any) -> Any:
        return markup('<data value="{}">{}</data>').format(repr(value), form(value, *args, **named))

    return shown


def _style_sheet() -> str:
    def theme(which: int) -> str:
        return " ".join(f"--{name}: {pair[which]};" for name, pair in PALETTE.items())

    return (
        f":root {{ {theme(0)} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {theme(1)} }} }}\n"
        f"{(_TEMPLATES / 'report.css').read_text(encoding='utf-8')}"
    )
