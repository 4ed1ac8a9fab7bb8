"""Where a worker puts files itself: a folder that every machine sees, or S3, by pyarrow's own clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import pyarrow.fs as pafs
from pyspark.sql import SparkSession

_TRUE: Final = "true"


@dataclass(frozen=True)
class Place:
    """The root of a dataset as pyarrow reaches it. Travels to the workers, credentials of S3 within.

    Parameters
    ----------
    root : str
        A local path, or ``bucket/path``.
    s3 : dict, optional
        Keyword arguments of ``pyarrow.fs.S3FileSystem``; None: the local file system.
    """

    root: str
    s3: dict[str, Any] | None = None

    def open(self) -> pafs.FileSystem:
        """Return a client, in the process that will write."""
        return pafs.LocalFileSystem() if self.s3 is None else pafs.S3FileSystem(**self.s3)


def place_of(url: str, spark: SparkSession) -> Place | None:
    """Return the place of a dataset's URL; None where pyarrow has no client for it (HDFS, whose library no wheel has).

    S3's address and keys are those of the session (``fs.s3a.*``); where it names no key, pyarrow looks for them where
    AWS's tools do: environment, profile, instance.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Place(unquote(parts.path))
    if parts.scheme not in ("s3", "s3a"):
        return None
    context: Any = spark.sparkContext
    hadoop = context._jsc.hadoopConfiguration()

    def told(name: str) -> str | None:
        value = hadoop.getTrimmed(f"fs.s3a.{name}")
        return str(value) if value else None

    options: dict[str, Any] = {
        "access_key": told("access.key"),
        "secret_key": told("secret.key"),
        "session_token": told("session.token"),
        "region": told("endpoint.region"),
        "force_virtual_addressing": told("endpoint") is not None and told("path.style.access") != _TRUE,
    }
    endpoint = told("endpoint")
    if endpoint is not None:
        secure = told("connection.ssl.enabled") in (None, _TRUE)
        scheme, _, rest = endpoint.rpartition("://")
        options["scheme"] = scheme or ("https" if secure else "http")
        options["endpoint_override"] = rest
    return Place(f"{parts.netloc}{parts.path}", {key: value for key, value in options.items() if value is not None})
