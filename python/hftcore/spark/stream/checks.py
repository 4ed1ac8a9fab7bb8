"""What a session must be for a stream of engines: set by `hftcore.spark.session`, checked where a session is yours."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Final

from hftcore.errors import MissingExtraError, ParameterError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PROVIDER: Final = "spark.sql.streaming.stateStore.providerClass"
ROCKSDB: Final = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
CHANGELOG: Final = "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled"
NO_DATA: Final = "spark.sql.streaming.noDataMicroBatches.enabled"
STREAM_SETTINGS: Final = {PROVIDER: ROCKSDB, CHANGELOG: "true", NO_DATA: "false"}
"""Properties that `hftcore.spark.session` sets for streams."""

_COLUMNS: Final = {
    "key": ("binary", "string"),
    "value": ("binary", "string"),
    "topic": ("string",),
    "partition": ("int",),
    "offset": ("bigint",),
}


def check_stream(stream: DataFrame) -> None:
    """Raises ParameterError unless it is a stream with Kafka's columns; names the column."""
    if not stream.isStreaming:
        raise ParameterError(
            "score: stream must be a streaming DataFrame (spark.readStream, hs.read_kafka), was a batch one; what has "
            "ended already is replayed by hftcore.replay, with the same frames"
        )
    types = dict(stream.dtypes)
    missing = [name for name in _COLUMNS if name not in types]
    if missing:
        raise ParameterError(
            f"score: stream lacks {', '.join(missing)}: it needs the columns of Spark's Kafka source, "
            f"{', '.join(_COLUMNS)}; it has {', '.join(stream.columns)}"
        )
    for name, allowed in _COLUMNS.items():
        if types[name] not in allowed:
            raise ParameterError(f"score: column {name!r} must be {' or '.join(allowed)}, was {types[name]}")


def check_session(spark: SparkSession) -> None:
    """Raises ParameterError naming the property, its value and what to set; MissingExtraError without protobuf."""
    if importlib.util.find_spec("google") is None or importlib.util.find_spec("google.protobuf") is None:
        raise MissingExtraError("score: Spark's stateful operator needs protobuf: pip install 'hftcore[spark]'")
    found = spark.conf.get(PROVIDER, "")
    if found != ROCKSDB:
        raise ParameterError(
            f"score: {PROVIDER} must be {ROCKSDB}, was {found or 'not set'}: hs.session sets it, in a session of your "
            f"own spark.conf.set does, before the query starts"
        )
    if spark.conf.get(CHANGELOG, "false") != "true":
        raise ParameterError(
            f"score: {CHANGELOG} must be true, was {spark.conf.get(CHANGELOG, 'not set')}: without it each batch "
            "uploads the whole store; hs.session sets it, in a session of your own spark.conf.set does"
        )
    if spark.conf.get("spark.sql.streaming.realTimeMode.enabled", "false") == "true":
        raise ParameterError("score: real-time mode runs no Python: the hot path is hftcored, this is micro-batches")
