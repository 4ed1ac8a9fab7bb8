"""What a proof found against a daemon: counted by kind, the first ones kept in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "gap",  # a record that the replay has and the topic has not
    "double",  # a record that is there twice
    "reordered",  # a record after one that follows it
    "difference",  # a record with other bytes than the replay's
    "extra",  # a record that the replay has not
    "damaged",  # bytes that are no message of ours, or fail their checksum
    "misnumbered",  # a frame whose number is not the next record's
    "unleased",  # a message whose writer never held the shard
    "order",  # descriptions of the input order that contradict each other, or the input
    "journal",  # a journal that says something else
)
_KEPT = 10  # of each kind: a report stays readable when everything is wrong


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be."""

    kind: str
    topic: str
    partition: int
    what: str
    fields: tuple[tuple[str, str, str], ...] = ()  # name, expected, found

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        rows = [{"field": name, "expected": expected, "found": found} for name, expected, found in self.fields]
        return {"kind": self.kind, "topic": self.topic, "partition": self.partition, "what": self.what, "fields": rows}


@dataclass(slots=True)
class Findings:
    """The findings of one shard."""

    counts: Counter[str] = field(default_factory=Counter)
    first: list[Finding] = field(default_factory=list)

    def add(
        self, kind: str, topic: str, partition: int, what: str, fields: tuple[tuple[str, str, str], ...] = ()
    ) -> None:
        """Count a finding, and keep it where it is among the first of its kind."""
        self.counts[kind] += 1
        if self.counts[kind] <= _KEPT:
            self.first.append(Finding(kind, topic, partition, what, fields))

    def __len__(self) -> int:
        return self.counts.total()
