"""Read what a running daemon shows of itself: counters, gauges and latency histograms in a shared-memory page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hftcore import _core
from hftcore.errors import TelemetryError

__all__ = ["FAULT_POINTS", "PAGE_FOLDER", "PageReader", "page_path", "page_paths", "read_page"]

PAGE_FOLDER = Path("/dev/shm")  # where a daemon puts its page unless its configuration says otherwise
FAULT_POINTS: tuple[str, ...] = _core.telemetry.FAULT_POINTS  # names that HFTCORED_FAULT takes

Page = dict[str, Any]


def page_path(name: str, folder: Path = PAGE_FOLDER) -> Path:
    """Where the daemon of that name has its page."""
    return folder / f"hftcored-{name}.page"


def page_paths(folder: Path = PAGE_FOLDER) -> list[Path]:
    """All pages of a folder, also of daemons that are gone, by name."""
    return sorted(folder.glob("hftcored-*.page"))


def read_page(path: Path | str) -> Page:
    """Look at a page once, without its writer noticing.

    Parameters
    ----------
    path : path
        Of the page.

    Returns
    -------
    page : dict
        ``name``, ``writer``, ``pid``, ``start_unix_ns``, ``beat_age_ns``, ``writer_state`` ("alive", "silent": no beat
        for 5 s, or "gone"), ``texts`` {name: text}, and ``counters``, ``gauges`` and ``histograms`` as
        {group: {name: value}}; a histogram is ``count``, ``mean_ns``, ``min_ns``, ``p50_ns``, ``p90_ns``, ``p99_ns``,
        ``p99_9_ns``, ``max_ns`` since its writer began. Percentiles are at most 0.8 % too high.

    Raises
    ------
    TelemetryError
        If there is no page, or one of another version; says whose.

    Notes
    -----
    Each number is whole; two numbers may be some events apart, because the writer does not stop.
    """
    with _own_errors():
        page: Page = _core.telemetry.read_page(path)
    return page


class PageReader:
    """Look at a page again and again, and learn what happened in between.

    Follows the page's name to a new daemon when the old one was replaced. One thread at a time.

    Raises
    ------
    TelemetryError
        As :func:`read_page`, here and in :meth:`read`.
    """

    def __init__(self, path: Path | str) -> None:
        with _own_errors():
            self._native = _core.telemetry.PageReader(path)
        self.path = Path(path)

    def read(self) -> Page:
        """Return what :func:`read_page` does, and under ``interval`` the time since this reader's last look.

        ``interval`` holds ``duration_ns``, and ``counters`` and ``histograms`` of what happened within it: differences,
        and percentiles of only the new durations. None at the first look.
        """
        with _own_errors():
            page: Page = self._native.read()
        return page


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except _core.telemetry.PageError as error:
        raise TelemetryError(str(error)) from None
