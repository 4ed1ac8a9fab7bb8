"""Where feature rows go. Spark may run a task twice, so a sink must not mind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hftcore.errors import ParameterError
from hftcore.spark.features.explain import worker_errors
from hftcore.spark.features.worker import STATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pyspark.sql import DataFrame, SparkSession

ROWS: Final = "part=rows"
STATES: Final = "part=state"
_COMMITTER: Final = "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version"


def write_features(rows: DataFrame, path: str, *, mode: str = "errorifexists") -> None:
    """Write features as Parquet, in one pass: with states into ``path/part=rows`` and ``path/part=state``.

    Parameters
    ----------
    rows : DataFrame
        What :func:`hftcore.spark.features` returned.
    path : str
        A folder, as a Hadoop URL or path.
    mode : str
        Spark's: ``errorifexists``, ``overwrite``, ``append``, ``ignore``.

    Raises
    ------
    ParameterError
        If the session speculates and its committer moves files as tasks end.
    HftError
        What a worker raised.
    """
    from pyspark.sql import functions as sf

    spark = rows.sparkSession
    version = spark.sparkContext.getConf().get(_COMMITTER, "1")
    if version != "1":
        _refuse_speculation(spark, f"{_COMMITTER}={version} moves a task's files when the task ends")
    with worker_errors():
        if STATE not in rows.columns:
            rows.write.mode(mode).parquet(path)
            return
        parted = rows.withColumn("part", sf.when(rows[STATE].isNull(), "rows").otherwise("state"))
        parted.write.partitionBy("part").mode(mode).parquet(path)


def deliver(rows: DataFrame, sink: Callable[[Iterator[Any]], None], *, idempotent: bool) -> None:
    """Hand each partition's rows to ``sink`` in a worker: ``rows.foreachPartition`` that knows about twins.

    Parameters
    ----------
    rows : DataFrame
    sink : callable
        Takes an iterator of Rows.
    idempotent : bool
        Does the same partition delivered twice leave what once leaves? A message sent does not, an upsert by key does.

    Raises
    ------
    ParameterError
        If it does not, and the session runs twins of slow tasks (``spark.speculation``): both would deliver.
    HftError
        What a worker raised.
    """
    if not idempotent:
        _refuse_speculation(rows.sparkSession, "the sink is not idempotent")
    with worker_errors():
        rows.foreachPartition(sink)


def _refuse_speculation(spark: SparkSession, why: str) -> None:
    if (spark.sparkContext.getConf().get("spark.speculation", "false") or "").lower() == "true":
        raise ParameterError(
            f"spark.speculation is on and {why}: a slow task and its twin would both deliver; "
            "set spark.speculation=false, or make the sink idempotent"
        )
