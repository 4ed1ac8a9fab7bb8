"""The command ``hftcored``: starts the compiled daemon that this package carries. Python is gone once it runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hftcore.errors import MissingExtraError
from hftcore.kafka.library import librdkafka_path

__all__ = ["daemon_path", "environment", "main"]

_LIBRARY = "HFTCORE_LIBRDKAFKA"


def daemon_path() -> Path:
    """Where the compiled daemon is: in this package, or what ``HFTCORED`` names.

    Raises
    ------
    MissingExtraError
        If this installation carries none.
    """
    path = Path(os.environ.get("HFTCORED") or Path(__file__).parent / "bin" / "hftcored")
    if not os.access(path, os.X_OK):
        raise MissingExtraError(f"there is no daemon at {path}: build the wheel, or name another one with HFTCORED")
    return path


def environment() -> dict[str, str]:
    """This process's environment, with the Kafka client of the ``confluent-kafka`` wheel where none is named.

    Without the extra ``kafka`` the daemon looks for the system's ``librdkafka.so.1`` itself.
    """
    found = dict(os.environ)
    if not found.get(_LIBRARY):
        try:
            found[_LIBRARY] = str(librdkafka_path())
        except MissingExtraError:
            found.pop(_LIBRARY, None)
    return found


def main() -> None:
    """Become the daemon: same process, same signals, its exit code."""
    try:
        path = daemon_path()
    except MissingExtraError as error:
        sys.exit(f"hftcored: {error}")
    os.execve(path, [str(path), *sys.argv[1:]], environment())
