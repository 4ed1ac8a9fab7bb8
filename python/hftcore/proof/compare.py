"""Published, journalled and replayed, byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hftcore import _core
from hftcore.proof.findings import Findings
from hftcore.proof.frames import RECORD_KINDS, JournalFrames, Kind
from hftcore.proof.inputs import DeadLetter
from hftcore.proof.messages import OutputLog
from hftcore.proof.reference import Expected

_DTYPES = {
    Kind.DECISION: _core.ledger.DECISION_DTYPE,
    Kind.ORDER: _core.ledger.ORDER_DTYPE,
    Kind.FILL: _core.ledger.FILL_DTYPE,
}
_HEAD_BYTES = 16
_SYMBOL_AT = {Kind.DECISION: 56, Kind.ORDER: 40, Kind.FILL: 48}  # within the payload


@dataclass(frozen=True, slots=True)
class Compared:
    """How far an output or a journal agrees with the replay; ``pending`` records of the replay are not there yet."""

    n_records: int
    n_equal: int
    pending: int


def compare_records(
    log: OutputLog,
    kind: Kind,
    expected: Sequence[Expected],
    symbols: Sequence[str],
    findings: Findings,
    complete: bool,
    first_seq: int = 0,
) -> Compared:
    """Each record of an output against the replay's with its number: frame, key and place in the input."""
    wanted = [item for item in expected if item.kind == kind]
    n_equal = 0
    for message in log.records:
        where = f"number {message.seq}, offset {message.offset}"
        if message.seq - first_seq >= len(wanted):
            findings.add("extra", log.topic, log.partition, f"{where}: the replay made {len(wanted)} records")
            continue
        right = wanted[message.seq - first_seq]
        key = symbols[struct.unpack_from("<I", right.frame, _HEAD_BYTES + _SYMBOL_AT[kind])[0]].encode()
        if message.value != right.frame:
            fields = differing_fields(kind, right.frame, message.value)
            findings.add("difference", log.topic, log.partition, where, fields)
        elif message.key != key:
            findings.add("difference", log.topic, log.partition, where, (("key", repr(key), repr(message.key)),))
        elif message.n_inputs != right.n_inputs:
            told = ("n_inputs", str(right.n_inputs), str(message.n_inputs))
            findings.add("difference", log.topic, log.partition, where, (told,))
        else:
            n_equal += 1
    return _rest(log, first_seq, len(wanted), n_equal, findings, complete)


def compare_dead_letters(
    log: OutputLog, expected: Sequence[DeadLetter], findings: Findings, complete: bool, first_seq: int = 0
) -> Compared:
    """Each dead letter against the input that is no event: coordinates, key, bytes, place."""
    n_equal = 0
    for message in log.records:
        where = f"number {message.seq}, offset {message.offset}"
        if message.seq - first_seq >= len(expected):
            findings.add("extra", log.topic, log.partition, f"{where}: {len(expected)} inputs are no events")
            continue
        right = expected[message.seq - first_seq]
        told = (
            ("source", right.source, message.source),
            ("key", right.key.hex(), message.key.hex()),
            ("value", right.value.hex(), message.value.hex()),
            ("n_inputs", str(right.n_inputs), str(message.n_inputs)),
            ("reason", right.reason, message.reason),
        )
        fields = tuple((name, ours, theirs) for name, ours, theirs in told if ours != theirs)
        if fields:
            findings.add("difference", log.topic, log.partition, where, fields)
        else:
            n_equal += 1
    return _rest(log, first_seq, len(expected), n_equal, findings, complete)


def compare_journal(
    name: str, journal: JournalFrames, expected: Sequence[Expected], shard: int, findings: Findings, complete: bool
) -> Compared:
    """The journal's records against the replay's, in the order in which they were made."""
    if journal.problem is not None:
        findings.add("journal", name, shard, journal.problem)
    records = [(at, f) for at, f in zip(journal.starts, journal.frames, strict=True) if f.kind in RECORD_KINDS]
    n_equal = 0
    for n, (at, frame) in enumerate(records):
        if n >= len(expected):
            findings.add("journal", name, shard, f"byte {at}: record {n}, the replay made {len(expected)}")
        elif frame.data != expected[n].frame:
            right = expected[n]
            fields: tuple[tuple[str, str, str], ...] = (("kind", right.kind.name.lower(), frame.kind.name.lower()),)
            if frame.kind == right.kind:
                fields = differing_fields(right.kind, right.frame, frame.data)
            findings.add("journal", name, shard, f"byte {at}: record {n}", fields)
        else:
            n_equal += 1
    if complete and len(records) < len(expected):
        missing = len(expected) - len(records)
        findings.add("journal", name, shard, f"ends {missing} records before the replay, at byte {journal.n_bytes}")
    return Compared(len(records), n_equal, max(0, len(expected) - len(records)))


def differing_fields(kind: Kind, expected: bytes, found: bytes) -> tuple[tuple[str, str, str], ...]:
    """Names and values of what differs in two frames of a kind; the header's bytes count as one field."""
    dtype = _DTYPES[kind]
    if len(found) != _HEAD_BYTES + dtype.itemsize:
        return (("bytes", expected.hex(), found.hex()),)
    ours = np.frombuffer(expected, dtype, 1, _HEAD_BYTES)[0]
    theirs = np.frombuffer(found, dtype, 1, _HEAD_BYTES)[0]
    names = dtype.names or ()
    fields = [(n, str(ours[n]), str(theirs[n])) for n in names if ours[n].tobytes() != theirs[n].tobytes()]
    if expected[:_HEAD_BYTES] != found[:_HEAD_BYTES]:
        fields.append(("frame header", expected[:_HEAD_BYTES].hex(), found[:_HEAD_BYTES].hex()))
    return tuple(fields) or (("reserved bytes", expected.hex(), found.hex()),)


def _rest(log: OutputLog, first_seq: int, n_wanted: int, n_equal: int, findings: Findings, complete: bool) -> Compared:
    end = max((message.seq - first_seq for message in log.records), default=-1) + 1
    if complete:
        for seq in range(end, n_wanted):
            findings.add("gap", log.topic, log.partition, f"number {first_seq + seq} was never published")
    return Compared(len(log.records), n_equal, max(0, n_wanted - end))
