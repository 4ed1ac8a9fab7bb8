"""What the end of a partition holds, read back by whoever wrote there before."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hftcore.errors import KafkaError

if TYPE_CHECKING:
    from confluent_kafka import Consumer, Message

_log = logging.getLogger("hftcore.kafka.client")

_SETTINGS: Final[Mapping[str, str | int | bool]] = {
    "group.id": "hftcore-tail",  # never joined: partitions are assigned
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",  # retention may overtake us: what is gone is nobody's tail
    "isolation.level": "read_uncommitted",
    "fetch.wait.max.ms": 10,
    "fetch.queue.backoff.ms": 1,
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 500,
}
_PORTION: Final = 4_096


class Tail:
    """A reader of ranges of partitions; nothing is committed.

    Parameters
    ----------
    bootstrap : str
    settings : mapping, optional
        librdkafka properties that go over ours.
    patience_s : float
        So long may a partition that has messages give none.
    """

    def __init__(self, bootstrap: str, settings: Mapping[str, str] | None = None, patience_s: float = 60.0) -> None:
        from confluent_kafka import Consumer, KafkaException

        told: dict[str, Any] = {"bootstrap.servers": bootstrap, **_SETTINGS, **(settings or {})}
        try:
            self._consumer: Consumer = Consumer(told, logger=_log)
        except KafkaException as error:
            raise KafkaError(f"a consumer for {bootstrap}: {error.args[0].str()}") from None
        self._patience_s = patience_s

    def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """First offset that is kept, and the one behind the last. Raises KafkaError where nobody says."""
        from confluent_kafka import KafkaException, TopicPartition

        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5.0)
                return int(low), int(high)
            except (KafkaException, TypeError) as error:  # None where the time ran out, which does not unpack
                if time.monotonic() > deadline:
                    raise KafkaError(f"{topic} [{partition}]: its end is not known: {error}") from None
                self._consumer.poll(0.1)

    def read(self, topic: str, partition: int, start: int, end: int) -> list[Message]:
        """Messages with start <= offset < end, as far as they are kept. Raises KafkaError where they stay away."""
        from confluent_kafka import KafkaError as Refusal
        from confluent_kafka import TopicPartition

        found: list[Message] = []
        if start >= end:
            return found
        self._consumer.assign([TopicPartition(topic, partition, start)])
        heard = time.monotonic()
        try:
            while True:
                first = self._consumer.poll(0.1)
                if first is None:
                    if time.monotonic() - heard > self._patience_s:
                        raise KafkaError(f"{topic} [{partition}]: nothing for {self._patience_s:g} s")
                    continue
                for message in (first, *self._consumer.consume(_PORTION, timeout=0)):
                    error, offset = message.error(), message.offset()
                    if error is None:
                        heard = time.monotonic()
                        if offset is not None and offset < end:
                            found.append(message)
                        if offset is None or offset >= end - 1:
                            return found
                    elif error.code() == Refusal._PARTITION_EOF:
                        return found  # an offset before the end may be nobody's
                    elif error.fatal() or not error.retriable():
                        raise KafkaError(f"{topic} [{partition}]: {error.str()}")
        finally:
            self._consumer.unassign()

    def close(self) -> None:
        """Give the connections back."""
        self._consumer.close()
