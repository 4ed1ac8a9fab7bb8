"""Output messages: headers taken apart, void ones dropped, numbers checked."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hftcore.proof.findings import Findings
from hftcore.proof.frames import Kind, bad_checksums, frame_problem, kind_of
from hftcore.proof.log import LogMessage

_HFT = struct.Struct("<QIIQ")  # seq, fence epoch, flags, inputs taken
_RUN = struct.Struct("<HBBI")  # lane, stale, 0, count
_LEASE = struct.Struct("<IIQ16s")  # fence epoch, 0, 0, writer id
_LATE = 1
_NUMBERED = frozenset({Kind.DECISION, Kind.ORDER, Kind.FILL, Kind.DEAD_LETTER})


@dataclass(frozen=True, slots=True)
class Run:
    """So many inputs of one lane, one after the other."""

    lane: int
    stale: bool
    count: int


@dataclass(frozen=True, slots=True)
class Output:
    """One output message, taken apart. ``value`` is a frame, or the bytes of a dead letter."""

    offset: int
    key: bytes
    value: bytes
    kind: Kind
    seq: int
    fence: int
    late: bool
    n_inputs: int  # that the shard had taken, the one that caused this included
    runs: tuple[Run, ...]
    source: str = ""
    reason: str = ""

    @property
    def numbered(self) -> bool:
        """A record, which takes a number of its own."""
        return self.kind in _NUMBERED

    @property
    def lease(self) -> tuple[int, bytes]:
        """Fence epoch and writer of a lease."""
        epoch, _, _, writer = _LEASE.unpack_from(self.value, 16)
        return int(epoch), bytes(writer)


@dataclass(slots=True)
class OutputLog:
    """What one output partition holds once void messages are gone."""

    topic: str
    partition: int
    messages: list[Output] = field(default_factory=list)
    n_void: int = 0
    n_late: int = 0
    n_leases: int = 0

    @property
    def records(self) -> list[Output]:
        """The numbered messages."""
        return [m for m in self.messages if m.numbered]

    @property
    def controls(self) -> list[Output]:
        """The changes of configuration."""
        return [m for m in self.messages if m.kind == Kind.CONTROL]


def read_output(
    topic: str,
    partition: int,
    portions: Iterable[Sequence[LogMessage]],
    holds: Kind,
    findings: Findings,
    first_seq: int = 0,
    fence: int = 0,
) -> OutputLog:
    """Take a partition's messages apart, check their frames, drop the void ones, check the numbers of the rest.

    A message is void when a lease with a higher fence epoch stands before it: its writer had lost the shard, and the
    one that took over has decided the same input again. What comes before ``first_seq`` is left aside; ``fence`` is the
    epoch where the reading begins, 0 before any lease.
    """
    parsed: list[Output] = []
    for portion in portions:
        parsed.extend(_parse(topic, partition, portion, holds, findings))
    log = OutputLog(topic, partition)
    epoch = fence
    for message in parsed:
        if message.kind == Kind.LEASE:
            log.n_leases += 1
            if message.lease[0] > epoch:
                epoch = message.lease[0]
            else:
                log.n_void += 1  # two began at once: the one that came second here never was
            continue
        if message.fence < epoch:
            log.n_void += 1
            continue
        if message.fence > epoch:
            before = f"the last lease before it has {epoch}" if epoch else "there is no lease before it"
            what = f"offset {message.offset}: fence epoch {message.fence}, {before}"
            findings.add("unleased", topic, partition, what)
        if message.seq < first_seq and message.numbered:
            continue
        log.n_late += message.late
        log.messages.append(message)
    _check_numbers(log, first_seq, findings)
    return log


def _parse(topic: str, partition: int, portion: Sequence[LogMessage], holds: Kind, findings: Findings) -> list[Output]:
    found = []
    for message in portion:
        output = _taken_apart(message, holds)
        if isinstance(output, str):
            findings.add("damaged", topic, partition, f"offset {message.offset}: {output}")
        else:
            found.append(output)
    frames = [output for output in found if output.kind != Kind.DEAD_LETTER]
    for i in bad_checksums([output.value for output in frames]):
        findings.add("damaged", topic, partition, f"offset {frames[i].offset}: checksum is wrong")
    return found


def _taken_apart(message: LogMessage, holds: Kind) -> Output | str:
    """The message by its parts, or what is wrong with it."""
    headers = dict(message.headers)
    hft, order = headers.get("hft", b""), headers.get("order", b"")
    if len(hft) != _HFT.size or len(order) % _RUN.size:
        return f"headers {sorted(headers)} are not ours"
    source, reason = (headers.get(name, b"").decode(errors="replace") for name in ("source", "reason"))
    if not source and (problem := frame_problem(message.value)) is not None:
        return problem
    kind = Kind.DEAD_LETTER if source else kind_of(message.value)
    if kind in _NUMBERED and kind != holds:
        return f"a {_word(kind)} among {_word(holds)}s"
    seq, fence, flags, n_inputs = _HFT.unpack(hft)
    runs = tuple(Run(lane, bool(stale), count) for lane, stale, _, count in _RUN.iter_unpack(order))
    late = bool(flags & _LATE)
    return Output(message.offset, message.key, message.value, kind, seq, fence, late, n_inputs, runs, source, reason)


def _word(kind: Kind) -> str:
    return kind.name.lower().replace("_", " ")


def _check_numbers(log: OutputLog, first_seq: int, findings: Findings) -> None:
    """Records count up by one; anything else is a gap, a double or a swap."""
    expected, missing = first_seq, set[int]()
    for message in log.messages:
        where = f"offset {message.offset}: number {message.seq}"
        if not message.numbered:
            if message.seq != expected and message.seq >= first_seq:
                what = f"{where} of a {_word(message.kind)} frame, the next record is {expected}"
                findings.add("misnumbered", log.topic, log.partition, what)
            continue
        if message.seq in missing:
            missing.discard(message.seq)
            findings.add("reordered", log.topic, log.partition, f"{where} after {expected - 1}")
        elif message.seq < expected:
            findings.add("double", log.topic, log.partition, f"{where} again")
        else:
            missing.update(range(expected, message.seq))
            expected = message.seq + 1
    for seq in sorted(missing):
        findings.add("gap", log.topic, log.partition, f"number {seq} is missing")


def pack_hft(seq: int, fence: int, n_inputs: int, *, late: bool = False) -> bytes:
    """The ``hft`` header: for tests that write what a daemon would."""
    return _HFT.pack(seq, fence, _LATE if late else 0, n_inputs)


def pack_runs(runs: Iterable[Run]) -> bytes:
    """The ``order`` header."""
    return b"".join(_RUN.pack(run.lane, run.stale, 0, run.count) for run in runs)


def pack_lease(epoch: int, writer: bytes) -> bytes:
    """Payload of a lease frame."""
    return _LEASE.pack(epoch, 0, 0, writer.ljust(16, b"\0"))
