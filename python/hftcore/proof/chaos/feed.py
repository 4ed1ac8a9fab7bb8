"""A live feed: a tape's messages, each at its time, whatever happens to the brokers meanwhile."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from hftcore.errors import ChaosError
from hftcore.proof.chaos.tape import Message

_SETTINGS: dict[str, str | int | bool] = {
    "enable.idempotence": True,  # acknowledged by all, in order, once: what comes in is the tape
    "linger.ms": 1,
    "message.timeout.ms": 120_000,
    "queue.buffering.max.messages": 1_000_000,
    "retry.backoff.ms": 20,
    "retry.backoff.max.ms": 200,
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 200,
    "topic.metadata.refresh.interval.ms": 1_000,
    "socket.nagle.disable": True,
}
_SLICE_S = 0.002

# Without a logger the client writes to standard error, and a killed broker is no news here.
client_log = logging.getLogger("hftcore.chaos.client")
client_log.addHandler(logging.NullHandler())
client_log.propagate = False


class Feed:
    """Plays messages into topics on a schedule, open loop, in a thread of its own.

    Parameters
    ----------
    bootstrap : str
    topics : sequence of str
        By the messages' topic index.
    messages : sequence of Message
    rate_hz : float
        Messages per second.
    """

    def __init__(self, bootstrap: str, topics: Sequence[str], messages: Sequence[Message], rate_hz: float) -> None:
        from confluent_kafka import Producer

        self._producer = Producer({"bootstrap.servers": bootstrap, **_SETTINGS}, logger=client_log)
        self._topics = tuple(topics)
        self._messages = messages
        self._rate_hz = rate_hz
        self._n_sent = 0
        self._n_delivered = 0
        self._error = ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin the schedule now."""
        self._thread.start()

    @property
    def fraction(self) -> float:
        """How much of the tape was sent."""
        return self._n_sent / max(len(self._messages), 1)

    @property
    def finished(self) -> bool:
        """Every message is acknowledged."""
        return not self._thread.is_alive() and self._n_delivered == len(self._messages)

    def wait_until(self, fraction: float) -> None:
        """Wait until so much of the tape was sent."""
        while self.fraction < fraction and self._thread.is_alive():
            time.sleep(_SLICE_S)
        self._raise()

    def finish(self, timeout_s: float = 120.0) -> None:
        """Wait until every message is acknowledged. Raises ChaosError where one is not: the round is void."""
        self._thread.join(timeout_s)
        self._raise()
        if not self.finished:
            raise ChaosError(f"the feed: {self._n_delivered} of {len(self._messages)} messages were acknowledged")

    def _raise(self) -> None:
        if self._error:
            raise ChaosError(f"the feed: {self._error}")

    def _run(self) -> None:
        try:
            self._play()
            left = self._producer.flush(120.0)
            if left and not self._error:
                self._error = f"{left} messages were never acknowledged"
        except Exception as error:  # carried to the thread that asks
            self._error = f"{type(error).__name__}: {error}"

    def _play(self) -> None:
        begin = time.monotonic()
        for n, message in enumerate(self._messages):
            due = begin + n / self._rate_hz
            while (ahead := due - time.monotonic()) > _SLICE_S / 2:
                self._producer.poll(min(ahead, _SLICE_S))
            self._producer.produce(
                self._topics[message.topic],
                message.value,
                message.key,
                partition=message.partition,
                on_delivery=self._delivered,
            )
            self._n_sent = n + 1
            if n % 64 == 0:
                self._producer.poll(0)

    def _delivered(self, error: object, _: object) -> None:
        if error is None:
            self._n_delivered += 1
        elif not self._error:
            self._error = str(error)
