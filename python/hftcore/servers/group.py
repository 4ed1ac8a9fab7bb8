"""Servers on loopback that belong together: they lie in one folder, start together and stop together."""

from __future__ import annotations

import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from hftcore.errors import ClusterError
from hftcore.jars.jar_set import ProgressCallback
from hftcore.servers.process import ServerProcess, locked, signal_server, wait_for_end

STOP_S = 30.0


class PortTakenError(ClusterError):
    """Somebody took a port between our choice of it and the server's start."""


class ServerGroup(ABC):
    """What every such group can do; the servers themselves are the subclass's.

    Parameters
    ----------
    folder : Path, optional
        Default: a temporary one, removed by `down`.
    kind : str
        Names temporary folders.

    Notes
    -----
    A context manager: up at entry, down at exit. Calls that change the group exclude each other across processes.
    """

    def __init__(self, folder: Path | None, kind: str) -> None:
        self._temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix=f"hftcore-{kind}-") if folder is None else folder).resolve()

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def running(self) -> bool:
        """Whether any server has a process."""
        return bool(self._living())

    def up(self, progress: ProgressCallback | None = None) -> bool:
        """Start the servers; return when they have shown that what is written to them lies on several of them.

        Parameters
        ----------
        progress : callable, optional
            Called with (done, wanted) while the jars are fetched, the first time.

        Returns
        -------
        started : bool
            False if they were running already; they are then left as they are, hurt ones too.

        Raises
        ------
        JavaNotFoundError, MissingExtraError, JarError
            If there is nothing to start servers with.
        ClusterError
            If they do not come up; ends with the last lines of the log of the server that failed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder):
            if self.running:
                return False
            self._fetch(progress)
            try:
                try:
                    self._start_all()
                except PortTakenError:
                    self._kill_all()
                    self._start_all(keep_ports=False)
            except BaseException:  # Ctrl-C too: half a group is of no use
                self._kill_all()
                raise
        return True

    def down(self, *, purge: bool = False) -> bool:
        """End every server at once and, for a temporary folder or with ``purge``, remove the folder.

        The servers are killed: their data survive it, and clean stops take seconds.

        Returns
        -------
        stopped : bool
            Whether there was a server to stop.
        """
        if not self.folder.exists():
            return False
        with locked(self.folder):
            was_running = self.running
            self._kill_all()
            if purge or self._temporary:
                shutil.rmtree(self.folder, ignore_errors=True)
        return was_running

    @abstractmethod
    def _living(self) -> dict[int, ServerProcess]:
        """Servers that have a process now, by node."""

    @abstractmethod
    def _fetch(self, progress: ProgressCallback | None) -> None:
        """Get the jars."""

    @abstractmethod
    def _start_all(self, *, keep_ports: bool = True) -> None:
        """Start every server; return when they work. PortTakenError where another program has a port."""

    def _kill_all(self) -> None:
        end_all(self._living().values())


def end_all(servers: Iterable[ServerProcess]) -> None:
    """End servers with signal 9, whoever started them; return when they are gone."""
    found = list(servers)
    for process in found:
        signal_server(process.pid, "KILL")
    for process in found:
        wait_for_end(process.pid, STOP_S)


def why_it_ended(name: str, log: Path, start: int, taken: str) -> ClusterError:
    """Say why a server ended while it started: its log from byte ``start`` on; ``taken`` tells of a taken port."""
    text = log.read_bytes()[start:].decode(errors="replace")
    if taken in text:
        return PortTakenError(f"{name}: its port was taken by another program")
    tail = " | ".join(text.splitlines()[-5:])
    return ClusterError(f"{name} ended while starting; {log} ends: {tail}")
