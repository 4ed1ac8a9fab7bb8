"""An artefact on its way to executors: one file of the session, loaded with every check once per worker process.

Not a broadcast: Spark also unpickles a stateful processor in a process of the driver's that knows no broadcasts. Not a
closure: it would be unpickled for each task of each batch.
"""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hftcore.artifact import Artifact
from hftcore.errors import ModelMismatchError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOADED: Final[dict[str, Artifact]] = {}
_SENT: Final[dict[str, Path]] = {}  # the session serves them from here as long as it lives


def send_artifact(spark: SparkSession, artifact: Artifact) -> str:
    """Give an artefact to the session's executors as one file, in the bytes that were checked; returns its name."""
    data = artifact.to_bytes()
    name = f"hftcore-{hashlib.sha256(data).hexdigest()[:16]}.hft"
    sent = f"{spark.sparkContext.applicationId} {name}"
    if sent not in _SENT:
        folder = Path(tempfile.mkdtemp(prefix="hftcore-send-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        (folder / name).write_bytes(data)
        spark.sparkContext.addFile(str(folder / name))
        _SENT[sent] = folder
    return name


def arrived_artifact(model_id: str, name: str) -> Artifact:
    """The artefact of that id: this process's, else the session's file loaded with all checks of ``Artifact.load``.

    Executors predict by the kernel, whatever the driver does: its bits are the same, and it runs no code of a file.

    Raises
    ------
    ModelMismatchError
        At the first difference; also where the file is of another model.
    """
    found = _LOADED.get(model_id)
    if found is None:
        from pyspark import SparkFiles

        found = Artifact.load(Path(SparkFiles.get(name)), engine="kernel")
        if found.model_id != model_id:
            raise ModelMismatchError(f"score: the model must be {model_id}, the file's is {found.model_id}")
        _LOADED[model_id] = found
    return found
