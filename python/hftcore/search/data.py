"""The table of a search in memory: checked as every trainer checks it, and each row's label with when it was known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from hftcore.errors import ParameterError, TrainingDataError
from hftcore.folds import Ints, label_ends
from hftcore.training_table import CLASSES, TrainingTable, open_training_table

_METADATA = b"hftcore"


@dataclass(frozen=True, slots=True, eq=False)
class SearchData:
    """Rows of a feature table: ``X`` float64 (n, n_features), ``y`` int8 (n,), and what cuts them by time."""

    table: TrainingTable
    X: npt.NDArray[np.float64]
    y: npt.NDArray[np.int8]
    ts_event_ns: Ints
    label_end_ns: Ints
    session_id: Ints
    symbol: npt.NDArray[np.str_]
    horizon: int

    def __len__(self) -> int:
        return len(self.y)

    def part(self, rows: Ints) -> TrainingTable:
        """What ``training.json`` says of a model trained on ``rows`` alone."""
        y, ts = self.y[rows], self.ts_event_ns[rows]
        digests = [np.ascontiguousarray(a).tobytes() for a in (self.X[rows], y, ts)]
        names = "\0".join(self.table.names).encode()
        return replace(
            self.table,
            rows=rows,
            n_rows=len(rows),
            n_rows_of_class={c: int(np.count_nonzero(y == c)) for c in CLASSES},
            window_ns=(int(ts.min()), int(ts.max())),
            symbols=tuple(sorted(set(self.symbol[rows].tolist()))),
            fingerprint=hashlib.sha256(b"".join(hashlib.sha256(d).digest() for d in (names, *digests))).hexdigest(),
        )


def load_search_data(path: str | Path, names: tuple[str, ...], horizon: int | None = None) -> SearchData:
    """Read a feature table whole; see ``hftcore.training_table`` for its columns.

    Parameters
    ----------
    path : path
        A Parquet file or a folder of them.
    names : tuple of str
        The spec's feature names.
    horizon : int, optional
        Rows ahead that the labels looked. Default: what the table's own metadata says.

    Raises
    ------
    TrainingDataError
        As ``open_training_table``.
    ParameterError
        If the horizon is neither given nor in the metadata, or they differ.
    """
    table = open_training_table(path, names)
    found = ds.dataset(path, format="parquet").to_table()
    horizon = _horizon(path, found.schema.metadata, horizon)
    ts, session = (found.column(c).to_numpy().astype(np.int64) for c in ("ts_event_ns", "session_id"))
    symbol = np.array(found.column("symbol").to_pylist(), dtype=np.str_)
    return SearchData(
        table=table,
        X=np.column_stack([found.column(name).to_numpy() for name in names]),
        y=found.column("label").to_numpy().astype(np.int8),
        ts_event_ns=ts,
        label_end_ns=label_ends(ts, session, symbol, horizon),
        session_id=session,
        symbol=symbol,
        horizon=horizon,
    )


def table_on_disk(source: Any, folder: Path) -> Path:
    """The path of ``source``: itself, or a Parquet file in ``folder`` holding an Arrow, pandas or polars table."""
    if isinstance(source, (str, Path)):
        return Path(source)
    if isinstance(source, pa.Table):
        table = source
    elif hasattr(source, "to_arrow"):  # polars
        table = source.to_arrow()
    elif type(source).__module__.startswith("pandas"):
        table = pa.Table.from_pandas(source, preserve_index=False)
    else:
        raise TrainingDataError(
            f"table must be a path, or an Arrow, pandas, polars or Spark table, was {type(source).__name__}"
        )
    path = folder / "table.parquet"
    partial = path.with_name(path.name + ".partial")
    try:
        pq.write_table(table, partial, compression="zstd")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _horizon(path: str | Path, metadata: Mapping[bytes, bytes] | None, given: int | None) -> int:
    about = json.loads((metadata or {}).get(_METADATA, b"{}"))
    known = about.get("label", {}).get("horizon")
    if given is None and known is None:
        raise ParameterError(f"{path}: does not say how far its labels look; pass horizon, in rows of a symbol")
    if given is not None and known is not None and given != known:
        raise ParameterError(f"horizon must be that of the table's labels, {known}, was {given}")
    return int(known if given is None else given)
