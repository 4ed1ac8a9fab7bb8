"""Spark's Kafka source with the defaults that a trading stream wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hftcore.errors import ParameterError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def read_kafka(
    spark: SparkSession,
    bootstrap: str,
    topic: str,
    *,
    max_offsets_per_trigger: int | None = 200_000,
    starting_offsets: str = "earliest",
    options: Mapping[str, str] | None = None,
) -> DataFrame:
    """Open a topic as a stream for :func:`hftcore.spark.score`.

    Parameters
    ----------
    spark : SparkSession
        With the Kafka connector: ``session(connectors=("kafka",))``.
    bootstrap : str
        ``host:port,host:port``.
    topic : str
        One topic: ids name partition and offset alone.
    max_offsets_per_trigger : int, optional
        Back-pressure: most messages in a batch. What waits beyond it stays in Kafka; ``maxOffsetsBehindLatest`` in the
        query's progress is how much. None: no bound.
    starting_offsets : str
        ``earliest``, ``latest`` or JSON by partition; counts only until there is a checkpoint.
    options : mapping, optional
        Further options of Spark's source (``kafka.security.protocol`` ...); they go over the defaults.

    Returns
    -------
    stream : DataFrame
        ``key, value, topic, partition, offset, timestamp, timestampType``.

    Raises
    ------
    ParameterError
        If the topic is a list or a pattern, or the bound is below 1.

    Notes
    -----
    ``failOnDataLoss`` is true: messages that retention took before they were read stop the query, since a decision
    after a hole is another decision. Transactions are read committed. When a broker dies, the next batch waits 10 s at
    most (Kafka's own time-out would be 60), and asks ten times.
    """
    if not topic or set(topic) & set(", *"):
        raise ParameterError(f"read_kafka: topic must be the name of one topic, was {topic!r}")
    if max_offsets_per_trigger is not None and max_offsets_per_trigger < 1:
        raise ParameterError(f"read_kafka: max_offsets_per_trigger must be >= 1, was {max_offsets_per_trigger}")
    told = {
        "kafka.bootstrap.servers": bootstrap,
        "subscribe": topic,
        "startingOffsets": starting_offsets,
        "failOnDataLoss": "true",
        "kafka.isolation.level": "read_committed",
        # A dead leader holds the question for the topic's end up for so long, Kafka's own default is 60 s.
        "kafka.request.timeout.ms": "5000",
        "kafka.default.api.timeout.ms": "10000",
        "fetchOffset.numRetries": "10",
    }
    if max_offsets_per_trigger is not None:
        told["maxOffsetsPerTrigger"] = str(max_offsets_per_trigger)
    return spark.readStream.format("kafka").options(**told | dict(options or {})).load()
