"""Scored rows to Kafka: a batch ends when each of its messages is acknowledged, and is not written twice."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from hftcore.errors import KafkaError, ParameterError
from hftcore.kafka.admin import Admin
from hftcore.spark.stream.schema import DEAD_LETTER, RECORD_KINDS, SCORED_ARROW
from hftcore.spark.stream.writer import METRICS_DDL, Writer, observed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.streaming.query import StreamingQuery

OBSERVED: Final = "hftcore"
PUBLISHED_KINDS: Final = (*RECORD_KINDS, DEAD_LETTER)


def publish(
    rows: DataFrame,
    bootstrap: str,
    topics: Mapping[str, str],
    checkpoint: str,
    *,
    trigger: Mapping[str, str | bool] | None = None,
    name: str | None = None,
    by: str = "source",
    n_partitions: int | None = None,
    settings: Mapping[str, str] | None = None,
    patience_s: float = 60.0,
) -> StreamingQuery:
    """Start a query that publishes scored rows: decisions, orders, fills and dead letters, each kind to its topic.

    A message's value is the journal frame (a dead letter's: the original), its key the symbol. Headers: ``id``
    (epoch:partition:offset:ordinal) and ``kind``; of a dead letter ``source`` (topic:partition:offset) and ``reason``;
    of both ``batch`` (u64, little-endian). A batch is done when all in-sync replicas have every message of it.

    In the first batch after a start, and when a task is tried again, the ends of the output partitions are read back
    and what they hold of this batch is left out. What twins of a task still write twice, :class:`hftcore.kafka.Once`
    and :func:`hftcore.spark.once` take out.

    Parameters
    ----------
    rows : DataFrame
        Streaming; what :func:`hftcore.spark.score` returned.
    bootstrap : str
        Brokers.
    topics : mapping of str to str
        For each of ``decision``, ``order``, ``fill`` and ``dead_letter`` a topic that exists.
    checkpoint : str
        Folder of the query's offsets and state, as a Hadoop URL or path.
    trigger : mapping, optional
        Arguments of ``DataStreamWriter.trigger``: ``{"processingTime": "1 second"}``, ``{"availableNow": True}``.
        Default: one batch after the other.
    name : str, optional
        The query's.
    by : {"source", "symbol"}
        Partition of a record: the number of the one that its input came from, or the one where its symbol belongs
        (murmur2). A dead letter stays with its source's number.
    n_partitions : int, optional
        How many partitions the input has: each output must then have as many.
    settings : mapping of str to str, optional
        librdkafka properties for writer and reader, such as ``security.protocol``.
    patience_s : float
        The batch fails when no message was acknowledged for so long.

    Returns
    -------
    query : StreamingQuery
        ``hs.lag(query)`` says how it goes.

    Raises
    ------
    ParameterError
        If an argument breaks its rule, or the session speculates on slow tasks.
    KafkaError
        If an output topic is missing, or has another number of partitions.
    """
    _check(rows, topics, by)
    counts = output_partitions(bootstrap, topics, n_partitions)
    writer = Writer(
        bootstrap, dict(topics), counts, by == "symbol", dict(settings or {}), patience_s, run=uuid.uuid4().hex
    )
    sink = observed(rows.mapInArrow(writer.arrow, METRICS_DDL), OBSERVED).writeStream.format("noop")
    sink = sink.option("checkpointLocation", checkpoint).outputMode("append")
    if trigger is not None:
        sink = sink.trigger(**trigger)
    if name is not None:
        sink = sink.queryName(name)
    query: StreamingQuery = sink.start()
    return query


def _check(rows: DataFrame, topics: Mapping[str, str], by: str) -> None:
    if not rows.isStreaming:
        raise ParameterError("rows must be a streaming DataFrame: hs.score of a readStream")
    lacking = [name for name in SCORED_ARROW.names if name not in rows.columns]
    if lacking:
        raise ParameterError(f"rows must have the columns of hs.score, {lacking[0]!r} is missing")
    if set(topics) != set(PUBLISHED_KINDS):
        raise ParameterError(
            f"topics must have exactly {', '.join(PUBLISHED_KINDS)}, had {', '.join(topics) or 'none'}"
        )
    if len(set(topics.values())) != len(topics):
        raise ParameterError(f"topics must be four different ones, were {', '.join(topics.values())}")
    if by not in ("source", "symbol"):
        raise ParameterError(f"by must be 'source' or 'symbol', was {by!r}")
    conf = rows.sparkSession.sparkContext.getConf()
    if (conf.get("spark.speculation", "false") or "").lower() == "true":
        raise ParameterError(
            "spark.speculation must be false: a twin of a slow task would write the same messages beside it"
        )


def output_partitions(bootstrap: str, topics: Mapping[str, str], wanted: int | None) -> dict[str, int]:
    """Number of partitions of each kind's topic. Raises KafkaError where one is missing or of another number."""
    known = Admin(bootstrap).topics()
    missing = [topic for topic in topics.values() if topic not in known]
    if missing:
        raise KafkaError(f"topic {missing[0]} is not there: hftcore topics create makes the topics of a file")
    counts = {kind: len(known[topic]) for kind, topic in topics.items()}
    expected = counts[RECORD_KINDS[0]] if wanted is None else wanted
    for kind, topic in topics.items():
        if counts[kind] != expected:
            whose = "the input" if wanted is not None else f"topic {topics[RECORD_KINDS[0]]}"
            raise KafkaError(f"topic {topic} must have {expected} partitions as {whose} has, had {counts[kind]}")
    return counts
