"""The table of a search in memory: checked as every trainer checks it, and each row's label with when it was known.

A search cuts rows by time in many ways, so it holds them in memory, and says before it reads them when they do not fit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from hftcore.errors import ParameterError, TrainingDataError
from hftcore.folds import Ints, label_ends, later_start
from hftcore.training_table import CLASSES, TrainingTable, open_training_table

_METADATA = b"hftcore"
_MEMORY_SHARE: Final = 0.25  # of the machine's memory for the matrix: a trainer copies its part, and bins it


@dataclass(frozen=True, slots=True, eq=False)
class SearchData:
    """Rows of a feature table: ``X`` float64 (n, n_features), ``y`` int8 (n,), and what cuts them by time.

    ``rows`` (n,) are their numbers in the table; ``test_start_ns`` is where the part begins that is never trained on.
    """

    table: TrainingTable
    rows: Ints
    test_start_ns: int
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
            rows=self.rows[rows],
            n_rows=len(rows),
            n_rows_of_class={c: int(np.count_nonzero(y == c)) for c in CLASSES},
            window_ns=(int(ts.min()), int(ts.max())),
            symbols=tuple(sorted(set(self.symbol[rows].tolist()))),
            fingerprint=hashlib.sha256(b"".join(hashlib.sha256(d).digest() for d in (names, *digests))).hexdigest(),
        )


def load_search_data(
    path: str | Path,
    names: tuple[str, ...],
    horizon: int | None = None,
    *,
    test: float | int = 0.2,
    max_rows: int | None = None,
) -> SearchData:
    """Read a feature table; see ``hftcore.training_table`` for its columns.

    Parameters
    ----------
    path : path
        A Parquet file or a folder of them.
    names : tuple of str
        The spec's feature names.
    horizon : int, optional
        Rows ahead that the labels looked. Default: what the table's own metadata says.
    test : float or int
        The last part: a share of rows (0 to 1, a float), or its first ``ts_event_ns`` (an int).
    max_rows : int, optional
        Keep at most this many of the rows before the test part, evenly spread. When a label was known is taken from
        the whole table all the same.

    Raises
    ------
    TrainingDataError
        As ``open_training_table``; if the rows are too large for memory, before they are held: names both sizes.
    ParameterError
        If the horizon is neither given nor in the metadata, or they differ; if ``test`` or ``max_rows`` is out of
        range.
    """
    if max_rows is not None and max_rows < 1:
        raise ParameterError(f"max_rows must be >= 1, was {max_rows}")
    table = open_training_table(path, names)  # a stream: it holds no more than a batch
    source = ds.dataset(path, format="parquet")
    keys = source.to_table(columns=["label", "symbol", "ts_event_ns", "session_id"])
    horizon = _horizon(path, source.schema.metadata, horizon)
    ts, session = (keys.column(c).to_numpy().astype(np.int64) for c in ("ts_event_ns", "session_id"))
    symbol = np.array(keys.column("symbol").to_pylist(), dtype=np.str_)
    start = later_start(ts, test) if isinstance(test, float) else int(test)
    rows = np.arange(len(ts))
    if max_rows is not None:
        rows = np.sort(np.concatenate([thinned(np.flatnonzero(ts < start), max_rows), np.flatnonzero(ts >= start)]))
    refuse_too_large(len(rows), len(names), str(path))
    return SearchData(
        table=table,
        rows=rows,
        test_start_ns=start,
        X=replace(table, rows=rows).features(),
        y=keys.column("label").to_numpy().astype(np.int8)[rows],
        ts_event_ns=ts[rows],
        label_end_ns=label_ends(ts, session, symbol, horizon)[rows],
        session_id=session[rows],
        symbol=symbol[rows],
        horizon=horizon,
    )


def thinned(rows: Ints, most: int) -> Ints:
    """At most ``most`` of ``rows``, evenly spread."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def refuse_too_large(n_rows: int, n_features: int, source: str) -> None:
    """Raise TrainingDataError if a float64 matrix of that size takes more than a quarter of the machine's memory."""
    memory, size = machine_memory(), 8 * n_rows * n_features
    if size > _MEMORY_SHARE * memory:
        fits = int(_MEMORY_SHARE * memory) // (8 * n_features)
        raise TrainingDataError(
            f"{source}: {n_rows:,} rows of {n_features} features take {size / 2**30:.1f} GiB, more than a quarter of "
            f"the driver's {memory / 2**30:.1f} GiB: write the table as Parquet and pass max_rows, so that at most "
            f"{fits:,} rows are left with those of the test part"
        )


def machine_memory() -> int:
    """Bytes of memory that this process may use: the machine's, or its control group's where that is less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            whole = min(whole, int(Path(limit).read_text()))
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return whole


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
