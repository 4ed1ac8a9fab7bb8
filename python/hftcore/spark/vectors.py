"""Rows in and out of MLlib: feature matrices as vectors, and scores back as matrices in the order of the rows."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import col

Matrix = npt.NDArray[np.float64]

# What NaN is to the trainer. MLlib puts a split halfway to the next value, and halfway to NaN is NaN: it would send
# every row right when it predicts, though not while it trained. The largest double goes right of every split, as NaN
# does in prediction, so the trees mean the same to both.
NOT_READY = sys.float_info.max


def vector_rows(
    spark: SparkSession,
    batches: Iterable[tuple[Matrix, npt.NDArray[np.int8]]],
    path: Path,
    n_partitions: int,
    *,
    missing: float = NOT_READY,
    stop_from: int | None = None,
) -> DataFrame:
    """The rows as ``features`` and ``label`` 0.0, 1.0, 2.0, dealt to partitions and ordered by row number.

    Parameters
    ----------
    batches : iterable of (features (n, n_features), labels (n,))
        Written to ``path``, a Parquet file that must stay while the frame is used.
    missing : float
        What takes the place of NaN.
    stop_from : int, optional
        Adds a column ``stop``: true from this row number on.
    """
    at, writer, columns = 0, None, []
    try:
        for features, label in batches:
            if writer is None:
                columns = [f"f{i}" for i in range(features.shape[1])]  # a dot in a name means a nested field to Spark
                fields: list[pa.Field[Any]] = [pa.field("row", pa.int64())]
                schema = pa.schema(fields + [pa.field(name, pa.float64()) for name in ("label", *columns)])
                writer = pq.ParquetWriter(path, schema)
            n = len(label)
            ready = np.where(np.isnan(features), missing, features)
            arrays = [pa.array(np.arange(at, at + n)), pa.array(label.astype(np.float64) + 1.0)]
            writer.write_batch(pa.record_batch([*arrays, *map(pa.array, ready.T)], schema=schema))
            at += n
    finally:
        if writer is not None:
            writer.close()
    frame = spark.read.parquet(f"file://{path}").repartition(n_partitions, "row").sortWithinPartitions("row")
    found = VectorAssembler(inputCols=columns, outputCol="features", handleInvalid="keep").transform(frame)
    if stop_from is None:
        return found.select("features", "label")
    return found.select("features", "label", (col("row") >= stop_from).alias("stop"))


def numbered_vectors(spark: SparkSession, rows: Matrix) -> DataFrame:
    """``rows`` (n, n_features) as ``features`` beside their number ``row``. NaN is kept: it goes right in MLlib."""
    columns = [f"f{i}" for i in range(rows.shape[1])]
    table = pa.table({"row": np.arange(len(rows)), **{c: rows[:, i] for i, c in enumerate(columns)}})
    assembler = VectorAssembler(inputCols=columns, outputCol="features", handleInvalid="keep")
    return assembler.transform(spark.createDataFrame(table)).select("row", "features")


def gbt_margins(parts: Iterable[Any], rows: DataFrame) -> Matrix:
    """Margins (n, n_parts) of numbered vectors by GBT models, in one job."""
    names = []
    for k, part in enumerate(parts):
        model = part.copy()
        model.setFeaturesCol("features").setRawPredictionCol(f"raw{k}").setPredictionCol("").setProbabilityCol("")
        rows = model.transform(rows)
        names.append(f"raw{k}")
    margins = [vector_to_array(col(name))[1].alias(name) for name in names]  # raw is (-margin, margin)
    found = rows.select("row", *margins).toArrow().sort_by("row")
    return np.column_stack([found.column(name).to_numpy() for name in names])


def probabilities(model: Any, rows: DataFrame) -> Matrix:
    """Probabilities (n, n_classes) of numbered vectors by a model that has them."""
    own = model.copy().setFeaturesCol("features").setRawPredictionCol("").setPredictionCol("").setProbabilityCol("p")
    found = own.transform(rows).select("row", vector_to_array(col("p")).alias("p")).toArrow().sort_by("row")
    flat = found.column("p").combine_chunks().flatten().to_numpy()
    return np.asarray(flat, np.float64).reshape(found.num_rows, -1)


def predictions(model: Any, rows: DataFrame) -> Matrix:
    """What a regressor predicts for numbered vectors: (n, 1)."""
    own = model.copy().setFeaturesCol("features").setPredictionCol("p")
    found = own.transform(rows).select("row", "p").toArrow().sort_by("row")
    return np.asarray(found.column("p").to_numpy(), np.float64)[:, None]
