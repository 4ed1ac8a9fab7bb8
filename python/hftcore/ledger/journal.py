"""Journals as arrays. C++ reads and checks the bytes; ``cpp/include/hft/ledger/frame.hpp`` has the format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError, JournalError
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.ledger.deciders import model_ids

Records = npt.NDArray[np.void]

DECISION_DTYPE: np.dtype[np.void] = _core.ledger.DECISION_DTYPE
ORDER_DTYPE: np.dtype[np.void] = _core.ledger.ORDER_DTYPE
FILL_DTYPE: np.dtype[np.void] = _core.ledger.FILL_DTYPE
MARK_DTYPE: np.dtype[np.void] = _core.ledger.MARK_DTYPE

OFFSET_BITS = 48  # source_seq = partition << 48 | offset
OFFSET_MASK = (1 << OFFSET_BITS) - 1
SCHEMA = 1  # of the run header


@dataclass(frozen=True, slots=True)
class Control:
    """Settings or model changed while a run went on: what it says, and how many decisions were made before."""

    n_decisions_before: int
    text: str
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class JournalRun:
    """One run of a journal: its header, its records in order, its end (None where the run was stopped)."""

    header_text: str
    header: dict[str, Any]
    end_text: str
    end: dict[str, Any] | None
    instruments: InstrumentTable
    decisions: Records
    orders: Records
    fills: Records
    marks: Records
    controls: tuple[Control, ...] = ()

    def __len__(self) -> int:
        return len(self.decisions) + len(self.orders) + len(self.fills) + len(self.marks)


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal file: one run after the other, usually one.

    ``decisions``, ``orders``, ``fills`` and ``marks`` are structured arrays of shape (n,) over all runs; prices are in
    ticks, quantities in lots, ``fee_nano`` in 1e-9 of the quote currency. ``torn_bytes`` counts what stands behind the
    last whole record: a writer at work, or one that was stopped. ``name`` is the file's, for messages.
    """

    name: str
    runs: tuple[JournalRun, ...]
    torn_bytes: int

    @property
    def header(self) -> dict[str, Any]:
        """Header of the first run; empty for a journal without one."""
        return self.runs[0].header if self.runs else {}

    @property
    def decisions(self) -> Records:
        """Dtype ``DECISION_DTYPE``. ``refusal`` 0 is accepted; scores are NaN where no model took part."""
        return concat_records([run.decisions for run in self.runs], DECISION_DTYPE)

    @property
    def orders(self) -> Records:
        """Dtype ``ORDER_DTYPE``."""
        return concat_records([run.orders for run in self.runs], ORDER_DTYPE)

    @property
    def fills(self) -> Records:
        """Dtype ``FILL_DTYPE``."""
        return concat_records([run.fills for run in self.runs], FILL_DTYPE)

    @property
    def decision_models(self) -> npt.NDArray[np.str_]:
        """Id of the model in place at each of ``decisions``, shape (n,); see ``ledger.deciders.model_ids``."""
        parts = [model_ids(run) for run in self.runs]
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.str_)

    @property
    def controls(self) -> tuple[Control, ...]:
        """Changes of settings or model, in order, over all runs."""
        return tuple(control for run in self.runs for control in run.controls)

    @property
    def marks(self) -> Records:
        """Dtype ``MARK_DTYPE``."""
        return concat_records([run.marks for run in self.runs], MARK_DTYPE)

    def __len__(self) -> int:
        return sum(len(run) for run in self.runs)


def concat_records(parts: Sequence[Records], dtype: np.dtype[np.void]) -> Records:
    """Join records; unlike ``np.concatenate``, which packs the fields, it keeps the layout that C++ knows."""
    joined = np.zeros(sum(map(len, parts)), dtype)
    start = 0
    for part in parts:
        joined[start : start + len(part)] = part
        start += len(part)
    return joined


