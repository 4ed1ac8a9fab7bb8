"""Long jobs in named steps: a step whose inputs did not change is not done again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

Progress = Callable[[int, int], None]


class Announcer(Protocol):
    """Tells people what is going on."""

    def started(self, title: str) -> Progress: ...

    def finished(self, title: str, seconds: float, reused: bool) -> None: ...


class Steps:
    """Runs steps inside one folder and remembers what each was made from.

    Parameters
    ----------
    folder : Path
        Where outputs and the memory (``.steps.json``) live.
    announcer : Announcer
        Told when a step starts and ends.
    """

    def __init__(self, folder: Path, announcer: Announcer) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._memory_path = folder / ".steps.json"
        self._announcer = announcer
        self._memory: dict[str, dict[str, Any]] = {}
        if self._memory_path.exists():
            self._memory = json.loads(self._memory_path.read_text())
        self.seconds: dict[str, float] = {}

    def run(
        self, title: str, inputs: Mapping[str, Any], outputs: Sequence[Path], work: Callable[[Progress], None]
    ) -> str:
        """Do the work unless its inputs, the code and its outputs are as they were; return the key of the result.

        Pass one step's key among the next one's inputs, so that a change runs on down the line. Without outputs the
        step is always done.
        """
        key = _digest({"inputs": inputs, "code": code_fingerprint()})
        known = self._memory.get(title)
        reused = bool(outputs) and known is not None and known["key"] == key and all(path.exists() for path in outputs)
        progress = self._announcer.started(title)
        if not reused:
            start = time.perf_counter()
            self._forget(title)
            work(progress)
            self._memory[title] = {"key": key, "seconds": time.perf_counter() - start}
            self._save()
        self.seconds[title] = self._memory[title]["seconds"]
        self._announcer.finished(title, self.seconds[title], reused)
        return key

    def _forget(self, title: str) -> None:
        if self._memory.pop(title, None) is not None:
            self._save()

    def _save(self) -> None:
        partial = self._memory_path.with_suffix(".partial")
        partial.write_text(json.dumps(self._memory, indent=1))
        partial.replace(self._memory_path)


def files_fingerprint(paths: Sequence[Path]) -> list[tuple[str, int, int]]:
    """Name, size and modification time of files: cheap, and enough to notice a change."""
    stats = [(path.name, path.stat()) for path in paths]
    return [(name, stat.st_size, stat.st_mtime_ns) for name, stat in stats]


@cache
def code_fingerprint() -> str:
    """SHA-256 over this package's files: another build makes everything anew."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".so", ".toml", ".avsc", ".j2")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
