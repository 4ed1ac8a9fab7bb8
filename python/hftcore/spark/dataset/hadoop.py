"""Hadoop's file system client, called inside the JVM of a Spark session.

pyarrow's own HDFS client needs Hadoop's native library, which no wheel brings; the session's JVM has Hadoop's client,
its configuration and its credentials already. Bytes of small files cross the bridge, large files are copied by the JVM.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from hftcore.errors import DatasetError

_MISSING = "java.io.FileNotFoundException"


class HadoopFiles:
    """Files under one root; every path is a whole URL."""

    def __init__(self, root: str, spark: SparkSession) -> None:
        context: Any = spark.sparkContext
        self._gateway = context._gateway
        self._hadoop = context._jvm.org.apache.hadoop.fs
        self._copy = context._jvm.org.apache.hadoop.io.IOUtils.copyBytes
        self._configuration = context._jsc.hadoopConfiguration()
        try:
            self._files = self._path(root).getFileSystem(self._configuration)
        except Py4JJavaError as error:
            raise DatasetError(f"{root}: {_reason(error)}") from None

    def read(self, url: str) -> bytes | None:
        """A file's bytes; None where there is none."""
        try:
            stream = self._files.open(self._path(url))
            try:
                return bytes(stream.readAllBytes())
            finally:
                stream.close()
        except Py4JJavaError as error:
            if error.java_exception.getClass().getName() == _MISSING:
                return None
            raise DatasetError(f"{url}: {_reason(error)}") from None

    def write(self, url: str, data: bytes) -> None:
        """Write a file, whole at the end of this call."""
        stream = self._files.create(self._path(url), True)
        stream.write(bytearray(data))
        stream.close()

    def rename_over(self, source: str, target: str) -> None:
        """Rename a file over another in one step, as the name node does it."""
        option = self._hadoop.Options.Rename
        options = self._gateway.new_array(option, 1)
        options[0] = option.OVERWRITE
        context = self._hadoop.FileContext.getFileContext(self._files.getUri(), self._configuration)
        context.rename(self._path(source), self._path(target), options)

    def upload(self, source: Path, url: str) -> None:
        """Copy a local file there, block by block through the stream that Spark writes with."""
        local = self._hadoop.FileSystem.getLocal(self._configuration).open(self._path(f"file://{source}"))
        self._copy(local, self._files.create(self._path(url), True), self._configuration, True)

    def download(self, url: str, target: Path) -> None:
        """Copy a file to the local file system.

        Raises
        ------
        DatasetError
            If there is none.
        """
        try:
            self._files.copyToLocalFile(False, self._path(url), self._path(f"file://{target}"), True)
        except Py4JJavaError as error:
            raise DatasetError(f"{url}: {_reason(error)}") from None

    def walk(self, folder: str) -> list[tuple[str, int, int]]:
        """Path without scheme and host, size in bytes and time in ms of every file under a folder."""
        found = []
        try:
            entries = self._files.listFiles(self._path(folder), True)
            while entries.hasNext():
                one = entries.next()
                path = str(one.getPath().toUri().getPath())
                found.append((path, int(one.getLen()), int(one.getModificationTime())))
        except Py4JJavaError as error:
            if error.java_exception.getClass().getName() == _MISSING:
                return []
            raise DatasetError(f"{folder}: {_reason(error)}") from None
        return found

    def remove(self, url: str) -> None:
        """Remove a file, or a folder and all that it holds."""
        self._files.delete(self._path(url), True)

    def _path(self, url: str) -> Any:
        return self._hadoop.Path(url)


def _reason(error: Py4JJavaError) -> str:
    return str(error.java_exception.toString())
