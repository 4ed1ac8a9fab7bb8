"""Containers that a pipeline takes events from and gives features back in. What is copied is said, or refused.

========================= ==================================================== ======================================
container                 as events                                             as features
========================= ==================================================== ======================================
Events, structured NumPy  in place: the records are read where they lie         in place (``numpy``)
pandas                    converted: columns become 64-byte records             in place: the frame views the rows
Arrow, polars             converted: columns become 64-byte records             converted: rows become columns
========================= ==================================================== ======================================
"""

from __future__ import annotations

import importlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError, MissingExtraError, ParameterError
from hftcore.events import EVENT_DTYPE, Events
from hftcore.instruments import InstrumentTable
from hftcore.records import ALIGN_BYTES

OUTPUTS: Final = ("numpy", "arrow", "pandas", "polars", "same")
_WORDS: Final = {
    "arrow": "an Arrow table",
    "batch": "an Arrow record batch",
    "pandas": "a pandas frame",
    "polars": "a polars frame",
}
_COPYING: Final = ("arrow", "batch", "polars")  # as features, where there are two columns or more
_LIBRARIES: Final = {"pandas": ("pandas", "spark"), "polars": ("polars", "")}


def kind_of(events: Any) -> str:
    """Return which container it is: events, numpy, arrow, batch, pandas or polars. Raises EventError for another."""
    if isinstance(events, Events):
        return "events"
    if isinstance(events, np.ndarray):
        return "numpy"
    home, name = type(events).__module__.partition(".")[0], type(events).__name__
    found = {
        ("pyarrow", "Table"): "arrow",
        ("pyarrow", "RecordBatch"): "batch",
        ("pandas", "DataFrame"): "pandas",
        ("polars", "DataFrame"): "polars",
    }.get((home, name))
    if found is None:
        hint = "; collect() it first" if name == "LazyFrame" else ""
        raise EventError(
            "events must be Events, an Arrow table or record batch, a pandas or polars frame, or a structured array of "
            f"EVENT_DTYPE, was {home}.{name}{hint}"
        )
    return found


def output_kind(output: str, kind: str, n_columns: int, copy: bool | None) -> str:
    """Return what the features come in; refuses an unknown name, a library that is not there, and a forbidden copy."""
    if output not in OUTPUTS:
        raise ParameterError(f"output must be one of {', '.join(OUTPUTS)}, was {output!r}")
    wanted = {"events": "numpy"}.get(kind, kind) if output == "same" else output
    if wanted in _LIBRARIES:
        module, extra = _LIBRARIES[wanted]
        try:
            importlib.import_module(module)
        except ImportError as missing:
            how = f"pip install 'hftcore[{extra}]'" if extra else f"pip install {module}"
            raise MissingExtraError(f"output={output!r} needs {module}: {how}") from missing
    if copy is False and wanted in _COPYING and n_columns > 1:
        raise ParameterError(f"copy=False: rows become the columns of {_WORDS[wanted]} by a copy; take numpy or pandas")
    return wanted


def take(events: Any, kind: str, known: InstrumentTable | None, copy: bool | None) -> tuple[Events, list[str]]:
    """Return the events, and what was copied for them in words.

    Raises
    ------
    EventError
        If a cell breaks a rule, the instruments are not known, or ``copy`` forbids what is needed.
    """
    if kind == "events":
        return events, []
    if kind == "numpy":
        return _take_array(events, known, copy)
    words = _WORDS[kind]
    if copy is False:
        raise EventError(
            f"copy=False: the columns of {words} become records by a copy; take Events or a structured array"
        )
    carried = _carried(events, kind)
    if known is None and carried is None:
        raise EventError(
            f"{words} does not say what its prices and quantities are multiples of: "
            "FeaturePipeline(spec, instruments=...), or hc.read_events(...), which infers them"
        )
    if not len(events):
        return Events(_core.event.empty_events(0), known if known is not None else carried or ()), []
    from hftcore.readers import read_events  # here: it loads Arrow

    read = read_events(events, instruments=known)
    return read, [f"{len(read):,} rows of {words} into records, {len(read) * ALIGN_BYTES:,} bytes"]


def give(matrix: npt.NDArray[np.float64], names: tuple[str, ...], kind: str, index: Any) -> tuple[Any, list[str]]:
    """Return the rows in a container, and what was copied for it in words. ``index`` is that of a pandas frame."""
    if kind == "numpy":
        return matrix, []
    if kind == "pandas":
        import pandas as pd

        return pd.DataFrame(matrix, index=index, columns=list(names), copy=False), []
    import pyarrow as pa

    columns = np.ascontiguousarray(matrix.T)
    copied = (
        []
        if np.shares_memory(columns, matrix) or not matrix.size
        else [f"{columns.nbytes:,} bytes of rows into columns"]
    )
    arrays = [pa.array(column) for column in columns]
    if kind == "batch":
        return pa.RecordBatch.from_arrays(arrays, names=list(names)), copied
    table = pa.Table.from_arrays(arrays, names=list(names))
    if kind == "arrow":
        return table, copied
    import polars as pl

    return pl.from_arrow(table), copied


def _take_array(data: Any, known: InstrumentTable | None, copy: bool | None) -> tuple[Events, list[str]]:
    if data.dtype != EVENT_DTYPE or data.ndim != 1:
        raise EventError(
            f"events must be an array of shape (n,) and dtype EVENT_DTYPE, was {data.dtype}, shape {data.shape}"
        )
    if known is None:
        raise EventError("an array does not say what its symbol_id mean: FeaturePipeline(spec, instruments=...)")
    fault = "is not contiguous" if not data.flags.c_contiguous else ""
    if not fault and data.ctypes.data % ALIGN_BYTES:
        fault = f"does not begin at a multiple of {ALIGN_BYTES} bytes"
    if fault and len(data) and not copy:
        raise EventError(f"the array {fault}, so it cannot be read in place: transform(..., copy=True) copies it")
    return Events(data, known), [f"an array that {fault}, {data.nbytes:,} bytes"] if fault and len(data) else []


def _carried(table: Any, kind: str) -> InstrumentTable | None:
    from hftcore.reading.arrow import INSTRUMENTS_KEY

    if kind == "pandas":
        text = table.attrs.get(INSTRUMENTS_KEY.decode())
    else:
        text = (table.schema.metadata or {}).get(INSTRUMENTS_KEY) if kind in ("arrow", "batch") else None
    return InstrumentTable.from_json(text) if text else None
