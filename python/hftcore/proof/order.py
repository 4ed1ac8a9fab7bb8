"""The order in which a shard took its inputs, put together from what each output says of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hftcore.proof.findings import Findings
from hftcore.proof.messages import OutputLog

_STALE = 1 << 16  # above the 16 bits of a lane
_UNKNOWN = np.uint32(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class InputOrder:
    """Input n of a shard, counted from its birth, for n from ``first`` on: its lane, and whether it was stale."""

    first: int
    codes: npt.NDArray[np.uint32]  # lane | stale << 16

    @property
    def end(self) -> int:
        """One behind the last input that has a place."""
        return self.first + len(self.codes)

    @property
    def lanes(self) -> npt.NDArray[np.uint16]:
        """Lane of each input."""
        return (self.codes & np.uint32(0xFFFF)).astype(np.uint16)

    @property
    def stale(self) -> npt.NDArray[np.bool_]:
        """True where the daemon judged the input too old to open a position on."""
        stale: npt.NDArray[np.bool_] = (self.codes & np.uint32(_STALE)) != 0
        return stale

    def with_tail(self, lane: int, count: int) -> InputOrder:
        """The same, with ``count`` more fresh inputs of one lane behind it."""
        return InputOrder(self.first, np.concatenate([self.codes, np.full(count, lane, np.uint32)]))


def join_orders(logs: Iterable[OutputLog], first: int, findings: Findings) -> InputOrder:
    """One order from the outputs' runs, from input ``first`` on; each output describes a part of it from the front.

    Every output must say the same of the inputs that it speaks of, and of their number.
    """
    chains = [_chain(log, first, findings) for log in logs]
    whole = max(chains, key=len, default=np.empty(0, np.uint32)).copy()
    for log, chain in zip(logs, chains, strict=True):
        theirs, ours = chain, whole[: len(chain)]
        unknown = ours == _UNKNOWN
        ours[unknown] = theirs[unknown]
        differing = np.flatnonzero((theirs != ours) & (theirs != _UNKNOWN))
        if len(differing):
            n = int(differing[0])
            both = f"{_words(theirs[n])}, by another output from {_words(ours[n])}"
            what = f"input {first + n} came from {both}; {len(differing)} inputs differ"
            findings.add("order", log.topic, log.partition, what)
    if (whole == _UNKNOWN).any():
        at = first + int(np.flatnonzero(whole == _UNKNOWN)[0])
        findings.add("order", "", -1, f"no output says where input {at} came from")
        whole = whole[: at - first]
    return InputOrder(first, whole)


def _chain(log: OutputLog, first: int, findings: Findings) -> npt.NDArray[np.uint32]:
    """What one output says of the inputs from ``first`` on. The runs of a message end at the input that caused it."""
    codes: list[int] = []
    counts: list[int] = []
    end: int | None = None
    for message in log.messages:
        n = sum(run.count for run in message.runs)
        if end is None:
            end = message.n_inputs - n  # history before this partition's beginning is another message's
            codes.append(int(_UNKNOWN))
            counts.append(max(end, 0))
        end += n
        if end != message.n_inputs:
            what = f"offset {message.offset}: {message.n_inputs} inputs were taken, the runs add up to {end}"
            findings.add("order", log.topic, log.partition, what)
            break
        codes.extend(run.lane | _STALE * run.stale for run in message.runs)
        counts.extend(run.count for run in message.runs)
    return np.repeat(np.asarray(codes, np.uint32), np.asarray(counts, np.int64))[first:]


def _words(code: np.uint32) -> str:
    lane = int(code) & 0xFFFF
    return f"lane {lane >> 12}:{lane & 0xFFF}" + (" (stale)" if int(code) & _STALE else "")
