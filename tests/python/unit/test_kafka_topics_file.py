"""The file of topics: what ships, what may be asked for, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from hftcore.errors import TopicError
from hftcore.kafka.topics import Topic, default_file, read_topics

INPUTS = {"trades", "quotes", "book"}
OUTPUTS = {"control", "decisions", "orders", "fills", "dead-letter"}
TOPIC = """
partitions = 2
[topics.a]
replication = 3
min_in_sync = 2
retention = "1h"
cleanup = "delete"
max_message_bytes = 1000
"""


def read(tmp_path: Path, text: str) -> list[Topic]:
    (tmp_path / "topics.toml").write_text(text)
    return read_topics(tmp_path / "topics.toml")


def test_what_must_not_be_lost_has_three_replicas_of_which_two_must_have_it() -> None:
    topics = {one.name: one for one in read_topics(default_file())}
    assert topics.keys() == INPUTS | OUTPUTS
    for name in OUTPUTS:
        assert (topics[name].replication, topics[name].config["min.insync.replicas"]) == (3, "2")
    for name in INPUTS:
        assert (topics[name].replication, topics[name].config["min.insync.replicas"]) == (2, "1")
    assert len({one.partitions for one in topics.values()}) == 1, "a shard is one partition number of every topic"
    assert {one.config["unclean.leader.election.enable"] for one in topics.values()} == {"false"}
    assert topics["trades"].config["retention.ms"] == str(7 * 86_400_000)
    assert topics["control"].config["retention.ms"] == "-1"


def test_one_topic_can_take_the_place_of_the_inputs() -> None:
    assert {one.name for one in read_topics(default_file(), layout="single")} == {"ticks"} | OUTPUTS


def test_the_paper_s_deployment_has_two_replicas_of_everything() -> None:
    topics = read_topics(default_file(), profile="paper")
    assert {(one.replication, one.config["min.insync.replicas"]) for one in topics} == {(2, "1")}


def test_a_prefix_goes_before_each_name(tmp_path: Path) -> None:
    (topic,) = read(tmp_path, 'prefix = "eu."\n' + TOPIC)
    assert (topic.name, topic.partitions) == ("eu.a", 2)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("replication = 3", "replication = 0", "topics.a: replication must be a whole number >= 1, was 0"),
        ("replication = 3", "replication = true", "topics.a: replication must be a whole number >= 1, was True"),
        ("min_in_sync = 2", "min_in_sync = 4", r"min_in_sync must be <= replication \(3\), was 4: no write"),
        ('"1h"', '"1 hour"', "topics.a: retention must be .forever. or a number with s, m, h or d, was '1 hour'"),
        ('"1h"', "3600", "was 3600"),
        ('"delete"', '"keep"', "cleanup must be one of delete; compact; compact,delete, was 'keep'"),
        ("max_message_bytes = 1000", "", "topics.a: max_message_bytes is missing"),
        ("max_message_bytes", "max_bytes", "topics.a: 'max_bytes' is not known; there are cleanup, layout"),
        ("[topics.a]", '[topics."a b"]', "name must be 1 to 249 of .* was 'a b'"),
        ("partitions = 2", "partitions = 0", "partitions must be a whole number >= 1, was 0"),
        ("partitions = 2", "shards = 2", "the file: 'shards' is not known"),
        ("partitions = 2", 'layout = "both"', "layout must be one of split, single, was 'both'"),
        ("partitions = 2", 'profile = "brave"', "profile must be one of safe, was 'brave'"),
        ("partitions = 2", "partitions 2", "not TOML: .*line 2"),
        ("[topics.a]", "[profiles.a]", "profiles.a|no topic of layout"),
    ],
)
def test_a_broken_rule_is_named_with_its_topic_and_value(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TOPIC
    with pytest.raises(TopicError, match=message):
        read(tmp_path, TOPIC.replace(old, new))