def read_journal(path: str | Path) -> Journal:
    """Read a journal; every record's checksum is checked.

    Returns
    -------
    journal : Journal
        A torn tail is left out and counted in ``torn_bytes``.

    Raises
    ------
    JournalError
        If the file cannot be read, is no journal, is damaged before its tail, was written by a newer version, or has
        a header that this version does not understand. Names the file, and the byte where there is one.
    """
    try:
        runs, torn_bytes = _core.ledger.read_journal(Path(path))
    except RuntimeError as error:
        raise JournalError(str(error)) from error
    return _journal(runs, torn_bytes, str(path))


def parse_journal(data: bytes, name: str = "journal") -> Journal:
    """Read a journal from memory, such as a run without a file keeps; else like ``read_journal``."""
    try:
        runs, torn_bytes = _core.ledger.parse_journal(data, name)
    except RuntimeError as error:
        raise JournalError(str(error)) from error
    return _journal(runs, torn_bytes, name)


def _journal(runs: list[Any], torn_bytes: int, name: str) -> Journal:
    return Journal(name, tuple(_run(raw, name) for raw in runs), torn_bytes)


def _run(raw: Any, name: str) -> JournalRun:
    header = _json_object(raw.header, name, "run header")
    if header.get("schema") != SCHEMA:
        raise JournalError(f"{name}: run header: schema must be {SCHEMA}, was {header.get('schema')!r}")
    try:
        instruments = InstrumentTable(_instrument(row) for row in header["instruments"])
    except (EventError, KeyError, TypeError) as error:
        raise JournalError(f"{name}: run header: instruments: {type(error).__name__}: {error}") from error
    end = _json_object(raw.end, name, "run end") if raw.end else None
    arrays = raw.decisions(), raw.orders(), raw.fills(), raw.marks()
    controls = tuple(Control(n, text, _json_object(text, name, "control frame")) for n, text in raw.controls)
    run = JournalRun(raw.header, header, raw.end, end, instruments, *arrays, controls)
    for kind in ("decisions", "orders", "fills", "marks"):
        ids = getattr(run, kind)["symbol_id"]
        if len(ids) and int(ids.max()) >= len(instruments):
            raise JournalError(
                f"{name}: {kind} name symbol_id {int(ids.max())}, the run header lists {len(instruments)} instruments"
            )
    return run


def _json_object(text: str, name: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise JournalError(f"{name}: {what}: no JSON: {error}") from error
    if not isinstance(value, dict):
        raise JournalError(f"{name}: {what}: expected a JSON object, found {type(value).__name__}")
    return value


def _instrument(row: dict[str, Any]) -> Instrument:
    return Instrument(row["symbol"], (row["tick_num"], row["tick_den"]), (row["lot_num"], row["lot_den"]))


def decision_id(record: np.void) -> str:
    """Text form of a record's decision id: ``epoch:partition:offset:ordinal``."""
    seq = int(record["source_seq"])
    return f"{record['config_epoch']}:{seq >> OFFSET_BITS}:{seq & OFFSET_MASK}:{record['ordinal']}"


def unique_by_id(records: Records, what: str, name: str) -> Records:
    """Records in the order of time and id, repetitions left out.

    Raises
    ------
    JournalError
        If a decision id occurs twice with different content; names the id.
    """
    by_id = records[np.lexsort((records["ordinal"], records["source_seq"], records["config_epoch"]))]
    same = np.ones(max(len(by_id) - 1, 0), dtype=bool)
    for field in ("ordinal", "source_seq", "config_epoch"):
        same &= by_id[field][1:] == by_id[field][:-1]
    for i in np.flatnonzero(same):
        if by_id[i] != by_id[i + 1]:
            raise JournalError(f"{name}: {what} {decision_id(by_id[i])} occurs twice with different content")
    unique = by_id[np.concatenate([np.ones(min(len(by_id), 1), dtype=bool), ~same])]
    in_time: Records = unique[np.argsort(unique["ts_event_ns"], kind="stable")]
    return in_time
