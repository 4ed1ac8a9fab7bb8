"""An output topic as a DataFrame in which each message stands once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hftcore.errors import ParameterError
from hftcore.kafka.batch_headers import ID, SOURCE

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_NEEDED: Final = ("key", "topic", "partition", "offset", "headers")


def once(df: DataFrame) -> DataFrame:
    """Leave out what attempts wrote again: the rule of :class:`hftcore.kafka.Once` over a DataFrame.

    Parameters
    ----------
    df : DataFrame
        A batch read of topics that :func:`hftcore.spark.publish` wrote, with ``.option("includeHeaders", "true")``.

    Returns
    -------
    df : DataFrame
        The same columns and one more, ``id``: text, epoch:partition:offset:ordinal of a record,
        topic:partition:offset:0 of a dead letter. In ``(topic, partition, offset)`` it is in the engine's order.

    Raises
    ------
    ParameterError
        If columns are missing, or the DataFrame is a stream: its memory of ids would have to be state; read topics in
        batches, or use :class:`hftcore.kafka.OnceReader`.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as sf

    lacking = [name for name in _NEEDED if name not in df.columns]
    if lacking:
        raise ParameterError(
            f'df must have the column {lacking[0]!r}: read Kafka with .option("includeHeaders", "true")'
        )
    if df.isStreaming:
        raise ParameterError("df must be a batch, was a stream: spark.read, or hftcore.kafka.OnceReader")
    # A dead letter's source is its id with the one ordinal that it can have.
    nobody = sf.raise_error(sf.lit("a message has neither of the headers id and source: none of hs.publish"))
    text = sf.coalesce(_header(ID), sf.concat(_header(SOURCE), sf.lit(":0")), nobody.cast("string"))
    parts = sf.split(sf.col("id"), ":")
    place = sf.struct(sf.element_at(parts, -2).cast("bigint"), sf.element_at(parts, -1).cast("int"))
    origin = sf.array_join(sf.slice(parts, sf.lit(1), sf.size(parts) - 2), ":")
    lane = Window.partitionBy("topic", "partition", "key", "_origin").orderBy("offset")
    before = sf.max("_place").over(lane.rowsBetween(Window.unboundedPreceding, -1))
    named = df.withColumn("id", text).withColumn("_place", place).withColumn("_origin", origin)
    fresh = named.withColumn("_before", before).where("_before is null or _place > _before")
    return fresh.drop("_place", "_origin", "_before")


def _header(name: str) -> Column:
    from pyspark.sql import functions as sf

    found = sf.filter("headers", lambda header: header["key"] == name)
    return sf.get(found, sf.lit(0))["value"].cast("string")
