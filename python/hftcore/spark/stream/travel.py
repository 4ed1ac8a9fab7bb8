"""An artefact on its way to executors: its files as bytes, loaded with every check once per worker process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from hftcore.artifact import Artifact
from hftcore.errors import ModelMismatchError

_LOADED: Final[dict[str, Artifact]] = {}


def artifact_files(artifact: Artifact) -> dict[str, bytes]:
    """The files of an artefact's folder by name. Raises ModelMismatchError where the folder is gone."""
    try:
        return {path.name: path.read_bytes() for path in sorted(artifact.path.iterdir())}
    except OSError as error:
        raise ModelMismatchError(f"{artifact.path}: cannot be sent to executors: {error}") from error


def arrived_artifact(model_id: str, files: Callable[[], Mapping[str, bytes]]) -> Artifact:
    """The artefact of that id: this process's, else loaded from ``files()`` with all checks of ``Artifact.load``.

    Raises
    ------
    ModelMismatchError
        At the first difference; also where the files are those of another model.
    """
    found = _LOADED.get(model_id)
    if found is None:
        with tempfile.TemporaryDirectory(prefix="hftcore-model-") as folder:  # a loaded library needs its file no more
            for name, data in files().items():
                (Path(folder) / name).write_bytes(data)
            found = Artifact.load(folder)
        if found.model_id != model_id:
            raise ModelMismatchError(f"score: the model must be {model_id}, the files that came are of {found.model_id}")
        _LOADED[model_id] = found
    return found
