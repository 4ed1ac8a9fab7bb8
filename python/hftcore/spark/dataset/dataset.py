"""The handle: publish a day whole, read days anywhere."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from hftcore.errors import DatasetError
from hftcore.spark.dataset.leftovers import leftovers
from hftcore.spark.dataset.manifest import (
    DATASET_FILE,
    DAYS_FOLDER,
    DayFile,
    Layout,
    PublishedDay,
    dataset_from_bytes,
    dataset_to_bytes,
    day_name,
    encoded,
)
from hftcore.spark.dataset.rows import as_pandas, as_table, read_files
from hftcore.spark.dataset.schema import evolved, storable, storable_schema
from hftcore.spark.dataset.staging import bucket_of, check_sizes, stage_arrow, stage_spark
from hftcore.spark.dataset.store import Store, open_store

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    from hftcore.spark.dataset.rows import Rows


_READERS = 16  # a manifest on S3 is one round trip


class Dataset:
    """Years of rows in Parquet on the local file system, S3 or HDFS: a day appears whole, or stays as it was.

    Parameters
    ----------
    url : str
        ``file:///path``, ``s3a://bucket/path`` or ``hdfs://host:port/path``. The last two are reached through the JVM
        of a Spark session, with its addresses and credentials.
    spark : SparkSession, optional
        Default: the active one. A ``file:`` dataset needs none for pandas, polars and Arrow.
    layout : Layout, optional
        How a new dataset is cut and written; an existing one has its own.

    Raises
    ------
    DatasetError
        If the URL is of another form, needs a session that is not there, names something that is no dataset, or
        ``layout`` is not that of the existing dataset.

    Notes
    -----
    Files lie at ``date=<day>/run=<one write>/bucket=<n>/``, sorted by (symbol, order), one file per symbol bucket
    unless it passes ``layout.max_file_rows``. Readers follow ``_days/<day>.json`` alone, which is replaced in one step
    after all files of a day are there: S3 has no rename, and needs none. The days before, and days of other writers,
    are not touched. Columns may be added by one writer at a time.
    """

    def __init__(self, url: str, *, spark: SparkSession | None = None, layout: Layout | None = None) -> None:
        self.url = url.rstrip("/")
        self._spark = spark
        self._store: Store = open_store(self.url, spark)
        found = self._description()
        if found is not None and layout is not None and found[0] != layout:
            raise DatasetError(f"{url}: its layout is {found[0]}, not {layout}")
        self.layout = found[0] if found is not None else layout or Layout()

    def __repr__(self) -> str:
        return f"<Dataset {self.url}: {self.layout.n_buckets} buckets, {self.layout.compression}>"

    # Writing

    def publish(self, day: str | date, rows: Rows) -> PublishedDay:
        """Write a day's rows, then let readers see them; a day that is there already is replaced.

        Parameters
        ----------
        day : str or date
            ``YYYY-MM-DD``: the session that the rows belong to. Nothing is inferred from them.
        rows : Spark, pandas or polars frame, Arrow table, or Events
            All rows of the day. Unsigned integers are stored signed, dictionaries plain, times in microseconds.

        Raises
        ------
        DatasetError
            If the rows lack a column of the dataset, have one of another type, a null symbol or order, or none at all.
        """
        staged = rows if isinstance(rows, DataFrame) else storable(as_table(rows))
        arrow_schema = (
            to_arrow_schema(staged.schema, timezone="UTC") if isinstance(staged, DataFrame) else staged.schema
        )

        def stage(folder: str) -> tuple[list[DayFile], int]:
            if isinstance(staged, DataFrame):
                return stage_spark(self._store, folder, staged, self.layout)
            return stage_arrow(self._store, folder, staged, self.layout)

        return self.publish_staged(day, arrow_schema, stage)

    def publish_staged(
        self, day: str | date, arrow_schema: pa.Schema, stage: Callable[[str], tuple[list[DayFile], int]]
    ) -> PublishedDay:
        """Let readers see a day whose files ``stage`` writes: `publish` for whoever writes by other means.

        Parameters
        ----------
        day : str or date
        arrow_schema : pyarrow.Schema
            Of the files; checked before they are written.
        stage : callable
            Takes a folder (from the root) in which nobody else writes; returns its files, whole and there, and the
            number of their rows. The files are as ``layout`` says.

        Raises
        ------
        DatasetError
            If the schema does not fit the dataset, or there are no rows.
        """
        name = day_name(day)
        given = storable_schema(arrow_schema)
        where = f"{self.url}, day {name}"
        for key in (self.layout.symbol, *self.layout.order):
            if given.get_field_index(key) < 0:
                raise DatasetError(f"{where}: column {key} is missing: the layout sorts by it")
        found = self._description()
        schema = evolved(found[1], given, where) if found is not None else given
        run = f"{time.time_ns():016x}-{uuid.uuid4().hex[:8]}"
        files, n_rows = stage(f"date={name}/run={run}")
        if not n_rows:
            raise DatasetError(f"{where}: no rows; a day that has none is not published")
        if found is None or schema != found[1]:
            self._store.replace(DATASET_FILE, dataset_to_bytes(self.layout, schema))
        published = PublishedDay(name, run, n_rows, tuple(files), encoded(arrow_schema.metadata))
        self._store.replace(_manifest(name), published.to_bytes())
        return published

    def check_staged(self, folder: str, files: Iterable[DayFile]) -> None:
        """Raise DatasetError unless every file that was staged under ``folder`` is there, as long as it was written."""
        check_sizes(self._store, folder, files)

    def vacuum(self, older_than_s: float = 24 * 3600.0) -> list[str]:
        """Remove what no reader follows: replaced days, what crashed writers and tasks that ran twice left.

        Parameters
        ----------
        older_than_s : float
            Files written since are kept: a reader may still be in them, a writer not yet done.

        Returns
        -------
        removed : list of str
            Folders and files, from the root.
        """
        limit_ns = time.time_ns() - round(older_than_s * 1e9)
        there = self._store.files("")  # before the manifests: a day published meanwhile is followed
        removed = leftovers(there, self.days(), limit_ns)
        for path in removed:
            self._store.remove(path)
        return removed

    # Reading

    @property
    def schema(self) -> pa.Schema:
        """Every column that any day has; DatasetError where nothing was published yet."""
        return self._known()[1]

    def days(self, first: str | date | None = None, last: str | date | None = None) -> list[PublishedDay]:
        """The published days from ``first`` to ``last``, both inclusive, in order."""
        low, high = day_name(first) if first else "", day_name(last) if last else "9999-99-99"
        names = [Path(one.path).stem for one in self._store.files(DAYS_FOLDER) if one.path.endswith(".json")]
        wanted = [name for name in sorted(names) if not name.startswith(".") and low <= name <= high]
        with ThreadPoolExecutor(_READERS) as pool:
            return [day for day in pool.map(self._day, wanted) if day is not None]

    def to_arrow(
        self,
        first: str | date | None = None,
        last: str | date | None = None,
        symbols: str | Iterable[str] | None = None,
        columns: Iterable[str] | None = None,
    ) -> pa.Table:
        """Read days into memory, ordered by (date, bucket, symbol, order).

        Parameters
        ----------
        first, last : str or date, optional
            Both inclusive; default: all days.
        symbols : str or iterable of str, optional
            Only their buckets are read. Default: all.
        columns : iterable of str, optional
            Default: all, in the dataset's order; a day from before a column was added has nulls there.

        Returns
        -------
        table : pyarrow.Table
            With the schema metadata of the days where it is the same in all of them: a dataset of one instrument table
            is read by :func:`hftcore.read_events`.

        Raises
        ------
        DatasetError
            If nothing was published, a column is not known, or a file is gone or not as it was published.
        """
        days, files, wanted = self._selected(first, last, symbols)
        whole = self.schema
        schema = whole if columns is None else pa.schema([_field(whole, name) for name in columns])
        needed = list(dict.fromkeys([*schema.names, *([self.layout.symbol] if wanted else [])]))
        read_schema = pa.schema([whole.field(name) for name in needed])
        table = read_files(self._store, self.url, files, read_schema, self.layout.symbol, wanted)
        metadata = [day.schema_metadata for day in days]
        same = metadata[0] if metadata and all(one == metadata[0] for one in metadata) else None
        return table.select(schema.names).replace_schema_metadata(same or None)

    def to_pandas(self, *args: Any, **kwargs: Any) -> pd.DataFrame:
        """`to_arrow` as pandas; integers are pandas' nullable types, so that nulls leave them integers."""
        return as_pandas(self.to_arrow(*args, **kwargs))

    def to_polars(self, *args: Any, **kwargs: Any) -> pl.DataFrame:
        """`to_arrow` as polars, without a copy where polars allows it."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow(*args, **kwargs))
        assert isinstance(frame, pl.DataFrame), "a table becomes a frame"
        return frame

    def to_spark(
        self,
        first: str | date | None = None,
        last: str | date | None = None,
        symbols: str | Iterable[str] | None = None,
    ) -> DataFrame:
        """The same rows as a Spark frame: each file sorted, the frame in no order, as ever in Spark.

        The files are those of now: a day that is published later is not in the frame, one that is replaced stays in it
        as it was, until `vacuum` removes its files.
        """
        _, files, wanted = self._selected(first, last, symbols)
        spark = self._spark or SparkSession.getActiveSession()
        if spark is None:
            raise DatasetError(f"{self.url}: there is no Spark session: start hs.session(...) first")
        schema = from_arrow_schema(self.schema)
        if not files:
            return spark.createDataFrame([], schema)
        frame = spark.read.schema(schema).parquet(*(self._store.url(one.path) for one in files))
        return frame.where(f.col(self.layout.symbol).isin(wanted)) if wanted else frame

    # Within

    def _selected(
        self, first: str | date | None, last: str | date | None, symbols: str | Iterable[str] | None
    ) -> tuple[list[PublishedDay], list[DayFile], list[str]]:
        wanted = [symbols] if isinstance(symbols, str) else list(symbols or ())
        buckets = {bucket_of(symbol, self.layout.n_buckets) for symbol in wanted}
        days = self.days(first, last)
        return days, [one for day in days for one in day.files if not buckets or one.bucket in buckets], wanted

    def _day(self, name: str) -> PublishedDay | None:
        data = self._store.read(_manifest(name))
        return None if data is None else PublishedDay.from_bytes(data, f"{self.url}/{_manifest(name)}")

    def _description(self) -> tuple[Layout, pa.Schema] | None:
        data = self._store.read(DATASET_FILE)
        return None if data is None else dataset_from_bytes(data, f"{self.url}/{DATASET_FILE}")

    def _known(self) -> tuple[Layout, pa.Schema]:
        found = self._description()
        if found is None:
            raise DatasetError(f"{self.url} holds no dataset: nothing was published there")
        return found


def _manifest(day: str) -> str:
    return f"{DAYS_FOLDER}/{day}.json"


def _field(schema: pa.Schema, name: str) -> pa.Field[Any]:
    if schema.get_field_index(name) < 0:
        raise DatasetError(f"column {name} is not in the dataset, it has {', '.join(schema.names)}")
    return schema.field(name)
