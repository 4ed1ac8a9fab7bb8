"""An artefact on its way to executors: one file of the session, loaded with every check once per worker process.

Not a broadcast: Spark also unpickles a stateful processor in a process of the driver's that knows no broadcasts. Not a
closure: it would be unpickled for each task of each batch.
"""

from __future__ import annotations

import atexit
import hashlib
import io
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hftcore.artifact import Artifact
from hftcore.errors import ModelMismatchError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_LOADED: Final[dict[str, Artifact]] = {}
_SENT: Final[dict[str, Path]] = {}  # the session serves them from here as long as it lives
_SOME_DAY: Final = (1980, 1, 1, 0, 0, 0)


def send_artifact(spark: SparkSession, artifact: Artifact) -> str:
    """Give an artefact's folder to the session's executors as one file; returns the name of it.

    Raises
    ------
    ModelMismatchError
        If the folder cannot be read.
    """
    try:
        data = _zipped(artifact.path)
    except OSError as error:
        raise ModelMismatchError(f"{artifact.path}: cannot be sent to executors: {error}") from error
    name = f"hftcore-{hashlib.sha256(data).hexdigest()[:16]}.hft.zip"
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

    Raises
    ------
    ModelMismatchError
        At the first difference; also where the file is of another model.
    """
    found = _LOADED.get(model_id)
    if found is None:
        from pyspark import SparkFiles

        with tempfile.TemporaryDirectory(prefix="hftcore-model-") as folder:  # a loaded library needs its file no more
            with zipfile.ZipFile(SparkFiles.get(name)) as archive:
                archive.extractall(folder)
            found = Artifact.load(folder)
        if found.model_id != model_id:
            raise ModelMismatchError(f"score: the model must be {model_id}, the file's is {found.model_id}")
        _LOADED[model_id] = found
    return found


def _zipped(folder: Path) -> bytes:
    """The folder's files without their times: the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name, _SOME_DAY), path.read_bytes())
    return out.getvalue()
