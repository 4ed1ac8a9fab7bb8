"""The user's cache folder, and writing files so that no reader ever sees half of one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def cache_dir(*parts: str) -> Path:
    """``$XDG_CACHE_HOME/hftcore/...`` (default ``~/.cache``), made if it is missing.

    A relative ``XDG_CACHE_HOME`` is ignored, as the XDG specification asks.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    folder = Path(base if base.is_absolute() else Path.home() / ".cache", "hftcore", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Write beside the target, then rename: a reader finds the old bytes or the new ones."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        temporary.chmod(mode)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
