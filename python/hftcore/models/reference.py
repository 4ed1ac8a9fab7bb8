"""Names of models: ``up_1s`` (its newest), ``up_1s@stable`` (an alias), ``up_1s:3f2a`` (an id or its beginning)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hftcore.archive import ModelFiles, unpack
from hftcore.errors import ModelRegistryError, ParameterError
from hftcore.models.log import NameState, Record, fold, read_record
from hftcore.models.store import Store, open_store, public_url

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_RECORD = re.compile(r"names/[^/]+/[0-9]{8,}-[0-9a-f]{16}\.json")  # another key is a stray file, and passed over
_REFERENCE = re.compile(r"(?P<name>[^@:]*)(@(?P<alias>.*)|:(?P<model>.*))?")


@dataclass(frozen=True, slots=True)
class Reference:
    """What text names: a name and an alias, or a name and the beginning of an id, or the newest of a name."""

    name: str
    alias: str = ""
    model: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Raises ParameterError where a part is no word."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            raise ParameterError(f"a model is named NAME, NAME@ALIAS or NAME:ID, was {text!r}")
        name, alias, model = found["name"], found["alias"], found["model"]
        check_word("name", name)
        for what, part in (("alias", alias), ("id", model)):
            if part is not None:
                check_word(what, part)
        return cls(name, alias or "", model or "")


def check_word(what: str, text: str) -> None:
    """Raise ParameterError unless a text can be a name, an alias or an id."""
    if not _WORD.fullmatch(text):
        raise ParameterError(
            f"{what} must be 1 to 64 letters, digits, dots, dashes and underscores, no dot or dash first, was {text!r}"
        )


def fetch(reference: str) -> ModelFiles:
    """The files of ``URL#NAME@ALIAS``: what :meth:`hftcore.Artifact.load` reads from a registry.

    Raises
    ------
    ModelRegistryError
        If there is no such model, or its file is not the one that was pushed.
    ParameterError
        If it names no model of the registry.
    """
    url, _, name = reference.partition("#")
    if not name:
        raise ParameterError(
            f"{public_url(url)}: a model in a registry is named URL#NAME, URL#NAME@ALIAS or URL#NAME:ID"
        )
    store = open_store(url)
    return files_of(store, resolve(store, Reference.parse(name)), Path(f"{public_url(url)}#{name}"))


def read_state(store: Store, name: str) -> NameState:
    """The log of one name, added up."""
    keys = filter(_RECORD.fullmatch, store.keys(f"names/{name}"))
    return fold(name, (read_record(key, _read(store, key)) for key in keys))


def resolve(store: Store, wanted: Reference) -> Record:
    """The push of the model that a reference names.

    Raises
    ------
    ModelRegistryError
        If there is none, or an id's beginning is that of several; names what there is.
    """
    state = read_state(store, wanted.name)
    if not state.models:
        raise ModelRegistryError(f"no model is named {wanted.name!r}; there are: {_list(names_of(store))}")
    if wanted.alias:
        found = state.aliases.get(wanted.alias)
        if found is None:
            raise ModelRegistryError(f"{wanted.name}: no alias {wanted.alias!r}; there are: {_list(state.aliases)}")
        return _pushed(state, found)
    if not wanted.model:
        return list(state.models.values())[-1]
    matching = [model for model in state.models if model.startswith(wanted.model)]
    if len(matching) != 1:
        what = "no model begins" if not matching else f"{len(matching)} models begin"
        raise ModelRegistryError(f"{wanted.name}: {what} with {wanted.model!r}; there are: {_list(state.models)}")
    return state.models[matching[0]]


def files_of(store: Store, record: Record, path: Path) -> ModelFiles:
    """A pushed model's files, whose hash was checked."""
    key = model_key(record.model)
    data = _read(store, key)
    found = hashlib.sha256(data).hexdigest()
    if found != record.sha256:
        raise ModelRegistryError(f"{key}: was altered: SHA-256 must be {record.sha256}, was {found}")
    return ModelFiles(path, unpack(data, path))


def model_key(model: str) -> str:
    """Where a model's file lies."""
    return f"models/{model}.hft"


def names_of(store: Store) -> list[str]:
    """Every name that has a log."""
    return sorted({key.split("/")[1] for key in filter(_RECORD.fullmatch, store.keys("names"))})


def _pushed(state: NameState, model: str) -> Record:
    if model not in state.models:
        raise ModelRegistryError(f"{state.name}: an alias stands for {model}, which was never pushed")
    return state.models[model]


def _read(store: Store, key: str) -> bytes:
    data = store.read(key)
    if data is None:
        raise ModelRegistryError(f"{key}: is gone from the registry")
    return data


def _list(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
