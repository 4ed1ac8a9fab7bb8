"""The scenarios: each fault by its name, what is done, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hftcore.proof.chaos import faults
from hftcore.proof.chaos.faults import DISK, FENCED, INPUT_LOST, LOCKED, die_at
from hftcore.proof.chaos.round import Round


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault by name. ``act`` starts the daemon and the feed, hurts, and notes what happened."""

    name: str
    what: str
    expected: str
    act: Callable[[Round], None]
    defects: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()  # sections of the configuration
    hurts_brokers: bool = False


_NO_SNAPSHOTS = (("snapshot", 'interval = "1h"'),)
SAME = "same decisions, orders, fills and journal as without the fault"
SCENARIOS: tuple[Scenario, ...] = (
    Scenario("kill after poll", "kill -9 with messages taken and none decoded", SAME, die_at("after_poll", 2, 20)),
    Scenario("kill after features", "kill -9 between features and decision", SAME, die_at("after_features", 500, 5000)),
    Scenario(
        "kill after decision", "kill -9 with a decision that nobody has seen", SAME, die_at("after_decision", 10, 120)
    ),
    Scenario("kill after produce", "kill -9 with messages not acknowledged", SAME, die_at("after_produce", 20, 250)),
    Scenario("kill mid snapshot", "kill -9 with half a snapshot written", SAME, die_at("mid_snapshot", 1, 3)),
    Scenario(
        "kill before rename", "kill -9 with a snapshot under its temporary name", SAME, die_at("before_rename", 1, 3)
    ),
    Scenario("kill after rename", "kill -9 before the folder is on the disk", SAME, die_at("after_rename", 1, 3)),
    Scenario("kill mid journal", "kill -9 inside a journal record", SAME, die_at("mid_journal", 1, 25)),
    Scenario(
        "kill during recovery",
        "kill -9, then again while history is replayed",
        SAME,
        faults.kill_during_recovery,
        settings=_NO_SNAPSHOTS,
    ),
    Scenario("kill twice in a row", "kill -9 after produce, then after the next decision", SAME, faults.kill_twice),
    Scenario("kill at random", "kill -9 three times, at random", SAME, faults.kill_anywhere),
    Scenario(
        "broker kill", "kill -9 of the leader of decisions; it comes back", SAME, faults.broker_kill, hurts_brokers=True
    ),
    Scenario("broker pause", "the leader of the input freezes", SAME, faults.broker_pause, hurts_brokers=True),
    Scenario("leader move", "leaders move away in order, and back", SAME, faults.leader_move, hurts_brokers=True),
    Scenario("daemon pause", "the daemon freezes", SAME, faults.daemon_pause),
    Scenario(
        "journal full",
        "no room for the journal",
        f"exit code {DISK}; with room again {SAME}",
        faults.journal_full,
        settings=_NO_SNAPSHOTS,
    ),
    Scenario("snapshots full", "no room for snapshots", f"older snapshots hold; {SAME}", faults.snapshots_full),
    Scenario(
        "corrupt snapshot",
        "one bit of the newest snapshot turns",
        f"an older one is used; {SAME}",
        faults.corrupt_snapshot,
    ),
    Scenario("poison", "messages that are no events, and a kill", f"dead letters; {SAME}", faults.defects, ("poison",)),
    Scenario("duplicates", "events that come twice, and a kill", f"left out; {SAME}", faults.defects, ("duplicates",)),
    Scenario(
        "out of order", "events that come late, and a kill", f"left out; {SAME}", faults.defects, ("out_of_order",)
    ),
    Scenario("gaps", "events that never come, and a kill", f"symbols begin anew; {SAME}", faults.defects, ("gaps",)),
    Scenario("sequence reset", "the feed numbers anew, and a kill", SAME, faults.defects, ("sequence_reset",)),
    Scenario(
        "clock steps",
        "event time jumps ahead and back (not the wall clock), and a kill",
        SAME,
        faults.defects,
        ("clock_step",),
    ),
    Scenario(
        "retention", "the input is deleted past the snapshot", f"refuses with exit code {INPUT_LOST}", faults.retention
    ),
    Scenario(
        "same folder twice",
        "a second daemon on the same state",
        f"refuses with exit code {LOCKED}",
        faults.same_folder_twice,
    ),
    Scenario(
        "two folders", "a second daemon with a state of its own", f"the first ends with {FENCED}", faults.two_folders
    ),
    Scenario(
        "zombie", "a frozen daemon wakes after its succession", f"it ends with {FENCED}; void at most", faults.zombie
    ),
)
