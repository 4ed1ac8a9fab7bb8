"""Messages that must all be acknowledged before their writer may say that it is done."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from hftcore.errors import KafkaError

if TYPE_CHECKING:
    from confluent_kafka import Producer

Headers = list[tuple[str, bytes]]

_log = logging.getLogger("hftcore.kafka.client")
_log.addHandler(logging.NullHandler())
_log.propagate = False

_SETTINGS: Final[Mapping[str, str | int | bool]] = {
    "enable.idempotence": True,  # with it: acks=all, in order, and a retry is written once
    "enable.gapless.guarantee": True,  # a message that fails takes those behind it along: what is there is a prefix
    "message.timeout.ms": 0,  # patience is counted here, over all of a batch
    "linger.ms": 2,
    "queue.buffering.max.messages": 500_000,
    "retry.backoff.ms": 20,
    "retry.backoff.max.ms": 500,
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 500,
    "topic.metadata.refresh.interval.ms": 5_000,
    "socket.nagle.disable": True,
}
_SLICE_S: Final = 0.05


class Outbox:
    """An idempotent producer whose `flush` ends when every message is acknowledged, or fails.

    After a failure the outbox is of no use: what it still held is thrown away, so nothing of it comes late and out of
    order.

    Parameters
    ----------
    bootstrap : str
    settings : mapping, optional
        librdkafka properties that go over ours; idempotence and the timeout stay as they are.
    patience_s : float
        So long may a `flush` see no acknowledgement.
    """

    def __init__(self, bootstrap: str, settings: Mapping[str, str] | None = None, patience_s: float = 60.0) -> None:
        from confluent_kafka import KafkaException, Producer

        fixed = {name: _SETTINGS[name] for name in ("enable.idempotence", "message.timeout.ms")}
        told: dict[str, Any] = {"bootstrap.servers": bootstrap, **_SETTINGS, **(settings or {}), **fixed}
        try:
            self._producer: Producer = Producer(told, logger=_log)
        except KafkaException as error:
            raise KafkaError(f"a producer for {bootstrap}: {error.args[0].str()}") from None
        self._bootstrap = bootstrap
        self._patience_s = patience_s
        self._problem = ""
        self._n_acknowledged = 0

    @property
    def failed(self) -> bool:
        """Whether a message was not delivered."""
        return bool(self._problem)

    def send(self, topic: str, partition: int, key: bytes | None, value: bytes, headers: Headers) -> None:
        """Hand a message over. Waits for room. Raises KafkaError where an earlier one was refused."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition, on_delivery=self._delivered, headers=headers)  # type: ignore[arg-type]
                break
            except BufferError:
                self._wait(len(self._producer) - 1)
        self._producer.poll(0)
        if self._problem:
            self._fail(self._problem)

    def flush(self) -> None:
        """Wait until every message is acknowledged. Raises KafkaError where one is not."""
        self._wait(0)
        if self._problem:
            self._fail(self._problem)

    def _wait(self, n_left: int) -> None:
        """Wait until at most so many messages are on their way."""
        heard, n_seen = time.monotonic(), self._n_acknowledged
        while self._producer.flush(_SLICE_S) > n_left and not self._problem:
            now = time.monotonic()
            if self._n_acknowledged > n_seen:
                heard, n_seen = now, self._n_acknowledged
            elif now - heard > self._patience_s:
                self._fail(f"no acknowledgement for {self._patience_s:g} s, {len(self._producer)} messages wait")

    def _fail(self, why: str) -> None:
        self._problem = why
        self._producer.purge()  # nothing of it comes late; nobody waits for what the client says of each
        raise KafkaError(f"{self._bootstrap}: {why}")

    def _delivered(self, error: Any, message: Any) -> None:
        if error is None:
            self._n_acknowledged += 1
        elif not self._problem:
            self._problem = f"{message.topic()} [{message.partition()}]: {error.str()}"
