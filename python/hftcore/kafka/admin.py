"""What we ask the brokers as a client: who leads, who is in sync, make a topic, prove that a write is replicated."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hftcore.errors import ClusterError
from hftcore.kafka.properties import N_BROKERS, NODES
from hftcore.servers.waiting import wait_until

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

# The client library writes to stderr by itself unless it is given a logger. Add a handler here to see it.
_log = logging.getLogger("hftcore.kafka.client")
_log.addHandler(logging.NullHandler())
_log.propagate = False

NO_LEADER = -1


@dataclass(frozen=True, slots=True)
class PartitionInfo:
    """One partition as the brokers tell it; ``leader`` is NO_LEADER while there is none."""

    leader: int
    replicas: tuple[int, ...]
    in_sync: tuple[int, ...]


class Admin:
    """A client of some brokers. Ask one that was given only brokers that answer: a paused one costs its time-out."""

    def __init__(self, bootstrap: str, settings: Mapping[str, str] | None = None) -> None:
        from confluent_kafka.admin import AdminClient

        self._bootstrap = bootstrap
        self._client: AdminClient = AdminClient(
            {
                "bootstrap.servers": bootstrap,
                "socket.timeout.ms": 10_000,
                "reconnect.backoff.ms": 10,
                "reconnect.backoff.max.ms": 100,
                **(settings or {}),
            },
            logger=_log,
        )

    def brokers(self, timeout_s: float = 2.0) -> set[int]:
        """Nodes that the cluster counts as present; none when nobody answers in time."""
        from confluent_kafka import KafkaException

        try:
            return set(self._client.list_topics(timeout=timeout_s).brokers)
        except KafkaException:
            return set()

    def topics(self, timeout_s: float = 5.0) -> dict[str, list[PartitionInfo]]:
        """Every topic's partitions, in order; Kafka's own topics too."""
        from confluent_kafka import KafkaException

        try:
            found = self._client.list_topics(timeout=timeout_s).topics
        except KafkaException as error:
            raise ClusterError(f"no broker of {self._bootstrap} answers: {error.args[0].str()}") from None
        return {
            name: [
                PartitionInfo(p.leader, tuple(p.replicas), tuple(p.isrs)) for _, p in sorted(topic.partitions.items())
            ]
            for name, topic in found.items()
        }

    def create_topic(
        self, name: str, partitions: int, replication: int, config: Mapping[str, str], timeout_s: float = 15.0
    ) -> None:
        """Create a topic. Its leaders are chosen a moment later."""
        from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

        topic = NewTopic(name, num_partitions=partitions, replication_factor=replication, config=dict(config))
        self._finish(self._client.create_topics([topic], operation_timeout=timeout_s), "create")

    def delete_topics(self, names: Iterable[str], timeout_s: float = 15.0) -> None:
        """Delete topics with all that they hold."""
        wanted = list(names)
        if wanted:
            self._finish(self._client.delete_topics(wanted, operation_timeout=timeout_s), "delete")

    def topic_configs(self, names: Iterable[str], timeout_s: float = 15.0) -> dict[str, dict[str, str]]:
        """Every setting of these topics, with the brokers' defaults where a topic has none of its own."""
        from confluent_kafka.admin import ConfigResource, ResourceType  # type: ignore[attr-defined]

        wanted = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        if not wanted:
            return {}
        futures = self._client.describe_configs(wanted, request_timeout=timeout_s)
        found = self._finish({resource.name: future for resource, future in futures.items()}, "describe")
        return {name: {key: entry.value for key, entry in config.items()} for name, config in found.items()}

    def set_topic_config(self, name: str, changes: Mapping[str, str], timeout_s: float = 15.0) -> None:
        """Set these settings of a topic, and leave its others."""
        from confluent_kafka.admin import (  # type: ignore[attr-defined]
            AlterConfigOpType,
            ConfigEntry,
            ConfigResource,
            ResourceType,
        )

        entries = [ConfigEntry(k, v, incremental_operation=AlterConfigOpType.SET) for k, v in changes.items()]
        resource = ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)
        (future,) = self._client.incremental_alter_configs([resource], request_timeout=timeout_s).values()
        self._finish({name: future}, "change")

    def elect(self, topic: str, partition: int, *, unclean: bool = False) -> None:
        """Give the lead to the preferred replica, or (``unclean``) to one that may lack acknowledged records."""
        from confluent_kafka import ElectionType, KafkaError, KafkaException, TopicPartition

        kind = ElectionType.UNCLEAN if unclean else ElectionType.PREFERRED
        results = self._client.elect_leaders(kind, [TopicPartition(topic, partition)]).result()
        for result in results.values():
            if result is not None and result.code() != KafkaError.ELECTION_NOT_NEEDED:
                raise ClusterError(f"topic {topic}, partition {partition}: {KafkaException(result).args[0].str()}")

    def prove_replicated_write(self, timeout_s: float) -> None:
        """Write one record to a new topic on all three brokers, acknowledged by all three, and delete the topic."""
        from confluent_kafka import KafkaException, Producer

        name = f"hftcore-ready-{uuid.uuid4().hex[:8]}"
        self.create_topic(name, 1, N_BROKERS, {"min.insync.replicas": str(N_BROKERS)}, timeout_s)
        outcome: list[str] = []
        settings = {
            "bootstrap.servers": self._bootstrap,
            "acks": "all",
            "linger.ms": 0,
            "message.timeout.ms": int(timeout_s * 1000),
        }
        producer = Producer(settings, logger=_log)
        try:
            producer.produce(name, b"ready", on_delivery=lambda error, _: outcome.append(error.str() if error else ""))
            producer.flush(timeout_s)
        except KafkaException as error:
            outcome.append(error.args[0].str())
        finally:
            self.delete_topics([name])
        if outcome != [""]:
            raise ClusterError(f"a write to all three brokers is not acknowledged: {'; '.join(outcome) or 'no answer'}")

    def _finish(self, futures: Mapping[str, Future[Any]], verb: str) -> dict[str, Any]:
        from confluent_kafka import KafkaException

        found = {}
        for name, future in futures.items():
            try:
                found[name] = future.result()
            except KafkaException as error:
                raise ClusterError(f"topic {name}: cannot {verb}: {error.args[0].str()}") from None
        return found


def wait_until_led(brokers: Sequence[str], topic: str, n_partitions: int, timeout_s: float) -> None:
    """Wait until each broker knows the topic and a leader of each of its partitions."""
    views = _views(brokers)

    def led() -> bool:
        seen = [view.topics().get(topic, []) for view in views]
        return all(len(one) == n_partitions and all(p.leader != NO_LEADER for p in one) for one in seen)

    wait_until(led, timeout_s, f"topic {topic}: a partition has no leader", every_s=0.02)


def wait_until_in_sync(brokers: Sequence[str], timeout_s: float) -> None:
    """Wait until, in the eyes of each broker, all three are present and every replica is in sync."""
    views = _views(brokers)

    def in_sync(view: Admin) -> bool:
        try:
            partitions = [one for topic in view.topics().values() for one in topic]
        except ClusterError:  # a broker that does not answer yet
            return False
        led = all(set(one.in_sync) == set(one.replicas) and one.leader != NO_LEADER for one in partitions)
        return led and view.brokers() == set(NODES)

    wait_until(lambda: all(map(in_sync, views)), timeout_s, "not every replica is in sync")


def _views(brokers: Sequence[str]) -> list[Admin]:
    """A client for each broker: one that was never asked for anything but metadata stays with the broker it got."""
    return [Admin(address) for address in brokers]
