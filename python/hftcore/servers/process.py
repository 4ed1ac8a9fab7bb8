"""Starting, finding and ending servers' processes."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Asks the kernel to kill this process with the thread that started it, then becomes the server.
_TIED = """\
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1: PR_SET_PDEATHSIG
os.execv(sys.argv[1], sys.argv[1:])
"""


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server's process, found alive."""

    node: int
    pid: int
    paused: bool
    resident_bytes: int


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


def start_server(command: Sequence[str | Path], log: Path, *, tied: bool) -> int:
    """Start a server, return its process number. In a session of its own: the terminal's Ctrl-C is not for it.

    ``log``: where both its outputs are appended. ``tied``: it ends with this process, however that ends.
    """
    with log.open("ab") as out:
        if tied:
            command = [sys.executable, "-I", "-S", "-c", _TIED, *command]
            return _starter().submit(_spawn, command, out.fileno()).result()
        return _spawn(command, out.fileno())


def signal_server(pid: int, name: str) -> None:
    """Send a signal (``KILL``, ``TERM``, ``STOP``, ``CONT``); a server that is gone needs none."""
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


def living_servers(wanted: Mapping[tuple[bytes, ...], int]) -> dict[int, ServerProcess]:
    """The servers that have a process now, by node.

    ``wanted``: the node of each server, by the last arguments of its command line; all ends of one length.

    Read from the kernel's table of command lines, each of which ends in a file of the servers' folder. No noted
    process number can go stale, be taken over by a stranger, or get lost with the starter's crash.
    """
    length = len(next(iter(wanted)))
    found = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            end = tuple(Path(entry.path, "cmdline").read_bytes().split(b"\0")[:-1][-length:])
            if end not in wanted:
                continue
            stat = Path(entry.path, "stat").read_text()
        except OSError:  # it ended while we looked
            continue
        fields = stat[stat.rindex(")") + 2 :].split()  # the name in brackets may hold anything
        if fields[0] not in "ZX":
            node = wanted[end]
            resident = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
            found[node] = ServerProcess(node, int(entry.name), fields[0] in "Tt", resident)
    return found


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time starts, hurts or stops the servers of a folder."""
    with (folder / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _spawn(command: Sequence[str | Path], log: int) -> int:
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    threading.Thread(target=child.wait, daemon=True).start()  # reaps it while we live; then init does
    return child.pid


@cache
def _starter() -> ThreadPoolExecutor:
    """The one thread that starts tied servers. The kernel's tie is to a thread, and a test's own may end early."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="hftcore-servers")
