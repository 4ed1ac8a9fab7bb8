"""Spec files: TOML and JSON as plain data."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hftcore.errors import SpecError
from hftcore.spec.text import to_toml


def read_table(path: Path) -> Any:
    """Return what a ``.toml`` or ``.json`` file holds. Raises SpecError naming the file."""
    _check_suffix(path)
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SpecError(f"{path}: not UTF-8: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise SpecError(f"{path}: not TOML: {error}") from None
    except json.JSONDecodeError as error:
        raise SpecError(f"{path}: not JSON: {error}") from None
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}") from error


def write_table(path: Path, data: Mapping[str, Any]) -> None:
    """Write a spec's plain data as the suffix says."""
    _check_suffix(path)
    text = json.dumps(data, indent=1) + "\n" if path.suffix == ".json" else to_toml(data)
    path.write_text(text, encoding="utf-8")


def _check_suffix(path: Path) -> None:
    if path.suffix not in (".toml", ".json"):
        raise SpecError(f"{path}: a spec is a .toml or .json file")
