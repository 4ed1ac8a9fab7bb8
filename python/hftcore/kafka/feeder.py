"""Events into Kafka at a fixed rate, whatever the brokers do: an open loop from the schedule."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError, KafkaError, ParameterError
from hftcore.events import Events
from hftcore.instruments import InstrumentTable
from hftcore.kafka.library import librdkafka_path
from hftcore.kafka.target import KafkaTarget
from hftcore.records import EventArray, EventKind

_MOST_PER_BLOCK: Final = 20_000
_BLOCK_S: Final = 0.25  # three are under way: so long may this side be held up before a message is late

Latency = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FeedResult:
    """What became of a feed.

    Attributes
    ----------
    n_events, n_delivered, n_lost : int
        What was to be sent; acknowledged by all replicas in sync; the rest.
    rate_hz, elapsed_s : float
        Achieved, from the start of the schedule to the last message sent.
    lateness_ns, acknowledged_ns : mapping
        count, mean, p50, p90, p99, p99_9 and max, counted from when a message was due: until it was handed to the
        client, until its acknowledgement was seen. Empty (count 0) for a feed without a rate.
    errors : mapping of str to int
        What the client said on the way, and how often. Errors that passed are here too.
    """

    n_events: int
    n_delivered: int
    n_lost: int
    rate_hz: float
    elapsed_s: float
    lateness_ns: Latency
    acknowledged_ns: Latency
    errors: Mapping[str, int]

    @property
    def ok(self) -> bool:
        """Every event was delivered."""
        return self.n_lost == 0


def client_settings(bootstrap: str, rate: float, settings: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """Properties of a producer for a rate in messages per second (0: as fast as it goes); ``settings`` go over them.

    Waiting a millisecond for company costs a slow feed its latency, and saves a fast one half of its CPU time.
    """
    linger_ms = "0" if 0 < rate <= 5_000 else "1" if 0 < rate <= 50_000 else "2" if rate else "5"
    return list(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": linger_ms,
            "batch.size": "1000000",
            "statistics.interval.ms": "0",
            **(settings or {}),
        }.items()
    )


def feed(
    source: Events | Iterable[EventArray],
    target: KafkaTarget,
    form: str = "packed",
    *,
    instruments: InstrumentTable | None = None,
    rate: float = 0.0,
    producers: int = 1,
    schema_id: int = 1,
    settings: Mapping[str, str] | None = None,
    time_header: bool = False,
    patience_s: float = 30.0,
    progress: Callable[[int], object] | None = None,
) -> FeedResult:
    """Send events to Kafka, event k at start + k / rate by the clock.

    Parameters
    ----------
    source : Events, or iterable of arrays of dtype ``EVENT_DTYPE``
        In order. Arrays need ``instruments``.
    target : KafkaTarget
        Brokers, and the topic of each kind of event. A message's key is its symbol; the key decides the partition.
    form : {"packed", "json", "avro"}
        Of a message's value; Avro in Confluent's wire format with ``schema_id``.
    rate : float
        Messages per second over all topics; 0: as fast as the client takes them.
    producers : int
        Threads with a client each. A partition belongs to one of them, so its order is that of the source.
    settings : mapping, optional
        librdkafka properties.
    time_header : bool
        Adds the header ``t``: int64, when the message was due, nanoseconds since 1970.
    patience_s : float
        Give up when nothing was acknowledged for so long.
    progress : callable, optional
        Called with the number of events sent so far, some times a second.

    Returns
    -------
    result : FeedResult

    Raises
    ------
    ParameterError
        If an argument breaks its rule, or an event's kind has no topic.
    EventError
        If an event cannot be encoded.
    KafkaError
        If the brokers do not answer, a topic is missing, or a property is wrong.

    Notes
    -----
    ``source_seq`` on the wire is the feed's own number: 1, 2, 3 ... of each symbol in each topic. Topics of one symbol
    are numbered apart, because their readers meet them in any order.
    """
    table = source.instruments if isinstance(source, Events) else instruments
    if table is None:
        raise ParameterError("instruments must be given with arrays of events")
    if not 0 <= rate <= 1e9:
        raise ParameterError(f"rate must be >= 0 and <= 1e9, was {rate}")
    if producers < 1:
        raise ParameterError(f"producers must be >= 1, was {producers}")
    router = _Router(target, table)
    feeder = _feeder(target, table, rate, producers, settings, time_header)
    n_events = 0
    try:
        for block in _blocks(source, rate):
            n_events += len(block)
            topics, numbered = router.next(block)
            values = _encoded(form, numbered, table, schema_id)
            feeder.push(values, keys=block["symbol_id"].astype(np.uint32), topics=topics)
            if progress is not None:
                progress(feeder.n_sent)
        figures = feeder.finish(patience_s)
    finally:
        feeder.abort()
    figures |= {"n_events": n_events, "n_lost": n_events - figures["n_delivered"]}
    return FeedResult(**{name: figures[name] for name in FeedResult.__slots__})


class _Router:
    """Topic and feed number of each event; remembers the numbers from block to block."""

    def __init__(self, target: KafkaTarget, table: InstrumentTable) -> None:
        self._index = np.full(max(EventKind) + 1, -1, dtype=np.int64)
        for kind, name in target.topics.items():
            self._index[kind] = target.names.index(name)
        self._n_symbols = len(table)
        self._last = np.zeros(len(target.names) * self._n_symbols, dtype=np.uint64)

    def next(self, block: EventArray) -> tuple[npt.NDArray[np.uint32], EventArray]:
        topics = self._index[block["kind"]]
        if len(topics) and int(topics.min()) < 0:
            kind = EventKind(int(block["kind"][int(topics.argmin())]))
            raise ParameterError(f"there are events of kind {kind.name.lower()}, which no topic was given for")
        feeds = topics * self._n_symbols + block["symbol_id"]
        order = np.argsort(feeds, kind="stable")
        sorted_feeds = feeds[order]
        place = np.arange(len(block)) - np.searchsorted(sorted_feeds, sorted_feeds)  # within the feed, from 0
        numbered: EventArray = _core.event.empty_events(len(block))
        numbered.view("V64")[:] = block.view("V64")
        numbered["source_seq"][order] = self._last[sorted_feeds] + place.astype(np.uint64) + np.uint64(1)
        self._last += np.bincount(feeds, minlength=len(self._last)).astype(np.uint64)
        return topics.astype(np.uint32), numbered


def _blocks(source: Events | Iterable[EventArray], rate: float) -> Iterator[EventArray]:
    n = _MOST_PER_BLOCK if rate == 0 else int(min(max(rate * _BLOCK_S, 16), _MOST_PER_BLOCK))
    for array in [source.data] if isinstance(source, Events) else source:
        for first in range(0, len(array), n):
            yield array[first : first + n]


def _encoded(form: str, block: EventArray, table: InstrumentTable, schema_id: int) -> list[bytes]:
    try:
        values: list[bytes] = _core.event.encode_messages(form, block, table._native(), schema_id)
    except ValueError as error:
        raise EventError(str(error)) from error
    return values


def _feeder(
    target: KafkaTarget,
    table: InstrumentTable,
    rate: float,
    producers: int,
    settings: Mapping[str, str] | None,
    time_header: bool,
) -> Any:
    try:
        return _core.kafka.Feeder(
            library=librdkafka_path(),
            settings=client_settings(target.bootstrap, rate, settings),
            topics=list(target.names),
            keys=list(table.symbols),
            rate_hz=rate,
            n_producers=producers,
            time_header=time_header,
        )
    except RuntimeError as error:
        raise KafkaError(str(error)) from error
