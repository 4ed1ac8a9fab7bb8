"""Sets of jars: their pins, what is said where they are not there, the command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hftcore.cli import app
from hftcore.errors import JarError
from hftcore.jars import HDFS, JAR_SETS, KAFKA, S3, JarSet

run = CliRunner()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


@pytest.mark.parametrize("one", JAR_SETS.values(), ids=JAR_SETS.keys())
def test_every_pin_is_a_sha256_of_a_jar_with_a_version(one: JarSet) -> None:
    for name, digest in one.pins().items():
        assert re.fullmatch(r".+-\d.*\.jar|listenablefuture-.*\.jar", name), name
        assert re.fullmatch("[0-9a-f]{64}", digest)
    assert one.version in one.dependencies


def test_the_sets_hold_what_they_are_for_and_not_what_pyspark_has() -> None:
    assert {name.partition("-")[0] for name in KAFKA.pins()} == {"spark", "kafka", "commons"}
    assert len(KAFKA.pins()) == 4
    assert "hadoop-aws-3.5.0.jar" in S3.pins()
    assert not [name for name in S3.pins() if name.startswith(("bundle", "netty-buffer", "slf4j", "httpclient"))]
    assert {"hadoop-common-3.5.0.jar", "hadoop-hdfs-3.5.0.jar", "hadoop-hdfs-client-3.5.0.jar"} <= HDFS.pins().keys()


def test_jars_that_are_not_there_are_not_fetched_unasked() -> None:
    with pytest.raises(JarError, match=r"the Hadoop 3\.5\.0 S3A connector's jars are not in .*hftcore jars fetch s3"):
        S3.paths()


def test_the_list_says_what_is_there_and_fails_on_an_altered_jar() -> None:
    rows = json.loads(run.invoke(app, ["jars", "list", "--json"]).stdout)
    assert [(row["set"], row["state"]) for row in rows] == [(key, "not fetched") for key in JAR_SETS]
    for name in KAFKA.pins():
        (KAFKA.place() / name).write_text("altered")
    done = run.invoke(app, ["jars", "list", "--json"])
    assert done.exit_code == 1
    assert "SHA-256 is" in next(row["state"] for row in json.loads(done.stdout) if row["set"] == "kafka")


def test_a_set_of_another_name_is_refused() -> None:
    done = run.invoke(app, ["jars", "fetch", "gcs"])
    assert "set must be one of brokers, kafka, s3, hdfs, all, was 'gcs'" in str(done.exception)
