"""The gap that the loss of a leader leaves in the decisions."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from stand import CONSUMER, Stand, make_tape

from hftcore.proof.chaos.feed import Feed
from hftcore.proof.chaos.tape import Message

_RATE_HZ = 1_000.0
_SECONDS = 12.0
_HURT_AFTER_S = 3.0


def watch_decisions(stand: Stand, artifact: Path, how: str) -> dict[str, Any]:
    """Feed, take the leader of the input away (``kill -9`` or ``SIGTERM``), and time the decisions on either side."""
    topics = stand.topics()
    tape = make_tape(int(_RATE_HZ * _SECONDS))
    config = stand.config(topics, artifact, tape)
    messages = [
        Message(0, 0, tape.keys[key].encode(), value) for key, value in zip(tape.key_of, tape.values, strict=True)
    ]
    feed = Feed(stand.cluster.bootstrap, [topics["ticks"]], messages, _RATE_HZ)
    seen: list[float] = []
    stop = threading.Event()
    watcher = threading.Thread(target=_watch, args=(stand.cluster.bootstrap, topics["decisions"], seen, stop))
    cluster, moved = stand.cluster, {}
    with stand.daemon(config):
        watcher.start()
        feed.start()
        time.sleep(_HURT_AFTER_S)
        leader = cluster.leader(topics["ticks"])
        begin = time.monotonic()
        electing = threading.Thread(
            target=lambda: moved.update(
                leader=cluster.wait_for_leader(topics["ticks"], other_than=leader), at=time.monotonic()
            )
        )
        electing.start()
        (cluster.kill if how == "kill -9" else cluster.terminate)(leader)
        electing.join()
        feed.finish()
        time.sleep(1.0)
        stop.set()
        watcher.join()
    around = [at for at in seen if at >= begin - 0.5]
    gap, until = max((b - a, b) for a, b in pairwise(around))
    return {
        "how": how,
        "new_leader_after_s": moved["at"] - begin,
        "first_decision_after_new_leader_s": max(0.0, until - moved["at"]),
        "gap_s": gap,
        "decisions": len(seen),
    }


def _watch(bootstrap: str, topic: str, seen: list[float], stop: threading.Event) -> None:
    """Times at which decisions were read, by a client that asks for metadata as often as the daemon's does."""
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer(
        {**CONSUMER, "bootstrap.servers": bootstrap, "group.id": "bench", "enable.auto.commit": False,
         "topic.metadata.refresh.interval.ms": 50}
    )  # fmt: skip
    consumer.assign([TopicPartition(topic, 0, 0)])
    while not stop.is_set():
        message = consumer.poll(0.02)
        if message is not None and message.error() is None and len(message.value()) == 80:
            seen.append(time.monotonic())
        elif message is None:
            consumer.list_topics(topic, timeout=0.05) if not stop.is_set() else None
    consumer.close()
