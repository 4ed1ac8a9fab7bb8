"""How a stream goes: one line a batch, and how far it is behind."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from hftcore.spark.stream.sink import OBSERVED
from hftcore.spark.stream.writer import METRICS

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from pyspark.sql.streaming.listener import StreamingQueryListener
    from pyspark.sql.streaming.query import StreamingQuery


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """One batch of a query of ``hs.publish``.

    Attributes
    ----------
    name : str
        The query's, else its id.
    batch : int
    rows : int
        Messages read from the source.
    rows_hz : float
        Messages processed per second.
    lag : int
        Messages that the source had beyond this batch when it began, over all partitions; -1 where it does not say.
    batch_ms : int
        From the trigger to the commit.
    counts : mapping of str to int
        What the engine counted in the batch (events, rows_scored, decisions, dead_letters, duplicates, ...), and what
        the sink did: ``published`` and ``left_out`` (was there already).
    """

    name: str
    batch: int
    rows: int
    rows_hz: float
    lag: int
    batch_ms: int
    counts: Mapping[str, int]

    @classmethod
    def of(cls, progress: Mapping[str, Any]) -> Self:
        """From ``query.lastProgress``, or a listener's ``json``."""
        seen = (progress.get("observedMetrics") or {}).get(OBSERVED)
        counts: dict[str, Any] = {}
        if seen is not None:
            counts = seen.asDict() if hasattr(seen, "asDict") else dict(seen)
        return cls(
            progress.get("name") or str(progress["id"]),
            int(progress["batchId"]),
            int(progress.get("numInputRows") or 0),
            float(progress.get("processedRowsPerSecond") or 0.0),
            _lag(progress.get("sources") or ()),
            int((progress.get("durationMs") or {}).get("triggerExecution", 0)),
            {name: int(counts.get(name) or 0) for name in METRICS},
        )

    def __str__(self) -> str:
        lag = "?" if self.lag < 0 else f"{self.lag:,}"
        told = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in self.counts.items() if n)
        return (
            f"{self.name}: batch {self.batch}: {self.rows:,} messages in {self.batch_ms:,} ms, "
            f"{self.rows_hz:,.0f}/s, lag {lag}; {told or 'nothing counted'}"
        )


def lag(query: StreamingQuery) -> BatchProgress | None:
    """The last batch of a query, None before its first one."""
    progress = query.lastProgress
    return None if progress is None else BatchProgress.of(progress)


def watch(spark: SparkSession, tell: Callable[[BatchProgress], object] | None = None) -> StreamingQueryListener:
    """Say one line a batch for every query of the session that ``hs.publish`` started.

    Parameters
    ----------
    spark : SparkSession
    tell : callable(BatchProgress), optional
        Default: a line at level info to the logger ``hftcore.stream``.

    Returns
    -------
    listener : StreamingQueryListener
        ``spark.streams.removeListener`` ends it.
    """
    from pyspark.sql.streaming.listener import StreamingQueryListener

    log = logging.getLogger("hftcore.stream")

    class Listener(StreamingQueryListener):
        def onQueryStarted(self, event: Any) -> None:  # noqa: N802
            pass

        def onQueryProgress(self, event: Any) -> None:  # noqa: N802
            told = json.loads(event.progress.json)
            if OBSERVED not in (told.get("observedMetrics") or {}):
                return
            found = BatchProgress.of(told)
            if tell is None:
                log.info("%s", found)
            else:
                tell(found)

        def onQueryTerminated(self, event: Any) -> None:  # noqa: N802
            pass

    listener = Listener()
    spark.streams.addListener(listener)
    return listener


def _lag(sources: Any) -> int:
    """Over all topics and partitions: the source's end less what the batch took."""
    total = -1
    for source in sources:
        latest, end = _offsets(source.get("latestOffset")), _offsets(source.get("endOffset"))
        for topic, partitions in (latest or {}).items():
            for partition, offset in partitions.items():
                total = max(total, 0) + max(int(offset) - int((end or {}).get(topic, {}).get(partition, 0)), 0)
    return total


def _offsets(value: Any) -> dict[str, dict[str, int]] | None:
    """Kafka's offsets by topic and partition; None of another source."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None
    good = isinstance(found, dict) and all(isinstance(one, dict) for one in found.values())
    return found if good else None
