"""hs.score: the daemon's engine over a stream."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from hftcore.errors import ParameterError
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.run.config import RiskLimits, SimulatedExchange, Threshold
from hftcore.spark.features.worker import check_instruments
from hftcore.spark.stream.checks import check_session, check_stream
from hftcore.spark.stream.packing import CHUNK_DDL, Packer
from hftcore.spark.stream.schema import scored_schema
from hftcore.spark.stream.settings import ScoreSettings
from hftcore.spark.stream.travel import send_artifact

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from hftcore.artifact import Artifact

ORDER = ("partition", "offset")


def score(
    stream: DataFrame,
    artifact: Artifact,
    *,
    instruments: InstrumentTable | Iterable[Instrument],
    key: str = "symbol",
    order: Sequence[str] = ORDER,
    fmt: str = "json",
    schemas: Mapping[int, str | Path] | None = None,
    strategy: Threshold | None = None,
    risk: RiskLimits | None = None,
    execution: SimulatedExchange | None = None,
    config_epoch: int = 1,
    numbered: bool = False,
    n_buckets: int = 8,
    n_partitions: int = 0,
) -> DataFrame:
    """Decode, score and decide every message of a stream: the frames of :func:`hftcore.replay`, whatever the batches.

    Each key has the engine of the daemon, whose state is a blob in Spark's state store. Its records follow from its own
    messages in the order of their offsets alone: batches, buckets, executors and restarts change no byte.

    Parameters
    ----------
    stream : DataFrame
        A stream with the columns ``key, value, topic, partition, offset`` of one topic (:func:`read_kafka`).
    artifact : Artifact
        It travels to the executors as one file; each worker process loads them once, with every check.
    instruments : InstrumentTable
        Every symbol of the topic; packed messages name them by their place here.
    key : {"symbol", "partition"}
        ``symbol``: an engine per symbol, so limits hold per symbol; a message's key must be its symbol.
        ``partition``: an engine per partition with the symbols that the partitioner sends there: the daemon's shard.
    order : sequence of str
        ``("partition", "offset")``: no other order is the same in every run.
    fmt : {"json", "avro", "avro_bare", "packed"}
        ``avro``: behind the registry's header; ``avro_bare``: the record alone.
    schemas : mapping of int to str or path, optional
        Avro schemas of the writers by registry id, as JSON text or files. Default: our own as id 1.
    strategy, risk, execution : Threshold, RiskLimits, SimulatedExchange
        Their defaults where they are None.
    config_epoch : int
        Part of every id. Raise it to decide the same input anew, with a checkpoint of its own.
    numbered : bool
        The feed numbers each symbol's events: what is late or comes twice is left out and counted, what follows a gap
        begins its features anew.
    n_buckets : int
        Of ``key="symbol"``: symbols share this many states, each of which Spark loads and stores once a batch.
    n_partitions : int
        The topic's partitions: needed for ``key="partition"``; with ``key="symbol"`` a message outside its key's
        partition is a dead letter. 0: not known, and a symbol from a second partition stops the query.

    Returns
    -------
    rows : DataFrame
        The columns of :mod:`hftcore.spark.stream.schema`.

    Raises
    ------
    ParameterError, ModelMismatchError
        At once for what can be seen now: the stream's columns, the session's properties, the settings, the model. In
        the query for what only messages and states show: a state of another model or other settings, a second topic.

    Notes
    -----
    No watermark is used: windows move with each event's own time within its key, and nothing waits for another key. An
    event whose time is before its symbol's last is counted as ``out_of_order``, moves the touch and the exits, and no
    feature. No message is marked stale: the wall clock would make a second run another run.
    """
    check_stream(stream)
    if tuple(order) != ORDER:
        raise ParameterError(f"score: order must be {ORDER}: the only one that each run agrees on, was {order}")
    spark = stream.sparkSession
    check_session(spark)
    settings = ScoreSettings(
        check_instruments(instruments).to_json(),
        key,
        fmt,
        _schema_texts(fmt, schemas),
        strategy or Threshold(),
        risk or RiskLimits(),
        execution or SimulatedExchange(),
        config_epoch,
        numbered,
        n_buckets,
        n_partitions,
    )
    for partition in range(1 if key == "symbol" else n_partitions):
        settings.scorer(artifact, partition)  # what does not fit is refused here, not in a task
    from hftcore.spark.stream.processor import ScoreProcessor

    processor = ScoreProcessor(settings, artifact.model_id, send_artifact(spark, artifact))
    messages = stream.select("key", "value", "topic", "partition", "offset")
    chunks = messages.mapInArrow(Packer(n_buckets if key == "symbol" else 0), CHUNK_DDL)
    return chunks.groupBy("place").transformWithStateInPandas(
        processor, scored_schema(), outputMode="Append", timeMode="None"
    )


def _schema_texts(fmt: str, schemas: Mapping[int, str | Path] | None) -> dict[int, str]:
    if schemas is None:
        own = files("hftcore") / "schema" / "event.avsc"
        return {1: own.read_text(encoding="utf-8")} if fmt.startswith("avro") else {}
    texts = {}
    for number, schema in schemas.items():
        is_text = isinstance(schema, str) and schema.lstrip()[:1] in ("{", '"', "[")
        try:
            texts[number] = str(schema) if is_text else Path(schema).read_text(encoding="utf-8")
        except OSError as error:
            raise ParameterError(f"score: schemas[{number}]: no JSON text and no file: {error}") from error
    return texts
