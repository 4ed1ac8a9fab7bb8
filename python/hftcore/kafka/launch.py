"""Bringing the three brokers up: ports, properties, data folders, processes, and the proof that they replicate."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

from hftcore.errors import ClusterError
from hftcore.jars.catalogue import BROKERS, KAFKA_VERSION
from hftcore.jars.jar_set import ProgressCallback
from hftcore.java import find_java_home
from hftcore.kafka.admin import Admin
from hftcore.kafka.process import format_storage, log_file, new_cluster_id, start_broker
from hftcore.kafka.properties import N_BROKERS, NODES, Ports, broker_properties, jvm_options
from hftcore.kafka.state import ClusterState, properties_file
from hftcore.servers.group import why_it_ended
from hftcore.servers.process import are_free, free_ports, has_ended
from hftcore.servers.waiting import wait_until

START_S = 90.0  # 6 s on an idle machine; a CI host may be doing ten other things


@dataclass(slots=True)
class Launch:
    """How the brokers of one folder are started."""

    folder: Path
    heap: str
    benchmark: bool
    failover: str
    extra: dict[str, str]
    tied: bool
    _jars: Path | None = None
    _log_start: dict[int, int] = field(default_factory=dict)
    _pids: dict[int, int] = field(default_factory=dict)

    def jars(self, progress: ProgressCallback | None = None) -> Path:
        """The checked jars, fetched if need be; looked at once in the life of this object."""
        if self._jars is None:
            self._jars = BROKERS.fetch(progress)
        return self._jars

    def start_all(self, *, keep_ports: bool = True) -> None:
        """Start three brokers on what the folder holds; return when a write to all three is acknowledged."""
        known = ClusterState.load(self.folder)
        ports = known.ports if known is not None and keep_ports else []
        if not ports or not are_free(port for one in ports for port in (one.client, one.controller)):
            numbers = free_ports(2 * N_BROKERS)
            ports = [Ports(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
        cluster_id = known.cluster_id if known is not None else new_cluster_id()
        state = ClusterState(cluster_id, KAFKA_VERSION, ports, self.heap, self.benchmark, self.failover, self.extra)
        state.save(self.folder)
        for node in NODES:
            properties = broker_properties(node, ports, self._data(node), self.failover, self.extra)
            text = "".join(f"{key}={value}\n" for key, value in properties.items())
            properties_file(self.folder, node).write_text(text)
        blank = [node for node in NODES if not (self._data(node) / "meta.properties").exists()]
        format_storage(_java(), self.jars(), self.folder, cluster_id, blank)
        for node in NODES:
            self.start_one(node)
        for node in NODES:
            self.wait_for_port(node, START_S)
        admin = Admin(state.bootstrap)
        wait_until(lambda: admin.brokers() == set(NODES), START_S, "not all three brokers are counted in")
        admin.prove_replicated_write(START_S)

    def start_one(self, node: int) -> None:
        """Start a broker that has its properties and its data folder."""
        log = log_file(self.folder, node)
        self._log_start[node] = log.stat().st_size if log.exists() else 0
        options = jvm_options(self.heap, benchmark=self.benchmark)
        self._pids[node] = start_broker(_java(), self.jars(), self.folder, node, options, tied=self.tied)

    def wait_for_port(self, node: int, timeout_s: float) -> None:
        """Wait until a started broker listens; an error as soon as it has ended."""
        state = ClusterState.load(self.folder)
        assert state is not None, "a started broker has a state"
        address = "127.0.0.1", state.ports[node - 1].client

        def listens() -> bool:
            if has_ended(self._pids[node]):
                raise self._why_it_ended(node)
            with socket.socket() as one:
                return one.connect_ex(address) == 0

        wait_until(listens, timeout_s, f"broker {node} does not listen; see {log_file(self.folder, node)}")

    def _data(self, node: int) -> Path:
        return self.folder / f"data-{node}"

    def _why_it_ended(self, node: int) -> ClusterError:
        log = log_file(self.folder, node)
        return why_it_ended(f"broker {node}", log, self._log_start.get(node, 0), "Address already in use")


def _java() -> Path:
    return find_java_home("The Kafka cluster") / "bin" / "java"
