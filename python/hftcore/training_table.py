"""The feature table that a trainer reads: checked, then streamed. The same rows in the same order for every trainer.

Columns: one float64 column per feature (NaN: not ready), ``label`` int8 in {-1, 0, 1}, ``symbol`` text,
``ts_event_ns`` int64, ``session_id`` integer. One Parquet file, or a folder of them, read in the order of their names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from hftcore.errors import TrainingDataError

CLASSES = (-1, 0, 1)  # down, flat, up: the order of margins and scores
_KEYS = ("label", "symbol", "ts_event_ns", "session_id")


@dataclass(frozen=True, slots=True)
class TrainingTable:
    """A checked feature table and what is known of the rows that will be trained on."""

    path: Path
    names: tuple[str, ...]
    rows: npt.NDArray[np.int64] | None  # of the table, ascending; None: all
    n_rows: int
    n_rows_table: int
    n_rows_of_class: dict[int, int]
    window_ns: tuple[int, int]  # first and last ts_event_ns
    symbols: tuple[str, ...]
    fingerprint: str  # SHA-256 over features, labels and times in row order

    def batches(self) -> Iterator[tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]]:
        """Yield features (n, n_features) and labels (n,) of the rows to train on, in the table's order."""
        for batch in _batches(self.path, self.names, self.rows):
            yield _matrix(batch, self.names), batch.column("label").to_numpy(zero_copy_only=False).astype(np.int8)

    def features(self) -> npt.NDArray[np.float64]:
        """Features (n, n_features) of the rows to train on, in one matrix that is filled batch by batch."""
        found = np.empty((self.n_rows_table if self.rows is None else len(self.rows), len(self.names)))
        at = 0
        for features, _ in self.batches():
            found[at : at + len(features)] = features
            at += len(features)
        return found


def open_training_table(
    path: str | Path, names: tuple[str, ...], *, max_rows: int | None = None, seed: int = 7
) -> TrainingTable:
    """Check a feature table and choose the rows to train on.

    Parameters
    ----------
    path : path
        A Parquet file or a folder of them.
    names : tuple of str
        Feature columns, in the order of the model.
    max_rows : int, optional
        Train on this many rows, drawn without replacement by ``seed``; their order is kept. Default: all.
    seed : int

    Raises
    ------
    TrainingDataError
        If a column is missing or of another type, a label is not -1, 0 or 1 or a class has no row, a feature is
        infinite somewhere or has no value at all. Names the column and the value.
    """
    path = Path(path)
    n_rows_table = _check_schema(path, names)
    if max_rows is not None and max_rows < 1:
        raise TrainingDataError(f"max_rows must be >= 1, was {max_rows}")
    rows = None
    if max_rows is not None and max_rows < n_rows_table:
        rows = np.sort(np.random.default_rng(seed).choice(n_rows_table, max_rows, replace=False))

    digests = [hashlib.sha256("\0".join(names).encode()), hashlib.sha256(), hashlib.sha256()]
    n_values = np.zeros(len(names), dtype=np.int64)
    n_of_class = dict.fromkeys(CLASSES, 0)
    symbols: set[str] = set()
    times: list[int] = []
    n_rows = 0
    for batch in _batches(path, names, rows):
        _refuse_nulls(path, batch)
        features, label = _matrix(batch, names), batch.column("label").to_numpy(zero_copy_only=False)
        ts_event_ns = batch.column("ts_event_ns").to_numpy(zero_copy_only=False)
        _refuse_infinite(path, features, names, n_rows)
        _count_labels(path, label, n_of_class, n_rows)
        for digest, part in zip(digests, (features, label.astype(np.int8), ts_event_ns), strict=True):
            digest.update(np.ascontiguousarray(part).tobytes())
        n_values += np.count_nonzero(~np.isnan(features), axis=0)
        symbols.update(map(str, pc.unique(batch.column("symbol")).to_pylist()))
        times += [int(ts_event_ns.min()), int(ts_event_ns.max())]
        n_rows += len(label)
    for name, n in zip(names, n_values, strict=True):
        if n == 0:
            raise TrainingDataError(f"{path}: feature {name!r} is NaN in all {n_rows} rows")
    for missing in (value for value, count in n_of_class.items() if count == 0):
        raise TrainingDataError(f"{path}: label {missing} has no row among {n_rows}; -1, 0 and 1 are needed")
    return TrainingTable(
        path,
        names,
        rows,
        n_rows,
        n_rows_table,
        n_of_class,
        (min(times), max(times)),
        tuple(sorted(symbols)),
        hashlib.sha256(b"".join(digest.digest() for digest in digests)).hexdigest(),
    )


def _check_schema(path: Path, names: tuple[str, ...]) -> int:
    if not path.exists():
        raise TrainingDataError(f"{path}: no such file or folder")
    try:
        dataset = ds.dataset(path, format="parquet")
        schema, n_rows = dataset.schema, dataset.count_rows()
    except pa.ArrowInvalid as error:
        raise TrainingDataError(f"{path}: no Parquet: {error}") from error
    for name in (*names, *_KEYS):
        if name not in schema.names:
            raise TrainingDataError(f"{path}: column {name!r} is missing; found {', '.join(schema.names)}")
    for name in names:
        if schema.field(name).type != pa.float64():
            raise TrainingDataError(f"{path}: feature {name!r} must be float64, is {schema.field(name).type}")
    for name in ("label", "ts_event_ns", "session_id"):
        if not pa.types.is_integer(schema.field(name).type):
            raise TrainingDataError(f"{path}: column {name!r} must be an integer, is {schema.field(name).type}")
    if n_rows == 0:
        raise TrainingDataError(f"{path}: the table has no rows")
    return int(n_rows)


def _batches(path: Path, names: tuple[str, ...], rows: npt.NDArray[np.int64] | None) -> Iterator[pa.RecordBatch]:
    at = 0
    dataset = ds.dataset(path, format="parquet")
    for batch in dataset.to_batches(columns=[*names, "label", "symbol", "ts_event_ns"], use_threads=True):
        if rows is None:
            kept = batch
        else:
            low, high = np.searchsorted(rows, [at, at + batch.num_rows])
            kept = batch.take(rows[low:high] - at)
        at += batch.num_rows
        if kept.num_rows:
            yield kept


def _matrix(batch: pa.RecordBatch, names: tuple[str, ...]) -> npt.NDArray[np.float64]:
    return np.column_stack([batch.column(name).to_numpy(zero_copy_only=False) for name in names])


def _refuse_nulls(path: Path, batch: pa.RecordBatch) -> None:
    for name in batch.schema.names:
        if batch.column(name).null_count:
            raise TrainingDataError(f"{path}: column {name!r} holds nulls; a feature that is not ready is NaN")


def _refuse_infinite(path: Path, features: npt.NDArray[np.float64], names: tuple[str, ...], at: int) -> None:
    infinite = np.isinf(features)
    if infinite.any():
        row, column = np.argwhere(infinite)[0]
        value, name = features[row, column], names[column]
        raise TrainingDataError(
            f"{path}: feature {name!r} must be finite or NaN, was {value} in training row {at + row}"
        )


def _count_labels(path: Path, label: npt.NDArray[np.int64], n_of_class: dict[int, int], at: int) -> None:
    known = np.isin(label, CLASSES)
    if not known.all():
        row = int(np.argmin(known))
        raise TrainingDataError(f"{path}: label must be -1, 0 or 1, was {label[row]} in training row {at + row}")
    for value in n_of_class:
        n_of_class[value] += int(np.count_nonzero(label == value))
