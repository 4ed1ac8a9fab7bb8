"""The jars of connectors: from the cache, checked, never fetched at a session's start."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import hftcore.spark as hs
from hftcore.errors import JarError, ParameterError
from hftcore.spark.session import connector_jars


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_jars_that_were_not_fetched_name_the_command(empty_cache: Path) -> None:
    with pytest.raises(JarError, match=r"Kafka connector's jars are not in .*: hftcore jars fetch kafka$"):
        hs.session(connectors=("kafka",))
    with pytest.raises(JarError, match=r"hftcore jars fetch s3$"):
        connector_jars(["hdfs", "s3"])
    assert connector_jars(["hdfs"]) == [], "it is in Spark itself"


def test_names_are_checked(empty_cache: Path) -> None:
    with pytest.raises(ParameterError, match="connectors must be among kafka, s3, hdfs, was 'gcs'"):
        connector_jars(["gcs"])
    with pytest.raises(ParameterError, match=r"must be a sequence such as \('s3',\), was 's3'"):
        connector_jars("s3")


def test_the_session_of_the_tests_has_both_connectors(spark: Any) -> None:
    if "hadoop-aws" not in spark.sparkContext.getConf().get("spark.jars", ""):
        pytest.skip("no jars in the cache: hftcore jars fetch kafka s3")  # never in CI: the session's fixture fails
    loader = spark.sparkContext._jvm.java.lang.Thread.currentThread().getContextClassLoader()
    for name in ("org.apache.spark.sql.kafka010.KafkaSourceProvider", "org.apache.hadoop.fs.s3a.S3AFileSystem"):
        assert loader.loadClass(name).getName() == name


def test_a_running_session_without_the_jars_is_not_taken(spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["hftcore.spark.session"]  # the name in the package is the function
    monkeypatch.setattr(module, "connector_jars", lambda connectors: [Path("/cache/one-1.0.jar")])
    with pytest.raises(JarError, match=r"the active session was started without one-1\.0\.jar: stop\(\) it first"):
        hs.session(connectors=("kafka",))
