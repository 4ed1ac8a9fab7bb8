"""A real HDFS: a NameNode and three DataNodes on loopback, two copies of each block.

Everything that is started lies in one folder: settings, logs, data. Any process that knows the folder can ask for the
state, kill a server, or stop all of them.
"""

from __future__ import annotations

import subprocess
import urllib.error
from collections.abc import Sequence
from pathlib import Path

from hftcore.errors import ClusterError, ParameterError
from hftcore.files import state_dir
from hftcore.hdfs import rest
from hftcore.hdfs.configuration import (
    DATA_NODES,
    MAIN_CLASS,
    NAME_NODE,
    SERVERS,
    HdfsPorts,
    classpath_folder,
    log_file,
    server_name,
    settings_file,
    write_settings,
)
from hftcore.hdfs.state import HdfsState, ServerStatus, living, server_status
from hftcore.jars.catalogue import HADOOP_VERSION
from hftcore.jars.catalogue import HDFS as JARS
from hftcore.jars.jar_set import ProgressCallback
from hftcore.java import find_java_home
from hftcore.servers.group import STOP_S, ServerGroup, why_it_ended
from hftcore.servers.process import (
    ServerProcess,
    are_free,
    free_ports,
    has_ended,
    locked,
    signal_server,
    start_server,
    wait_for_end,
)
from hftcore.servers.waiting import wait_until

START_S = 120.0  # 6 s on an idle machine; a CI host may be doing ten other things
_JVM_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true")


