"""Long jobs in named steps: a step whose inputs did not change is not done again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from hftcore import _core

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
        self._memory = _remembered(self._memory_path)
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
        reused = bool(outputs) and known is not None and known["key"] == key and _unchanged(known["outputs"], outputs)
        progress = self._announcer.started(title)
        if not reused:
            start = time.perf_counter()
            self._forget(title)
            work(progress)
            seconds = time.perf_counter() - start
            self._memory[title] = {"key": key, "seconds": seconds, "outputs": [_files_under(p) for p in outputs]}
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


def library_versions(*names: str) -> dict[str, str | None]:
    """Version of each installed distribution, None where it is not installed."""
    return {name: _version(name) for name in names}


@cache
def code_fingerprint() -> str:
    """SHA-256 over this package's files and its compiled core: another build makes everything anew."""
    root = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".so", ".toml", ".avsc", ".j2")):
        digest.update(str(path.relative_to(root)).encode())
        digest.update(path.read_bytes())
    digest.update(Path(_core.__file__).read_bytes())  # an editable install keeps it outside the package's folder
    return digest.hexdigest()


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _remembered(path: Path) -> dict[str, dict[str, Any]]:
    """What the memory holds; a memory that cannot be understood is none, as the worst of it is work done twice."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {title: entry for title, entry in found.items() if _is_entry(entry)}


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    key, seconds, outputs = (entry.get(name) for name in ("key", "seconds", "outputs"))
    return isinstance(key, str) and isinstance(seconds, (int, float)) and isinstance(outputs, list)


def _unchanged(known: list[Any], outputs: Sequence[Path]) -> bool:
    found = [_files_under(path) for path in outputs]
    return None not in found and found == known


def _files_under(path: Path) -> list[list[str | int]] | None:
    """Relative path, size and modification time of a file, or of each in a folder; None where there is nothing."""
    if not path.exists():
        return None
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    stats = [(str(p.relative_to(path)), p.stat()) for p in files]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in stats]  # lists, as JSON gives them back
