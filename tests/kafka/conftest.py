"""What tests of Kafka do with the cluster, and with the topics, of the conftest above."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hftcore.kafka import Cluster
from hftcore.kafka.process import log_file
from hftcore.kafka.properties import NODES

if TYPE_CHECKING:
    from hftcore.proof.chaos.round import Place, Round
    from hftcore.proof.chaos.tape import TapeKind

MakeTopic = Callable[..., str]
_LOG_LINES = 30


@pytest.fixture
def topic(topics: MakeTopic) -> str:
    """A topic of this test's own: one partition on three brokers, of which two must have a record."""
    return topics()


@pytest.fixture
def write(kafka: Cluster) -> Callable[..., list[str | None]]:
    """``write(topic, values, cluster=kafka, timeout_s=30, **settings)``, acks=all: each value's error by name, or None.

    By name, because the client's own error must not be compared with None: that leaves an exception pending.
    """

    def produce(
        topic: str, values: list[bytes], *, cluster: Cluster = kafka, timeout_s: float = 30.0, **settings: object
    ) -> list[str | None]:
        from confluent_kafka import KafkaError, Message, Producer

        outcome: dict[bytes, str | None] = {}

        def delivered(error: KafkaError | None, message: Message) -> None:
            outcome[bytes(message.value())] = None if error is None else error.name()

        told = {
            "bootstrap.servers": cluster.bootstrap,
            "enable.idempotence": True,
            "message.timeout.ms": int(timeout_s * 1000),
            "reconnect.backoff.ms": 10,
            "retry.backoff.ms": 10,
        }
        producer = Producer(told | {key.replace("_", "."): value for key, value in settings.items()})
        for value in values:
            producer.produce(topic, value, partition=0, on_delivery=delivered)
        producer.flush(timeout_s + 5)
        return [outcome.get(value, "no answer") for value in values]

    return produce


@pytest.fixture
def read(kafka: Cluster) -> Callable[..., list[bytes]]:
    """``read(topic, partition=0, cluster=kafka)``: every value in a partition."""

    def consume(topic: str, partition: int = 0, *, cluster: Cluster = kafka) -> list[bytes]:
        from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

        told = {"bootstrap.servers": cluster.bootstrap, "group.id": "test", "enable.partition.eof": True}
        consumer = Consumer(told | {"enable.auto.commit": False, "auto.offset.reset": "error"})
        consumer.assign([TopicPartition(topic, partition, 0)])
        found: list[bytes] = []
        try:
            while True:
                message = consumer.poll(20.0)
                assert message is not None, "no record and no end of the partition in 20 s"
                error = message.error()
                if error is None:
                    found.append(bytes(message.value()))
                elif error.code() == KafkaError._PARTITION_EOF:
                    return found
                else:
                    raise KafkaException(error)
        finally:
            consumer.close()

    return consume


@pytest.fixture(autouse=True)
def _healed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Resume and restart, after each test, what it hurt."""
    if "kafka" not in request.fixturenames:
        yield
        return
    cluster: Cluster = request.getfixturevalue("kafka")
    request.node.stash[_LOG_SIZES] = {node: _size(log_file(cluster.folder, node)) for node in NODES}
    yield
    cluster.heal()


_LOG_SIZES = pytest.StashKey[dict[int, int]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach what the brokers logged during a failing test."""
    report = yield
    cluster = getattr(item, "funcargs", {}).get("kafka")
    if report.failed and isinstance(cluster, Cluster):
        for node in NODES:
            path = log_file(cluster.folder, node)
            since = item.stash.get(_LOG_SIZES, {}).get(node, 0)
            if path.exists():
                text = path.read_bytes()[since:].decode(errors="replace")
                report.sections.append((f"broker {node}, this test", "\n".join(text.splitlines()[-_LOG_LINES:])))
    return report


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.fixture(scope="session")
def place(kafka: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """What rounds with a daemon share: the cluster, a model that decides often, a folder."""
    from hftcore.proof.chaos.model import busy_artifact
    from hftcore.proof.chaos.round import Place

    folder = tmp_path_factory.mktemp("rounds")
    return Place(kafka, busy_artifact(folder / "busy.hft"), folder, long_pause_s=5.0)


@pytest.fixture
def make_round(place: Place) -> Iterator[Callable[..., Round]]:
    """Makes rounds: ``make_round(kind, settings)`` with fresh topics, a feed that waits, no daemon yet."""
    from hftcore.proof.chaos.round import Round
    from hftcore.proof.chaos.tape import make_tape

    with ExitStack() as stack:

        def make(kind: TapeKind, settings: Mapping[str, str] | None = None) -> Round:
            made = stack.enter_context(Round(place, make_tape(kind), random.Random(1), settings or {}))
            stack.callback(place.cluster.delete_topics, *made.inputs, *made.outputs)
            return made

        yield make
