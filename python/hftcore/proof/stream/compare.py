"""What the reader of the outputs saw, beside what it must see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hftcore.kafka.once import OnceMessage
from hftcore.proof.stream.market import Place

Wanted = Sequence[Mapping[str, Sequence[tuple[Place, bytes]]]]


@dataclass(slots=True)
class Seen:
    """Everything that a once-reader gave so far, by kind and partition, in its order."""

    outputs: Mapping[str, str]
    values: dict[tuple[str, int], list[tuple[Place, bytes]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, messages: Iterable[OnceMessage]) -> None:
        """Take messages as they were read."""
        kinds = {topic: kind for kind, topic in self.outputs.items()}
        for message in messages:
            place = int(message.name.origin.rpartition(":")[2]), *message.name.place
            self.values[kinds[message.topic], message.partition].append((place, message.value))


@dataclass(frozen=True, slots=True)
class Difference:
    """How many records are lost, doubled, or not what they must be; the first one in words."""

    n_records: int
    n_decisions: int
    lost: int
    doubled: int
    differing: int
    first: str = ""


def compare(wanted: Wanted, seen: Seen) -> Difference:
    """Compare byte for byte and place for place."""
    n_records = n_decisions = lost = doubled = differing = 0
    first = ""
    for partition, by_kind in enumerate(wanted):
        for kind, right in by_kind.items():
            found = seen.values[kind, partition]
            n_records += len(found)
            n_decisions += len(found) if kind == "decision" else 0
            if found == list(right):
                continue
            by_place = dict(found)
            absent = [place for place, _ in right if place not in by_place]
            twice = len(found) - len(by_place)
            places = {place for place, _ in right}
            other = sum(by_place.get(place, value) != value for place, value in right)
            other += sum(place not in places for place in by_place)
            if not (absent or twice or other):
                other = sum(a != b for a, b in zip(found, right, strict=True))  # all there, in another order
            lost, doubled, differing = lost + len(absent), doubled + twice, differing + other
            what = f"first missing: {absent[0]}" if absent else f"{twice} twice, {other} other"
            first = first or f"{kind}s of partition {partition}: {len(found)} for {len(right)}; {what}"
    return Difference(n_records, n_decisions, lost, doubled, differing, first)
