"""The sequence guard's rule, written a second time: what a daemon leaves out, and what it marks as after a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hftcore.records import EventArray, Flag


@dataclass(frozen=True, slots=True)
class Guarded:
    """The guard's verdict on each event, in input order."""

    keep: npt.NDArray[np.bool_]
    gap: npt.NDArray[np.bool_]

    @property
    def n_left_out(self) -> int:
        """Repeated or late events."""
        return int(len(self.keep) - self.keep.sum())


def guard(
    events: EventArray, streams: npt.NDArray[np.int64], enabled: bool, last_numbers: Sequence[int] = ()
) -> Guarded:
    """Ask the guard about every event.

    Parameters
    ----------
    events : structured array, shape (n,), dtype ``EVENT_DTYPE``
        In input order; ``source_seq`` is the feed's number, 0 where it has none.
    streams : int64 array, shape (n,)
        Which events a feed numbers together: those of a symbol in a topic.
    enabled : bool
        False: everything passes.
    last_numbers : sequence of int
        What was seen before, by stream; 0 and missing: nothing.
    """
    n = len(events)
    keep, gap = np.ones(n, np.bool_), np.zeros(n, np.bool_)
    if not enabled:
        return Guarded(keep, gap)
    last = dict(enumerate(last_numbers))
    resets = (events["flags"] & int(Flag.SEQUENCE_RESET)) != 0
    for i, (stream, number, reset) in enumerate(
        zip(streams.tolist(), events["source_seq"].tolist(), resets.tolist(), strict=True)
    ):
        before = last.get(stream, 0)
        if reset:
            last[stream] = number
        elif number and number <= before:
            keep[i] = False  # told already, or too late to tell
        elif number:
            gap[i] = before != 0 and number > before + 1
            last[stream] = number
    return Guarded(keep, gap)
