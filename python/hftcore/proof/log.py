"""Topics as lists: one partition from an offset to an offset, nothing committed, nothing left out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from hftcore.errors import ProofError

if TYPE_CHECKING:
    from confluent_kafka import Consumer

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class LogMessage:
    """One message of a partition."""

    offset: int
    key: bytes
    value: bytes
    headers: Headers = ()


class Log(Protocol):
    """What the proof needs of Kafka."""

    def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """First offset that is kept, and the one behind the last."""

    def read(self, topic: str, partition: int, start: int, end: int) -> Iterator[list[LogMessage]]:
        """Messages with start <= offset < end, in portions."""


class KafkaLog:
    """A cluster read with confluent-kafka: another client than the daemon's own binding of the library.

    Parameters
    ----------
    settings : mapping
        librdkafka properties, ``bootstrap.servers`` among them.
    silence_s : float
        A partition that gives nothing for so long, although it should, ends the reading with an error.
    """

    _PORTION = 4096

    def __init__(self, settings: Mapping[str, str], silence_s: float = 30.0) -> None:
        from confluent_kafka import Consumer

        ours = {
            "group.id": "hftcore-prove",  # never joined: partitions are assigned
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            "isolation.level": "read_uncommitted",  # to the high watermark: an open transaction hides nothing
            "check.crcs": True,
            "fetch.queue.backoff.ms": 1,
            "fetch.wait.max.ms": 10,  # a broker answers one request after the other: a long wait holds up the next
        }
        self._errors: list[str] = []
        both: dict[str, Any] = {**settings, **ours, "error_cb": lambda error: self._errors.append(str(error))}
        self._consumer: Consumer = Consumer(both)
        self._silence_s = silence_s

    def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        """See ``Log``. Raises ProofError where the partition is not to be had."""
        from confluent_kafka import KafkaException, TopicPartition

        deadline = time.monotonic() + self._silence_s
        while True:
            try:
                low, high = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=5.0)
                return int(low), int(high)
            except (KafkaException, TypeError) as error:  # None where the time ran out, which does not unpack
                if time.monotonic() > deadline:
                    raise ProofError(f"{topic} [{partition}]: {self._last_words(error)}") from error
                self._consumer.poll(0.2)

    def read(self, topic: str, partition: int, start: int, end: int) -> Iterator[list[LogMessage]]:
        """See ``Log``. Raises ProofError where messages stay away."""
        from confluent_kafka import TopicPartition

        if start >= end:
            return
        self._consumer.assign([TopicPartition(topic, partition, start)])
        try:
            yield from self._portions(topic, partition, end)
        finally:
            self._consumer.unassign()

    def _portions(self, topic: str, partition: int, end: int) -> Iterator[list[LogMessage]]:
        from confluent_kafka import KafkaError

        heard = time.monotonic()
        ended = False
        while not ended:
            portion = []
            for message in self._some():
                error = message.error()
                if error is None:
                    plain = _plain(message)
                    if plain.offset < end:
                        portion.append(plain)
                    ended = ended or plain.offset >= end - 1
                elif error.code() == KafkaError._PARTITION_EOF:
                    ended = True  # an offset before `end` may be nobody's: gaps of compaction and transactions
                elif error.fatal() or not error.retriable():
                    raise ProofError(f"{topic} [{partition}]: {error.str()}")
            if portion:
                heard = time.monotonic()
                yield portion
            elif not ended and time.monotonic() - heard > self._silence_s:
                raise ProofError(f"{topic} [{partition}]: nothing for {self._silence_s:.0f} s; {self._last_words()}")

    def _some(self) -> list[Any]:
        """What is there, after waiting for the first: consume alone would wait for all that it may take."""
        first = self._consumer.poll(0.2)
        return [] if first is None else [first, *self._consumer.consume(self._PORTION - 1, timeout=0)]

    def close(self) -> None:
        """Give the connections back."""
        self._consumer.close()

    def _last_words(self, error: object = None) -> str:
        return self._errors[-1] if self._errors else str(error or "no error was reported")


def _plain(message: Any) -> LogMessage:
    headers = tuple((name, bytes(value or b"")) for name, value in message.headers() or ())
    return LogMessage(int(message.offset()), bytes(message.key() or b""), bytes(message.value() or b""), headers)
