"""A daemon under test: started, hurt, watched. What it logs is kept with the time at which it was read."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hftcore import daemon
from hftcore.errors import ChaosError


class DaemonProcess:
    """One life of ``hftcored``.

    Parameters
    ----------
    config : path
    log_path : path
        Everything it writes to standard error is appended here.
    environment : mapping, optional
        Set on top of ours.
    limit : callable, optional
        Called in the child before the program begins, to set resource limits.
    """

    def __init__(
        self,
        config: Path,
        log_path: Path,
        environment: Mapping[str, str] | None = None,
        limit: Callable[[], None] | None = None,
    ) -> None:
        self.lines: list[tuple[float, dict[str, Any]]] = []
        self.started = time.monotonic()
        self._heard = threading.Condition()
        self._killed_by_us = False
        self._process = subprocess.Popen(
            [str(daemon.daemon_path()), "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**daemon.environment(), **(environment or {})},
            preexec_fn=limit,
            start_new_session=True,  # Ctrl-C is for us: we stop it in order
        )
        self._reader = threading.Thread(target=self._read, args=(log_path,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Not ended yet; a stopped one runs."""
        return self._process.poll() is None

    @property
    def ended_by_itself(self) -> int | None:
        """How it ended, where it was not us who killed it; None else. Negative: by that signal."""
        return None if self.running or self._killed_by_us else self._process.returncode

    def kill(self) -> None:
        """End it as a power cut does."""
        self._killed_by_us = True
        self._process.kill()
        self._process.wait()

    def stop(self, timeout_s: float = 30.0) -> int:
        """Ask it to end, and return its exit code."""
        self._process.send_signal(signal.SIGCONT)
        self._process.send_signal(signal.SIGTERM)
        return self.wait(timeout_s)

    def pause(self) -> None:
        """Freeze it; returns when the kernel says it is."""
        self._process.send_signal(signal.SIGSTOP)
        self.wait_paused()

    def wait_paused(self, timeout_s: float = 10.0) -> None:
        """Wait until it is frozen, by whomever."""
        deadline = time.monotonic() + timeout_s
        while self.state() != "T":
            if time.monotonic() > deadline or not self.running:
                raise ChaosError(f"hftcored was to be frozen, its state is {self.state()!r}")
            time.sleep(0.005)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def hang_up(self) -> None:
        """Ask it to read its configuration again."""
        self._process.send_signal(signal.SIGHUP)

    def state(self) -> str:
        """The kernel's letter for its state; T is frozen, empty is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return ""

    def wait(self, timeout_s: float) -> int:
        """Wait for its end; returns the exit code. Raises ChaosError where it does not come."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ChaosError(f"hftcored did not end within {timeout_s:g} s; last words: {self.last_words()}") from None
        self._reader.join(5.0)
        return code

    def wait_for(self, message: str, timeout_s: float = 30.0, n: int = 1) -> float:
        """Wait until it has logged a message n times; returns when it was read, in ``time.monotonic`` seconds."""
        deadline = time.monotonic() + timeout_s
        with self._heard:
            while len(found := self.when(message)) < n:
                left = deadline - time.monotonic()
                if left <= 0 or (not self.running and not self._reader.is_alive()):
                    ended = "" if self.running else f" ended with {self._process.returncode} and"
                    raise ChaosError(f"hftcored{ended} did not log {message!r}; last words: {self.last_words()}")
                self._heard.wait(min(left, 0.1))
        return found[n - 1]

    def when(self, message: str) -> list[float]:
        """Times at which a message was read."""
        return [at for at, line in self.lines if line.get("msg") == message]

    def said(self, words: str) -> bool:
        """Whether any line so far holds these words, anywhere in it."""
        return any(words in json.dumps(line) for _, line in self.lines)

    def last_words(self) -> str:
        """Its last lines, for messages."""
        return " | ".join(json.dumps(line) for _, line in self.lines[-4:])

    def _read(self, log_path: Path) -> None:
        assert self._process.stderr is not None
        with log_path.open("ab") as file:
            for raw in self._process.stderr:
                file.write(raw)
                file.flush()
                try:
                    line = json.loads(raw)
                except ValueError:
                    line = {"text": raw.decode(errors="replace").rstrip()}
                with self._heard:
                    self.lines.append((time.monotonic(), line if isinstance(line, dict) else {"text": line}))
                    self._heard.notify_all()
        with self._heard:
            self._heard.notify_all()
