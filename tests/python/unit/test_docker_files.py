"""The files for people with Docker: the brokers of the local cluster again, and names that exist. No engine here."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from hftcore.jars.catalogue import KAFKA_VERSION
from hftcore.kafka.properties import COMMON, FAILOVER, NODES
from hftcore.kafka.topics import default_file, read_topics


@pytest.fixture(scope="module")
def docker() -> Path:
    return Path(__file__).resolve().parents[3] / "docker"


@pytest.fixture(scope="module")
def compose(docker: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((docker / "compose.yaml").read_text())
    return loaded


@pytest.fixture(scope="module")
def config(docker: Path) -> dict[str, Any]:
    return tomllib.loads((docker / "config" / "hft.toml").read_text())


def variable(key: str) -> str:
    """The environment variable from which the image makes this Kafka property."""
    return "KAFKA_" + key.upper().replace(".", "_")


@pytest.mark.parametrize("node", NODES)
def test_a_broker_has_the_settings_of_the_local_cluster(compose: dict[str, Any], node: int) -> None:
    broker = compose["services"][f"broker-{node}"]
    assert broker["image"] == f"apache/kafka:{KAFKA_VERSION}"
    environment = broker["environment"]
    wanted = {**COMMON, **FAILOVER["default"]}
    protocols = wanted.pop("listener.security.protocol.map")
    for key, value in wanted.items():
        assert environment[variable(key)] == value, key
    # One listener more than the local cluster: the host reaches a container by another name than its neighbours do.
    assert environment[variable("listener.security.protocol.map")] == f"{protocols},HOST:PLAINTEXT"
    known = {variable(key) for key in wanted} | {variable("listener.security.protocol.map")}
    own = {"NODE_ID", "CONTROLLER_QUORUM_VOTERS", "LISTENERS", "ADVERTISED_LISTENERS", "LOG_DIRS", "HEAP_OPTS"}
    assert environment.keys() - known == {"CLUSTER_ID", *(f"KAFKA_{name}" for name in own)}


def test_every_broker_is_one_of_the_same_quorum_and_is_reached_where_it_says(compose: dict[str, Any]) -> None:
    voters = ",".join(f"{node}@broker-{node}:9093" for node in NODES)
    for node in NODES:
        broker = compose["services"][f"broker-{node}"]
        environment, port = broker["environment"], 19090 + node
        assert environment["KAFKA_NODE_ID"] == str(node)
        assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == voters
        assert re.fullmatch("[A-Za-z0-9_][A-Za-z0-9_-]{21}", environment["CLUSTER_ID"])
        assert broker["hostname"] == f"broker-{node}"
        assert broker["ports"] == [f"127.0.0.1:{port}:{port}"], "no port is open to other machines"
        assert environment["KAFKA_LISTENERS"] == f"PLAINTEXT://:9092,CONTROLLER://:9093,HOST://:{port}"
        advertised = f"PLAINTEXT://broker-{node}:9092,HOST://127.0.0.1:{port}"
        assert environment["KAFKA_ADVERTISED_LISTENERS"] == advertised
        assert broker["volumes"] == [f"broker-{node}:{environment['KAFKA_LOG_DIRS']}"]


def test_what_is_named_is_there(compose: dict[str, Any], docker: Path) -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", (docker / "Dockerfile").read_text(), re.MULTILINE))
    services = compose["services"]
    named_volumes = set()
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= services.keys(), name
        if "build" in service:
            assert (docker / service["build"]["context"] / service["build"]["dockerfile"]).exists()
            assert service["build"]["target"] in stages
        named_volumes |= {v.partition(":")[0] for v in service.get("volumes", []) if not v.startswith(".")}
    assert named_volumes == compose["volumes"].keys()
    bootstrap = services["topics"]["command"][-1]
    assert bootstrap == ",".join(f"broker-{node}:9092" for node in NODES)


def test_the_daemon_reads_and_writes_topics_that_are_made(config: dict[str, Any], compose: dict[str, Any]) -> None:
    topics = {one.name: one.partitions for one in read_topics(default_file())}
    used = [*config["input"]["topics"], *config["output"].values()]
    assert {name: topics[name] for name in used} == dict.fromkeys(used, config["input"]["n_partitions"])
    assert config["input"]["partitions"] == list(range(config["input"]["n_partitions"]))
    assert config["kafka"]["bootstrap"] == compose["services"]["topics"]["command"][-1]
    mounts = dict(v.split(":")[:2] for v in compose["services"]["hftcored"]["volumes"])
    assert config["state_dir"] == mounts["hftcored"]
    assert mounts["./config"] == "/etc/hftcored"
