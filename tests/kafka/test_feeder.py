"""Feeding a real cluster: every event once, in order, at the rate that was asked for."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore.kafka import Cluster, KafkaTarget, feed, measure_hop, partition_of
from hftcore.records import EVENT_DTYPE

MakeTopic = Callable[..., str]


def read_all(cluster: Cluster, topic: str, n: int) -> list[Any]:
    """The first n messages of a topic, read by another client than ours."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {"bootstrap.servers": cluster.bootstrap, "group.id": "test", "enable.auto.commit": False},
    )
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, p, 0) for p in partitions])
    out: list[Any] = []
    deadline = time.monotonic() + 30
    while len(out) < n and time.monotonic() < deadline:
        out += consumer.consume(500, 0.2)
    more = consumer.consume(1, 0.5)
    consumer.close()
    assert not more, "a message too many"
    return out


def wait_for_messages(cluster: Cluster, topic: str) -> None:
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": cluster.bootstrap, "group.id": "test"})
    deadline = time.monotonic() + 60
    while consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=10)[1] == 0:
        assert time.monotonic() < deadline, "nothing was sent"
        time.sleep(0.1)
    consumer.close()


def assert_kept_its_schedule(n: int, rate: float, elapsed_s: float, latest_ns: float) -> None:
    """The last did not leave before it was due, nor later than the latest: the schedule is never moved."""
    late_s = elapsed_s - (n - 1) / rate
    assert 0 <= late_s <= latest_ns / 1e9 * 1.01 + 1e-3  # a histogram's buckets round


@pytest.fixture(scope="module")
def events() -> hc.Events:
    return hc.generate(seed=5, symbols=["AAA", "BBB", "CCC", "DDD"], seconds=10, rate=500, book_levels=0)


def test_every_event_arrives_once_in_its_symbols_partition_and_order(
    kafka: Cluster, topics: MakeTopic, events: hc.Events
) -> None:
    topic = topics(partitions=3)
    result = feed(events, KafkaTarget.parse(f"kafka:{kafka.bootstrap}/{topic}"), producers=2)
    assert (result.n_events, result.n_delivered, result.n_lost) == (len(events), len(events), 0)
    seen: dict[str, list[bytes]] = defaultdict(list)
    for message in read_all(kafka, topic, len(events)):
        symbol = message.key().decode()
        assert message.partition() == partition_of(symbol, 3)
        seen[symbol].append(message.value())
    for symbol_id, symbol in enumerate(events.instruments.symbols):
        wire = np.frombuffer(b"".join(seen[symbol]), dtype=EVENT_DTYPE)
        sent = events.data[events.data["symbol_id"] == symbol_id]
        assert np.array_equal(wire["source_seq"], np.arange(1, len(sent) + 1))
        assert np.array_equal(wire["ts_event_ns"], sent["ts_event_ns"])


def test_kinds_go_to_their_topics(kafka: Cluster, topics: MakeTopic, events: hc.Events) -> None:
    trades, quotes = topics(name="trades"), topics(name="quotes")
    target = KafkaTarget.parse(f"kafka:{kafka.bootstrap}/trades={trades},quotes={quotes}")
    result = feed(events, target, "json", rate=20_000)
    assert result.ok
    n_trades = int((events.data["kind"] == hc.EventKind.TRADE).sum())
    assert {json.loads(m.value())["kind"] for m in read_all(kafka, trades, n_trades)} == {"trade"}
    assert {json.loads(m.value())["kind"] for m in read_all(kafka, quotes, len(events) - n_trades)} == {"quote"}


def test_the_rate_is_kept_and_counted_from_the_schedule(kafka: Cluster, topic: str) -> None:
    events = hc.generate(seed=5, symbols=["AAA"], seconds=10, rate=200, book_levels=0)
    begun = time.monotonic()
    result = feed(events, KafkaTarget.parse(f"kafka:{kafka.bootstrap}/{topic}"), rate=1_000, time_header=True)
    assert time.monotonic() - begun >= len(events) / 1_000 - 0.1
    assert result.ok
    assert result.lateness_ns["count"] == result.acknowledged_ns["count"] == len(events)
    assert_kept_its_schedule(len(events), 1_000, result.elapsed_s, result.lateness_ns["max"])
    assert result.lateness_ns["p50"] < 0.25e9  # a machine may stand still once; a slow sender is late all the way
    due = [int.from_bytes(dict(m.headers())["t"], "little") for m in read_all(kafka, topic, len(events))]
    assert np.array_equal(np.round(np.diff(due), -3), np.full(len(due) - 1, 1_000_000))


