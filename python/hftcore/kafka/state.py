"""What a cluster wrote down in its folder, and how another process finds its brokers."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hftcore.kafka.properties import N_BROKERS, NODES, Ports
from hftcore.servers.process import ServerProcess, living_servers
from hftcore.servers.state import load_state, save_state

MAIN_CLASS = "kafka.Kafka"
_FILE = "cluster.json"


@dataclass(slots=True)
class ClusterState:
    """The cluster as its folder tells it: how it was started, not whether it runs."""

    cluster_id: str
    kafka: str
    ports: list[Ports]
    heap: str
    benchmark: bool
    failover: str
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        """All three brokers' addresses: ``bootstrap.servers`` of a client."""
        return ",".join(f"127.0.0.1:{ports.client}" for ports in self.ports)

    def save(self, folder: Path) -> None:
        """Replace the folder's state."""
        save_state(folder / _FILE, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> ClusterState | None:
        """What the folder holds; None if it never held a cluster.

        Raises
        ------
        ClusterError
            If the file is there and is not a cluster's state of this version.
        """

        def build(raw: dict[str, Any]) -> ClusterState:
            state = cls(**raw | {"ports": [Ports(**ports) for ports in raw["ports"]]})
            if len(state.ports) != N_BROKERS:
                raise ValueError(f"{len(state.ports)} brokers, expected {N_BROKERS}")
            return state

        return load_state(folder / _FILE, "a cluster's state", build)


@dataclass(frozen=True, slots=True)
class BrokerStatus:
    """One broker: ``state`` is ``running``, ``paused`` or ``dead``; ``pid`` is 0 where there is no process."""

    node: int
    state: str
    port: int
    pid: int
    resident_bytes: int


def properties_file(folder: Path, node: int) -> Path:
    """Where broker ``node`` of the folder's cluster finds its properties."""
    return folder / f"broker-{node}.properties"


def living_brokers(folder: Path) -> dict[int, ServerProcess]:
    """The folder's brokers that have a process now, by node."""
    main_class, resolved = MAIN_CLASS.encode(), folder.resolve()
    return living_servers({(main_class, os.fsencode(properties_file(resolved, node))): node for node in NODES})


def broker_status(folder: Path, state: ClusterState) -> list[BrokerStatus]:
    """The three brokers of the folder, in order, dead or alive."""
    living = living_brokers(folder)
    found = []
    for node, ports in zip(NODES, state.ports, strict=True):
        process = living.get(node)
        if process is None:
            found.append(BrokerStatus(node, "dead", ports.client, 0, 0))
        else:
            how = "paused" if process.paused else "running"
            found.append(BrokerStatus(node, how, ports.client, process.pid, process.resident_bytes))
    return found
