"""Writing a report: the page, and the same figures as JSON beside it."""

from __future__ import annotations

import os
from pathlib import Path

from hftcore.report.data import ReportData
from hftcore.report.html import html_page


def render(data: ReportData, path: str | os.PathLike[str]) -> Path:
    """Write the page and its JSON; a reader sees the old pair or whole new files, never half a one.

    Parameters
    ----------
    path : path
        The page (``*.html``, ``*.htm``; the JSON takes the same stem), or a folder for ``report.html``.
        Parents are made.

    Returns
    -------
    page : Path
        Where the page is.

    Raises
    ------
    ReportError
        If jinja2 or matplotlib is not installed, or a figure is not finite.
    """
    target = Path(path)
    page = target if target.suffix.lower() in (".html", ".htm") and not target.is_dir() else target / "report.html"
    texts = {page.with_suffix(".json"): data.to_json(), page: html_page(data)}  # both whole before either is written
    page.parent.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        _replace(file, text)
    return page


def _replace(file: Path, text: str) -> None:
    draft = file.with_name(
        f".{file.name}.{os.getpid()}.draft"
    )  # same folder: a rename is whole only inside one file system
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
