"""What runs in an executor's Python: a bucket's chunks and its state in, rows and its new state out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyspark.sql.streaming.stateful_processor import StatefulProcessor

from hftcore.errors import EventError
from hftcore.spark.stream.bucket import Bucket, Messages
from hftcore.spark.stream.packing import read_chunk
from hftcore.spark.stream.settings import ScoreSettings
from hftcore.spark.stream.travel import arrived_artifact

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql.streaming.stateful_processor import StatefulProcessorHandle

STATE: Final = "engines"
_STATE_DDL: Final = "blob binary"
_BUCKETS: Final[dict[tuple[str, str, int], Bucket]] = {}
_MOST_BUCKETS: Final = 256  # of ended queries, in a worker that lives on


class ScoreProcessor(StatefulProcessor):
    """One engine state per bucket of symbols, or per partition: a blob in the state store.

    Parameters
    ----------
    settings : ScoreSettings
    model_id : str
    file : str
        The artefact as a file of the session: see :mod:`hftcore.spark.stream.travel`.
    """

    def __init__(self, settings: ScoreSettings, model_id: str, file: str) -> None:
        self._settings = settings
        self._digest = settings.digest()
        self._model_id = model_id
        self._file = file
        self._state: Any = None

    def init(self, handle: StatefulProcessorHandle) -> None:
        """Called by Spark, once per task."""
        self._state = handle.getValueState(STATE, _STATE_DDL)

    def handleInputRows(  # noqa: N802 (Spark's name)
        self,
        key: Any,
        rows: Iterator[pd.DataFrame],
        timerValues: Any,
    ) -> Iterator[pd.DataFrame]:
        """Called by Spark, once per bucket and batch."""
        chunks = _in_order(rows)
        bucket = self._bucket(key[0], chunks[0][1])
        stored = self._state.get()
        if stored is None:
            bucket.reset()
        else:
            bucket.restore(bytes(stored[0]))
        scored = list(bucket.take(_messages(chunks)))
        self._state.update((bucket.snapshot(),))
        yield _frame(scored)

    def close(self) -> None:
        """Called by Spark."""

    def _bucket(self, place: int, partition: int) -> Bucket:
        """The engines of a key, made once per worker; what they hold is the state store's to say."""
        name = (self._model_id, self._digest, place)
        bucket = _BUCKETS.get(name)
        if bucket is None:
            if len(_BUCKETS) >= _MOST_BUCKETS:
                _BUCKETS.clear()
            model = arrived_artifact(self._model_id, self._file)
            bucket = _BUCKETS[name] = Bucket(self._settings, model, partition)
        return bucket


Chunk = tuple[str, int, int, int, bytes]


def _in_order(frames: Iterator[pd.DataFrame]) -> list[Chunk]:
    """Every chunk of the batch, by partition and offset.

    Raises
    ------
    EventError
        If two of a partition overlap: the source gave a message twice, or parts of a partition out of order.
    """
    columns = ["topic", "partition", "first", "last", "chunk"]
    chunks = sorted((row for frame in frames for row in frame[columns].itertuples(index=False, name=None)), key=_place)
    for before, after in pairwise(chunks):
        if before[:2] == after[:2] and after[2] <= before[3]:
            raise EventError(
                f"score: topic {after[0]}, partition {after[1]}: offsets {after[2]} to {before[3]} came in two pieces "
                "of one batch: the source's rows of a partition must be contiguous, as Kafka's are; do not shuffle "
                "before score"
            )
    return chunks


def _place(chunk: Chunk) -> tuple[str, int, int]:
    return chunk[:3]


def _messages(chunks: list[Chunk]) -> Iterator[Messages]:
    for topic, partition, _first, _last, data in chunks:
        batch = read_chunk(data)
        yield Messages(topic, partition, batch.column("key"), batch.column("value"), batch.column("offset"))


def _frame(batches: list[pa.RecordBatch]) -> pd.DataFrame:
    """Pandas with its nullable integers: a null among plain ones would make floats of all."""
    import pandas as pd

    types = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(), pa.float64(): pd.Float64Dtype()}
    return pa.Table.from_batches(batches).to_pandas(types_mapper=types.get)
