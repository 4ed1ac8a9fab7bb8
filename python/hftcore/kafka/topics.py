"""The topics that a pipeline wants, read from a TOML file such as ``hftcore/specs/pipeline.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from hftcore.errors import TopicError

LAYOUTS = ("split", "single")
_CLEANUP = ("delete", "compact", "compact,delete")
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_REQUIRED = ("replication", "min_in_sync", "retention", "cleanup", "max_message_bytes")
_TOPIC_KEYS = frozenset({*_REQUIRED, "layout", "partitions"})
_FILE_KEYS = frozenset({"profile", "layout", "partitions", "prefix", "topics", "profiles"})


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it shall be; ``config`` holds the settings that may be changed while it lives."""

    name: str
    partitions: int
    replication: int
    config: Mapping[str, str]


def default_file() -> Path:
    """The pipeline's topics as they ship with the package."""
    return Path(str(files("hftcore") / "specs" / "pipeline.toml"))


def read_topics(path: Path, *, profile: str | None = None, layout: str | None = None) -> list[Topic]:
    """The topics of a file, in its order.

    Parameters
    ----------
    path : Path
    profile, layout : str, optional
        Instead of the file's own.

    Raises
    ------
    TopicError
        If the file breaks a rule: names the file, the topic, the rule and the value.
    """
    try:
        raw = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise TopicError(f"{path}: not TOML: {error}") from None
    try:
        return _topics(raw, profile, layout)
    except TopicError as error:
        raise TopicError(f"{path}: {error}") from None


def _topics(raw: Mapping[str, Any], profile: str | None, layout: str | None) -> list[Topic]:
    _known("the file", raw, _FILE_KEYS)
    over = _profile(raw, profile or raw.get("profile", "safe"))
    layout = layout or raw.get("layout", "split")
    if layout not in LAYOUTS:
        raise TopicError(f"layout must be one of {', '.join(LAYOUTS)}, was {layout!r}")
    prefix = raw.get("prefix", "")
    found = []
    for name, own in raw.get("topics", {}).items():
        where = f"topics.{name}"
        _known(where, own, _TOPIC_KEYS)
        if own.get("layout", layout) not in LAYOUTS:
            raise TopicError(f"{where}: layout must be one of {', '.join(LAYOUTS)}, was {own['layout']!r}")
        topic = _topic(where, f"{prefix}{name}", {"partitions": raw.get("partitions", 1), **own, **over})
        if own.get("layout", layout) == layout:
            found.append(topic)
    if not found:
        raise TopicError(f"no topic of layout {layout!r}: there must be a table [topics.<name>]")
    return found


def _profile(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    profiles = {"safe": {}, **raw.get("profiles", {})}
    if name not in profiles:
        raise TopicError(f"profile must be one of {', '.join(profiles)}, was {name!r}")
    _known(f"profiles.{name}", profiles[name], _TOPIC_KEYS - {"layout"})
    found: Mapping[str, Any] = profiles[name]
    return found


def _topic(where: str, name: str, values: Mapping[str, Any]) -> Topic:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name):
        raise TopicError(f"{where}: a topic's name must be 1 to 249 of A-Z a-z 0-9 . _ -, was {name!r}")
    for key in _REQUIRED:
        if key not in values:
            raise TopicError(f"{where}: {key} is missing")
    for key in ("partitions", "replication", "min_in_sync", "max_message_bytes"):
        if type(values[key]) is not int or values[key] < 1:
            raise TopicError(f"{where}: {key} must be a whole number >= 1, was {values[key]!r}")
    if values["min_in_sync"] > values["replication"]:
        raise TopicError(
            f"{where}: min_in_sync must be <= replication ({values['replication']}), was {values['min_in_sync']}: "
            "no write could ever be acknowledged"
        )
    if values["cleanup"] not in _CLEANUP:
        raise TopicError(f"{where}: cleanup must be one of {'; '.join(_CLEANUP)}, was {values['cleanup']!r}")
    config = {
        "cleanup.policy": values["cleanup"],
        "max.message.bytes": str(values["max_message_bytes"]),
        "min.insync.replicas": str(values["min_in_sync"]),
        "retention.ms": str(_retention_ms(where, values["retention"])),
        "unclean.leader.election.enable": "false",  # rather no leader than one that lacks acknowledged records
    }
    return Topic(name, values["partitions"], values["replication"], config)


def _retention_ms(where: str, text: object) -> int:
    if text == "forever":
        return -1
    match = re.fullmatch(r"([1-9][0-9]*)([smhd])", text) if isinstance(text, str) else None
    if match is None:
        raise TopicError(f'{where}: retention must be "forever" or a number with s, m, h or d, was {text!r}')
    return int(match[1]) * _UNIT_MS[match[2]]


def _known(where: str, table: object, keys: frozenset[str]) -> None:
    if not isinstance(table, Mapping):
        raise TopicError(f"{where} must be a table, was {table!r}")
    for key in table:
        if key not in keys:
            raise TopicError(f"{where}: {key!r} is not known; there are {', '.join(sorted(keys))}")
