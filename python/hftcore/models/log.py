"""The log of one name: records of pushes and moves, and what they add up to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from hftcore.errors import ModelRegistryError

ACTIONS = ("push", "promote", "rollback")
_VERSION = 1
_MAX_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a name's log.

    Attributes
    ----------
    number : int
        One more than the highest that its writer saw; records of one number are ordered by their hash.
    action : {"push", "promote", "rollback"}
    model : str
        Id of the model that was pushed, or that the alias moved to.
    alias : str
        What moved; empty for a push.
    sha256 : str
        Of the model's ``.hft`` file.
    model_id : str
        Of the artefact: what decides a prediction.
    by, at : str
        Who did it, as they said, and when by their clock (UTC, ISO 8601).
    note : str
    after : str
        Key of the alias's last move that the writer saw; empty for its first move, and for a push.
    """

    number: int
    action: str
    name: str
    model: str
    alias: str
    sha256: str
    model_id: str
    by: str
    at: str
    note: str = ""
    after: str = ""

    def to_bytes(self) -> bytes:
        return (json.dumps({**asdict(self), "version": _VERSION}, sort_keys=True) + "\n").encode()

    @property
    def key(self) -> str:
        digest = hashlib.sha256(self.to_bytes()).hexdigest()[:16]
        return f"names/{self.name}/{self.number:08d}-{digest}.json"


@dataclass(frozen=True, slots=True)
class Stood:
    """A model that an alias stands for, and what it stood for before."""

    model: str
    before: Stood | None


@dataclass(slots=True)
class NameState:
    """What a log adds up to: models in the order of their pushes, and the moves of each alias."""

    name: str
    last_number: int = 0
    models: dict[str, Record] = field(default_factory=dict)
    moves: dict[str, list[Record]] = field(default_factory=dict)
    stood: dict[str, Stood] = field(default_factory=dict)

    @property
    def aliases(self) -> dict[str, str]:
        """Alias to the id of its model."""
        return {alias: now.model for alias, now in sorted(self.stood.items())}

    def before(self, alias: str) -> str | None:
        """The model that a rollback of the alias goes to."""
        now = self.stood.get(alias)
        return now.before.model if now is not None and now.before is not None else None

    def last_move(self, alias: str) -> str:
        """Key of the alias's last move, empty where there is none."""
        return self.moves[alias][-1].key if alias in self.moves else ""


def read_record(key: str, data: bytes) -> Record:
    """One record of a log, which must be what its key says.

    Raises
    ------
    ModelRegistryError
        Names the key and what is wrong.
    """
    try:
        if len(data) > _MAX_BYTES:
            raise ValueError(f"holds {len(data)} bytes")
        found: dict[str, Any] = json.loads(data)
        if found.pop("version") != _VERSION:
            raise ValueError("is of another version")
        record = Record(**found)
        for part in fields(Record):
            kind = int if part.name == "number" else str
            if type(found[part.name]) is not kind:
                raise ValueError(f"{part.name} must be {kind.__name__}, was {found[part.name]!r}")
        if record.action not in ACTIONS or record.key != key:
            raise ValueError("does not have the content that its name states")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ModelRegistryError(f"{key}: no record of a registry: {error}") from error
    return record


def fold(name: str, records: Iterable[Record]) -> NameState:
    """What the records of one name add up to, in the order that every reader gives them.

    Each move names the one that it followed, so moves are a tree: an alias stands where its last move says, and goes
    back along the branch of that move. Of two moves at once the one that lost is on another branch. A rollback names
    the model that it goes to, so two of them at once go back one step, not two.
    """
    state = NameState(name)
    left: dict[str, Stood] = {}  # what each move left, by its key
    for record in sorted(records, key=lambda r: r.key):
        state.last_number = max(state.last_number, record.number)
        if record.action == "push":
            state.models.setdefault(record.model, record)
            continue
        state.moves.setdefault(record.alias, []).append(record)
        left[record.key] = state.stood[record.alias] = _moved(left.get(record.after), record)
    return state


def _moved(now: Stood | None, record: Record) -> Stood:
    """What a move makes of what the alias stood for."""
    earlier = now
    while earlier is not None and earlier.model != record.model and record.action == "rollback":
        earlier = earlier.before
    return earlier if earlier is not None and earlier.model == record.model else Stood(record.model, now)
