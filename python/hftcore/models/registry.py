"""The registry as an object: push, promote, roll back, pull, compare."""

from __future__ import annotations

import getpass
import hashlib
import secrets
import socket
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hftcore.archive import ModelFiles
from hftcore.artifact import Artifact, refuse_taken, write_model
from hftcore.errors import ModelRegistryError, ParameterError
from hftcore.files import sha256_of
from hftcore.models.difference import Difference, differences
from hftcore.models.log import NameState, Record
from hftcore.models.reference import (
    Reference,
    check_word,
    files_of,
    model_key,
    names_of,
    read_state,
    resolve,
)
from hftcore.models.store import open_store


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A pushed model and the aliases that stand for it now."""

    record: Record
    aliases: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        r = self.record
        return {
            "name": r.name,
            "id": r.model,
            "aliases": list(self.aliases),
            "model_id": r.model_id,
            "sha256": r.sha256,
            "pushed_by": r.by,
            "pushed_at": r.at,
            "note": r.note,
        }


class ModelRegistry:
    """Models by name, in a folder or a bucket. Any number of processes may use one at once.

    Parameters
    ----------
    url : str or path
        A folder, or ``s3://bucket/prefix`` as ``pyarrow.fs.FileSystem.from_uri`` takes it (region, endpoint and scheme
        are its query parameters; credentials come from the environment). Messages leave out user info and query.
    by : str, optional
        Who acts, for the log; default: ``user@host``. It is a claim, not a proof: who may write is the store's to say.
    """

    def __init__(self, url: str | Path, *, by: str | None = None) -> None:
        self.url = str(url)
        self._store = open_store(self.url)
        self._by = _whoami() if by is None else by

    def push(
        self, artifact: Artifact | str | Path, name: str, *, alias: str | None = None, note: str = ""
    ) -> ModelEntry:
        """Add a model under a name, after every check of ``Artifact.load``; the same model again adds nothing.

        Parameters
        ----------
        artifact : Artifact or path
        name : str
        alias : str, optional
            Also promote it to this alias.
        note : str
            For the log.

        Raises
        ------
        ModelMismatchError
            If the artefact is not what it says.
        ParameterError
            If the name or the alias is no word.
        """
        check_word("name", name)
        if alias is not None:
            check_word("alias", alias)
        art = artifact if isinstance(artifact, Artifact) else Artifact.load(artifact, engine="kernel")
        data = art.to_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        model = f"{art.model_id[:16]}-{sha256[:16]}"
        state = read_state(self._store, name)
        if model not in state.models:
            self._store.write(model_key(model), data)
            self._append("push", state, Record(0, "push", name, model, "", sha256, art.model_id, "", ""), "", note)
        if alias is not None:
            self.promote(f"{name}:{model}", alias, note=note)
        return self.show(f"{name}:{model}")

    def entries(self, name: str | None = None) -> list[ModelEntry]:
        """Every model of one name, or of all, in the order of the pushes."""
        if name is not None:
            check_word("name", name)
        states = [read_state(self._store, n) for n in ([name] if name is not None else names_of(self._store))]
        return [self._entry(state, record) for state in states for record in state.models.values()]

    def show(self, reference: str) -> ModelEntry:
        """The model that ``NAME``, ``NAME@ALIAS`` or ``NAME:ID`` stands for now. Raises ModelRegistryError."""
        record = resolve(self._store, Reference.parse(reference))
        return self._entry(read_state(self._store, record.name), record)

    def promote(self, reference: str, alias: str, *, note: str = "") -> Record:
        """Let an alias of the model's name stand for this model, in one step.

        Returns
        -------
        record : Record
            The line of the log.

        Raises
        ------
        ModelRegistryError
            If there is no such model, or someone else's move came in between and holds.
        """
        check_word("alias", alias)
        pushed = resolve(self._store, Reference.parse(reference))
        return self._move("promote", read_state(self._store, pushed.name), pushed, alias, note)

    def rollback(self, reference: str, *, note: str = "") -> Record:
        """Let ``NAME@ALIAS`` stand for what it stood for before; once more goes one step further back.

        Raises
        ------
        ModelRegistryError
            If there is nothing before.
        """
        wanted = Reference.parse(reference)
        if not wanted.alias:
            raise ParameterError(f"rollback takes NAME@ALIAS, was {reference!r}")
        resolve(self._store, wanted)
        state = read_state(self._store, wanted.name)
        before = state.before(wanted.alias)
        if before is None:
            raise ModelRegistryError(f"{reference}: there is nothing to go back to: it has stood for one model only")
        return self._move("rollback", state, state.models[before], wanted.alias, note)

    def history(self, reference: str) -> list[Record]:
        """Every move of ``NAME@ALIAS``, or of all aliases and every push of ``NAME``, oldest first."""
        wanted = Reference.parse(reference)
        resolve(self._store, wanted)
        state = read_state(self._store, wanted.name)
        if wanted.alias:
            return [*state.moves[wanted.alias]]
        moves = [record for records in state.moves.values() for record in records]
        return sorted([*state.models.values(), *moves], key=lambda record: record.key)

    def load(self, reference: str, *, allow_compiled: bool = False, engine: str = "auto") -> Artifact:
        """The model itself, with every check of ``Artifact.load``."""
        return Artifact.load(f"{self.url}#{reference}", allow_compiled=allow_compiled, engine=engine)

    def pull(self, reference: str, path: str | Path, *, overwrite: bool = False) -> Artifact:
        """Write the model to a path, one file where it ends in ``.hft``, else a folder, and load it."""
        target = Path(path)
        refuse_taken(target, overwrite)
        files = files_of(self._store, resolve(self._store, Reference.parse(reference)), target)
        write_model(ModelFiles(target, files.members), overwrite)
        return Artifact.load(target)

    def link(self, reference: str, link: str | Path) -> Path:
        """Pull the model beside a symbolic link, under its id, and let the link stand for it, in one step.

        What the link stood for stays: a daemon that recovers asks for the model that decided then. A file that lies
        there under the model's id is read whole, and pulled again where its bytes are not those that were pushed.

        Returns
        -------
        path : Path
            The file that the link stands for now.

        Raises
        ------
        ModelRegistryError
            If there is no such model, or something else than a link has the link's name.
        """
        place = Path(link)
        if place.exists() and not place.is_symlink():
            raise ModelRegistryError(f"{place}: is a file or a folder, so no link takes its place")
        record = resolve(self._store, Reference.parse(reference))
        target = place.with_name(f"{record.model}.hft")
        if not target.is_file() or sha256_of(target) != record.sha256:
            self.pull(f"{record.name}:{record.model}", target, overwrite=True)
        made = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
        made.symlink_to(target.name)
        made.rename(place)
        return target

    def diff(self, old: str, new: str) -> list[Difference]:
        """What differs between two models: manifest, spec, forest; empty where nothing that matters does."""
        return differences(self.load(old), self.load(new))

    def _move(self, action: str, state: NameState, pushed: Record, alias: str, note: str) -> Record:
        record = self._append(action, state, pushed, alias, note)
        stands_for = read_state(self._store, pushed.name).aliases[alias]
        if stands_for != pushed.model:
            raise ModelRegistryError(
                f"{pushed.name}@{alias}: someone moved it to {stands_for} at the same time, and that holds; both moves "
                "are in its history"
            )
        return record

    def _append(self, action: str, state: NameState, pushed: Record, alias: str, note: str) -> Record:
        record = replace(
            pushed,
            number=state.last_number + 1,
            action=action,
            alias=alias,
            by=self._by,
            at=datetime.now(UTC).isoformat(timespec="microseconds"),
            note=note,
            after=state.last_move(alias),
        )
        self._store.write(record.key, record.to_bytes())
        return record

    def _entry(self, state: NameState, record: Record) -> ModelEntry:
        aliases = tuple(alias for alias, model in state.aliases.items() if model == record.model)
        return ModelEntry(record, aliases)


def _whoami() -> str:
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container whose user has no name
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
