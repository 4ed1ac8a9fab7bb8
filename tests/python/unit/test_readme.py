"""The README's snippets run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def snippets(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), flags=re.DOTALL)


def test_readme_snippets_run_in_order(repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = snippets(repo_root / "README.md", "python")
    assert code, "the README shows no Python"
    namespace: dict[str, object] = {}
    for snippet in code:
        exec(compile(snippet, "README.md", "exec"), namespace)


def test_readme_commands_run_in_order(repo_root: Path, tmp_path: Path) -> None:
    (tmp_path / "python").symlink_to(repo_root / "python")
    steps = next(block for block in snippets(repo_root / "README.md", "console") if "hftcore gen" in block)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", steps], cwd=tmp_path, env=os.environ | {"PATH": path}, check=False
    )
    assert done.returncode == 0
    assert "test rows" in (tmp_path / "report.html").read_text()
