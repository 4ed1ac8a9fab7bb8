"""What runs in a worker: scored rows become messages; a producer lives as long as its process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from hftcore.errors import KafkaError
from hftcore.kafka.batch_headers import ID, KIND, REASON, SOURCE, MessageId
from hftcore.kafka.delivery import Delivery
from hftcore.kafka.outbox import Headers, Outbox
from hftcore.kafka.partitioner import partition_of
from hftcore.kafka.tail import Tail
from hftcore.spark.stream.schema import COUNTS, DEAD_LETTER, RECORD_KINDS

if TYPE_CHECKING:
    from pyspark import TaskContext

BATCH_PROPERTY: Final = "streaming.sql.batchId"
MOST_DEAD_BYTES: Final = 500_000  # as the daemon: of a longer value the rest is cut

COUNTERS: Final = (
    "events", "rows_scored", "decisions", "orders", "fills", "dead_letters",
    "redelivered", "duplicates", "late", "out_of_order", "gaps", "resets", "stale",
)  # fmt: skip
SENT: Final = "published"
LEFT_OUT: Final = "left_out"
METRICS: Final = (*COUNTERS, SENT, LEFT_OUT)
METRICS_DDL: Final = ", ".join(f"`{name}` bigint" for name in METRICS)


@dataclass(frozen=True, slots=True)
class Writer:
    """Publishes the rows of a task. Travels to the executors.

    Parameters
    ----------
    bootstrap : str
    topics : mapping of str to str
        Kind to topic.
    n_partitions : mapping of str to int
        Kind to the number of the topic's partitions.
    by_symbol : bool
        A record goes where its symbol belongs; else to the partition of the number that its input came from.
    settings : mapping of str to str
    patience_s : float
    run : str
        Names this start of the query: a process that has written nothing in it yet looks at what is there.
    """

    bootstrap: str
    topics: Mapping[str, str]
    n_partitions: Mapping[str, int]
    by_symbol: bool
    settings: Mapping[str, str]
    patience_s: float
    run: str

    def arrow(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """``mapInArrow``: publish everything, then give one row of counts."""
        from pyspark import TaskContext

        context = TaskContext.get()
        assert context is not None, "runs in a task"
        part = self.begin(context)
        for batch in batches:
            part.take(batch)
        yield pa.RecordBatch.from_pylist([part.finish()], pa.schema([(name, pa.int64()) for name in METRICS]))

    def begin(self, context: TaskContext) -> Part:
        """Begin one attempt of one task."""
        batch = int(context.getLocalProperty(BATCH_PROPERTY) or 0)
        return self.part(batch, context.partitionId(), context.attemptNumber())

    def part(self, batch: int, task: int, attempt: int) -> Part:
        """The same without a task."""
        lane = self.run, task
        look_back = attempt > 0 or lane not in _seen
        delivery = Delivery(self._outbox(), batch, self._tail if look_back else None)
        return Part(self, delivery, lane)

    def _outbox(self) -> Outbox:
        key = self.bootstrap, tuple(sorted(self.settings.items()))
        if key not in _outboxes or _outboxes[key].failed:
            _outboxes[key] = Outbox(self.bootstrap, self.settings, self.patience_s)
        return _outboxes[key]

    def _tail(self) -> Tail:
        key = self.bootstrap, tuple(sorted(self.settings.items()))
        if key not in _tails:
            _tails[key] = Tail(self.bootstrap, self.settings, self.patience_s)
        return _tails[key]


@dataclass(slots=True)
class Part:
    """One attempt of one task in one batch."""

    writer: Writer
    delivery: Delivery
    lane: tuple[str, int]
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys(METRICS, 0))

    def take(self, rows: pa.RecordBatch) -> None:
        """Hand the rows over in their order."""
        names = ("kind", "symbol", "partition", "offset", "reason", "topic", "value")
        for row in zip(*(rows.column(name).to_pylist() for name in names), strict=True):
            self.take_row(*row)

    def take_row(
        self, kind: str, symbol: str | None, partition: int, offset: int, reason: str | None, topic: str, value: bytes
    ) -> None:
        """Hand one row over."""
        if kind in RECORD_KINDS:
            name = MessageId.of_frame(value)
            key = (symbol or "").encode()
            to = partition_of(key, self.writer.n_partitions[kind]) if self.writer.by_symbol else partition
            self._send(kind, to, key, value, name, [(ID, str(name).encode()), (KIND, kind.encode())])
        elif kind == DEAD_LETTER:
            name = MessageId(f"{topic}:{partition}", offset, 0)
            source = f"{topic}:{partition}:{offset}".encode()
            headers = [(SOURCE, source), (REASON, (reason or "").encode())]
            letter_key = None if symbol is None else symbol.encode()
            self._send(kind, partition, letter_key, value[:MOST_DEAD_BYTES], name, headers)
        elif kind == COUNTS:
            for counter, n in json.loads(value).items():
                if counter in self.totals and isinstance(n, int):
                    self.totals[counter] += n
        else:
            raise KafkaError(f"kind must be one of {', '.join((*RECORD_KINDS, DEAD_LETTER, COUNTS))}, was {kind!r}")

    def _send(
        self, kind: str, partition: int, key: bytes | None, value: bytes, name: MessageId, headers: Headers
    ) -> None:
        if not 0 <= partition < self.writer.n_partitions[kind]:
            raise KafkaError(
                f"topic {self.writer.topics[kind]} must have as many partitions as the input, had "
                f"{self.writer.n_partitions[kind]}: there is a {kind} of partition {partition}"
            )
        self.delivery.send(self.writer.topics[kind], partition, key, value, name, headers)

    def finish(self) -> dict[str, int]:
        """Wait for the acknowledgements; return the counts."""
        self.delivery.finish()
        _seen.add(self.lane)
        self.totals[SENT] = self.delivery.n_sent
        self.totals[LEFT_OUT] = self.delivery.n_left_out
        return self.totals


# Of this process: Spark keeps its Python workers from batch to batch.
_Key = tuple[str, tuple[tuple[str, str], ...]]
_outboxes: dict[_Key, Outbox] = {}
_tails: dict[_Key, Tail] = {}
_seen: set[tuple[str, int]] = set()


def forget() -> None:
    """Close what this process holds, as its end would."""
    for tail in _tails.values():
        tail.close()
    _outboxes.clear()
    _tails.clear()
    _seen.clear()


def observed(df: Any, name: str) -> Any:
    """The counts of a batch as Spark's observed metrics."""
    from pyspark.sql import functions as sf

    return df.observe(name, *(sf.coalesce(sf.sum(metric), sf.lit(0)).alias(metric) for metric in METRICS))
