"""What the HDFS servers are told: addresses, folders, replication."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

NAME_NODE = 0  # the DataNodes are 1, 2 and 3
DATA_NODES = (1, 2, 3)
SERVERS = (NAME_NODE, *DATA_NODES)
REPLICATION = 2

MAIN_CLASS = {
    node: "org.apache.hadoop.hdfs.server.namenode.NameNode"
    if node == NAME_NODE
    else "org.apache.hadoop.hdfs.server.datanode.DataNode"
    for node in SERVERS
}

_LOG4J = """\
log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c{2}: %m%n
"""


@dataclass(frozen=True, slots=True)
class HdfsPorts:
    """Loopback ports: the NameNode's for clients and for HTTP; the DataNodes choose their own."""

    client: int
    http: int


def server_name(node: int) -> str:
    """What people call a server: ``namenode``, ``datanode-1``."""
    return "namenode" if node == NAME_NODE else f"datanode-{node}"


def settings_file(folder: Path, node: int) -> Path:
    """Where a server finds its settings."""
    return folder / f"{server_name(node)}.xml"


def log_file(folder: Path, node: int) -> Path:
    """Where a server writes its log, over all its lives."""
    return folder / f"{server_name(node)}.log"


def server_settings(folder: Path, node: int, ports: HdfsPorts) -> dict[str, str]:
    """Settings of one server.

    A DataNode that says nothing for 12 s is counted as dead (Hadoop's own default is 10.5 minutes): on one machine a
    silent process is gone, and the copies that it had should be made anew while someone watches.
    """
    everywhere = {
        "fs.defaultFS": f"hdfs://127.0.0.1:{ports.client}",
        "hadoop.tmp.dir": str(folder / "tmp"),
        "dfs.replication": str(REPLICATION),
        "dfs.permissions.enabled": "false",
        "dfs.heartbeat.interval": "1",
        "dfs.namenode.heartbeat.recheck-interval": "1000",
        "dfs.client.use.datanode.hostname": "false",
    }
    if node == NAME_NODE:
        return everywhere | {
            "dfs.namenode.name.dir": str(folder / "data-namenode"),
            "dfs.namenode.rpc-address": f"127.0.0.1:{ports.client}",
            "dfs.namenode.http-address": f"127.0.0.1:{ports.http}",
            "dfs.namenode.datanode.registration.ip-hostname-check": "false",
            "dfs.namenode.safemode.extension": "0",
        }
    return everywhere | {
        "dfs.datanode.data.dir": str(folder / f"data-{server_name(node)}"),
        "dfs.datanode.address": "127.0.0.1:0",
        "dfs.datanode.http.address": "127.0.0.1:0",
        "dfs.datanode.ipc.address": "127.0.0.1:0",
        "dfs.datanode.hostname": "127.0.0.1",
    }


def write_settings(folder: Path, node: int, ports: HdfsPorts) -> None:
    """Write a server's settings, and the class path's folder that all of them share."""
    classpath = classpath_folder(folder)
    for webapp in ("hdfs", "datanode"):  # the servers do not start without them, and need nothing in them
        (classpath / "webapps" / webapp).mkdir(parents=True, exist_ok=True)
    (classpath / "log4j.properties").write_text(_LOG4J)
    settings_file(folder, node).write_text(_xml(server_settings(folder, node, ports)))


def classpath_folder(folder: Path) -> Path:
    """The folder that goes before the jars."""
    return folder / "classpath"


def _xml(settings: Mapping[str, str]) -> str:
    rows = (f"<property><name>{escape(k)}</name><value>{escape(v)}</value></property>\n" for k, v in settings.items())
    return f"<configuration>\n{''.join(rows)}</configuration>\n"
