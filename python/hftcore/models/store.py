"""Where a registry's objects lie: a folder, or a bucket that pyarrow reaches by an ``s3://`` URL."""

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
        If the URL is another than ``s3://`` or ``file://``, or none that pyarrow knows.
    """
    scheme, is_url, _ = url.partition("://")
    if not is_url:
        return FolderStore(Path(url))
    if scheme not in ("file", "s3"):
        raise ModelRegistryError(
            f"{public_url(url)}: no place for a registry: it must be a folder or s3://bucket/prefix"
        )
    try:
        filesystem, base = pafs.FileSystem.from_uri(url)
    except (pa.ArrowInvalid, OSError) as error:
        shown = public_url(url)
        why = str(error).replace(url, shown)
        raise ModelRegistryError(f"{shown}: no place for a registry: {why}") from None  # it holds the whole URL
    return FolderStore(Path(base)) if scheme == "file" else BucketStore(url, filesystem, base)


def public_url(url: str) -> str:
    """A URL for messages: without user info and query, which may hold secrets; a folder's path as it is."""
    scheme, is_url, rest = url.partition("://")
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}" if is_url else url


class FolderStore:
    """Objects as files; a new one is linked into its place, which fails where another is there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> bytes | None:
        try:
            return (self._folder / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(key, "read", error) from error

    def write(self, key: str, data: bytes) -> None:
        try:
            self._link_new(self._folder / key, data)
        except OSError as error:
            raise self._failed(key, "written", error) from error

    def _link_new(self, target: Path, data: bytes) -> None:
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

    def _failed(self, key: str, done: str, error: OSError) -> ModelRegistryError:
        return ModelRegistryError(f"{self._folder / key}: cannot be {done}: {error.strerror}")


class BucketStore:
    """Objects of a bucket: one put each, which a reader sees whole or not at all."""

    def __init__(self, url: str, filesystem: pafs.FileSystem, base: str) -> None:
        self._url = public_url(url)
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
