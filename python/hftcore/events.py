"""Events in memory: an immutable array of 64-byte records and the instruments that give its integers a meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.records import EVENT_DTYPE, Event, EventArray, EventKind, Flag, Side, aligned, take_events

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["EVENT_DTYPE", "Event", "EventArray", "EventKind", "Events", "Flag", "Side"]


class Events:
    """An immutable sequence of events in source order.

    Parameters
    ----------
    data : structured array, shape (n,), dtype ``EVENT_DTYPE``
        Not copied when it is contiguous and 64-byte aligned; do not write to it afterwards.
    instruments : InstrumentTable or iterable of Instrument
        Entry i is what ``symbol_id`` i means.
    source : str
        Where the events come from, in words for people.
    notes : iterable of str
        What was decided while reading: inferred steps, rounded prices, skipped files.
    counters : mapping of str to int
        The figures behind the notes.

    Raises
    ------
    EventError
        If the array has another dtype or shape, or a ``symbol_id`` without an instrument.
    """

    __slots__ = ("_counters", "_data", "_instruments", "_notes", "_source")

    def __init__(
        self,
        data: EventArray,
        instruments: InstrumentTable | Iterable[Instrument],
        source: str = "memory",
        *,
        notes: Iterable[str] = (),
        counters: Mapping[str, int] | None = None,
    ) -> None:
        if not isinstance(data, np.ndarray) or data.dtype != EVENT_DTYPE or data.ndim != 1:
            found = f"{data.dtype}, shape {data.shape}" if isinstance(data, np.ndarray) else type(data).__name__
            raise EventError(f"events must be an array of shape (n,) and dtype EVENT_DTYPE, was {found}")
        self._instruments = instruments if isinstance(instruments, InstrumentTable) else InstrumentTable(instruments)
        if len(data) and int(data["symbol_id"].max()) >= len(self._instruments):
            row = int(np.argmax(data["symbol_id"] >= len(self._instruments)))
            raise EventError(
                f"{source}: event {row}: symbol_id {data['symbol_id'][row]} has no instrument, "
                f"the table has {len(self._instruments)}"
            )
        self._data = aligned(data)
        self._source = source
        self._notes = tuple(notes)
        self._counters = MappingProxyType(dict(counters or {}))

    @property
    def data(self) -> EventArray:
        """The records, read-only, shape (n,), dtype ``EVENT_DTYPE``, 64-byte aligned."""
        return self._data

    @property
    def instruments(self) -> InstrumentTable:
        """What each ``symbol_id`` means."""
        return self._instruments

    @property
    def source(self) -> str:
        """Where the events come from, for people."""
        return self._source

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided while reading, one sentence each."""
        return self._notes

    @property
    def counters(self) -> Mapping[str, int]:
        """Rows read, rounded and dropped, by name."""
        return self._counters

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[Event]:
        return (self[i] for i in range(len(self)))

    @overload
    def __getitem__(self, at: int | np.integer[Any]) -> Event: ...
    @overload
    def __getitem__(self, at: slice | npt.NDArray[Any]) -> Events: ...
    def __getitem__(self, at: int | np.integer[Any] | slice | npt.NDArray[Any]) -> Event | Events:
        """Return one event, or the events of a slice, a boolean mask or an array of indices (in that order)."""
        if isinstance(at, (int, np.integer)):
            i = int(at) + len(self) if at < 0 else int(at)
            if not 0 <= i < len(self):
                raise IndexError(f"event {int(at)} of {len(self)}")
            record = self._data[i : i + 1]
            symbol = self._instruments[int(record["symbol_id"][0])].symbol
            return Event(*(*record[0].item(), symbol, record))
        if isinstance(at, slice):
            return self._with(self._data[at])
        return self._with(take_events(self._data, np.arange(len(self))[at]))

    def __eq__(self, other: object) -> bool:
        """Same records and same instruments; where they came from does not count."""
        return (
            isinstance(other, Events)
            and self._instruments == other._instruments
            and self._data.tobytes() == other._data.tobytes()
        )

    __hash__ = None  # type: ignore[assignment]  # as large as a day of ticks

    def __repr__(self) -> str:
        symbols = self._instruments.symbols
        some = ", ".join(symbols[:5]) + (", ..." if len(symbols) > 5 else "")
        return f"<Events: {len(self):,} of {some or 'no symbol'}; {self._source}>"

    def select(
        self, symbols: str | Iterable[str] | None = None, start_ns: int | None = None, end_ns: int | None = None
    ) -> Events:
        """Return the events of some symbols with ``start_ns <= ts_event_ns < end_ns``; ids and instruments stay.

        Raises
        ------
        EventError
            If a symbol has no instrument.
        """
        keep = np.ones(len(self), np.bool_)
        if symbols is not None:
            names = [symbols] if isinstance(symbols, str) else symbols
            keep &= np.isin(self._data["symbol_id"], [self._instruments.index(name) for name in names])
        if start_ns is not None:
            keep &= self._data["ts_event_ns"] >= start_ns
        if end_ns is not None:
            keep &= self._data["ts_event_ns"] < end_ns
        return self[keep]

    @classmethod
    def concat(cls, parts: Iterable[Events]) -> Events:
        """Append streams to each other; symbol ids are remapped to one table.

        The ``source_seq`` of the parts is kept where it rises through all of them (slices of one stream), else the
        position in the result takes its place.

        Raises
        ------
        EventError
            If two parts disagree on the tick or lot of a symbol.
        """
        parts = list(parts)
        table = InstrumentTable()
        for part in parts:
            table = table.merged(part.instruments)
        data = _core.event.empty_events(sum(map(len, parts)))
        at = 0
        for part in parts:
            piece = data[at : at + len(part)]
            piece.view("V64")[:] = part.data.view("V64")
            ids = np.array([table.index(i) for i in part.instruments], np.uint32)
            if len(part):
                piece["symbol_id"] = ids[part.data["symbol_id"]]
            at += len(part)
        seq = data["source_seq"]
        if np.any(seq[1:] <= seq[:-1]):
            data["source_seq"] = np.arange(len(data), dtype=np.uint64)
        notes = dict.fromkeys(note for part in parts for note in part.notes)
        counters: dict[str, int] = {}
        for part in parts:
            for name, n in part.counters.items():
                counters[name] = counters.get(name, 0) + n
        source = "; ".join(dict.fromkeys(part.source for part in parts))
        return cls(data, table, source or "nothing", notes=notes, counters=counters)

    def to_arrow(self) -> pa.Table:
        """Return an Arrow table: integers as they are, decimal prices and quantities beside them.

        Columns that a kind has not are null. The instruments travel in the schema's metadata, so that
        :func:`hftcore.read_events` returns the same events from the table or from a Parquet file of it.
        """
        from hftcore.reading import arrow

        return arrow.to_arrow(self)

    def to_pandas(self) -> pd.DataFrame:
        """Return ``to_arrow()`` as pandas: nullable integers stay integers (``Int64``)."""
        from hftcore.reading import arrow

        return arrow.to_pandas(self)

    @classmethod
    def from_packed(cls, path: str | Path) -> Events:
        """Read a packed file. Raises EventError naming the file and the first bad record."""
        try:
            data, natives = _core.event.read_packed(str(path))
        except (OSError, RuntimeError, ValueError) as error:
            raise EventError(f"{path}: {error}") from error
        return cls(data, InstrumentTable._from_native(natives), Path(path).name)

    def to_packed(self, path: str | Path) -> None:
        """Write the records and the instruments as one packed file."""
        _core.event.write_packed(str(path), self._data, self._instruments._native())

    def _with(self, data: EventArray) -> Events:
        return Events(data, self._instruments, self._source, notes=self._notes, counters=self._counters)
