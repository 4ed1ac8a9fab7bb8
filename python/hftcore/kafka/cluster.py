"""A real Kafka cluster of three brokers on loopback, to build, test and measure on.

Everything that is started lies in one folder: properties, logs, data. Any process that knows the folder can ask for
the state, hurt a broker, or stop the cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hftcore.errors import ClusterError, ParameterError
from hftcore.files import state_dir
from hftcore.jars.jar_set import ProgressCallback
from hftcore.kafka.admin import NO_LEADER, Admin, PartitionInfo, wait_until_in_sync, wait_until_led
from hftcore.kafka.launch import START_S, Launch
from hftcore.kafka.process import log_file
from hftcore.kafka.properties import FAILOVER, N_BROKERS, NODES
from hftcore.kafka.state import BrokerStatus, ClusterState, broker_status, living_brokers
from hftcore.servers.group import STOP_S, ServerGroup
from hftcore.servers.process import ServerProcess, locked, signal_server, wait_for_end
from hftcore.servers.waiting import wait_until

_LEARN_S = 3.0  # after which a broker that knows no topic of a name is believed


class Cluster(ServerGroup):
    """Three Apache Kafka brokers in KRaft mode, each broker and controller at once, on loopback ports.

    Parameters
    ----------
    folder : Path, optional
        Holds all of the cluster; what it holds already is used again, topics and records too. Default: a temporary
        one, removed by `down`.
    heap : str, optional
        Heap of each JVM. Default: ``384m``, for ``benchmark`` ``512m``.
    benchmark : bool
        G1 and the optimising compiler, for brokers with cores to spare: on two shared cores both took more than they
        gave (one hop at 1,000 messages a second: p50 17 ms, without them 2 to 8).
    failover : str
        ``default``: a broker killed with -9 is replaced after 3 to 5 s; ``fast``: after 1.1 to 1.6 s.
    extra : mapping, optional
        Kafka properties that go over those of `hftcore.kafka.properties`.
    tied : bool
        The brokers end with this process, however it ends.

    Notes
    -----
    A context manager: up at entry, down at exit. Calls that change the cluster exclude each other across processes.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        heap: str | None = None,
        benchmark: bool = False,
        failover: str = "default",
        extra: Mapping[str, str] | None = None,
        tied: bool = False,
    ) -> None:
        if failover not in FAILOVER:
            raise ParameterError(f"failover must be one of {', '.join(FAILOVER)}, was {failover!r}")
        super().__init__(folder, "kafka")
        heap = heap or ("512m" if benchmark else "384m")
        self._launch = Launch(self.folder, heap, benchmark, failover, dict(extra or {}), tied)
        self._admin: tuple[str, Admin] | None = None

    @classmethod
    def attach(cls, folder: Path) -> Cluster:
        """The cluster that some process started in ``folder``.

        Raises
        ------
        ClusterError
            If the folder never held one.
        """
        state = ClusterState.load(folder)
        if state is None:
            raise ClusterError(f"{folder} holds no cluster: hftcore kafka up starts one")
        return cls(folder, heap=state.heap, benchmark=state.benchmark, failover=state.failover, extra=state.extra)

    # Looking

    @property
    def bootstrap(self) -> str:
        """All three brokers' addresses: ``bootstrap.servers`` of a client."""
        return self._state().bootstrap

    def status(self) -> list[BrokerStatus]:
        """The three brokers, in order."""
        return broker_status(self.folder, self._state())

    @property
    def jars(self) -> Path:
        """The folder of the jars that the brokers run."""
        return self._launch.jars()

    def brokers(self) -> set[int]:
        """The nodes that the cluster itself counts as present."""
        return self.admin().brokers()

    def partition(self, topic: str, partition: int) -> PartitionInfo:
        """Leader, replicas and in-sync replicas of a partition.

        Raises
        ------
        ClusterError
            If the brokers know no such partition for three seconds: one may learn of a new topic later than another.
        """
        found: list[PartitionInfo] = []

        def known() -> bool:
            found[:] = self.admin().topics().get(topic, [])
            return partition < len(found)

        wait_until(known, _LEARN_S, f"topic {topic}, partition {partition}: not known")
        return found[partition]

    def leader(self, topic: str, partition: int = 0) -> int:
        """Which broker leads a partition; -1 while none does."""
        return self.partition(topic, partition).leader

    def wait_for_leader(
        self, topic: str, partition: int = 0, *, other_than: int = NO_LEADER, timeout_s: float = 30.0
    ) -> int:
        """Wait until a partition has a leader, and another one than ``other_than``; return it."""
        found = NO_LEADER

        def led() -> bool:
            nonlocal found
            found = self.leader(topic, partition)
            return found not in (NO_LEADER, other_than)

        wait_until(led, timeout_s, f"topic {topic}, partition {partition}: no new leader", every_s=0.005)
        return found

    def wait_in_sync(self, timeout_s: float = 60.0) -> None:
        """Wait until, in the eyes of each of the three brokers, every replica of every partition is in sync."""
        wait_until_in_sync([f"127.0.0.1:{one.port}" for one in self.status()], timeout_s)

    def log_text(self, node: int) -> str:
        """What broker ``node`` has logged, over all its lives."""
        path = log_file(self.folder, _checked(node))
        return path.read_text(errors="replace") if path.exists() else ""

    def admin(self) -> Admin:
        """A client of the brokers that run now."""
        bootstrap = ",".join(self._running())
        if self._admin is None or self._admin[0] != bootstrap:
            self._admin = bootstrap, Admin(bootstrap)
        return self._admin[1]

    def create_topic(
        self, name: str, partitions: int = 1, replication: int = N_BROKERS, config: Mapping[str, str] | None = None
    ) -> None:
        """Create a topic; return when every running broker knows it and each of its partitions has a leader."""
        self.admin().create_topic(name, partitions, replication, config or {})
        wait_until_led(self._running(), name, partitions, START_S)

    def delete_topics(self, *names: str) -> None:
        """Delete topics with all that they hold."""
        self.admin().delete_topics(names)

    # Hurting and mending

    def kill(self, node: int) -> None:
        """End a broker with signal 9, as a crash does; return when it is gone."""
        self._signal(node, "KILL", wait=True)

    def terminate(self, node: int) -> None:
        """Stop a broker cleanly: it hands its partitions over first (0.1 s), then goes (1 to 2 s)."""
        self._signal(node, "TERM", wait=True)

    def pause(self, node: int) -> None:
        """Freeze a broker as a long collection or a stolen CPU does: its connections stay, it says nothing."""
        self._signal(node, "STOP", wait=False)
        frozen = f"broker {node} goes on although it was told to stop"
        wait_until(lambda: self.status()[node - 1].state == "paused", STOP_S, frozen, every_s=0.01)

    def resume(self, node: int) -> None:
        """Let a paused broker go on."""
        self._signal(node, "CONT", wait=False)

    def restart(self, node: int, *, timeout_s: float = START_S) -> None:
        """Start a broker that is dead, or stop and start one that is not; return when the cluster counts it in."""
        with locked(self.folder):
            process = living_brokers(self.folder).get(_checked(node))
            if process is not None:
                signal_server(process.pid, "CONT")  # a paused one would not hear that it should stop
                signal_server(process.pid, "TERM")
                if not wait_for_end(process.pid, STOP_S):
                    signal_server(process.pid, "KILL")
                    wait_for_end(process.pid, STOP_S)
            self._launch.start_one(node)
        self._launch.wait_for_port(node, timeout_s)
        wait_until(lambda: node in self.brokers(), timeout_s, f"broker {node} is not counted in")

    def heal(self, timeout_s: float = START_S) -> None:
        """Resume what is paused, start what is dead, and wait until every replica is in sync."""
        hurt = [one for one in self.status() if one.state != "running"]
        for one in hurt:
            if one.state == "paused":
                self.resume(one.node)
        with locked(self.folder):
            for one in hurt:
                if one.state == "dead":
                    self._launch.start_one(one.node)
        for one in hurt:
            self._launch.wait_for_port(one.node, timeout_s)
        self.wait_in_sync(timeout_s)

    # Within

    def _living(self) -> dict[int, ServerProcess]:
        return living_brokers(self.folder)

    def _fetch(self, progress: ProgressCallback | None) -> None:
        self._launch.jars(progress)

    def _start_all(self, *, keep_ports: bool = True) -> None:
        self._launch.start_all(keep_ports=keep_ports)

    def _running(self) -> list[str]:
        """Addresses of the brokers that run now."""
        found = [f"127.0.0.1:{one.port}" for one in self.status() if one.state == "running"]
        if not found:
            raise ClusterError(f"no broker of {self.folder} runs")
        return found

    def _state(self) -> ClusterState:
        state = ClusterState.load(self.folder)
        if state is None:
            raise ClusterError(f"{self.folder} holds no cluster: it was never started, or is gone")
        return state

    def _signal(self, node: int, name: str, *, wait: bool) -> None:
        with locked(self.folder):
            process = living_brokers(self.folder).get(_checked(node))
            if process is None:
                raise ClusterError(f"broker {node} is dead: hftcore kafka restart {node} starts it")
            signal_server(process.pid, name)
            if wait and not wait_for_end(process.pid, STOP_S):
                raise ClusterError(f"broker {node} does not end within {STOP_S:g} s of SIG{name}")


def default_folder(name: str = "default") -> Path:
    """Where the cluster of this name lies unless it is told otherwise."""
    return state_dir("kafka", name)


def _checked(node: int) -> int:
    if node not in NODES:
        raise ParameterError(f"broker must be one of 1, 2, 3, was {node}")
    return node
