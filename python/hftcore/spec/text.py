"""Times of day and TOML, as a feature spec writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hftcore.errors import SpecError

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,9}))?)?")
_SECOND_NS = 1_000_000_000
_TABLES = ("clean", "session", "features")


def time_ns(text: Any) -> int:
    """Return nanoseconds after midnight of ``"13:35"``, ``"13:35:00"`` or ``"13:35:00.5"``."""
    match = _TIME.fullmatch(str(text))  # TOML has a type for local times; its text is the same
    if match is None:
        raise SpecError(f'session: a time is UTC text such as "13:35:00", was {text!r}')
    hours, minutes, seconds, fraction = match.groups()
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    return whole * _SECOND_NS + int((fraction or "").ljust(9, "0"))


def time_text(ns: int) -> str:
    """Return the one spelling of a time of day."""
    seconds, fraction = divmod(ns, _SECOND_NS)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return text + (f".{fraction:09}".rstrip("0") if fraction else "")


def to_toml(data: Mapping[str, Any]) -> str:
    """Return a spec's plain data as TOML: parameters beside ``op``, one table per feature."""
    lines = [f"{key} = {_value(value)}" for key, value in data.items() if key not in (*_TABLES, "bars")]
    for table in _TABLES[:-1]:
        if table in data:
            lines += ["", f"[{table}]", *(f"{key} = {_value(value)}" for key, value in data[table].items())]
    for name, bars in data.get("bars", {}).items():
        lines += ["", f"[bars.{name}]", *(f"{key} = {_value(value)}" for key, value in bars.items())]
    for feature in data["features"]:
        row = {key: value for key, value in feature.items() if key != "params"} | feature["params"]
        lines += ["", "[[features]]", *(f"{key} = {_value(value)}" for key, value in row.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(inner)}' for key, inner in value.items())} }}"
    return json.dumps(value)  # the same as TOML for text, integers and finite floats
