"""Topics from a file to the brokers, the partition of a symbol, and what replication keeps and loses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hftcore.errors import ClusterError
from hftcore.java import find_java_home
from hftcore.kafka import Cluster, partition_of
from hftcore.kafka.admin import NO_LEADER
from hftcore.kafka.topics import default_file, read_topics

Write = Callable[..., list[str | None]]
Read = Callable[..., list[bytes]]
MakeTopic = Callable[..., str]


@pytest.fixture
def pipeline(kafka: Cluster, tmp_path: Path) -> Iterator[Path]:
    """The package's file with a prefix of this test's own; its topics are deleted afterwards."""
    path = tmp_path / "pipeline.toml"
    path.write_text(default_file().read_text().replace('prefix = ""', 'prefix = "planned."'))
    yield path
    kafka.delete_topics(*(name for name in kafka.admin().topics() if name.startswith("planned.")))


def topics_command(kafka: Cluster, command: str, file: Path, *options: str) -> tuple[int, dict[str, str]]:
    """Exit code, and the action of each topic."""
    done = subprocess.run(
        [sys.executable, "-m", "hftcore", "topics", command, file, "--bootstrap", kafka.bootstrap, "--json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, {one["topic"]: one["action"] for one in json.loads(done.stdout)["topics"]}


def test_apply_makes_what_plan_shows_and_a_second_time_nothing(kafka: Cluster, pipeline: Path) -> None:
    wanted = read_topics(pipeline)
    assert topics_command(kafka, "plan", pipeline) == (1, {one.name: "create" for one in wanted})
    assert topics_command(kafka, "apply", pipeline) == (0, {one.name: "create" for one in wanted})
    there = kafka.admin().topics()
    configs = kafka.admin().topic_configs([one.name for one in wanted])
    for one in wanted:
        assert {len(partition.replicas) for partition in there[one.name]} == {one.replication}
        assert len(there[one.name]) == one.partitions
        assert dict(one.config).items() <= configs[one.name].items()
    nothing = (0, {one.name: "nothing" for one in wanted})
    assert topics_command(kafka, "plan", pipeline) == nothing
    assert topics_command(kafka, "apply", pipeline) == nothing


def test_a_setting_is_changed_and_the_partition_count_is_not(kafka: Cluster, pipeline: Path) -> None:
    topics_command(kafka, "apply", pipeline)
    text = pipeline.read_text()
    pipeline.write_text(text.replace('retention = "2d"', 'retention = "1h"'))
    code, actions = topics_command(kafka, "apply", pipeline)
    assert (code, actions["planned.book"], actions["planned.trades"]) == (0, "change", "nothing")
    assert kafka.admin().topic_configs(["planned.book"])["planned.book"]["retention.ms"] == "3600000"
    pipeline.write_text(text.replace("partitions = 3", "partitions = 4"))
    code, actions = topics_command(kafka, "apply", pipeline)
    assert code == 2
    assert set(actions.values()) == {"refuse"}
    assert topics_command(kafka, "plan", pipeline)[0] == 2
    assert kafka.admin().topic_configs(["planned.book"])["planned.book"]["retention.ms"] == "3600000", "all or nothing"
    pipeline.write_text(text)
    code, actions = topics_command(kafka, "plan", pipeline, "--profile", "paper")
    assert (code, actions["planned.trades"], actions["planned.orders"]) == (2, "nothing", "refuse")


def test_more_replicas_than_brokers_are_refused_before_anything_is_made(kafka: Cluster, pipeline: Path) -> None:
    pipeline.write_text(pipeline.read_text().replace("replication = 3", "replication = 4"))
    code, actions = topics_command(kafka, "apply", pipeline)
    assert (code, actions["planned.orders"], actions["planned.trades"]) == (2, "refuse", "create")
    assert not [name for name in kafka.admin().topics() if name.startswith("planned.")]


SYMBOLS = ["AAPL", "MSFT", "BTC-USD", "ES", "A", "ÆØÅ", *(f"SYM{i}" for i in range(60))]


def test_librdkafka_sends_a_symbol_where_we_say(kafka: Cluster, topics: MakeTopic) -> None:
    from confluent_kafka import Producer

    name = topics(partitions=7)
    sent: dict[str, int] = {}
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "partitioner": "murmur2_random"})
    for symbol in SYMBOLS:
        producer.produce(
            name, b"", key=symbol, on_delivery=lambda _, m: sent.update({m.key().decode(): int(m.partition())})
        )
    assert producer.flush(30) == 0
    assert sent == {symbol: partition_of(symbol, 7) for symbol in SYMBOLS}


def test_the_java_client_which_spark_uses_sends_a_symbol_where_we_say(kafka: Cluster) -> None:
    gateways = pytest.importorskip("py4j.java_gateway")  # comes with pyspark
    java = str(find_java_home() / "bin" / "java")
    port, process = gateways.launch_gateway(
        classpath=f"{kafka.jars}/*",
        java_path=java,
        die_on_exit=True,
        return_proc=True,
        redirect_stderr=subprocess.DEVNULL,
    )
    gateway = gateways.JavaGateway(gateway_parameters=gateways.GatewayParameters(port=port))
    try:
        internals = gateway.jvm.org.apache.kafka.clients.producer.internals
        partition_for_key = internals.BuiltInPartitioner.partitionForKey
        theirs = {symbol: partition_for_key(symbol.encode(), 7) for symbol in SYMBOLS}
    finally:
        gateway.shutdown()
        process.kill()
        process.wait()
    assert theirs == {symbol: partition_of(symbol, 7) for symbol in SYMBOLS}


def lose_follower_then_leader(kafka: Cluster, name: str, write: Write) -> tuple[int, int]:
    """Write, lose a follower for good, write, lose the leader; return both nodes, dead. Each write is acknowledged."""
    assert write(name, [b"first"]) == [None]
    leader = kafka.leader(name)
    follower = next(node for node in kafka.partition(name, 0).replicas if node != leader)
    kafka.kill(follower)
    left = set(kafka.partition(name, 0).replicas) - {follower}
    wait_for_in_sync(kafka, name, left)
    assert write(name, [b"second"]) == [None], "one loss stops nobody"
    assert kafka.leader(name) == leader
    kafka.kill(leader)
    return follower, leader


def wait_for_in_sync(kafka: Cluster, name: str, nodes: set[int]) -> None:
    from hftcore.servers.waiting import wait_until

    wait_until(lambda: set(kafka.partition(name, 0).in_sync) == nodes, 30, f"{name}: in sync is not {nodes}")


def test_two_replicas_lose_an_acknowledged_record_with_the_second_broker(
    kafka: Cluster, topics: MakeTopic, write: Write, read: Read
) -> None:
    name = topics(replication=2, config={"min.insync.replicas": "1"})
    follower, leader = lose_follower_then_leader(kafka, name, write)
    kafka.restart(follower)
    # The brokers know that this replica lacks something: until the other is back, nobody leads.
    # (A dead leader is still shown until its session has ended.)
    with pytest.raises(ClusterError, match="no new leader"):
        kafka.wait_for_leader(name, other_than=leader, timeout_s=4)
    assert kafka.leader(name) == NO_LEADER
    # If it never comes back, or someone will not wait, the one that lacks it is all there is.
    kafka.admin().elect(name, 0, unclean=True)
    assert kafka.wait_for_leader(name) == follower
    assert read(name) == [b"first"], "the second was acknowledged, and is gone"
    kafka.restart(leader)
    kafka.wait_in_sync()
    assert read(name) == [b"first"], "and the broker that had it has cut it off to follow the new leader"


def test_three_replicas_of_which_two_must_have_it_keep_it_through_the_same_failures(
    kafka: Cluster, topics: MakeTopic, write: Write, read: Read
) -> None:
    name = topics(replication=3, config={"min.insync.replicas": "2"})
    follower, leader = lose_follower_then_leader(kafka, name, write)
    assert write(name, [b"third"], timeout_s=5) == ["_MSG_TIMED_OUT"], "with two of three gone it refuses instead"
    kafka.restart(follower)
    kafka.wait_for_leader(name, other_than=leader)
    assert read(name)[:2] == [b"first", b"second"]
    kafka.restart(leader)
    kafka.wait_in_sync()
    assert read(name) == [b"first", b"second"]


def test_two_replicas_that_both_must_have_it_refuse_after_one_loss(
    kafka: Cluster, topics: MakeTopic, write: Write, read: Read
) -> None:
    name = topics(replication=2, config={"min.insync.replicas": "2"})
    assert write(name, [b"first"]) == [None]
    leader = kafka.leader(name)
    kafka.kill(next(node for node in kafka.partition(name, 0).replicas if node != leader))
    wait_for_in_sync(kafka, name, {leader})
    assert write(name, [b"second"], enable_idempotence=False, retries=0) == ["NOT_ENOUGH_REPLICAS"]
    assert read(name) == [b"first"]
