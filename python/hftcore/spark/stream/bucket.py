"""One bucket's turn: its state in, its messages through the native engines, rows and its state out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from hftcore.errors import EventError, ModelMismatchError
from hftcore.spark.stream.packing import binary_parts
from hftcore.spark.stream.rows import counts_table, scored_table
from hftcore.spark.stream.settings import Model, ScoreSettings


@dataclass(frozen=True, slots=True)
class Messages:
    """Consecutive messages of one partition: binary ``keys`` and ``values`` without nulls, int64 ``offsets``."""

    topic: str
    partition: int
    keys: Any
    values: Any
    offsets: Any

    @classmethod
    def of(
        cls, topic: str, partition: int, keys: Sequence[bytes], values: Sequence[bytes], offsets: Sequence[int]
    ) -> Messages:
        """The same of Python's bytes."""
        columns = pa.array(keys, pa.binary()), pa.array(values, pa.binary()), pa.array(offsets, pa.int64())
        return cls(topic, partition, *columns)


class Bucket:
    """The engines of one bucket of symbols, or of one partition. One thread at a time.

    Parameters
    ----------
    settings : ScoreSettings
    model : Model
    partition : int
        Of ``key="partition"``: which; else any.
    """

    def __init__(self, settings: ScoreSettings, model: Model, partition: int = 0) -> None:
        self._scorer: Any = settings.scorer(model, partition)
        table = settings.table()
        self._symbols = [table.symbols[i] for i in settings.places(partition)]

    def take(self, parts: Iterable[Messages]) -> Iterator[pa.RecordBatch]:
        """Rows of the messages: one batch per part that has any, and one of counts at the end.

        Parts are consecutive and in the order of their offsets within each partition. Any split of them gives the same
        rows, but for the counts, which are those of this call.

        Raises
        ------
        EventError
            If messages break the order, come from a second topic, or a symbol comes from a second partition; then the
            engines are of no use any more.
        """
        total: dict[str, int] = {}
        engines: list[str] = []
        last = None
        for part in parts:
            offsets = part.offsets.to_numpy()
            try:
                self._scorer.come_from(part.topic)
                rows, ends, data, counts, more = self._scorer.take(
                    *binary_parts(part.values),
                    *binary_parts(part.keys),
                    np.full(len(offsets), part.partition, np.int32),
                    offsets,
                )
            except ValueError as error:
                raise EventError(f"score: topic {part.topic}, partition {part.partition}: {error}") from error
            for name, n in counts.items():
                total[name] = total.get(name, 0) + n
            engines.append(more)
            if len(offsets):
                last = part.partition, int(offsets[-1])
            if len(rows):
                yield scored_table(rows, ends, data, self._symbols, part.keys, part.topic)
        if last is not None:
            yield counts_table(total, engines, *last)

    def snapshot(self) -> bytes:
        """Every engine's state as one blob: versioned, with a checksum and what it belongs to."""
        blob: bytes = self._scorer.snapshot()
        return blob

    def restore(self, blob: bytes) -> None:
        """Take a state over. Raises ModelMismatchError naming the first difference; then nothing has changed."""
        try:
            self._scorer.restore(blob)
        except ValueError as error:
            raise ModelMismatchError(
                f"score: {error}. A query goes on from its checkpoint with the model and the settings that it began "
                "with; others need a checkpoint of their own, and a config_epoch of their own"
            ) from error

    def reset(self) -> None:
        """As it was made."""
        self._scorer.reset()
