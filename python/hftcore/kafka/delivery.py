"""One attempt to deliver one part of one batch: what an earlier attempt left in the topics is left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hftcore.kafka.batch_headers import BATCH, MessageId, batch_of, pack_batch
from hftcore.kafka.outbox import Headers, Outbox
from hftcore.kafka.tail import Tail

_FIRST_LOOK: Final = 2_000
_WIDER: Final = 4


class Delivery:
    """Sends the messages of one attempt; `finish` returns when all of them are acknowledged.

    Parameters
    ----------
    outbox : Outbox
    batch : int
        Number of the batch, which each message carries.
    tail : callable, optional
        Makes a reader of the topics. With it each output partition is read back before its first message: ids that are
        there already with this batch, or a later one, are left out.
    """

    def __init__(self, outbox: Outbox, batch: int, tail: Callable[[], Tail] | None = None) -> None:
        self._outbox = outbox
        self._batch = batch
        self._header = (BATCH, pack_batch(batch))
        self._tail = tail
        self._there: dict[tuple[str, int], set[MessageId]] = {}
        self.n_sent = 0
        self.n_left_out = 0

    def send(
        self, topic: str, partition: int, key: bytes | None, value: bytes, name: MessageId, headers: Headers
    ) -> None:
        """Send a message unless it is there. Messages of one origin come in the order of their ids."""
        if self._tail is not None:
            lane = topic, partition
            if lane not in self._there:
                self._there[lane] = published_since(self._tail(), topic, partition, self._batch)
            if name in self._there[lane]:
                self.n_left_out += 1
                return
        self._outbox.send(topic, partition, key, value, [*headers, self._header])
        self.n_sent += 1

    def finish(self) -> None:
        """Wait until every message is acknowledged. Raises KafkaError where one is not."""
        self._outbox.flush()


def published_since(tail: Tail, topic: str, partition: int, batch: int) -> set[MessageId]:
    """Ids of the messages at a partition's end whose batch is ``batch`` or later.

    Batches follow each other in the log, so the reading goes back until it meets an older one. A writer that was given
    up and still writes may put an older one in between; what is then not seen is written twice, and the reader's rule
    takes it out (`hftcore.kafka.once`).
    """
    low, high = tail.watermarks(topic, partition)
    n = _FIRST_LOOK
    while True:
        start = max(low, high - n)
        messages = tail.read(topic, partition, start, high)
        headers: list[Any] = [message.headers() or () for message in messages]
        batches = [batch_of(one) for one in headers]
        oldest = next((b for b in batches if b is not None), None)
        if start <= low or (oldest is not None and oldest < batch):
            where = f"{topic} [{partition}]"
            return {
                MessageId.of_headers(one, where)
                for one, b in zip(headers, batches, strict=True)
                if b is not None and b >= batch
            }
        n *= _WIDER
