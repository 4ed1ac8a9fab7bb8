"""What an HDFS wrote down in its folder, and how another process finds its servers."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path

from hftcore.hdfs.configuration import MAIN_CLASS, NAME_NODE, SERVERS, HdfsPorts, server_name, settings_file
from hftcore.servers.process import ServerProcess, living_servers
from hftcore.servers.state import load_state, save_state

_FILE = "hdfs.json"


@dataclass(frozen=True, slots=True)
class HdfsState:
    """The file system as its folder tells it: how it was started, not whether it runs."""

    hadoop: str
    ports: HdfsPorts
    heap: str

    def save(self, folder: Path) -> None:
        """Replace the folder's state."""
        save_state(folder / _FILE, asdict(self))

    @classmethod
    def load(cls, folder: Path) -> HdfsState | None:
        """What the folder holds; None if it never held an HDFS.

        Raises
        ------
        ClusterError
            If the file is there and is not an HDFS's state of this version.
        """
        return load_state(
            folder / _FILE, "an HDFS's state", lambda raw: cls(**raw | {"ports": HdfsPorts(**raw["ports"])})
        )


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server: ``node`` 0 is the NameNode; ``state`` is ``running``, ``paused`` or ``dead``; ``pid`` 0: none."""

    node: int
    name: str
    state: str
    pid: int
    resident_bytes: int


def living(folder: Path) -> dict[int, ServerProcess]:
    """The folder's servers that have a process now, by node."""
    resolved = folder.resolve()
    return living_servers(
        {
            (MAIN_CLASS[node].encode(), b"-conf", os.fsencode(settings_file(resolved, node))): node
            for node in (*SERVERS[1:], NAME_NODE)
        }
    )


def server_status(folder: Path) -> list[ServerStatus]:
    """NameNode, then DataNodes in order, dead or alive."""
    alive = living(folder)
    found = []
    for node in SERVERS:
        process = alive.get(node)
        if process is None:
            found.append(ServerStatus(node, server_name(node), "dead", 0, 0))
        else:
            how = "paused" if process.paused else "running"
            found.append(ServerStatus(node, server_name(node), how, process.pid, process.resident_bytes))
    return found
