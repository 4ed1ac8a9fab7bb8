"""Cells of a search on disk: one file each, written when the cell is finished, so a killed search goes on from them."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hftcore.files import write_atomically

Cell = dict[str, Any]


def cell_key(about: Mapping[str, Any]) -> str:
    """Name of a cell: SHA-256 of all that makes its result (algorithm, parameters, rows, seed, versions)."""
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:24]


class CellStore:
    """Finished cells in ``folder / cells``; the table of those asked for in ``cells.csv`` and ``cells.parquet``.

    Where MLflow is installed, each cell is also a run in its file store, ``folder / mlruns``.
    """

    def __init__(self, folder: Path, experiment: str) -> None:
        self._folder, self._experiment = folder, experiment
        self._cells = folder / "cells"
        self._cells.mkdir(parents=True, exist_ok=True)

    def find(self, key: str) -> Cell | None:
        """A finished cell, or None. A file that is no cell counts as not finished."""
        try:
            found = json.loads((self._cells / f"{key}.json").read_text())
        except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
            return None
        return found if isinstance(found, dict) and found.get("cell") == key else None

    def put(self, key: str, cell: Cell) -> Cell:
        """Keep a finished cell: atomically, so a kill leaves it whole or absent."""
        finished = {"cell": key, **cell}
        write_atomically(self._cells / f"{key}.json", (json.dumps(finished, indent=1) + "\n").encode())
        if importlib.util.find_spec("mlflow") is not None:
            log_to_mlflow(self._folder / "mlruns", self._experiment, finished)
        return finished

    def write_table(self, cells: Sequence[Cell]) -> None:
        """Write the plain table: a row for each cell, its parameters, sizes, seconds and scores as columns."""
        rows = [flat(cell) for cell in cells]
        names = list(dict.fromkeys(name for row in rows for name in row))
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_atomically(self._folder / "cells.csv", text.getvalue().encode())
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({name: [row.get(name) for row in rows] for name in names}), sink)
        write_atomically(self._folder / "cells.parquet", sink.getvalue().to_pybytes())


def flat(cell: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values as ``params.depth``, ``test.mcc``; lists and class weights as JSON text."""
    row: dict[str, Any] = {}
    for name, value in cell.items():
        if isinstance(value, Mapping) and name != "class_weights":
            row |= flat(value, f"{prefix}{name}.")
        else:
            row[prefix + name] = json.dumps(value) if isinstance(value, (list, tuple, dict)) else value
    return row


def log_to_mlflow(store: Path, experiment: str, cell: Cell) -> None:
    """One run of MLflow's file store: parameters, then every number of the cell as a metric."""
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # newer releases refuse plain files otherwise
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=store.resolve().as_uri())
    known = client.get_experiment_by_name(experiment)
    number = known.experiment_id if known is not None else client.create_experiment(experiment)
    run = client.create_run(number, run_name=f"{cell['algorithm']} {cell['cell'][:8]}")
    row = flat(cell)
    for name, value in row.items():
        if name.startswith("params.") or isinstance(value, str) or value is None:
            client.log_param(run.info.run_id, name, value)
        else:
            client.log_metric(run.info.run_id, name, float(value))
    client.set_terminated(run.info.run_id)
