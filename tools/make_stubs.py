"""Write the type stubs of hftcore._core into a folder: python tools/make_stubs.py python/hftcore/_core."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


def main(target: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pybind11_stubgen", "hftcore._core", "--output-dir", folder, "--exit-code"],
            check=True,
        )
        generated = Path(folder, "hftcore", "_core")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(generated, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
