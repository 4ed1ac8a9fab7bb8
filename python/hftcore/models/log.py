"""The log of one name: records of pushes and moves, and what they add up to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
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

    def to_bytes(self) -> bytes:
        return (json.dumps({**asdict(self), "version": _VERSION}, sort_keys=True) + "\n").encode()

    @property
    def key(self) -> str:
        digest = hashlib.sha256(self.to_bytes()).hexdigest()[:16]
        return f"names/{self.name}/{self.number:08d}-{digest}.json"


@dataclass(slots=True)
class NameState:
    """What a log adds up to: models in the order of their pushes, and the moves of each alias."""

    name: str
    last_number: int = 0
    models: dict[str, Record] = field(default_factory=dict)
    moves: dict[str, list[Record]] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)

    @property
    def aliases(self) -> dict[str, str]:
        """Alias to the id of its model."""
        return {alias: stack[-1] for alias, stack in sorted(self.stacks.items())}

    def before(self, alias: str) -> str | None:
        """The model that a rollback of the alias goes to."""
        stack = self.stacks.get(alias, [])
        return stack[-2] if len(stack) > 1 else None


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
        fields: dict[str, Any] = json.loads(data)
        if fields.pop("version") != _VERSION:
            raise ValueError("is of another version")
        record = Record(**fields)
        if record.action not in ACTIONS or record.key != key:
            raise ValueError("does not have the content that its name states")
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise ModelRegistryError(f"{key}: no record of a registry: {error}") from error
    return record


def fold(name: str, records: Iterable[Record]) -> NameState:
    """What the records of one name add up to, in the order that every reader gives them.

    A rollback names the model that it goes to, so two of them at once go back one step, not two.
    """
    state = NameState(name)
    for record in sorted(records, key=lambda r: r.key):
        state.last_number = max(state.last_number, record.number)
        if record.action == "push":
            state.models.setdefault(record.model, record)
            continue
        stack = state.stacks.setdefault(record.alias, [])
        state.moves.setdefault(record.alias, []).append(record)
        if record.action == "rollback" and record.model in stack:
            while stack[-1] != record.model:
                stack.pop()
        elif not stack or stack[-1] != record.model:
            stack.append(record.model)
    return state
