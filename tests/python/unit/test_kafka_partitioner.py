"""The partition of a symbol: equal to what the Java client, librdkafka and Spark's sink compute."""

from __future__ import annotations

from collections import Counter

import pytest

from hftcore.errors import ParameterError
from hftcore.kafka import partition_of
from hftcore.kafka.partitioner import murmur2

# Kafka's own test of its Java client: org.apache.kafka.common.utils.UtilsTest#testMurmur2, signed as Java has it.
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}

# librdkafka's own test of murmur2 (unittest_murmur2): every length of the tail, an unaligned start, an empty key.
LIBRDKAFKA = {
    b"kafka": 0xD067CF64,
    b"giberish123456789": 0x8F552B0C,
    b"1234": 0x9FC97B14,
    b"234": 0xE7C009CA,
    b"34": 0x873930DA,
    b"4": 0x5A4B5CA1,
    b"PreAmbleWillBeRemoved,ThePrePartThatIs": 0x78424F1C,
    b"reAmbleWillBeRemoved,ThePrePartThatIs": 0x4A62B377,
    b"eAmbleWillBeRemoved,ThePrePartThatIs": 0xE0E4E09E,
    b"AmbleWillBeRemoved,ThePrePartThatIs": 0x62B8B43F,
    b"": 0x106E08D9,
}


@pytest.mark.parametrize(("key", "expected"), JAVA.items())
def test_the_hash_is_that_of_the_java_client(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected & 0xFFFFFFFF


@pytest.mark.parametrize(("key", "expected"), LIBRDKAFKA.items())
def test_the_hash_is_that_of_librdkafka(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected


def test_the_partition_is_the_positive_hash_modulo_their_number() -> None:
    for key, expected in JAVA.items():
        for n in (1, 2, 3, 7, 100):
            assert partition_of(key, n) == (expected & 0x7FFFFFFF) % n
    assert partition_of("AAPL", 3) == partition_of(b"AAPL", 3)


def test_symbols_spread_over_the_partitions() -> None:
    counts = Counter(partition_of(f"SYM{i}", 8) for i in range(8_000))
    assert len(counts) == 8
    assert max(counts.values()) < 1.15 * min(counts.values())


def test_a_topic_without_partitions_is_refused() -> None:
    with pytest.raises(ParameterError, match="n_partitions must be >= 1, was 0"):
        partition_of("AAPL", 0)
