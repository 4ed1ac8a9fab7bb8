"""What users' type checkers see, read by mypy and by pyright."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHECKERS = {"mypy": ("--strict", "--config-file="), "pyright": ("--pythonpath", sys.executable)}


@pytest.mark.parametrize("checker", CHECKERS)
def test_public_names_are_typed(checker: str, repo_root: Path) -> None:
    typed = repo_root / "tests/python/typing"
    command = [sys.executable, "-m", checker, *CHECKERS[checker], *map(str, sorted(typed.glob("*.py")))]
    done = subprocess.run(command, capture_output=True, text=True, cwd=typed, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
