"""The file in which a group of servers tells another process how it was started."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hftcore.errors import ClusterError
from hftcore.files import write_atomically

_FORMAT = 1
State = TypeVar("State")


def save_state(path: Path, fields: Mapping[str, Any]) -> None:
    """Replace the file."""
    write_atomically(path, json.dumps({"format": _FORMAT, **fields}, indent=2).encode())


def load_state(path: Path, what: str, build: Callable[[dict[str, Any]], State]) -> State | None:
    """Return what ``build`` makes of the file's fields; None where there is no file.

    Raises
    ------
    ClusterError
        If the file is there and is not ``what`` of this version.
    """
    try:
        raw = json.loads(path.read_text())
        if raw.pop("format") != _FORMAT:
            raise ValueError("written by another version of hftcore")
        return build(raw)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ClusterError(f"{path} is not {what} ({error}): remove {path.parent}") from None
