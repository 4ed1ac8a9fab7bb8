"""What each of the three brokers is told: the same for the local cluster, the tests and ``docker/compose.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

N_BROKERS = 3
NODES = tuple(range(1, N_BROKERS + 1))

# Same on every broker, here and under Docker (a test compares the two).
COMMON: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "default.replication.factor": "3",
    "min.insync.replicas": "1",  # each topic states its own; see hftcore.kafka.topics
    "offsets.topic.replication.factor": "3",
    "offsets.topic.num.partitions": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "transaction.state.log.num.partitions": "3",
    "share.coordinator.state.topic.replication.factor": "3",
    "group.initial.rebalance.delay.ms": "0",
    "auto.create.topics.enable": "false",  # a typo must not become a topic
    "num.network.threads": "2",
    "num.io.threads": "2",
    "log.cleaner.dedupe.buffer.size": "4194304",
}

# How soon a broker that died without a word is replaced: 3 to 5 s, or 1.1 to 1.6 s at the price of false alarms on a
# busy host. A broker that is stopped hands over in under 0.1 s either way. A follower asks its new leader only when its
# last request, held for up to `replica.fetch.wait.max.ms`, was answered: until then nothing written is acknowledged.
FAILOVER: Mapping[str, Mapping[str, str]] = {
    "default": {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"},
    "fast": {
        "broker.session.timeout.ms": "1000",
        "broker.heartbeat.interval.ms": "200",
        "controller.quorum.election.timeout.ms": "300",
        "controller.quorum.fetch.timeout.ms": "600",
        "replica.fetch.wait.max.ms": "100",
        "replica.fetch.backoff.ms": "100",
    },
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of one broker: for clients and brokers, and for the controllers' quorum."""

    client: int
    controller: int


def broker_properties(
    node: int, ports: Sequence[Ports], data: Path, failover: str = "default", extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Kafka properties of broker ``node`` (1, 2, 3); ``extra`` goes over everything else."""
    own = ports[node - 1]
    voters = ",".join(f"{i}@127.0.0.1:{p.controller}" for i, p in enumerate(ports, start=1))
    return {
        **COMMON,
        **FAILOVER[failover],
        "node.id": str(node),
        "controller.quorum.voters": voters,
        "listeners": f"PLAINTEXT://127.0.0.1:{own.client},CONTROLLER://127.0.0.1:{own.controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{own.client}",
        "log.dirs": str(data),
        **(extra or {}),
    }


def jvm_options(heap: str, *, benchmark: bool) -> list[str]:
    """Options of a broker's JVM: small and soon up (200 MB each), or for many cores (G1, 260 to 340 MB)."""
    tuned = ["-XX:+UseG1GC"] if benchmark else ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    logging = {"showDateTime": "true", "dateTimeFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "showThreadName": "false"}
    return [
        f"-Xms{heap}",
        f"-Xmx{heap}",
        *tuned,
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.awt.headless=true",
        *(f"-Dorg.slf4j.simpleLogger.{key}={value}" for key, value in logging.items()),
    ]
