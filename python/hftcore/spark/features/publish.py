"""hs.publish_features: features into a dataset, written by the workers that computed them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
from pyspark.sql import functions as sf
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from hftcore.errors import ParameterError
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.spark.dataset import Dataset, PublishedDay
from hftcore.spark.dataset.manifest import DayFile
from hftcore.spark.dataset.place import place_of
from hftcore.spark.event_columns import check_order, narrow
from hftcore.spark.features.batch import end_state, feature_rows, features, with_states
from hftcore.spark.features.explain import worker_errors
from hftcore.spark.features.part_writer import WRITTEN_SQL, PartWriter
from hftcore.spark.features.worker import STATE, Worker, check_instruments, check_spec
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True)
class PublishedFeatures:
    """A published day of features. ``states``: by symbol, where the day ended; empty unless they were asked for."""

    day: PublishedDay
    states: dict[str, bytes]


def publish_features(
    dataset: Dataset,
    day: str | date,
    df: DataFrame,
    spec: FeatureSpec,
    *,
    instruments: InstrumentTable | Iterable[Instrument],
    order: str | Sequence[str] | None = None,
    state: DataFrame | None = None,
    with_state: bool = False,
) -> PublishedFeatures:
    """Compute a spec's features on Spark and publish them as a day: :func:`features` without the way back to the JVM.

    The events go to the workers as in :func:`features`, a symbol bucket of the dataset to each task; the worker writes
    the bucket's Parquet files itself, and only their names and counts return to the JVM.

    Parameters
    ----------
    dataset : Dataset
        On a file system that every worker sees, or on S3. On HDFS, for which a worker has no client, Spark writes.
    day : str or date
    df, spec, instruments
        As for :func:`features`.
    order : str or sequence of str, optional
        Columns that order a symbol's events; must be the dataset's, which is the default.
    state : DataFrame, optional
        ``symbol, state``: where the tape before this one ended.
    with_state : bool
        Return the states at the end of this one.

    Returns
    -------
    published : PublishedFeatures

    Raises
    ------
    DatasetError
        If the dataset has no place for these rows, or a file that a worker wrote is not to be seen from here.
    ParameterError, SpecError, EventError, OutOfOrderError
        As :func:`features`; what a worker raised among them. The day then stays as it was.

    Notes
    -----
    A task that runs twice (a retry, a twin) writes under another name, and the day names the files of one attempt
    alone. What the other left is removed by :meth:`Dataset.vacuum`.
    """
    check_spec(spec)
    layout = dataset.layout
    columns = layout.order if order is None else check_order(order)
    if layout.symbol != "symbol" or columns != layout.order:
        raise ParameterError(
            f"features are sorted by symbol and {', '.join(columns)}, {dataset.url} by {layout.symbol} and "
            f"{', '.join(layout.order)}: make it with Layout(order=...)"
        )
    table = check_instruments(instruments)
    place = place_of(dataset.url, df.sparkSession)
    if place is None:
        return _by_spark(dataset, day, df, spec, table, columns, state, with_state)
    worker = Worker(spec, table.to_json(), columns, False, state is not None, with_state, packed=True)
    rows = Worker(spec, table.to_json(), columns)
    events = narrow(df, columns, levels=spec.reads_book)
    keys: list[Any] = ["symbol", *columns]
    if state is not None:
        events = with_states(events, state)
        keys.insert(0, sf.col(STATE).isNull())  # the worker takes them in before its first event
    bucket = sf.coalesce(sf.crc32(sf.col("symbol").cast("binary")) % layout.n_buckets, sf.lit(0)).cast("int")
    parts = events.repartitionById(layout.n_buckets, bucket).sortWithinPartitions(*keys).transform(worker.pack)
    states: dict[str, bytes] = {}

    def stage(folder: str) -> tuple[list[DayFile], int]:
        with worker_errors():
            written = parts.mapInArrow(PartWriter(worker, layout, place, folder).write, WRITTEN_SQL).toArrow()
        found, n_rows = [], 0
        for row in written.to_pylist():
            if row["path"] is None:
                states[row["symbol"]] = row[STATE]
                continue
            found.append(DayFile(row["path"], row["n_bytes"], row["bucket"]))
            n_rows += row["n_rows"]
        dataset.check_staged(folder, found)
        return sorted(found, key=lambda one: (one.bucket, one.path)), n_rows

    schema = to_arrow_schema(cast(StructType, StructType.fromDDL(rows.output_schema())))
    return PublishedFeatures(dataset.publish_staged(day, _nullable(schema), stage), states)


def _by_spark(
    dataset: Dataset,
    day: str | date,
    df: DataFrame,
    spec: FeatureSpec,
    table: InstrumentTable,
    order: tuple[str, ...],
    state: DataFrame | None,
    with_state: bool,
) -> PublishedFeatures:
    rows = features(df, spec, instruments=table, order=order, state=state, with_state=with_state)
    with worker_errors():
        if not with_state:
            return PublishedFeatures(dataset.publish(day, rows), {})
        kept = rows.persist()
        try:
            states = {row["symbol"]: bytes(row[STATE]) for row in end_state(kept).collect()}
            return PublishedFeatures(dataset.publish(day, feature_rows(kept)), states)
        finally:
            kept.unpersist()


def _nullable(schema: pa.Schema) -> pa.Schema:
    return pa.schema([field.with_nullable(True) for field in schema])
