"""A streaming job under test: one life of it, its processes by what they are, its checkpoint as it lies on the disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hftcore.errors import ChaosError, MissingExtraError
from hftcore.java import find_java_home

LOCAL = "local[2,4]"  # two threads; a task may be tried four times
CLUSTER = "local-cluster[2,1,1024]"  # two executors, processes of their own


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a job."""

    pid: int
    parent: int
    command: str


class StreamJob:
    """One life of ``spark-submit spark/score_stream.py``.

    Parameters
    ----------
    script : Path
        The job.
    arguments : sequence of str
        Its arguments.
    jars : sequence of path
        Of the Kafka connector.
    log : Path
        Everything it says is appended here.
    master : str
    config : mapping, optional
        Further Spark properties.
    """

    def __init__(
        self,
        script: Path,
        arguments: Sequence[str],
        jars: Sequence[Path],
        log: Path,
        master: str = LOCAL,
        config: Mapping[str, str] | None = None,
    ) -> None:
        self.master = master
        self.log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        told = {
            "spark.driver.memory": "600m",
            "spark.executor.memory": "512m",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "2",
            "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1",
            "spark.executor.defaultJavaOptions": "-XX:TieredStopAtLevel=1",
            "spark.executorEnv.PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            "spark.pyspark.python": sys.executable,
            **(config or {}),
        }
        command = [str(_spark_submit()), "--master", master, "--jars", ",".join(map(str, jars))]
        for name, value in told.items():
            command += ["--conf", f"{name}={value}"]
        environment = os.environ | {
            "JAVA_HOME": str(find_java_home()),
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LAUNCHER_OPTS": "-XX:TieredStopAtLevel=1",
        }
        self.started = time.monotonic()
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [*command, str(script), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,  # every process of it is found by its session
            )

    @property
    def running(self) -> bool:
        """Whether the driver lives."""
        return self._process.poll() is None

    def processes(self) -> list[Process]:
        """Every living process of the job."""
        return [one for one, session in _all_processes() if session == self._process.pid]

    def driver_jvm(self) -> Process:
        """The JVM that spark-submit became."""
        return self._one("the driver's JVM", "org.apache.spark.deploy.SparkSubmit")

    def driver_python(self) -> Process:
        """The Python process that runs the script."""
        jvm = self.driver_jvm().pid
        return self._one("the driver's Python", "score_stream.py", parent=jvm)

    def workers(self) -> list[Process]:
        """Python processes that work on tasks: children of a daemon that Spark started."""
        found = [one for one in self.processes() if "pyspark.daemon" in one.command]
        daemons = {one.pid for one in found}
        return [one for one in found if one.parent in daemons]

    def executors(self) -> list[Process]:
        """Executor JVMs; none in local mode."""
        return [one for one in self.processes() if "CoarseGrainedExecutorBackend" in one.command]

    def kill(self) -> None:
        """End every process of it at once."""
        while found := self.processes():
            for one in found:
                _kill(one.pid)
            time.sleep(0.02)
        self._process.wait()

    def wait(self, timeout_s: float) -> int:
        """Wait for the driver's end, then end what it left. Raises ChaosError where it does not come."""
        try:
            code = self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise ChaosError(f"the job did not end within {timeout_s:g} s; last words: {self.last_words()}") from None
        self.kill()
        return code

    def last_words(self, n_lines: int = 6) -> str:
        """The end of its log."""
        text = self.log.read_bytes()[self._log_start :].decode(errors="replace")
        return " | ".join(line for line in text.splitlines()[-n_lines:] if line.strip())

    def _one(self, what: str, words: str, parent: int | None = None) -> Process:
        found = [p for p in self.processes() if words in p.command and parent in (None, p.parent)]
        if not found:
            raise ChaosError(f"{what} is not there; last words: {self.last_words()}")
        return found[0]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A query's checkpoint on the local file system."""

    folder: Path

    def batch(self) -> int:
        """The last batch that was committed; -1 before the first."""
        return max(_numbers(self.folder / "commits"), default=-1)

    def taken(self) -> dict[int, int]:
        """By partition, the offset behind the last message that a committed batch took."""
        batch = self.batch()
        if batch < 0:
            return {}
        text = (self.folder / "offsets" / str(batch)).read_text().splitlines()[2]
        (partitions,) = json.loads(text).values()
        return {int(partition): int(offset) for partition, offset in partitions.items()}


def _spark_submit() -> Path:
    """That of the pyspark beside us. Raises MissingExtraError where there is none."""
    found = find_spec("pyspark")
    if found is None or not found.submodule_search_locations:
        raise MissingExtraError("a streaming job needs pyspark: pip install 'hftcore[spark]'")
    return Path(found.submodule_search_locations[0]) / "bin" / "spark-submit"


def hurt(process: Process) -> None:
    """Kill -9."""
    _kill(process.pid)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _numbers(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.glob("*") if path.name.isdecimal()] if folder.is_dir() else []


def _all_processes() -> Iterator[tuple[Process, int]]:
    """Living processes, and the session of each."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if stat[0] != "Z":
            yield Process(int(folder.name), int(stat[1]), command), int(stat[3])
