"""The user's cache and state folders, and writing files so that no reader ever sees half of one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


def cache_dir(*parts: str) -> Path:
    """``$XDG_CACHE_HOME/hftcore/...`` (default ``~/.cache``), made if it is missing.

    A relative ``XDG_CACHE_HOME`` is ignored, as the XDG specification asks.
    """
    folder = _user_dir("XDG_CACHE_HOME", ".cache").joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def state_dir(*parts: str) -> Path:
    """``$XDG_STATE_HOME/hftcore/...`` (default ``~/.local/state``): what outlives a command; not made."""
    return _user_dir("XDG_STATE_HOME", ".local/state").joinpath(*parts)


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


def _user_dir(variable: str, default: str) -> Path:
    base = Path(os.environ.get(variable, ""))
    return Path(base if base.is_absolute() else Path.home() / default, "hftcore")
