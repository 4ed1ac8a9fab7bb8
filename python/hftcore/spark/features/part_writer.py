"""What runs in a worker that keeps its features: it writes them itself and sends back what it wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark import TaskContext

from hftcore.spark.dataset.staging import bucket_of
from hftcore.spark.features.worker import STATE, Worker

if TYPE_CHECKING:
    from hftcore.spark.dataset.manifest import Layout
    from hftcore.spark.dataset.place import Place

_FIELDS: Final[list[tuple[str, pa.DataType]]] = [
    ("path", pa.string()),
    ("bucket", pa.int32()),
    ("n_bytes", pa.int64()),
    ("n_rows", pa.int64()),
    ("symbol", pa.string()),
    (STATE, pa.binary()),
]
WRITTEN: Final = pa.schema(_FIELDS)
"""A row is a file (path from the dataset's root), or the state of a symbol at the end of the tape."""
WRITTEN_SQL: Final = "path string, bucket int, n_bytes bigint, n_rows bigint, symbol string, state binary"


@dataclass(frozen=True)
class PartWriter:
    """Writes the features of one bucket of symbols, sorted by (symbol, order) as its rows come in.

    Parameters
    ----------
    worker : Worker
    layout : Layout
    place : Place
    folder : str
        Of this run, from the dataset's root.

    Notes
    -----
    A file's name ends with the task's attempt, so a retry or a twin writes beside, never over. The driver publishes the
    files of the one attempt whose answer it got; nobody follows the others.
    """

    worker: Worker
    layout: Layout
    place: Place
    folder: str

    def write(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``mapInArrow``: events of one bucket in, one row per file out, and one per symbol where states are asked."""
        part = _Part(self, _attempt())
        states: list[tuple[str, bytes]] = []
        try:
            for batch in self.worker.rows(batches):
                if not self.worker.writes_state:
                    part.add(batch)
                    continue
                is_state = batch.column(STATE).is_valid()
                ends: Any = batch.filter(is_state)
                states += zip(ends.column("symbol").to_pylist(), ends.column(STATE).to_pylist(), strict=True)
                part.add(batch.filter(pc.invert(is_state)).drop_columns(STATE))
            part.end()
        except BaseException:
            part.drop()
            raise
        rows: list[dict[str, Any]] = [dict(row) for row in part.written]
        rows += [{"symbol": symbol, STATE: state} for symbol, state in states]
        if rows:
            yield pa.RecordBatch.from_pylist(rows, schema=WRITTEN)


class _Part:
    """The files of one bucket: row groups of the layout's size, a new file where one is full."""

    def __init__(self, plan: PartWriter, attempt: int) -> None:
        self._plan = plan
        self._attempt = attempt
        self._files = plan.place.open()
        self._waiting: list[pa.RecordBatch] = []
        self._n_waiting = 0
        self._writer: pq.ParquetWriter | None = None
        self._path = ""
        self._bucket = -1
        self._n_rows = 0
        self.written: list[dict[str, Any]] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Take rows; write each row group when it is full."""
        layout = self._plan.layout
        while batch.num_rows:
            room = min(layout.row_group_rows - self._n_waiting, layout.max_file_rows - self._n_rows - self._n_waiting)
            piece, batch = batch.slice(0, room), batch.slice(room)
            self._waiting.append(piece)
            self._n_waiting += piece.num_rows
            if piece.num_rows == room:
                self._flush()
            if self._n_rows == layout.max_file_rows:
                self._close()

    def end(self) -> None:
        """Write what waits."""
        self._flush()
        self._close()

    def drop(self) -> None:
        """Remove what was written, as far as that works: nobody follows it."""
        self._waiting, self._n_waiting = [], 0
        with suppress(OSError, pa.ArrowException):
            self._close()
        for one in self.written:
            with suppress(OSError):
                self._files.delete_file(f"{self._plan.place.root}/{one['path']}")

    def _flush(self) -> None:
        if not self._n_waiting:
            return
        table = pa.Table.from_batches(self._waiting)
        if self._writer is None:
            self._open(table)
        assert self._writer is not None, "just opened"
        self._writer.write_table(table, row_group_size=self._n_waiting)
        self._n_rows += self._n_waiting
        self._waiting, self._n_waiting = [], 0

    def _open(self, table: pa.Table) -> None:
        self._bucket = bucket_of(table.column("symbol")[0].as_py(), self._plan.layout.n_buckets)
        folder = f"{self._plan.folder}/bucket={self._bucket}"
        self._path = f"{folder}/part-{len(self.written):05d}-{self._attempt}.parquet"
        if self._plan.place.s3 is None:
            self._files.create_dir(f"{self._plan.place.root}/{folder}", recursive=True)
        dictionary: Any = ["symbol"]  # features hardly repeat
        self._writer = pq.ParquetWriter(
            self._whole(),
            table.schema,
            filesystem=self._files,
            compression=self._plan.layout.compression,
            use_dictionary=dictionary,
        )

    def _close(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        n_bytes = self._files.get_file_info(self._whole()).size
        self.written.append({"path": self._path, "bucket": self._bucket, "n_bytes": n_bytes, "n_rows": self._n_rows})
        self._writer, self._n_rows = None, 0

    def _whole(self) -> str:
        return f"{self._plan.place.root}/{self._path}"


def _attempt() -> int:
    context: Any = TaskContext.get()
    return int(context.taskAttemptId()) if context is not None else 0
