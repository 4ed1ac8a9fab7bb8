"""Each message once, and in order, from topics that a stream's attempts may have written to more than once.

A batch that fails is tried again, and the first attempt may still be writing when the second one begins. Every attempt
writes in the order of the ids, from the batch's first on, and a batch begins when the one before has been written
whole. So the first message with an id always stands behind the first ones with smaller ids of its origin, and one
rule is exact: **drop what is not above the last id taken** of its topic, partition, key and origin.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from hftcore.errors import KafkaError, ParameterError
from hftcore.kafka.admin import Admin
from hftcore.kafka.batch_headers import MessageId
from hftcore.kafka.tail import Tail

_STATE_VERSION = 1
_PORTION = 50_000

Headers = Iterable[tuple[str, bytes | str | None]]


@dataclass(frozen=True, slots=True)
class OnceMessage:
    """A message that was not there before. ``name`` is its id; ``value`` a journal frame, or a dead letter's bytes."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    name: MessageId


class Once:
    """The rule, with its memory: one pair of numbers per (topic, partition, key, origin).

    Parameters
    ----------
    state : str, optional
        What `state` gave before: the reader goes on where it was. Keep it together with the offsets read so far.
    """

    def __init__(self, state: str | None = None) -> None:
        self.n_dropped = 0
        self._last: dict[tuple[str, int, str, str], tuple[int, int]] = {}
        if state is not None:
            self._load(state)

    def fresh(self, topic: str, partition: int, key: bytes | None, headers: Headers | None) -> bool:
        """Whether a message, read in the order of its partition, is new. Raises KafkaError where it has no id."""
        return self.take(topic, partition, key, MessageId.of_headers(headers, f"{topic} [{partition}]"))

    def take(self, topic: str, partition: int, key: bytes | None, name: MessageId) -> bool:
        """The same for an id that was read already."""
        lane = topic, partition, (key or b"").hex(), name.origin
        last = self._last.get(lane)
        if last is not None and name.place <= last:
            self.n_dropped += 1
            return False
        self._last[lane] = name.place
        return True

    @property
    def state(self) -> str:
        """The memory as JSON."""
        lanes = [[*lane, *place] for lane, place in self._last.items()]
        return json.dumps({"version": _STATE_VERSION, "last": lanes})

    def _load(self, state: str) -> None:
        try:
            told = json.loads(state)
            if told["version"] != _STATE_VERSION:
                raise ParameterError(f"state must be of version {_STATE_VERSION}, was {told['version']!r}")
            self._last = {(t, int(p), k, o): (int(offset), int(n)) for t, p, k, o, offset, n in told["last"]}
        except (ValueError, KeyError, TypeError) as error:
            raise ParameterError(f"state must be what Once.state gave: {error}") from None


class OnceReader:
    """What topics hold now, each message once, partition by partition.

    Parameters
    ----------
    bootstrap : str
    topics : sequence of str
    settings : mapping, optional
        librdkafka properties.
    once : Once, optional
        A memory to go on with.

    Raises
    ------
    KafkaError
        If a topic is not there, or a message of it was not written by ``hs.publish``.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Sequence[str],
        *,
        settings: Mapping[str, str] | None = None,
        once: Once | None = None,
    ) -> None:
        self.once = Once() if once is None else once
        self._tail = Tail(bootstrap, settings)
        known = Admin(bootstrap).topics()
        for topic in topics:
            if topic not in known:
                raise KafkaError(f"topic {topic} is not there")
        self._next = {(topic, p): 0 for topic in topics for p in range(len(known[topic]))}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tail.close()

    def ends(self) -> dict[tuple[str, int], int]:
        """By topic and partition, the offset behind the last message that is there now."""
        return {lane: self._tail.watermarks(*lane)[1] for lane in self._next}

    def read(self) -> Iterator[OnceMessage]:
        """What came since the last call (the first: all), up to the ends of the partitions now."""
        for (topic, partition), begin in self._next.items():
            low, high = self._tail.watermarks(topic, partition)
            start = max(begin, low)
            while start < high:
                end = min(start + _PORTION, high)
                for message in self._tail.read(topic, partition, start, end):
                    one = _plain(message, topic, partition)
                    if self.once.take(topic, partition, one.key, one.name):
                        yield one
                start = end
                self._next[topic, partition] = end


def _plain(message: Any, topic: str, partition: int) -> OnceMessage:
    headers = tuple((name, bytes(value or b"")) for name, value in message.headers() or ())
    offset = int(message.offset())
    name = MessageId.of_headers(headers, f"{topic} [{partition}], offset {offset}")
    return OnceMessage(topic, partition, offset, message.key() or b"", message.value() or b"", headers, name)
