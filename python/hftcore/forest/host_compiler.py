"""C to a shared library with the compiler of this host, cached by content so that nothing is compiled twice."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from hftcore.errors import CompileError
from hftcore.files import cache_dir, write_atomically
from hftcore.manifest import this_platform

# Never -ffast-math: it assumes that there is no NaN. No -march: the library runs where the wheel runs.
_FLAGS = ("-std=c99", "-O2", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off")
_LINK_FLAGS = ("-shared", "-s", "-Wl,--build-id=none")  # nothing of the build in the bytes

Progress = Callable[[int, int], None]  # (steps done, steps in all)


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler: the command and the first line of its ``--version``."""

    command: tuple[str, ...]
    version: str

    @property
    def flags(self) -> str:
        return " ".join(_FLAGS)


def find_compiler(cc: str | None = None) -> Compiler:
    """The compiler ``cc``, else ``$CC``, else the first of cc, gcc, clang on the path.

    Raises
    ------
    CompileError
        If there is none, or the named one does not run.
    """
    wanted = cc or os.environ.get("CC")
    for candidate in [wanted] if wanted else ["cc", "gcc", "clang"]:
        command = shlex.split(candidate)
        if not command or shutil.which(command[0]) is None:
            continue
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return Compiler(tuple(command), done.stdout.partition("\n")[0].strip())
        raise CompileError(f"C compiler {candidate!r} does not run: {(done.stderr or done.stdout).strip()[:500]}")
    if wanted:
        raise CompileError(f"C compiler {wanted!r} was asked for, but is not on the path")
    raise CompileError("no C compiler: install g++ (looked for cc, gcc and clang), or name one with the variable CC")


def compile_library(sources: Mapping[str, str], compiler: Compiler, progress: Progress | None = None) -> bytes:
    """Compile C sources (file name to text) into one shared library and return its bytes.

    Files are compiled side by side, one per core that this process may use. The result is kept in the user's cache
    folder under the hash of sources, flags, compiler and platform; where that folder cannot be written, nothing is
    kept. ``progress`` counts files and the link.

    Raises
    ------
    CompileError
        If the compiler fails; carries its output.
    """
    report = progress or (lambda done, total: None)
    key = _key(sources, compiler)
    cached = _cached(key)
    if cached is not None:
        report(1, 1)
        return cached
    with tempfile.TemporaryDirectory(prefix="hftcore-cc-") as folder:
        library = _build(sources, compiler, Path(folder), report).read_bytes()
    with contextlib.suppress(OSError, RuntimeError):  # no place to keep it, or no home: the next build takes as long
        folder_of_user = cache_dir("forests")
        write_atomically(folder_of_user / f"{key}.so", library)
        write_atomically(folder_of_user / f"{key}.sha256", _checksum(library))
    return library


def _cached(key: str) -> bytes | None:
    """The library kept under ``key``, if there is one and it is whole."""
    try:
        folder = cache_dir("forests")
        library, checksum = (folder / f"{key}.so").read_bytes(), (folder / f"{key}.sha256").read_bytes()
    except (OSError, RuntimeError):  # RuntimeError: this user has no home
        return None
    return library if checksum == _checksum(library) else None


def _checksum(library: bytes) -> bytes:
    return hashlib.sha256(library).hexdigest().encode()


def _key(sources: Mapping[str, str], compiler: Compiler) -> str:
    digest = hashlib.sha256()
    # The platform, because a home may be shared by machines whose compilers have one name and version.
    for part in (this_platform(), *compiler.command, compiler.version, *_FLAGS, *_LINK_FLAGS):
        digest.update(part.encode() + b"\0")
    for name, text in sorted(sources.items()):
        digest.update(name.encode() + b"\0" + text.encode() + b"\0")
    return digest.hexdigest()


def _build(sources: Mapping[str, str], compiler: Compiler, folder: Path, report: Progress) -> Path:
    for name, text in sources.items():
        (folder / name).write_text(text)
    units = sorted(name for name in sources if name.endswith(".c"))
    with ThreadPoolExecutor(max_workers=_n_cores()) as pool:
        jobs = [pool.submit(_run, compiler, [*_FLAGS, "-c", unit], folder) for unit in units]
        for n_done, job in enumerate(as_completed(jobs), start=1):
            job.result()
            report(n_done, len(units) + 1)
    objects = [unit[:-2] + ".o" for unit in units]
    _run(compiler, [*_LINK_FLAGS, *objects, "-o", "forest.so"], folder)
    report(len(units) + 1, len(units) + 1)
    return folder / "forest.so"


def _n_cores() -> int:
    """Cores that this process may use: in a container far fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _run(compiler: Compiler, arguments: list[str], folder: Path) -> None:
    command = [*compiler.command, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        output = (done.stderr or done.stdout).strip()
        raise CompileError(f"the C compiler failed ({' '.join(command)}):\n{output[-4000:]}")