class Hdfs(ServerGroup):
    """A NameNode and three DataNodes on loopback ports, replication 2.

    Parameters
    ----------
    folder : Path, optional
        Holds all of it; what it holds already is used again, files too. Default: a temporary one, removed by `down`.
    heap : str
        Heap of each of the four JVMs.
    tied : bool
        The servers end with this process, however it ends.

    Notes
    -----
    A context manager: up at entry, down at exit. Calls that change it exclude each other across processes.
    """

    def __init__(self, folder: Path | None = None, *, heap: str = "256m", tied: bool = False) -> None:
        super().__init__(folder, "hdfs")
        self._heap = heap
        self._tied = tied
        self._jars: Path | None = None
        self._pids: dict[int, int] = {}
        self._log_start: dict[int, int] = {}

    @classmethod
    def attach(cls, folder: Path) -> Hdfs:
        """The file system that some process started in ``folder``.

        Raises
        ------
        ClusterError
            If the folder never held one.
        """
        state = HdfsState.load(folder)
        if state is None:
            raise ClusterError(f"{folder} holds no HDFS: hftcore hdfs up starts one")
        return cls(folder, heap=state.heap)

    # Looking

    @property
    def url(self) -> str:
        """``hdfs://127.0.0.1:<port>``: what paths begin with, and ``spark.hadoop.fs.defaultFS``."""
        return f"hdfs://127.0.0.1:{self._state().ports.client}"

    def status(self) -> list[ServerStatus]:
        """NameNode, then DataNodes in order."""
        return server_status(self.folder)

    def living_data_nodes(self) -> int:
        """How many DataNodes the NameNode itself counts as alive; 0 while it does not answer."""
        return rest.living_data_nodes(self._state().ports.http)

    def n_copies(self, path: str) -> int:
        """On how many DataNodes the first block of a file lies; ``path`` begins with a slash.

        Raises
        ------
        ClusterError
            If the NameNode does not know the file or does not answer.
        """
        try:
            return rest.n_copies(self._state().ports.http, path)
        except (urllib.error.URLError, ValueError) as error:
            raise ClusterError(f"{self.url}{path}: {error}") from None

    def log_text(self, node: int) -> str:
        """What a server has logged, over all its lives; 0 is the NameNode."""
        path = log_file(self.folder, _checked(node, SERVERS))
        return path.read_text(errors="replace") if path.exists() else ""

    # Hurting and mending

    def kill(self, node: int) -> None:
        """End a DataNode (1, 2, 3) with signal 9, as a crash does; return when its process is gone."""
        with locked(self.folder):
            process = living(self.folder).get(_checked(node, DATA_NODES))
            if process is None:
                raise ClusterError(f"DataNode {node} is dead: hftcore hdfs restart {node} starts it")
            signal_server(process.pid, "KILL")
            if not wait_for_end(process.pid, STOP_S):
                raise ClusterError(f"DataNode {node} does not end within {STOP_S:g} s of SIGKILL")

    def restart(self, node: int, *, timeout_s: float = START_S) -> None:
        """Start a DataNode that is dead; return when the NameNode counts as many alive as have a process."""
        with locked(self.folder):
            if _checked(node, DATA_NODES) in living(self.folder):
                raise ClusterError(f"DataNode {node} is alive: hftcore hdfs kill {node} ends it")
            self._start(node)
        self._wait_for_data_nodes((node,), timeout_s)

    # Within

    def _living(self) -> dict[int, ServerProcess]:
        return living(self.folder)

    def _fetch(self, progress: ProgressCallback | None) -> None:
        self._jars = JARS.fetch(progress)

    def _start_all(self, *, keep_ports: bool = True) -> None:
        known = HdfsState.load(self.folder)
        ports = known.ports if known is not None and keep_ports else None
        if ports is None or not are_free((ports.client, ports.http)):
            ports = HdfsPorts(*free_ports(2))
        HdfsState(HADOOP_VERSION, ports, self._heap).save(self.folder)
        for node in SERVERS:
            write_settings(self.folder, node, ports)
        if not (self.folder / "data-namenode" / "current" / "VERSION").exists():
            self._format()
        for node in SERVERS:
            self._start(node)
        self._wait_for_data_nodes(SERVERS, START_S)
        rest.prove_replicated_write(ports.http, START_S)

    def _format(self) -> None:
        command = [*self._command(NAME_NODE), "-format", "-nonInteractive", "-force"]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise ClusterError(f"formatting the NameNode's folder failed: {' '.join(done.stdout.split()[-60:])}")

    def _start(self, node: int) -> None:
        log = log_file(self.folder, node)
        self._log_start[node] = log.stat().st_size if log.exists() else 0
        self._pids[node] = start_server(self._command(node), log, tied=self._tied)

    def _command(self, node: int) -> list[str]:
        if self._jars is None:
            self._jars = JARS.fetch()
        java = find_java_home("HDFS") / "bin" / "java"
        options = [f"-Xmx{self._heap}", *_JVM_OPTIONS]
        classpath = f"{classpath_folder(self.folder)}:{self._jars}/*"
        return [str(java), *options, "-cp", classpath, MAIN_CLASS[node], "-conf", str(settings_file(self.folder, node))]

    def _wait_for_data_nodes(self, started: Sequence[int], timeout_s: float) -> None:
        def all_counted() -> bool:
            for node in started:
                if has_ended(self._pids[node]):
                    raise self._why_it_ended(node)
            return self.living_data_nodes() >= len(living(self.folder).keys() & {*DATA_NODES}) > 0

        wait_until(all_counted, timeout_s, f"the NameNode does not count its DataNodes; see {self.folder}", 0.1)

    def _why_it_ended(self, node: int) -> ClusterError:
        return why_it_ended(server_name(node), log_file(self.folder, node), self._log_start[node], "BindException")

    def _state(self) -> HdfsState:
        state = HdfsState.load(self.folder)
        if state is None:
            raise ClusterError(f"{self.folder} holds no HDFS: it was never started, or is gone")
        return state


def default_folder(name: str = "default") -> Path:
    """Where the HDFS of this name lies unless it is told otherwise."""
    return state_dir("hdfs", name)


def _checked(node: int, known: tuple[int, ...]) -> int:
    if node not in known:
        raise ParameterError(f"server must be one of {', '.join(map(str, known))}, was {node}")
    return node
