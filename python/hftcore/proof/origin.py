"""Where a proof begins: at a shard's birth, or at a snapshot that is then taken as it is."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hftcore.errors import ProofError
from hftcore.proof.frames import crc32c_of
from hftcore.proof.settings import DaemonSettings

N_OUTPUTS = 4
_FILE_HEAD_BYTES = 64
_IMAGE = struct.Struct("<8sIIQQI24sI")  # magic, version, header bytes, number, payload bytes, its CRC-32C, 0, CRC-32C
_MAGIC = b"HFTSNAP1"
_VERSION = 1
_N_COUNTERS = 6
_MOST_TOPICS = 16


@dataclass(frozen=True, slots=True)
class Origin:
    """What had happened before the first input that is proven. The defaults are a shard's birth."""

    n_inputs: int = 0
    seqs: tuple[int, ...] = (0,) * N_OUTPUTS
    n_controls: int = 0
    journal_at: int = _FILE_HEAD_BYTES
    output_starts: tuple[int, ...] = (0,) * N_OUTPUTS
    fence: int = 0
    lane_starts: Mapping[str, int] = field(default_factory=dict)
    settings: Mapping[str, Any] | None = None
    last_numbers: tuple[int, ...] = ()  # of the feed, by symbol
    state: bytes = b""
    name: str = "zero"


def origins(settings: DaemonSettings, shard: int) -> list[Origin]:
    """The snapshots of a shard that can be read, oldest first. Raises ProofError where there is none."""
    folder = settings.journal_path(shard).parent
    found, problems = [], []
    for path in sorted(folder.glob("snapshot-*.hfts"), key=lambda path: (len(path.name), path.name)):
        try:
            found.append(read_origin(path, settings, shard))
        except (ProofError, struct.error, UnicodeDecodeError, ValueError, KeyError) as error:
            problems.append(f"{path.name}: {error}")
    if not found:
        raise ProofError(f"{folder}: no snapshot to begin from; {'; '.join(problems) or 'there is none'}")
    return found


def read_origin(path: Path, settings: DaemonSettings, shard: int) -> Origin:
    """Read a snapshot's place in inputs and outputs. The engine's state stays bytes."""
    data = path.read_bytes()
    head = data[: _IMAGE.size]
    magic, version, head_bytes, _, n_bytes, crc, _, head_crc = _IMAGE.unpack(head)
    payload = data[_IMAGE.size :]
    if (magic, version, head_bytes, n_bytes) != (_MAGIC, _VERSION, _IMAGE.size, len(payload)):
        raise ProofError("is no snapshot, or torn")
    if crc32c_of(head[:-4]) != head_crc or crc32c_of(payload) != crc:
        raise ProofError("its checksum is wrong")
    reader = _Reader(payload)
    (version,) = reader.take("<I")
    _, _ = reader.text(), reader.text()  # spec and instruments: a state of others does not load
    epoch, partition, n_topics = reader.take("<III")
    topics = tuple(reader.text() for _ in range(min(n_topics, _MOST_TOPICS)))
    told = (version, epoch, partition, topics)
    if told != (_VERSION, settings.epoch, shard, settings.topics):
        raise ProofError(f"is of version, epoch, shard, topics {told}")
    n_inputs, *seqs, n_controls, journal_at = reader.take(f"<Q{N_OUTPUTS}QQQ")
    reader.take(f"<{_N_COUNTERS}Q")
    *markers, fence = reader.take(f"<{N_OUTPUTS}qI")
    told_settings = json.loads(reader.text())
    (n_lanes,) = reader.take("<I")
    offsets = reader.take(f"<{n_lanes}Q")
    (n_symbols,) = reader.take("<Q")
    last_numbers = reader.take(f"<{n_symbols}Q")
    known = all(marker >= 0 for marker in markers)
    return Origin(
        n_inputs,
        tuple(seqs),
        n_controls,
        journal_at,
        tuple(marker + 1 for marker in markers) if known else (0,) * N_OUTPUTS,
        fence if known else 0,
        {str(settings.lane(i, shard)): offset for i, offset in enumerate(offsets)},
        told_settings,
        last_numbers,
        reader.rest(),
        path.name,
    )


class _Reader:
    """Values one after the other, little-endian; texts behind their length."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return values

    def text(self) -> str:
        (n_bytes,) = self.take("<I")
        raw: bytes = self.take(f"<{n_bytes}s")[0]
        return raw.decode()

    def rest(self) -> bytes:
        return self._data[self._at :]
