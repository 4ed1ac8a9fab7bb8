"""Putting a model where a model was, in one rename."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from hftcore.files import write_atomically


def put_model(target: Path, content: Mapping[str, bytes] | bytes) -> None:
    """Write a folder of these files, or a file of these bytes, beside the target, then rename it.

    A file takes a file's place in one step. A folder cannot: what was there is renamed first, is back in its place
    where the second rename fails, and is gone afterwards.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes) and not target.is_dir():
        write_atomically(target, content)
        return
    made = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    retired = made.with_name(made.name + ".old")
    try:
        if isinstance(content, bytes):
            made.write_bytes(content)
        else:
            made.mkdir()
            for name, data in content.items():
                (made / name).write_bytes(data)
        if target.exists():
            target.rename(retired)
        try:
            made.rename(target)
        except OSError:
            if retired.exists():
                retired.rename(target)
            raise
    finally:
        for leftover in (made, retired):
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
