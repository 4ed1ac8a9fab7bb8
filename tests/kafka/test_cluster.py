"""The cluster itself: it comes up, bleeds, heals, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hftcore.errors import ClusterError
from hftcore.kafka import Cluster
from hftcore.kafka.state import living_brokers
from hftcore.servers.process import has_ended
from hftcore.servers.waiting import wait_until

Write = Callable[..., list[str | None]]
Read = Callable[..., list[bytes]]


def test_three_brokers_run_and_count_each_other_in(kafka: Cluster) -> None:
    assert [(one.node, one.state) for one in kafka.status()] == [(1, "running"), (2, "running"), (3, "running")]
    assert kafka.brokers() == {1, 2, 3}
    assert kafka.up() is False, "a second up finds it running"


def test_a_topic_has_the_replicas_it_asked_for(kafka: Cluster, topics: Callable[..., str]) -> None:
    name = topics(partitions=3, replication=2)
    for partition in range(3):
        found = kafka.partition(name, partition)
        assert len(set(found.replicas)) == 2
        assert set(found.in_sync) == set(found.replicas)
        assert found.leader in found.replicas
    with pytest.raises(ClusterError, match="partition 3: not known"):
        kafka.partition(name, 3)


@pytest.mark.parametrize("how", ["kill", "pause", "terminate"])
def test_records_survive_the_loss_of_their_leader(
    kafka: Cluster, topic: str, write: Write, read: Read, how: str
) -> None:
    before, after = [b"before %d" % i for i in range(100)], [b"after %d" % i for i in range(100)]
    assert write(topic, before) == [None] * 100
    old = kafka.leader(topic)
    getattr(kafka, how)(old)
    assert kafka.status()[old - 1].state == ("paused" if how == "pause" else "dead")
    assert kafka.wait_for_leader(topic, other_than=old) != old
    assert write(topic, after) == [None] * 100
    kafka.heal()
    assert set(kafka.partition(topic, 0).in_sync) == {1, 2, 3}
    assert read(topic) == before + after


def test_a_restarted_broker_can_have_the_lead_back(kafka: Cluster, topic: str) -> None:
    preferred = kafka.partition(topic, 0).replicas[0]
    kafka.terminate(preferred)
    kafka.wait_for_leader(topic, other_than=preferred)
    kafka.restart(preferred)
    kafka.wait_in_sync()
    kafka.admin().elect(topic, 0)
    # A broker may answer from before the election for some milliseconds.
    wait_until(lambda: kafka.leader(topic) == preferred, 10.0, f"broker {preferred} does not lead")


def test_a_living_broker_is_restarted_as_another_process(kafka: Cluster) -> None:
    old = kafka.status()[1].pid
    kafka.restart(2)
    assert kafka.status()[1].pid not in (0, old)
    assert kafka.brokers() == {1, 2, 3}


def test_what_is_dead_cannot_be_hurt(kafka: Cluster) -> None:
    kafka.kill(3)
    for hurt in (kafka.kill, kafka.pause, kafka.resume, kafka.terminate):
        with pytest.raises(ClusterError, match="broker 3 is dead: hftcore kafka restart 3"):
            hurt(3)


def hftcore(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hftcore", "kafka", *map(str, args)], capture_output=True, text=True, check=False
    )


def test_the_commands_hurt_and_heal_it_from_another_process(kafka: Cluster) -> None:
    where = ("--folder", kafka.folder, "--json")
    assert json.loads(hftcore("up", *where).stdout)["started"] is False
    status = hftcore("status", *where)
    assert status.returncode == 0, status.stderr
    assert json.loads(status.stdout)["bootstrap"] == kafka.bootstrap
    for command, state in (("pause", "paused"), ("resume", "running"), ("kill", "dead"), ("restart", "running")):
        done = hftcore(command, 2, *where)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["brokers"][1]["state"] == state
        assert kafka.status()[1].state == state
    assert "Kafka Server started" in "\n".join(json.loads(hftcore("logs", 2, "--lines", 0, *where).stdout)["lines"])
    killed = hftcore("kill", 2, "--clean", *where)
    assert killed.returncode == 0, killed.stderr
    assert hftcore("status", *where).returncode == 1
    again = hftcore("kill", 2, *where)
    assert again.returncode == 2
    assert "broker 2 is dead" in again.stderr


def test_a_cluster_of_the_command_line_outlives_it_and_goes_without_a_trace(
    tmp_path: Path, kafka: Cluster, write: Write, read: Read
) -> None:
    folder = tmp_path / "second"
    where = ("--folder", folder, "--json")
    started = hftcore("up", *where, "--failover", "fast")
    assert started.returncode == 0, started.stderr
    figures = json.loads(started.stdout)
    assert figures["ok"] is True
    try:
        cluster = Cluster.attach(folder)
        cluster.create_topic("kept")
        assert write("kept", [b"one"], cluster=cluster) == [None]
        own = {one.pid for one in kafka.status()}
        pids = {one["pid"] for one in figures["brokers"]}
        assert not own & pids
        for pid in pids:  # no terminal of ours: its Ctrl-C does not reach them
            assert os.getsid(pid) == pid
        assert json.loads(hftcore("down", *where).stdout)["stopped"] is True
        assert living_brokers(folder) == {}
        assert all(has_ended(pid) for pid in pids)
        for address in figures["bootstrap"].split(","):
            with socket.socket() as one:
                assert one.connect_ex(("127.0.0.1", int(address.rpartition(":")[2]))) != 0
        assert json.loads(hftcore("down", *where).stdout)["stopped"] is False
        again = json.loads(hftcore("up", *where).stdout)
        assert again["started"] is True
        assert read("kept", cluster=cluster) == [b"one"], "what it held is there again"
    finally:
        hftcore("down", *where, "--purge")
    assert not folder.exists()
    assert all(one.state == "running" for one in kafka.status()), "the other cluster is none of its business"


def test_tied_brokers_die_with_their_starter_even_by_signal_9(tmp_path: Path, kafka: Cluster) -> None:
    code = """
import sys, threading
from pathlib import Path
from hftcore.kafka import Cluster
cluster = Cluster(Path(sys.argv[1]), tied=True)
def start():  # a thread that ends must not take the brokers with it
    cluster.up()
thread = threading.Thread(target=start)
thread.start(); thread.join()
print("up", flush=True)
sys.stdin.read()
"""
    starter = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "tied"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    assert len(living_brokers(tmp_path / "tied")) == 3
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    deadline = time.monotonic() + 10
    while living_brokers(tmp_path / "tied") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert living_brokers(tmp_path / "tied") == {}
    assert [one.state for one in Cluster.attach(tmp_path / "tied").status()] == ["dead"] * 3
