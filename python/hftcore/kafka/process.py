"""Starting the brokers' JVMs."""

from __future__ import annotations

import base64
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from hftcore.errors import ClusterError
from hftcore.kafka.state import MAIN_CLASS, properties_file
from hftcore.servers.process import start_server


def log_file(folder: Path, node: int) -> Path:
    """Where broker ``node`` of the folder's cluster writes its log, over all its lives."""
    return folder / f"broker-{node}.log"


def new_cluster_id() -> str:
    """A random id as Kafka writes it; none that Kafka's own command line would read as an option."""
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):
            return text


def format_storage(java: Path, jars: Path, folder: Path, cluster_id: str, nodes: Sequence[int]) -> None:
    """Make the data folders of these brokers; one JVM each, all at once."""
    tool = [java, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{jars}/*", "kafka.tools.StorageTool"]
    started = [
        subprocess.Popen(
            [*map(str, tool), "format", "-t", cluster_id, "-c", str(properties_file(folder, node))],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for node in nodes
    ]
    said = [(node, done.communicate()[0], done.returncode) for node, done in zip(nodes, started, strict=True)]
    for node, output, code in said:
        if code != 0:
            raise ClusterError(f"broker {node}: formatting its folder failed: {' '.join(output.split()[-60:])}")


def start_broker(java: Path, jars: Path, folder: Path, node: int, options: Sequence[str], *, tied: bool) -> int:
    """Start broker ``node``, return its process number. ``tied``: it ends with this process, however that ends."""
    command: list[str | Path] = [java, *options, "-cp", f"{jars}/*", MAIN_CLASS, properties_file(folder, node)]
    return start_server(command, log_file(folder, node), tied=tied)
