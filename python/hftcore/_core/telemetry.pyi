"""
Telemetry pages: a daemon's counters and latency histograms in shared memory.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import os
import typing
__all__: list[str] = ['FAULT_POINTS', 'PageError', 'PageReader', 'PageWriter', 'SILENT_NS', 'read_page']
class PageError(RuntimeError):
    pass
class PageReader:
    """
    Looks at one page again and again. One thread at a time.
    """
    def __init__(self, path: os.PathLike | str | bytes) -> None:
        ...
    def read(self) -> dict:
        """
        As read_page, and under 'interval' what happened since this reader's last look (None at its first).
        """
class PageWriter:
    """
    Writes a page of its own. One thread at a time.
    """
    def __init__(self, path: os.PathLike | str | bytes, *, name: str, writer: str, counters: dict = {}, gauges: dict = {}, histograms: dict = {}, texts: collections.abc.Sequence[str] = []) -> None:
        ...
    def add(self, group: str, name: str, n: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Add to a counter.
        """
    def beat(self) -> None:
        """
        Say that the writer lives.
        """
    def close(self) -> None:
        """
        Give the page up; its file stays.
        """
    def record(self, group: str, name: str, values_ns: numpy.typing.NDArray[numpy.int64]) -> None:
        """
        Record durations, an int64 array, in a histogram.
        """
    def set_gauge(self, group: str, name: str, n: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Set a gauge.
        """
    def set_text(self, name: str, text: str) -> None:
        """
        Set a text.
        """
def read_page(path: os.PathLike | str | bytes) -> dict:
    """
    One look at a page: identity, counters, gauges, texts, and count and percentiles of each histogram since its writer began. Raises PageError naming what is wrong.
    """
FAULT_POINTS: tuple = ('after_poll', 'after_features', 'after_decision', 'after_produce', 'mid_snapshot', 'before_rename', 'after_rename', 'mid_journal', 'during_recovery')
SILENT_NS: int = 5000000000
