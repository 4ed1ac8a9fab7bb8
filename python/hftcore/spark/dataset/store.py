"""Where a dataset's bytes lie: the local file system, or whatever Hadoop's client inside Spark's JVM can reach."""

from __future__ import annotations

import re
import shutil
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pyspark.sql import SparkSession

from hftcore.errors import DatasetError
from hftcore.files import write_atomically
from hftcore.spark.dataset.hadoop import HadoopFiles

_LOCAL_HOSTS = ("", "localhost")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file under a dataset: its path from the root, its size, when it was last written (ns since the epoch)."""

    path: str
    n_bytes: int
    changed_ns: int


class Store(Protocol):
    """A root folder. Paths are relative to it and have ``/`` between their parts."""

    def url(self, path: str) -> str:
        """The path as Spark takes it."""

    def read(self, path: str) -> bytes | None:
        """A small file's bytes; None where there is none."""

    def replace(self, path: str, data: bytes) -> None:
        """Write a small file in one step: a reader finds the old bytes or the new ones."""

    def put(self, source: Path, path: str) -> None:
        """Copy a local file to where no reader looks yet."""

    def fetch(self, path: str, folder: Path) -> Path:
        """A local file with these bytes, in ``folder`` if it must be copied."""

    def files(self, folder: str) -> list[StoredFile]:
        """Every file under a folder, at any depth, by path; none where there is no folder."""

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that it holds."""


class LocalStore:
    """A folder of this machine; needs neither Spark nor Java."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def url(self, path: str) -> str:
        """See `Store.url`."""
        return f"file://{self._root / path}"  # Hadoop takes a path as it is: no character of it is encoded

    def read(self, path: str) -> bytes | None:
        """See `Store.read`."""
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            return None

    def replace(self, path: str, data: bytes) -> None:
        """See `Store.replace`."""
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, data)

    def put(self, source: Path, path: str) -> None:
        """See `Store.put`."""
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def fetch(self, path: str, folder: Path) -> Path:
        """See `Store.fetch`: the file itself."""
        return self._root / path

    def files(self, folder: str) -> list[StoredFile]:
        """See `Store.files`."""
        found = []
        for path in sorted((self._root / folder).rglob("*")):
            with suppress(FileNotFoundError):  # a temporary name that was renamed while we looked
                stat = path.stat()
                if S_ISDIR(stat.st_mode):
                    continue
                found.append(StoredFile(path.relative_to(self._root).as_posix(), stat.st_size, stat.st_mtime_ns))
        return found

    def remove(self, path: str) -> None:
        """See `Store.remove`."""
        whole = self._root / path
        if whole.is_dir():
            shutil.rmtree(whole)
        else:
            whole.unlink()


class HadoopStore:
    """A folder that Hadoop's client reaches, with the addresses and the credentials of a Spark session."""

    def __init__(self, root: str, spark: SparkSession) -> None:
        self._root = root.rstrip("/")
        self._client = HadoopFiles(self._root, spark)
        self._puts_are_atomic = urlsplit(root).scheme in ("s3a", "s3")

    def url(self, path: str) -> str:
        """See `Store.url`."""
        return f"{self._root}/{path}"

    def read(self, path: str) -> bytes | None:
        """See `Store.read`."""
        return self._client.read(self.url(path))

    def replace(self, path: str, data: bytes) -> None:
        """See `Store.replace`. An object appears when its upload ends; a file is written beside and renamed over."""
        if self._puts_are_atomic:
            self._client.write(self.url(path), data)
            return
        folder, _, name = path.rpartition("/")
        beside = self.url(f"{folder}/.{name}.{uuid.uuid4().hex}".lstrip("/"))
        self._client.write(beside, data)
        self._client.rename_over(beside, self.url(path))

    def put(self, source: Path, path: str) -> None:
        """See `Store.put`."""
        self._client.upload(source, self.url(path))

    def fetch(self, path: str, folder: Path) -> Path:
        """See `Store.fetch`."""
        target = folder / re.sub(r"[^A-Za-z0-9._=-]+", "-", path)
        self._client.download(self.url(path), target)
        return target

    def files(self, folder: str) -> list[StoredFile]:
        """See `Store.files`."""
        skip = len(urlsplit(self._root).path.rstrip("/")) + 1
        found = self._client.walk(self.url(folder))
        return sorted((StoredFile(path[skip:], size, ms * 1_000_000) for path, size, ms in found), key=lambda f: f.path)

    def remove(self, path: str) -> None:
        """See `Store.remove`."""
        self._client.remove(self.url(path))


def open_store(url: str, spark: SparkSession | None) -> Store:
    """The store of a dataset's URL.

    Raises
    ------
    DatasetError
        If it is no URL of a folder, or needs a Spark session and there is none.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        if parts.netloc not in _LOCAL_HOSTS or not parts.path.startswith("/"):
            raise DatasetError(f"{url}: a local dataset's URL must read file:///absolute/path")
        return LocalStore(Path(unquote(parts.path)))
    if not parts.scheme or (not parts.netloc and parts.scheme != "hdfs"):
        raise DatasetError(f"{url}: a dataset's URL must read file:///path, s3a://bucket/path or hdfs://host:port/path")
    active = spark or SparkSession.getActiveSession()
    if active is None:
        raise DatasetError(f"{url}: {parts.scheme} is reached through Spark's JVM: start hs.session(...) first")
    return HadoopStore(url, active)
