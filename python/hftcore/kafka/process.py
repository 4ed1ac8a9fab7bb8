"""Starting and stopping the brokers' JVMs."""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path

from hftcore.errors import ClusterError
from hftcore.kafka.state import MAIN_CLASS, properties_file

# Asks the kernel to kill this process with the thread that started it, then becomes the broker.
_TIED = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1: PR_SET_PDEATHSIG
os.execv(sys.argv[1], sys.argv[1:])
"""


def log_file(folder: Path, node: int) -> Path:
    """Where broker ``node`` of the folder's cluster writes its log, over all its lives."""
    return folder / f"broker-{node}.log"


def free_ports(n: int) -> list[int]:
    """Distinct loopback ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(n)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
    finally:
        for one in sockets:
            one.close()


def are_free(ports: Iterable[int]) -> bool:
    """Whether nobody listens on any of these loopback ports."""
    for port in ports:
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a former connection's rest is no listener
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


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
    """Start broker ``node``, return its process number. In a session of its own: the terminal's Ctrl-C is not for it.

    ``tied``: it ends with this process, however that ends.
    """
    command: list[str | Path] = [java, *options, "-cp", f"{jars}/*", MAIN_CLASS, properties_file(folder, node)]
    with log_file(folder, node).open("ab") as log:
        if tied:
            command = [sys.executable, "-I", "-S", "-c", _TIED, *command]
            return _starter().submit(_spawn, command, log.fileno()).result()
        return _spawn(command, log.fileno())


def signal_broker(pid: int, name: str) -> None:
    """Send a signal (``KILL``, ``TERM``, ``STOP``, ``CONT``); a broker that is gone needs none."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.Signals[f"SIG{name}"])


def wait_for_end(pid: int, timeout_s: float) -> bool:
    """Whether a process ended within the time."""
    deadline = time.monotonic() + timeout_s
    while True:
        if has_ended(pid):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or only its remains are there."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat[stat.rindex(")") + 2] in "ZX"


def _spawn(command: Sequence[str | Path], log: int) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    threading.Thread(target=child.wait, daemon=True).start()  # reaps it while we live; then init does
    return child.pid


@cache
def _starter() -> ThreadPoolExecutor:
    """The one thread that starts tied brokers. The kernel's tie is to a thread, and a test's own may end early."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hftcore-brokers")
