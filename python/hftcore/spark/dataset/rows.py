"""The forms in which rows come and go: Spark, Arrow, pandas, polars, Events."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from hftcore.errors import DatasetError
from hftcore.events import Events
from hftcore.spark.dataset.manifest import DayFile
from hftcore.spark.dataset.schema import conformed
from hftcore.spark.dataset.store import Store

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

    Rows: TypeAlias = "DataFrame | Events | pa.Table | pd.DataFrame | pl.DataFrame"


def as_table(rows: Any) -> pa.Table:
    """Arrow, pandas, polars or Events as an Arrow table.

    Raises
    ------
    DatasetError
        If it is none of them.
    """
    if isinstance(rows, pa.Table):
        return rows
    if hasattr(rows, "to_arrow"):  # Events, polars
        table: pa.Table = rows.to_arrow()
        return table
    if hasattr(rows, "iloc"):
        return pa.Table.from_pandas(rows, preserve_index=False)
    forms = "a Spark, pandas or polars frame, an Arrow table or Events"
    raise DatasetError(f"rows must be {forms}, was {type(rows).__name__}")


def as_pandas(table: pa.Table) -> pd.DataFrame:
    """The table as pandas; integers and truths are the nullable types, so that nulls leave them what they are."""
    import pandas as pd

    nullable: dict[pa.DataType, Any] = {pa.bool_(): pd.BooleanDtype()}
    nullable |= {pa.int8(): pd.Int8Dtype(), pa.int16(): pd.Int16Dtype()}
    nullable |= {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = table.to_pandas(types_mapper=lambda kind: nullable.get(kind))
    return frame


def read_files(
    store: Store, url: str, files: Sequence[DayFile], schema: pa.Schema, symbol: str, wanted: Sequence[str]
) -> pa.Table:
    """The files one after the other with the columns of ``schema``, only ``wanted`` symbols where there are any.

    Raises
    ------
    DatasetError
        If a file is gone, or has another size than was published.
    """
    parts = [schema.empty_table()]
    keep = pc.field(symbol).isin(wanted) if wanted else None  # whole row groups are skipped by their statistics
    with tempfile.TemporaryDirectory(prefix="hftcore-read-") as scratch:
        for one in files:
            local = store.fetch(one.path, Path(scratch))
            _check_size(local, one, url)
            there = pq.read_schema(local).names
            have = [name for name in schema.names if name in there]
            part = pq.read_table(local, columns=have, filters=keep, partitioning=None)
            parts.append(conformed(part.replace_schema_metadata(None), schema))
    return pa.concat_tables(parts)


def _check_size(local: Path, expected: DayFile, url: str) -> None:
    size = local.stat().st_size if local.exists() else None
    if size != expected.n_bytes:
        found = "is gone" if size is None else f"has {size} bytes"
        raise DatasetError(f"{url}/{expected.path} {found}, {expected.n_bytes} bytes were published")
