"""
The seeded market generator.
"""
from __future__ import annotations
import collections.abc
import hftcore._core.event
import numpy
import typing
__all__: list[str] = ['Generator', 'MAX_BOOK_LEVELS']
class Generator:
    """
    A seeded market as a stream of events. One thread at a time.
    """
    def __init__(self, instruments: collections.abc.Sequence[hftcore._core.event.Instrument], *, seed: typing.SupportsInt | typing.SupportsIndex = 0, seconds: typing.SupportsFloat | typing.SupportsIndex = 600.0, rate_hz: typing.SupportsFloat | typing.SupportsIndex = 20000.0, signal: typing.SupportsFloat | typing.SupportsIndex = 0.5, book_levels: typing.SupportsInt | typing.SupportsIndex = 5, start_ns: typing.SupportsInt | typing.SupportsIndex = 1704202200000000000, sessions: typing.SupportsInt | typing.SupportsIndex = 1) -> None:
        ...
    def next(self, n: typing.SupportsInt | typing.SupportsIndex) -> numpy.ndarray:
        """
        The next n events; fewer only at the end.
        """
    def remaining(self) -> numpy.ndarray:
        """
        All events that are left.
        """
    def write(self, fd: typing.SupportsInt | typing.SupportsIndex, format: str, pace_hz: typing.SupportsFloat | typing.SupportsIndex = 0.0, progress: collections.abc.Callable | None = None) -> dict:
        """
        Write all events that are left to a file descriptor; a pipe whose reader left is an end, not an error.
        """
    @property
    def expected_events(self) -> float:
        ...
MAX_BOOK_LEVELS: int = 10
