"""How messages written batch by batch are named: the headers ``id`` or ``source``, and ``batch``."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from hftcore.errors import KafkaError

ID: Final = "id"  # a record: text, epoch:partition:offset:ordinal
KIND: Final = "kind"  # a record: decision, order or fill
SOURCE: Final = "source"  # a dead letter: text, topic:partition:offset
REASON: Final = "reason"  # a dead letter: why it is no event
BATCH: Final = "batch"  # u64, little-endian: the batch of the query that wrote it

_BATCH = struct.Struct("<Q")
_FRAME_ID = struct.Struct("<QII")  # source_seq (partition << 48 | offset), epoch, ordinal; behind the frame's header
_FRAME_HEAD_BYTES: Final = 16
_OFFSET_BITS: Final = 48


@dataclass(frozen=True, slots=True)
class MessageId:
    """Who caused a message, and its place among what they caused.

    Attributes
    ----------
    origin : str
        ``epoch:partition`` of a record, ``topic:partition`` of a dead letter.
    offset, ordinal : int
        Of the input message; number among the records of one kind that this message caused.
    """

    origin: str
    offset: int
    ordinal: int

    @property
    def place(self) -> tuple[int, int]:
        """What rises within an origin."""
        return self.offset, self.ordinal

    @classmethod
    def of_frame(cls, frame: bytes) -> Self:
        """The id inside a journal frame of a decision, an order or a fill."""
        source_seq, epoch, ordinal = _FRAME_ID.unpack_from(frame, _FRAME_HEAD_BYTES)
        return cls(f"{epoch}:{source_seq >> _OFFSET_BITS}", source_seq & ((1 << _OFFSET_BITS) - 1), ordinal)

    @classmethod
    def of_headers(cls, headers: Iterable[tuple[str, bytes | str | None]] | None, where: str) -> Self:
        """The id that a message's headers give. Raises KafkaError where they give none; names ``where``."""
        found = {name: _text(value) for name, value in headers or () if name in (ID, SOURCE)}
        try:
            if ID in found:
                epoch, partition, offset, ordinal = map(int, found[ID].split(":"))
                return cls(f"{epoch}:{partition}", offset, ordinal)
            origin, _, offset_text = found[SOURCE].rpartition(":")
            return cls(origin, int(offset_text), 0)
        except (KeyError, ValueError):
            raise KafkaError(f"{where}: headers {found} give no id: no message of hs.publish") from None

    def __str__(self) -> str:
        return f"{self.origin}:{self.offset}:{self.ordinal}"


def pack_batch(batch: int) -> bytes:
    """Value of the header ``batch``."""
    return _BATCH.pack(batch)


def batch_of(headers: Iterable[tuple[str, bytes | str | None]] | None) -> int | None:
    """The batch that a message says it is of; None where it says none."""
    for name, value in headers or ():
        if name == BATCH and isinstance(value, bytes) and len(value) == _BATCH.size:
            return int(_BATCH.unpack(value)[0])
    return None


def _text(value: bytes | str | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
