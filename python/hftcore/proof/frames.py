"""Frames as the proof reads them: split, checked and hashed here, with nothing of the code that wrote them."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

_HEAD = struct.Struct("<IIHHI")  # payload bytes, CRC-32C of all behind it, kind, version, reserved
_CRC_FROM = 8
_VERSION = 1
_FILE_HEAD_BYTES = 64
_FILE_MAGIC = b"HFTJRNL1"
_CASTAGNOLI = 0x82F63B78
_ONES = np.uint32(0xFFFFFFFF)


class Kind(IntEnum):
    """What a frame holds; ``DEAD_LETTER`` stands for a message that is none."""

    DEAD_LETTER = 0
    RUN_HEADER = 1
    DECISION = 2
    ORDER = 3
    FILL = 4
    MARK = 5
    RUN_END = 6
    CONTROL = 7
    LEASE = 8
    INPUT_ORDER = 9


RECORD_KINDS = (Kind.DECISION, Kind.ORDER, Kind.FILL)
_PAYLOAD_BYTES = {Kind.DECISION: 64, Kind.ORDER: 48, Kind.FILL: 56, Kind.MARK: 24, Kind.LEASE: 32, Kind.INPUT_ORDER: 0}


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame: its bytes, and what they say."""

    kind: Kind
    data: bytes

    @property
    def payload(self) -> bytes:
        """What the frame holds, with its padding."""
        return self.data[_HEAD.size :]


def frame_problem(data: bytes) -> str | None:
    """What is wrong with a frame's layout, None for nothing; its checksum is asked of ``bad_checksums``."""
    if len(data) < _HEAD.size:
        return f"{len(data)} bytes are no frame"
    n_bytes, _, kind, version, reserved = _HEAD.unpack_from(data)
    if n_bytes != len(data) - _HEAD.size:
        return f"says {n_bytes} payload bytes, has {len(data) - _HEAD.size}"
    if version != _VERSION or reserved != 0 or kind not in Kind.__members__.values() or kind == Kind.DEAD_LETTER:
        return f"kind {kind}, version {version}, reserved {reserved} is none that we know"
    expected = _PAYLOAD_BYTES.get(Kind(kind), n_bytes)
    return None if n_bytes == expected else f"kind {kind} has {expected} payload bytes, was {n_bytes}"


def kind_of(data: bytes) -> Kind:
    """Kind of a frame whose layout holds."""
    return Kind(_HEAD.unpack_from(data)[2])


def bad_checksums(frames: Sequence[bytes]) -> list[int]:
    """Indices of the frames whose CRC-32C is wrong. Frames of one length are summed side by side."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for i, data in enumerate(frames):
        by_length[len(data)].append(i)
    bad: list[int] = []
    for length, places in by_length.items():
        rows = np.frombuffer(b"".join(frames[i] for i in places), np.uint8).reshape(len(places), length)
        stored = np.ascontiguousarray(rows[:, 4:8]).view("<u4")[:, 0]
        bad.extend(np.asarray(places)[crc32c(rows[:, _CRC_FROM:]) != stored].tolist())
    return sorted(bad)


def crc32c(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """CRC-32C of each row of a byte matrix: one table look-up per column for all rows at once."""
    return ~_advance(np.full(len(rows), _ONES, np.uint32), rows)


def crc32c_of(data: bytes) -> int:
    """CRC-32C of one long text: cut into rows that are summed side by side, then joined. About 1 ns per byte."""
    width = max(int(len(data) ** 0.5), 1)
    n_rows = len(data) // width
    rows = np.frombuffer(data, np.uint8, n_rows * width).reshape(n_rows, width)
    sums = _advance(np.zeros(n_rows, np.uint32), rows)
    # A row's sum is linear in the sum before it: what `width` zero bytes make of each of the 32 bits says it all.
    bits = _advance(np.uint32(1) << np.arange(32, dtype=np.uint32), np.zeros((32, width), np.uint8)).tolist()
    crc = int(_ONES)
    for row in sums.tolist():
        moved = row
        for bit in range(32):
            if crc >> bit & 1:
                moved ^= bits[bit]
        crc = moved
    tail = np.frombuffer(data, np.uint8, offset=n_rows * width)[None, :]
    return int(~_advance(np.array([crc], np.uint32), tail)[0])


def _advance(crc: npt.NDArray[np.uint32], rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    for column in np.ascontiguousarray(rows.T):
        crc = _TABLE[(crc ^ column) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return crc


def sealed(kind: Kind, payload: bytes) -> bytes:
    """The frame of a payload: what an honest writer would have stored."""
    payload += b" " * (-len(payload) % 8)
    tail = struct.pack("<HHI", kind, _VERSION, 0) + payload
    crc = int(crc32c(np.frombuffer(tail, np.uint8)[None, :])[0])
    return struct.pack("<II", len(payload), crc) + tail


@dataclass(frozen=True, slots=True)
class JournalFrames:
    """The frames of a journal, and where each begins. ``problem`` says what ended the reading before the last byte."""

    frames: tuple[Frame, ...]
    starts: tuple[int, ...]
    n_bytes: int
    torn_bytes: int
    problem: str | None = None


def split_journal(data: bytes, begin: int = _FILE_HEAD_BYTES) -> JournalFrames:
    """Cut a journal from byte ``begin`` on into frames and check each; a part of one at the end is torn, not wrong."""
    if len(data) < _FILE_HEAD_BYTES or data[: len(_FILE_MAGIC)] != _FILE_MAGIC:
        return JournalFrames((), (), 0, len(data), "is no journal")
    starts, pieces, problem = [], [], None
    at = begin
    while len(data) - at >= _HEAD.size:
        n_bytes = _HEAD.unpack_from(data, at)[0] + _HEAD.size
        if n_bytes > len(data) - at:
            break
        piece = data[at : at + n_bytes]
        if (problem := frame_problem(piece)) is not None:
            problem = f"byte {at}: {problem}"
            break
        starts.append(at)
        pieces.append(piece)
        at += n_bytes
    bad = bad_checksums(pieces)
    if bad:
        at, problem = starts[bad[0]], f"byte {starts[bad[0]]}: checksum is wrong"
        starts, pieces = starts[: bad[0]], pieces[: bad[0]]
    frames = tuple(Frame(kind_of(piece), piece) for piece in pieces)
    return JournalFrames(frames, tuple(starts), at, len(data) - at, problem)


def _make_table() -> npt.NDArray[np.uint32]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = (table >> np.uint32(1)) ^ np.where(table & np.uint32(1), np.uint32(_CASTAGNOLI), np.uint32(0))
    return table


_TABLE = _make_table()
