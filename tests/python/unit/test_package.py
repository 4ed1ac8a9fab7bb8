"""The package's public face: names, import cost, stubs."""

from __future__ import annotations

import filecmp
import subprocess
import sys
from pathlib import Path

import hftcore as hc


def test_every_public_name_resolves() -> None:
    for name in hc.__all__:
        assert getattr(hc, name) is not None, name


def test_import_needs_neither_pandas_nor_pyspark_nor_a_kafka_client() -> None:
    heavy = "{'pandas', 'polars', 'pyspark', 'confluent_kafka', 'treelite', 'matplotlib', 'lightgbm'}"
    code = f"import sys, hftcore, hftcore.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_stubs_of_the_core_are_those_generated_from_it(tmp_path: Path, repo_root: Path) -> None:
    subprocess.run([sys.executable, repo_root / "tools/make_stubs.py", tmp_path / "_core"], check=True)
    kept = repo_root / "python/hftcore/_core"
    generated = sorted(path.relative_to(tmp_path / "_core") for path in (tmp_path / "_core").rglob("*.pyi"))
    assert generated == sorted(path.relative_to(kept) for path in kept.rglob("*.pyi"))
    different = [str(p) for p in generated if not filecmp.cmp(tmp_path / "_core" / p, kept / p, shallow=False)]
    assert not different, f"run `make stubs`: {different}"