def test_a_leader_that_dies_costs_time_and_no_message(kafka: Cluster, topic: str) -> None:
    events = hc.generate(seed=5, symbols=["AAA"], seconds=10, rate=600, book_levels=0)
    target = KafkaTarget.parse(f"kafka:{kafka.bootstrap}/{topic}")
    killed = []

    def kill_once(n_sent: int) -> None:
        if n_sent > len(events) // 4 and not killed:
            killed.append(kafka.leader(topic, 0))
            kafka.kill(killed[0])

    result = feed(events, target, rate=1_000, progress=kill_once)
    assert killed
    assert result.ok
    values = [m.value() for m in read_all(kafka, topic, len(events))]
    wire = np.frombuffer(b"".join(values), dtype=EVENT_DTYPE)
    assert np.array_equal(wire["source_seq"], np.arange(1, len(events) + 1))


def test_one_hop_is_measured_from_the_schedule(kafka: Cluster, topics: MakeTopic) -> None:
    topic = topics(partitions=2)
    values = [i.to_bytes(150, "little") for i in range(2_000)]
    for _ in range(2):  # the second run must not take the first one's messages for its own
        figures = measure_hop(
            kafka.bootstrap, topic, values, 1_000, partitions=[i % 2 for i in range(2_000)], warm_up=500
        )
        assert figures["error"] == ""
        assert figures["n_read"] == figures["n_matched"] == figures["n_delivered"] == 2_000
        assert figures["latency_ns"]["count"] == 1_500
        assert figures["latency_ns"]["p50"] > 1e4
        assert_kept_its_schedule(2_000, 1_000, figures["elapsed_s"], figures["lateness_ns"]["max"])
        assert figures["lateness_ns"]["p50"] < 0.25e9


def gen(*args: object) -> list[str]:
    return [sys.executable, "-m", "hftcore", "gen", *map(str, args)]


def test_gen_sends_and_tells(kafka: Cluster, topic: str, tmp_path: Path) -> None:
    to = f"kafka:{kafka.bootstrap}/{topic}"
    table = tmp_path / "instruments.json"
    done = subprocess.run(
        gen("--to", to, "--seconds", 2, "--rate", 500, "--format", "avro", "--json", "--instruments", table),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["n_lost"] == 0
    assert figures["n_delivered"] > 500
    assert hc.InstrumentTable.from_json(table.read_text()).symbols == ("AAA", "BBB")
    first = read_all(kafka, topic, figures["n_delivered"])[0].value()
    assert first[:5] == b"\x00\x00\x00\x00\x01"


def test_gen_sends_a_tape(kafka: Cluster, topic: str, tmp_path: Path, events: hc.Events) -> None:
    tape = tmp_path / "tape.hftp"
    made = subprocess.run(
        gen("--out", tape, "--format", "packed", "--seconds", 2, "--rate", 500), capture_output=True, check=True
    )
    assert made.returncode == 0
    done = subprocess.run(
        gen("--to", f"kafka:{kafka.bootstrap}/{topic}", "--tape", tape, "--no-paced", "--format", "packed", "--json"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_delivered"] == len(hc.read_events(tape))


def test_gen_ends_soon_after_an_interrupt(kafka: Cluster, topic: str) -> None:
    sender = subprocess.Popen(
        gen("--to", f"kafka:{kafka.bootstrap}/{topic}", "--seconds", 600, "--rate", 500),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    wait_for_messages(kafka, topic)
    assert sender.poll() is None
    sender.send_signal(signal.SIGINT)
    _, said = sender.communicate(timeout=20)  # of the ten minutes it was asked for
    assert sender.returncode == 130, said
    assert "interrupted" in said


def test_missing_topic_is_bad_input(kafka: Cluster) -> None:
    done = subprocess.run(
        gen("--to", f"kafka:{kafka.bootstrap}/no-such-topic", "--seconds", 1),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert 'KafkaError: Kafka topic "no-such-topic"' in done.stderr
