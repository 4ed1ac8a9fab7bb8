"""What has to be done so that the brokers hold the topics that are wanted, and doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hftcore.errors import TopicError
from hftcore.kafka.admin import Admin
from hftcore.kafka.topics import Topic

NOTHING, CREATE, CHANGE, REFUSE = "nothing", "create", "change", "refuse"


@dataclass(frozen=True, slots=True)
class Step:
    """One topic: ``action`` is nothing, create, change or refuse; ``details`` say what differs, and why it is refused.

    ``changes`` are the settings to set: of a topic that is there, only those that differ.
    """

    topic: Topic
    action: str
    details: tuple[str, ...]
    changes: tuple[tuple[str, str], ...] = ()


def plan_topics(admin: Admin, wanted: Sequence[Topic]) -> list[Step]:
    """Compare what is wanted with what is there. Changes nothing; other topics are none of its business.

    Raises
    ------
    ClusterError
        If no broker answers.
    """
    there = admin.topics()
    n_brokers = len(admin.brokers())
    configs = admin.topic_configs([one.name for one in wanted if one.name in there])
    steps = []
    for one in wanted:
        if one.name not in there:
            steps.append(_creation(one, n_brokers))
            continue
        partitions = there[one.name]
        refused = _refusals(one, len(partitions), len(partitions[0].replicas))
        changes = tuple((k, v) for k, v in one.config.items() if configs[one.name].get(k) != v)
        details = tuple(f"{key}: {configs[one.name].get(key)} -> {value}" for key, value in changes)
        action = REFUSE if refused else CHANGE if changes else NOTHING
        steps.append(Step(one, action, refused or details, changes))
    return steps


def apply_topics(admin: Admin, steps: Sequence[Step]) -> None:
    """Do what a plan says; all of it or, if a step is refused, nothing.

    Raises
    ------
    TopicError
        If a step is refused.
    ClusterError
        If the brokers refuse one.
    """
    refused = [f"{step.topic.name}: {'; '.join(step.details)}" for step in steps if step.action == REFUSE]
    if refused:
        raise TopicError(f"nothing was changed: {' | '.join(refused)}")
    for step in steps:
        topic = step.topic
        if step.action == CREATE:
            admin.create_topic(topic.name, topic.partitions, topic.replication, topic.config)
        elif step.action == CHANGE:
            admin.set_topic_config(topic.name, dict(step.changes))


def _creation(topic: Topic, n_brokers: int) -> Step:
    if topic.replication > n_brokers:
        return Step(topic, REFUSE, (f"{topic.replication} replicas need as many brokers: there are {n_brokers}",))
    details = f"{topic.partitions} partitions, {topic.replication} replicas"
    return Step(topic, CREATE, (details, *(f"{key} = {value}" for key, value in topic.config.items())))


def _refusals(topic: Topic, partitions: int, replication: int) -> tuple[str, ...]:
    found = []
    if partitions != topic.partitions:
        found.append(
            f"it has {partitions} partitions, {topic.partitions} are wanted: the partition is murmur2(symbol) modulo "
            "their number, so another number sends most symbols to other shards, away from their state. Make a topic "
            "of another name (prefix)"
        )
    if replication != topic.replication:
        found.append(
            f"it has {replication} replicas, {topic.replication} are wanted: moving them is a reassignment, which "
            "Kafka's own kafka-reassign-partitions.sh does"
        )
    return tuple(found)
