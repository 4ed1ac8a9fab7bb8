"""A seeded market: trades, quotes and book levels, with a signal to learn."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from hftcore import _core
from hftcore.errors import EventError
from hftcore.events import Events
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.records import EventArray

# 2024-01-02 13:30:00 UTC.
DEFAULT_START_NS: Final = 1_704_202_200_000_000_000

_MAX_PX_TICKS: Final = 1_000_000  # 10,000.00 per share


def generate(
    *,
    seed: int = 7,
    symbols: Iterable[str | Instrument] = ("AAA", "BBB"),
    seconds: float = 600.0,
    rate: float = 20_000.0,
    signal: float = 0.5,
    book_levels: int = 5,
    start_ns: int = DEFAULT_START_NS,
    sessions: int = 1,
) -> Events:
    """Generate market events in memory.

    Parameters
    ----------
    seed : int, 0 to 2**64 - 1
        The same arguments give the same bytes on every machine.
    symbols : sequence of str or Instrument
        The first is the busiest: activity falls as 1 / rank. A name gets ticks of 0.01 and lots of 1.
    seconds : float, > 0 and <= 86400
        Length of a session in event time.
    rate : float, > 0
        Mean events per second over all symbols; twice that at open and close, half of it at midday.
    signal : float, 0 to 1
        How far book and flow tell the next move of the mid price. 0: not at all.
    book_levels : int, 0 to 10
        Visible levels per side, with an event for each change of one. 0: trades and quotes only.
    start_ns : int
        Start of the first session, nanoseconds since 1970, UTC.
    sessions : int, >= 1
        Sessions on consecutive days; prices and ``source_seq`` go on.

    Returns
    -------
    events : Events
        In order of ``source_seq``; ``ts_event_ns`` and ``ts_recv_ns`` never decrease. The book is never crossed.

    Raises
    ------
    EventError
        If an argument breaks a rule; names the argument, the rule and the value.

    References
    ----------
    Bollerslev (1986), *Generalized autoregressive conditional heteroskedasticity*, for the variance process;
    Blackman & Vigna (2018), *Scrambled linear pseudorandom number generators*.
    """
    table = instrument_table(symbols)
    source = _generator(table, seed, seconds, rate, signal, book_levels, start_ns, sessions)
    return Events(source.remaining(), table, f"generator, seed {seed}")


def generate_blocks(
    n: int = 20_000,
    *,
    seed: int = 7,
    symbols: Iterable[str | Instrument] = ("AAA", "BBB"),
    seconds: float = 600.0,
    rate: float = 20_000.0,
    signal: float = 0.5,
    book_levels: int = 5,
    start_ns: int = DEFAULT_START_NS,
    sessions: int = 1,
) -> Iterator[EventArray]:
    """Generate market events block by block, without holding them in memory.

    Parameters
    ----------
    n : int, >= 1
        Events in a block; the last one may have fewer.
    seed, symbols, seconds, rate, signal, book_levels, start_ns, sessions
        As for :func:`generate`; joined, the blocks are what it returns.

    Yields
    ------
    block : structured array, shape (n,), dtype ``EVENT_DTYPE``

    Raises
    ------
    EventError
        If an argument breaks a rule.
    """
    source = _generator(instrument_table(symbols), seed, seconds, rate, signal, book_levels, start_ns, sessions)
    while len(block := source.next(n)):
        yield block


def write_stream(
    out: str | Path | int | IO[bytes],
    form: str = "packed",
    *,
    seed: int = 7,
    symbols: Iterable[str | Instrument] = ("AAA", "BBB"),
    seconds: float = 600.0,
    rate: float = 20_000.0,
    signal: float = 0.5,
    book_levels: int = 5,
    start_ns: int = DEFAULT_START_NS,
    sessions: int = 1,
    paced: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> int:
    """Generate market events into a file, a pipe or standard output, without holding them in memory.

    Parameters
    ----------
    out : path, "-", file descriptor or binary file
        "-" is standard output. A file is written in place, so that a reader can follow it.
    form : {"packed", "json", "avro"}
        Packed records, JSON lines, or an Avro object container.
    paced : bool
        Write event k at start + k / rate by the clock, never before and at most a millisecond late; a write that had to
        wait is caught up. False: as fast as possible.
    progress : callable, optional
        Called with (events written, events expected) about ten times a second. What it raises stops the stream.
    seed, symbols, seconds, rate, signal, book_levels, start_ns, sessions
        As for :func:`generate`.

    Returns
    -------
    n_events : int
        Events written. Fewer than generated if the pipe's reader went away, which ends the stream without an error.

    Raises
    ------
    EventError
        If an argument breaks a rule.
    OSError
        If the output cannot be opened or written.
    """
    source = _generator(instrument_table(symbols), seed, seconds, rate, signal, book_levels, start_ns, sessions)
    pace_hz = rate if paced else 0.0
    expected = round(source.expected_events)

    def report(n_events: int) -> None:
        if progress is not None:
            progress(n_events, max(expected, n_events))

    def write(fd: int) -> dict[str, Any]:
        try:
            result: dict[str, Any] = source.write(fd, form, pace_hz, report)
        except ValueError as error:
            raise EventError(str(error)) from error
        return result

    if isinstance(out, int):
        result = write(out)
    elif isinstance(out, str) and out == "-":
        sys.stdout.flush()
        result = write(sys.stdout.fileno())
    elif isinstance(out, (str, Path)):
        with Path(out).open("wb", buffering=0) as file:
            result = write(file.fileno())
    else:
        out.flush()
        result = write(out.fileno())
    return int(result["n_events"])


def instrument_table(symbols: Iterable[str | Instrument]) -> InstrumentTable:
    """The instruments of a generated market: a name gets ticks of 0.01 and lots of 1."""
    if isinstance(symbols, str):
        raise EventError(f"generate: symbols must be a sequence of names, was the text {symbols!r}")
    items = [s if isinstance(s, Instrument) else Instrument(s, max_px_ticks=_MAX_PX_TICKS) for s in symbols]
    return InstrumentTable(items)


def _generator(
    table: InstrumentTable,
    seed: int,
    seconds: float,
    rate: float,
    signal: float,
    book_levels: int,
    start_ns: int,
    sessions: int,
) -> Any:
    if not 0 <= seed < 2**64:
        raise EventError(f"generate: seed must be >= 0 and < 2**64, was {seed}")
    try:
        return _core.gen.Generator(
            table._native(),
            seed=seed,
            seconds=seconds,
            rate_hz=rate,
            signal=signal,
            book_levels=book_levels,
            start_ns=start_ns,
            sessions=sessions,
        )
    except ValueError as error:
        raise EventError(str(error)) from error
