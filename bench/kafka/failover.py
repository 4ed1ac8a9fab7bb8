"""What the loss of a leader costs: the longest wait for a decision, beside the time that the brokers need."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from stand import CONSUMER, PRODUCER, Stand, make_tape

from hftcore.errors import ClusterError
from hftcore.kafka.admin import NO_LEADER, Admin
from hftcore.kafka.hop import measure_hop

_RATE_HZ = 1_000.0
_SECONDS = 10.0
_HURT_AFTER_S = 4.0


def lose_leader(stand: Stand, artifact: Path, how: str) -> dict[str, Any]:
    """Take the leader of the input away, with ``kill -9`` or ``SIGTERM``, while messages come in.

    The message that is due just then waits for the new leader and then for the clients to find it: the longest latency
    minus the election is what feed, daemon and reader add together.
    """
    topics = stand.topics()
    tape = make_tape(int(_RATE_HZ * _SECONDS))
    config = stand.config(topics, artifact, tape)
    figures: dict[str, Any] = {}

    def measure() -> None:
        figures.update(
            measure_hop(
                stand.cluster.bootstrap,
                topics["ticks"],
                tape.values,
                _RATE_HZ,
                keys=tape.keys,
                key_of=tape.key_of,
                decisions=topics["decisions"],
                warm_up=int(_RATE_HZ),
                producer=PRODUCER,
                consumer=CONSUMER,
            )
        )

    cluster = stand.cluster
    with stand.daemon(config) as daemon:
        measuring = threading.Thread(target=measure, daemon=True)
        measuring.start()
        time.sleep(_HURT_AFTER_S)
        leader = cluster.leader(topics["ticks"])
        leads_decisions = cluster.leader(topics["decisions"]) == leader
        other = next(one for one in cluster.status() if one.node != leader)
        admin = Admin(f"127.0.0.1:{other.port}")  # one that stays
        _leader(admin, topics["ticks"])
        begin = time.monotonic()
        hurting = threading.Thread(target=cluster.kill if how == "kill -9" else cluster.terminate, args=(leader,))
        hurting.start()
        while _leader(admin, topics["ticks"]) in (leader, NO_LEADER):
            time.sleep(0.002)
        moved_s = time.monotonic() - begin
        hurting.join()
        measuring.join()
        if not daemon.running or figures["n_lost"]:
            raise RuntimeError(f"{figures['n_lost']} messages lost; hftcored: {daemon.last_words()}")
    gap_s = figures["latency_ns"]["max"] / 1e9
    return {
        "how": how,
        "leads_decisions_too": leads_decisions,
        "new_leader_after_s": moved_s,
        "gap_s": gap_s,
        "added_s": max(0.0, gap_s - moved_s),
        "decisions": figures["n_matched"],
    }


def _leader(admin: Admin, topic: str) -> int:
    try:
        return admin.topics(timeout_s=0.2)[topic][0].leader
    except ClusterError:  # it asked the one that is gone
        return NO_LEADER
