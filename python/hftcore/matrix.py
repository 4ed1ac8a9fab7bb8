"""Rows of features as a model takes them, from a frame by the names of its columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    FloatMatrix = npt.NDArray[np.float64]


def feature_matrix(X: Any, names: tuple[str, ...]) -> FloatMatrix:
    """A frame as float64 rows (n, n_features).

    Parameters
    ----------
    X : Arrow table or record batch, pandas or polars frame
        The columns that ``names`` lists are copied into rows, null as NaN; it may have others, which are not read.
    names : tuple of str
        The model's features in their order. The frame must have them in this order.

    Raises
    ------
    TypeError
        If it is none of these, or a column is not float64.
    ValueError
        If the frame lacks a column, has it twice, or has them in another order: names the first.
    """
    table = _arrow(X, names)
    nan: Any = pa.scalar(float("nan"))
    rows = np.empty((table.num_rows, len(names)), dtype=np.float64)
    for i, name in enumerate(names):
        column = table.column(name)
        if column.type != pa.float64():
            raise TypeError(f"X: column {name!r} must be float64, was {column.type}")
        rows[:, i] = np.asarray(column.fill_null(nan))
    return rows


def _arrow(X: Any, names: tuple[str, ...]) -> pa.Table:
    """The columns of these names, once the frame has each of them."""
    home, name = type(X).__module__.partition(".")[0], type(X).__name__
    if isinstance(X, (pa.Table, pa.RecordBatch)):
        _check_columns(X.schema.names, names)
        return X.select(names) if isinstance(X, pa.Table) else pa.Table.from_batches([X.select(names)])
    if (home, name) == ("pandas", "DataFrame"):
        _check_columns(list(X.columns), names)
        return pa.Table.from_pandas(X[list(names)], preserve_index=False)
    if (home, name) == ("polars", "DataFrame"):
        _check_columns(X.columns, names)
        table: pa.Table = X.select(names).to_arrow()
        return table
    raise TypeError(f"X must be a float64 array, an Arrow table or a frame of pandas or polars, was {name}")


def _check_columns(found: list[str], names: tuple[str, ...]) -> None:
    wanted = set(names)
    for name in names:
        if found.count(name) != 1:
            what = "is missing" if name not in found else f"is there {found.count(name)} times"
            raise ValueError(f"X: column {name!r} {what}")
    ordered = [name for name in found if name in wanted]
    for i, (expected, given) in enumerate(zip(names, ordered, strict=True)):
        if expected != given:
            raise ValueError(f"X: feature {i} must be column {expected!r}, was {given!r}: the order is the spec's")
