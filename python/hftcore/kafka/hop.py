"""How long a message takes through Kafka, measured in one process, on one clock, from the schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hftcore import _core
from hftcore.errors import KafkaError, ParameterError
from hftcore.kafka.feeder import client_settings
from hftcore.kafka.library import librdkafka_path


def measure_hop(
    bootstrap: str,
    topic: str,
    values: Sequence[bytes],
    rate: float,
    *,
    keys: Sequence[str] = (),
    key_of: Sequence[int] | None = None,
    partitions: Sequence[int] | None = None,
    decisions: str | None = None,
    warm_up: int = 0,
    quiet_s: float = 2.0,
    producers: int = 1,
    producer: Mapping[str, str] | None = None,
    consumer: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Send messages at a rate and read them back: producer, brokers, consumer, nothing else.

    Parameters
    ----------
    bootstrap, topic : str
        Nobody else may write to the topic meanwhile: a message is known by its place in its partition.
    values : sequence of bytes
        Message k is due at start + k / rate.
    rate : float, > 0
        Messages per second.
    keys, key_of : sequence of str, sequence of int, optional
        Distinct keys, and which of them each message has. Default: all the empty one.
    partitions : sequence of int, optional
        Of each message; default: by its key.
    decisions : str, optional
        Reads this topic of a daemon's decisions instead, and matches each decision with the message that caused it: two
        hops and the daemon. The end is when none came for ``quiet_s`` after the last message was acknowledged.
    warm_up : int
        Messages at the start whose times do not count.
    producer, consumer : mapping, optional
        librdkafka properties.

    Returns
    -------
    figures : dict
        ``latency_ns`` (count, mean, p50, p90, p99, p99_9, max: from when a message was due until it, or its decision,
        was read), ``n_sent``, ``n_delivered``, ``n_lost``, ``n_read``, ``n_matched``, ``rate_hz``, ``read_rate_hz``,
        ``lateness_ns``, ``acknowledged_ns``, ``errors``, and ``error``: why reading ended early, or "".

    Raises
    ------
    KafkaError
        If the brokers do not answer, a topic is missing, or a property is wrong.
    """
    if not 0 < rate <= 1e9:
        raise ParameterError(f"rate must be > 0 and <= 1e9, was {rate}")
    reading = {"bootstrap.servers": bootstrap, "statistics.interval.ms": "0", **(consumer or {})}
    try:
        figures: dict[str, Any] = _core.kafka.measure_hop(
            library=librdkafka_path(),
            producer=client_settings(bootstrap, rate, producer),
            consumer=list(reading.items()),
            topic=topic,
            values=values,
            keys=list(keys),
            key_of=None if key_of is None else np.asarray(key_of, dtype=np.uint32),
            partitions=None if partitions is None else np.asarray(partitions, dtype=np.int32),
            rate_hz=rate,
            n_producers=producers,
            decisions=decisions,
            warm_up=warm_up,
            quiet_s=quiet_s,
        )
    except RuntimeError as error:
        raise KafkaError(str(error)) from error
    return figures
