"""Which partition a symbol's records go to: the rule that Kafka's Java client, Spark's sink and the daemon share."""

from __future__ import annotations

from hftcore.errors import ParameterError

_MASK = 0xFFFFFFFF
_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C


def murmur2(key: bytes) -> int:
    """MurmurHash2 of a key, seeded as Kafka's Java client seeds it; unsigned, 32 bits."""
    h = (_SEED ^ len(key)) & _MASK
    whole = len(key) & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(key[at : at + 4], "little") * _MULTIPLIER & _MASK
        k = (k ^ k >> 24) * _MULTIPLIER & _MASK
        h = h * _MULTIPLIER & _MASK ^ k
    if whole < len(key):
        h = (h ^ int.from_bytes(key[whole:], "little")) * _MULTIPLIER & _MASK
    h = (h ^ h >> 13) * _MULTIPLIER & _MASK
    return h ^ h >> 15


def partition_of(symbol: str | bytes, n_partitions: int) -> int:
    """The partition of a symbol's records, and with it the daemon's shard that trades the symbol.

    Parameters
    ----------
    symbol : str or bytes
        The record's key; text is taken as UTF-8.
    n_partitions : int
        At least 1. Another number sends nearly every symbol elsewhere: a topic's partitions are never changed.

    Returns
    -------
    partition : int
        ``(murmur2(key) & 0x7fffffff) % n_partitions``: what the Java client does by default, librdkafka with
        ``partitioner=murmur2_random``, and Spark's Kafka sink.

    References
    ----------
    ``org.apache.kafka.common.utils.Utils.murmur2``, whose test vectors the tests of this function hold.
    """
    if n_partitions < 1:
        raise ParameterError(f"n_partitions must be >= 1, was {n_partitions}")
    key = symbol.encode() if isinstance(symbol, str) else symbol
    return (murmur2(key) & 0x7FFFFFFF) % n_partitions
