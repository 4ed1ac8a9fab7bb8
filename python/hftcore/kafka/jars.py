"""The brokers' jars: resolved once by the Ivy inside the pyspark wheel, checked against pinned hashes.

Nothing but Java and pip is needed. The jars lie in the user's cache, outside the repository; ``jars.sha256`` beside
this file names every one of them with its SHA-256, in the form that ``sha256sum --check`` reads.
"""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

from hftcore.errors import JarError, MissingExtraError
from hftcore.files import cache_dir, sha256_of
from hftcore.java import find_java_home, trust_options

KAFKA_VERSION = "4.3.1"

# slf4j-simple: without a binding of the API's own version (1.7) the brokers' logs stay empty.
_IVY_FILE = f"""\
<ivy-module version="2.0">
  <info organisation="hftcore" module="brokers"/>
  <dependencies>
    <dependency org="org.apache.kafka" name="kafka_2.13" rev="{KAFKA_VERSION}" conf="*->default"/>
    <dependency org="org.slf4j" name="slf4j-simple" rev="1.7.36" conf="*->default"/>
  </dependencies>
</ivy-module>
"""

ProgressCallback = Callable[[int, int], None]


def pinned_jars() -> dict[str, str]:
    """SHA-256 of each jar, by its name."""
    lines = files("hftcore.kafka").joinpath("jars.sha256").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def jars_folder(progress: ProgressCallback | None = None) -> Path:
    """The folder of the brokers' jars; they are fetched into the user's cache if they are not there.

    Every jar is hashed each time (0.1 s): a cache is a place where others can write.

    Parameters
    ----------
    progress : callable, optional
        Called with (jars fetched, jars wanted) while they are fetched.

    Raises
    ------
    JavaNotFoundError
        If there is no Java to fetch them with.
    MissingExtraError
        If pyspark, whose Ivy fetches them, is not installed.
    JarError
        If they cannot be fetched, or one is not the pinned one; names it.
    """
    folder = cache_dir("kafka", KAFKA_VERSION)
    pins = pinned_jars()
    if not folder.joinpath(min(pins)).exists():
        _fetch(folder, len(pins), progress)
    check_jars(folder, pins)
    return folder


def check_jars(folder: Path, pins: Mapping[str, str]) -> None:
    """Refuse a folder in which a jar is missing, one too many, or not the pinned one."""
    found = {path.name for path in folder.glob("*.jar")}
    advice = f"remove {folder} to fetch them again"
    for name in sorted(found ^ pins.keys()):
        raise JarError(f"{folder / name}: {'not pinned' if name in found else 'missing'}; {advice}")
    for name, expected in pins.items():
        digest = sha256_of(folder / name)
        if digest != expected:
            raise JarError(f"{folder / name}: SHA-256 is {digest}, expected {expected}; {advice}")


def _fetch(folder: Path, n_jars: int, progress: ProgressCallback | None) -> None:
    """Fetch beside the target, then rename each jar: two fetchers at once leave whole jars."""
    home = find_java_home("The Kafka cluster")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
        module = Path(scratch, "ivy.xml")
        module.write_text(_IVY_FILE)
        command: list[str | Path] = [home / "bin" / "java", *trust_options(home), "-jar", _ivy_jar()]
        command += ["-ivy", module, "-confs", "default", "-types", "jar", "bundle", "-cache", Path(scratch, "cache")]
        command += ["-retrieve", f"{scratch}/[artifact]-[revision].[ext]"]
        said: list[str] = []
        n_done = 0
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as ivy:
            assert ivy.stdout is not None
            for line in ivy.stdout:
                said.append(line.strip())
                n_done += "[SUCCESSFUL" in line
                if progress is not None:
                    progress(n_done, n_jars)
        if ivy.returncode != 0:
            problems = [line for line in said if "not found" in line or "error" in line.lower()] or said
            raise JarError(f"Ivy could not fetch the Kafka {KAFKA_VERSION} jars: {'; '.join(problems[:3])}")
        for jar in sorted(Path(scratch).glob("*.jar"), reverse=True):  # the first by name says that all are there
            jar.replace(folder / jar.name)


def _ivy_jar() -> Path:
    spec = importlib.util.find_spec("pyspark")  # finds the wheel and imports nothing of it
    jars = Path(spec.origin).parent.joinpath("jars").glob("ivy-*.jar") if spec is not None and spec.origin else ()
    for jar in jars:
        return jar
    raise MissingExtraError("the Kafka cluster's jars are fetched by pyspark's Ivy: pip install 'hftcore[spark]'")
