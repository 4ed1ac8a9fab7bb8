"""Where a registry's objects lie: a folder, or what pyarrow reaches by a URL (``s3://``, ``hdfs://``, ``gs://``)."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.fs as pafs

from hftcore.errors import ModelRegistryError


class Store(Protocol):
    """Objects by key, such as ``names/up/00000001-ab.json``. A key is written once and never changes."""

    def read(self, key: str) -> bytes | None:
        """The object's bytes, None where there is none."""

    def write(self, key: str, data: bytes) -> None:
        """Add an object in one step: a reader finds all of it or nothing. One that is there stays as it is."""

    def keys(self, prefix: str) -> list[str]:
        """All keys under a folder, sorted."""


def open_store(url: str) -> Store:
    """The store at a URL or a folder's path; a folder is made when it is first written to.

    Raises
    ------
    ModelRegistryError
        If the URL is none that pyarrow knows.
    """
    if "://" not in url:
        return FolderStore(Path(url))
    try:
        filesystem, base = pafs.FileSystem.from_uri(url)
    except (pa.ArrowInvalid, OSError, NotImplementedError) as error:
        raise ModelRegistryError(f"{url}: no place for a registry: {error}") from error
    return FolderStore(Path(base)) if isinstance(filesystem, pafs.LocalFileSystem) else UrlStore(url, filesystem, base)


class FolderStore:
    """Objects as files; a new one is linked into its place, which fails where another is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> bytes | None:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, key: str, data: bytes) -> None:
        target = self._folder / key
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            Path(name).chmod(0o644)
            with contextlib.suppress(FileExistsError):
                os.link(name, target)
        finally:
            Path(name).unlink(missing_ok=True)

    def keys(self, prefix: str) -> list[str]:
        found = (self._folder / prefix).rglob("*")
        return sorted(
            path.relative_to(self._folder).as_posix()
            for path in found
            if not path.name.startswith(".") and path.is_file()
        )


class UrlStore:
    """Objects of a bucket: one put each, which a reader sees whole or not at all."""

    def __init__(self, url: str, filesystem: pafs.FileSystem, base: str) -> None:
        self._url = url.partition("?")[0]  # the rest may hold secrets
        self._fs = filesystem
        self._base = base.rstrip("/")

    def read(self, key: str) -> bytes | None:
        try:
            with self._fs.open_input_stream(f"{self._base}/{key}") as stream:
                return bytes(stream.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(error) from error

    def write(self, key: str, data: bytes) -> None:
        path = f"{self._base}/{key}"
        try:
            if self._fs.get_file_info(path).type == pafs.FileType.File:
                return
            if self._fs.type_name not in ("s3", "gcs", "abfs"):  # a bucket has no folders
                self._fs.create_dir(path.rpartition("/")[0])
            with self._fs.open_output_stream(path) as stream:
                stream.write(data)
        except OSError as error:
            raise self._failed(error) from error

    def keys(self, prefix: str) -> list[str]:
        selector = pafs.FileSelector(f"{self._base}/{prefix}", recursive=True, allow_not_found=True)
        try:
            found = self._fs.get_file_info(selector)
        except OSError as error:
            raise self._failed(error) from error
        skip = len(self._base) + 1
        return sorted(info.path[skip:] for info in found if info.type == pafs.FileType.File)

    def _failed(self, error: OSError) -> ModelRegistryError:
        return ModelRegistryError(f"{self._url}: {error}")
