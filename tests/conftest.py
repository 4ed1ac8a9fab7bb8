"""Fixtures shared by all Python tests."""

from __future__ import annotations

import importlib.util
import os
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from hftcore.kafka import Cluster

MakeTopic = Callable[..., str]

# As it was when the tests were collected: Spark's tests set it to a folder of their own, where no jar is.
_CACHE_HOME = os.environ.get("XDG_CACHE_HOME")

# One set of examples per code version: a failure seen by one person is seen by all.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def missing(reason: str) -> None:
    """Skip on a laptop; fail where CI promises that everything is there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real market data, from HFTCORE_DATA."""
    path = Path(os.environ.get("HFTCORE_DATA", ""))
    if not os.environ.get("HFTCORE_DATA") or not path.is_dir():
        missing("HFTCORE_DATA does not name the folder of the real market data")
    return path


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """Root of the checkout."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One real three-broker cluster for all tests: starting it costs about six seconds.

    Hurt it as you like: it is healed after each test that does, and ends with this process, however that ends.
    """
    from hftcore.errors import JarError, JavaNotFoundError, MissingExtraError
    from hftcore.kafka import Cluster

    if importlib.util.find_spec("confluent_kafka") is None:
        missing("confluent-kafka is not installed: pip install 'hftcore[kafka]'")
    cluster = Cluster(tmp_path_factory.mktemp("kafka"), failover="fast", tied=True)
    with pytest.MonkeyPatch.context() as patch:
        if _CACHE_HOME is None:
            patch.delenv("XDG_CACHE_HOME", raising=False)
        else:
            patch.setenv("XDG_CACHE_HOME", _CACHE_HOME)
        try:
            cluster.up()
        except (JavaNotFoundError, MissingExtraError, JarError) as error:
            missing(str(error))
        yield cluster
        cluster.down(purge=True)


@pytest.fixture
def topics(kafka: Cluster, request: pytest.FixtureRequest) -> Iterator[MakeTopic]:
    """Makes topics of this test's own: ``topics(partitions=1, replication=3, config=None, name="")`` returns a name.

    They are deleted after the test. Without ``config`` a write needs two replicas in sync.
    """
    made: list[str] = []

    def make(partitions: int = 1, replication: int = 3, config: Mapping[str, str] | None = None, name: str = "") -> str:
        test = re.sub(r"[^A-Za-z0-9._-]+", "-", request.node.name)[:80]
        full = "-".join(part for part in (test, name, uuid.uuid4().hex[:8]) if part)
        wanted = {"min.insync.replicas": str(min(2, replication))} if config is None else config
        kafka.create_topic(full, partitions, replication, wanted)
        made.append(full)
        return full

    yield make
    kafka.heal()
    kafka.delete_topics(*made)
