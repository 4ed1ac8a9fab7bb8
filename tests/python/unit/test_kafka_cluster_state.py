"""The cluster's folder: what is read back, what is refused, and what is mistaken for a broker. No broker runs here."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hftcore.errors import ClusterError, JarError, ParameterError
from hftcore.jars.catalogue import BROKERS
from hftcore.jars.jar_set import check_jars
from hftcore.kafka import Cluster
from hftcore.kafka.process import new_cluster_id
from hftcore.kafka.properties import FAILOVER, Ports, broker_properties, jvm_options
from hftcore.kafka.state import ClusterState, broker_status, living_brokers, properties_file
from hftcore.servers.process import are_free, free_ports, locked

STATE = ClusterState("id", "4.3.1", [Ports(1, 2), Ports(3, 4), Ports(5, 6)], "384m", False, "fast", {"a": "b"})


def sleeping_as(*arguments: object) -> subprocess.Popen[bytes]:
    """A process that sleeps with these last arguments on its command line."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", *map(str, arguments)])


def test_the_state_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    assert ClusterState.load(tmp_path) is None
    STATE.save(tmp_path)
    assert ClusterState.load(tmp_path) == STATE
    assert STATE.bootstrap == "127.0.0.1:1,127.0.0.1:3,127.0.0.1:5"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": 1}', '{"format": 2}', '{"format": 1, "cluster_id": "x", "ports": [1]}'],
)
def test_a_file_that_is_no_state_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "cluster.json").write_text(text)
    with pytest.raises(ClusterError, match=rf"^{re.escape(str(tmp_path))}/cluster.json is not a cluster's state \("):
        ClusterState.load(tmp_path)


def test_a_state_with_too_few_brokers_is_refused(tmp_path: Path) -> None:
    STATE.save(tmp_path)
    raw = json.loads((tmp_path / "cluster.json").read_text())
    (tmp_path / "cluster.json").write_text(json.dumps(raw | {"ports": raw["ports"][:2]}))
    with pytest.raises(ClusterError, match="2 brokers, expected 3"):
        ClusterState.load(tmp_path)


def test_a_state_without_processes_is_stale_and_says_so(tmp_path: Path) -> None:
    STATE.save(tmp_path)
    cluster = Cluster.attach(tmp_path)
    assert not cluster.running
    assert [one.state for one in cluster.status()] == ["dead"] * 3
    with pytest.raises(ClusterError, match="broker 2 is dead"):
        cluster.kill(2)
    with pytest.raises(ClusterError, match=r"no broker of .* runs"):
        cluster.brokers()
    assert cluster.down() is False


def test_a_folder_without_a_cluster_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="holds no cluster: hftcore kafka up"):
        Cluster.attach(tmp_path)
    assert Cluster(tmp_path / "nowhere").down() is False
    assert not (tmp_path / "nowhere").exists()


def test_a_broker_is_known_by_its_command_line_and_no_stranger_is_taken_for_one(tmp_path: Path) -> None:
    STATE.save(tmp_path)
    ours = properties_file(tmp_path, 2)
    strangers = [
        sleeping_as("vim", ours),
        sleeping_as("kafka.Kafka", properties_file(tmp_path / "other", 2)),
        sleeping_as("kafka.Kafka", ours, "--more"),
    ]
    broker = sleeping_as("kafka.Kafka", ours)
    try:
        until = time.monotonic() + 10  # a fresh process shows the starter's command line until it has become its own
        while living_brokers(tmp_path).keys() != {2} and time.monotonic() < until:
            time.sleep(0.01)
        found = living_brokers(tmp_path)
        assert {node: one.pid for node, one in found.items()} == {2: broker.pid}
        assert found[2].resident_bytes > 1_000_000
        cluster = Cluster.attach(tmp_path)
        cluster.pause(2)
        until = time.monotonic() + 10
        while cluster.status()[1].state != "paused" and time.monotonic() < until:
            time.sleep(0.01)
        assert [one.state for one in broker_status(tmp_path, STATE)] == ["dead", "paused", "dead"]
        assert cluster.down() is True, "also what another process started, and paused"
        assert broker.wait(10) == -9
        assert all(stranger.poll() is None for stranger in strangers)
    finally:
        for process in (*strangers, broker):
            process.kill()
            process.wait()


def test_one_process_at_a_time_changes_a_cluster(tmp_path: Path) -> None:
    order = []

    def other() -> None:
        with locked(tmp_path):
            order.append("second")

    with locked(tmp_path):
        waiting = threading.Thread(target=other)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]


def test_ports_are_distinct_and_a_taken_one_is_noticed() -> None:
    ports = free_ports(6)
    assert len(set(ports)) == 6
    assert are_free(ports)
    with socket.socket() as one:
        one.bind(("127.0.0.1", ports[3]))
        one.listen()
        assert not are_free(ports)


def test_no_cluster_id_begins_like_an_option() -> None:
    ids = [new_cluster_id() for _ in range(2_000)]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", one) for one in ids)


def test_each_broker_has_its_own_ports_and_all_have_the_same_quorum() -> None:
    three = [broker_properties(node, STATE.ports, Path("/data"), "fast", {"num.io.threads": "9"}) for node in (1, 2, 3)]
    assert {one["controller.quorum.voters"] for one in three} == {"1@127.0.0.1:2,2@127.0.0.1:4,3@127.0.0.1:6"}
    assert [one["advertised.listeners"][-1] for one in three] == ["1", "3", "5"]
    assert three[0]["broker.session.timeout.ms"] == FAILOVER["fast"]["broker.session.timeout.ms"] == "1000"
    assert three[0]["num.io.threads"] == "9", "what the caller asks for goes over all else"
    assert "-XX:+UseG1GC" in jvm_options("512m", benchmark=True)
    assert "-XX:TieredStopAtLevel=1" in jvm_options("384m", benchmark=False)


def test_wrong_parameters_name_the_rule(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="failover must be one of default, fast, was 'slow'"):
        Cluster(tmp_path, failover="slow")
    STATE.save(tmp_path)
    with pytest.raises(ParameterError, match="broker must be one of 1, 2, 3, was 4"):
        Cluster.attach(tmp_path).kill(4)


def test_the_pins_name_kafka_and_a_logger_of_its_slf4j() -> None:
    pins = BROKERS.pins()
    assert len(pins) == 46
    assert {"kafka_2.13-4.3.1.jar", "kafka-clients-4.3.1.jar", "slf4j-api-1.7.36.jar", "slf4j-simple-1.7.36.jar"} <= {
        *pins
    }
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in pins.values())


def test_a_jar_that_is_not_the_pinned_one_is_refused_by_name(tmp_path: Path) -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    pins = {"a.jar": empty, "b.jar": empty}
    for name in pins:
        (tmp_path / name).touch()
    check_jars(tmp_path, pins)
    (tmp_path / "b.jar").write_text("altered")
    with pytest.raises(JarError, match=rf"b\.jar: SHA-256 is [0-9a-f]+, expected {empty}; remove"):
        check_jars(tmp_path, pins)
    (tmp_path / "b.jar").unlink()
    with pytest.raises(JarError, match=r"b\.jar: missing"):
        check_jars(tmp_path, pins)
    (tmp_path / "b.jar").touch()
    (tmp_path / "c.jar").touch()  # the class path takes every jar of the folder
    with pytest.raises(JarError, match=r"c\.jar: not pinned"):
        check_jars(tmp_path, pins)
