"""
Kafka from C++: paced feeding, and measuring the way through the brokers.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.typing
import typing
__all__: list[str] = ['Feeder', 'library_version', 'measure_hop', 'partition_of']
class Feeder:
    """
    Sends prepared messages at a fixed rate, whatever the brokers do: an open loop.
    
    A partition belongs to one of the producers, so its order is that of the values. hftcore.kafka.feed uses it.
    """
    def __init__(self, *, library: str, settings: collections.abc.Sequence[tuple[str, str]], topics: collections.abc.Sequence[str], keys: collections.abc.Sequence[str] = [], rate_hz: typing.SupportsFloat | typing.SupportsIndex = 0.0, n_producers: typing.SupportsInt | typing.SupportsIndex = 1, time_header: bool = False, connect_timeout_s: typing.SupportsFloat | typing.SupportsIndex = 10.0) -> None:
        ...
    def abort(self) -> None:
        """
        Give up what was not sent. Any thread.
        """
    def finish(self, timeout_s: typing.SupportsFloat | typing.SupportsIndex = 30.0) -> dict:
        """
        Wait until all is delivered, or nothing moved for timeout_s; the figures.
        """
    def push(self, values: collections.abc.Sequence, *, keys: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32] | None = None, topics: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32] | None = None, partitions: typing.Annotated[numpy.typing.ArrayLike, numpy.int32] | None = None) -> None:
        """
        Hand over the next messages; waits while three blocks are still being sent.
        
        keys and topics are indices (uint32) into the names given before, default 0; partitions (int32) default to the key's.
        """
    @property
    def n_delivered(self) -> int:
        ...
    @property
    def n_partitions(self) -> list[int]:
        """
        Of each topic.
        """
    @property
    def n_sent(self) -> int:
        ...
def library_version(path: str = '') -> str:
    """
    Version of the librdkafka that is loaded from there.
    """
def measure_hop(*, library: str, producer: collections.abc.Sequence[tuple[str, str]], consumer: collections.abc.Sequence[tuple[str, str]], topic: str, values: collections.abc.Sequence, keys: collections.abc.Sequence[str] = [], key_of: typing.Annotated[numpy.typing.ArrayLike, numpy.uint32] | None = None, partitions: typing.Annotated[numpy.typing.ArrayLike, numpy.int32] | None = None, rate_hz: typing.SupportsFloat | typing.SupportsIndex, n_producers: typing.SupportsInt | typing.SupportsIndex = 1, decisions: str | None = None, warm_up: typing.SupportsInt | typing.SupportsIndex = 0, quiet_s: typing.SupportsFloat | typing.SupportsIndex = 2.0, connect_timeout_s: typing.SupportsFloat | typing.SupportsIndex = 10.0) -> dict:
    """
    Send values to `topic` at a rate and read them back in this process; latencies from the schedule, in ns.
    
    With `decisions`, a topic of a daemon's decision frames is read instead, and each decision is matched with the message
    that caused it. Nobody else may write to `topic` meanwhile.
    """
def partition_of(key: bytes, n_partitions: typing.SupportsInt | typing.SupportsIndex) -> int:
    """
    The partition of a key, as the daemon computes it.
    """
