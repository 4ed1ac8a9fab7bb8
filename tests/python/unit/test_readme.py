"""The README's snippets run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def snippets(path: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", path.read_text(), flags=re.DOTALL)


def test_readme_snippets_run_in_order(repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = snippets(repo_root / "README.md")
    assert code, "the README shows no Python"
    namespace: dict[str, object] = {}
    for snippet in code:
        exec(compile(snippet, "README.md", "exec"), namespace)
