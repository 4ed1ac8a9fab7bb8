"""A set of jars: resolved once by the Ivy inside the pyspark wheel, checked against pinned hashes each time.

Nothing but Java and pip is needed. The jars lie in the user's cache, outside the repository; ``<key>.sha256`` beside
this file names every one of them with its SHA-256, in the form that ``sha256sum --check`` reads.
"""

from __future__ import annotations

import importlib.util
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from hftcore.errors import JarError, MissingExtraError
from hftcore.files import cache_dir, sha256_of
from hftcore.java import find_java_home, trust_options

ProgressCallback = Callable[[int, int], None]

_IVY_FILE = """\
<ivy-module version="2.0">
  <info organisation="hftcore" module="{key}"/>
  <dependencies>
{dependencies}
  </dependencies>
</ivy-module>
"""


@dataclass(frozen=True, slots=True)
class JarSet:
    """Jars that belong together.

    ``key`` is what ``hftcore jars fetch`` calls it, ``title`` what people do; ``folder`` and ``version`` name its place
    in the cache; ``dependencies`` is the inside of an Ivy module's element of that name.
    """

    key: str
    title: str
    folder: str
    version: str
    dependencies: str

    def pins(self) -> dict[str, str]:
        """SHA-256 of each jar, by its name."""
        lines = files("hftcore.jars").joinpath(f"{self.key}.sha256").read_text().splitlines()
        return {name: digest for digest, name in (line.split() for line in lines)}

    def place(self) -> Path:
        """Where the jars are, or will be, in the user's cache."""
        return cache_dir(self.folder, self.version)

    @property
    def fetched(self) -> bool:
        """Whether they are in the cache; nothing is hashed."""
        return self.place().joinpath(min(self.pins())).exists()

    def fetch(self, progress: ProgressCallback | None = None) -> Path:
        """The folder of the jars; they are fetched into the user's cache if they are not there.

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
        if not self.fetched:
            self._fetch(progress)
        return self.checked()

    def checked(self) -> Path:
        """The folder of the jars, all of them hashed; nothing is fetched.

        Raises
        ------
        JarError
            If they are not in the cache, says which command fetches them; or one is not the pinned one.
        """
        if not self.fetched:
            raise JarError(f"the {self.title} jars are not in {self.place()}: hftcore jars fetch {self.key}")
        check_jars(self.place(), self.pins())
        return self.place()

    def paths(self) -> list[Path]:
        """Every jar's file, in the order of their names; hashed, never fetched. Raises as `checked` does."""
        folder = self.checked()
        return [folder / name for name in sorted(self.pins())]

    def _fetch(self, progress: ProgressCallback | None) -> None:
        """Fetch beside the target, then rename each jar: two fetchers at once leave whole jars."""
        folder, n_jars = self.place(), len(self.pins())
        home = find_java_home(f"Fetching the {self.title} jars")
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as scratch:
            module = Path(scratch, "ivy.xml")
            module.write_text(_IVY_FILE.format(key=self.key, dependencies=self.dependencies))
            command: list[str | Path] = [home / "bin" / "java", *trust_options(home), "-jar", _ivy_jar(self.title)]
            command += ["-ivy", module, "-confs", "default", "-types", "jar", "bundle"]
            command += ["-cache", Path(scratch, "cache"), "-retrieve", f"{scratch}/[artifact]-[revision].[ext]"]
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
                raise JarError(f"Ivy could not fetch the {self.title} jars: {'; '.join(problems[:3])}")
            for jar in sorted(Path(scratch).glob("*.jar"), reverse=True):  # the first by name says that all are there
                jar.replace(folder / jar.name)


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


def _ivy_jar(title: str) -> Path:
    spec = importlib.util.find_spec("pyspark")  # finds the wheel and imports nothing of it
    jars = Path(spec.origin).parent.joinpath("jars").glob("ivy-*.jar") if spec is not None and spec.origin else ()
    for jar in jars:
        return jar
    raise MissingExtraError(f"the {title} jars are fetched by pyspark's Ivy: pip install 'hftcore[spark]'")
