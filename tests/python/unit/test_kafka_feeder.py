"""What can be said about a feed before there is a broker."""

from __future__ import annotations

import time

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core
from hftcore.errors import KafkaError, ParameterError
from hftcore.generator import generate_blocks
from hftcore.kafka import KafkaTarget, feed, librdkafka_path, partition_of
from hftcore.kafka.feeder import _blocks, _Router, client_settings

NOBODY = "kafka:127.0.0.1:1"


@pytest.fixture(scope="module")
def events() -> hc.Events:
    return hc.generate(seed=3, symbols=["AAA", "BBB", "CCC"], seconds=20, rate=500, book_levels=0)


@pytest.mark.parametrize("names", ["all", "trades=t,quotes=q"])
def test_each_symbol_counts_from_one_in_each_topic_whatever_the_blocks(events: hc.Events, names: str) -> None:
    target = KafkaTarget.parse(f"{NOBODY}/{names}")
    router = _Router(target, events.instruments)
    topics, numbers = [], []
    for first in range(0, len(events), 777):
        topic, numbered = router.next(events.data[first : first + 777])
        topics.append(topic)
        numbers.append(numbered["source_seq"])
        assert np.array_equal(numbered["ts_event_ns"], events.data["ts_event_ns"][first : first + 777])
    topic, number = np.concatenate(topics), np.concatenate(numbers)
    for t in range(len(target.names)):
        for symbol in range(len(events.instruments)):
            mine = number[(topic == t) & (events.data["symbol_id"] == symbol)]
            assert len(mine) > 10
            assert np.array_equal(mine, np.arange(1, len(mine) + 1))
    kinds = np.unique(events.data["kind"][topic == topic[0]])
    assert len(kinds) == (2 if names == "all" else 1)


def test_a_kind_without_a_topic_is_refused(events: hc.Events) -> None:
    router = _Router(KafkaTarget.parse(f"{NOBODY}/trades=t"), events.instruments)
    with pytest.raises(ParameterError, match="events of kind quote, which no topic was given for"):
        router.next(events.data)


def test_blocks_are_a_quarter_of_a_second_and_lose_nothing(events: hc.Events) -> None:
    assert [len(b) for b in _blocks(events, 1_000.0)][:-1] == [250] * (len(events) // 250)
    for rate in (0.0, 1.0, 1e9):
        assert sum(len(b) for b in _blocks(events, rate)) == len(events)


def test_generated_blocks_are_the_generated_events() -> None:
    whole = hc.generate(seed=3, symbols=["AAA"], seconds=5, rate=1_000)
    blocks = list(generate_blocks(999, seed=3, symbols=["AAA"], seconds=5, rate=1_000))
    assert all(len(block) == 999 for block in blocks[:-1])
    assert b"".join(block.tobytes() for block in blocks) == whole.data.tobytes()


def test_settings_given_go_over_ours() -> None:
    assert dict(client_settings("h:1", 1_000))["linger.ms"] == "0"
    assert dict(client_settings("h:1", 20_000))["linger.ms"] == "1"
    assert dict(client_settings("h:1", 20_000, {"linger.ms": "7"}))["linger.ms"] == "7"


def test_arguments_that_break_a_rule_are_named(events: hc.Events) -> None:
    target = KafkaTarget.parse(f"{NOBODY}/ticks")
    with pytest.raises(ParameterError, match=r"rate must be >= 0 and <= 1e9, was -1"):
        feed(events, target, rate=-1)
    with pytest.raises(ParameterError, match=r"producers must be >= 1, was 0"):
        feed(events, target, producers=0)
    with pytest.raises(ParameterError, match="instruments must be given"):
        feed([events.data], target)


def test_nobody_there_is_said_and_not_waited_for() -> None:
    pytest.importorskip("confluent_kafka")
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match=r"Kafka topic \"ticks\".*127\.0\.0\.1:1"):
        _core.kafka.Feeder(
            library=librdkafka_path(),
            settings=[("bootstrap.servers", "127.0.0.1:1")],
            topics=["ticks"],
            connect_timeout_s=0.5,
        )
    assert time.monotonic() - begun < 20  # librdkafka itself would wait for minutes


def test_a_property_that_is_fixed_is_refused(events: hc.Events) -> None:
    pytest.importorskip("confluent_kafka")
    with pytest.raises(KafkaError, match=r"Kafka property \"acks\" is fixed: all"):
        feed(events, KafkaTarget.parse(f"{NOBODY}/ticks"), settings={"acks": "1"})


@pytest.mark.parametrize("n", [1, 2, 3, 7, 1_000])
def test_both_languages_choose_the_same_partition(n: int) -> None:
    for key in ("", "A", "AA", "AAA", "AAAA", "BRK.B", "é", "\U0001f600", "x" * 100):
        assert _core.kafka.partition_of(key.encode(), n) == partition_of(key, n)
