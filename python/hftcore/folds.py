"""Time folds for cross-validation: purged of label windows that reach into the test part, with an embargo around it.

A row's label looks forward from ``ts_event_ns`` to its *label end*. A training row whose window meets the test part
knows what it will be asked; the rows right after a test part know it too, through features that look back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ParameterError, TrainingDataError

Ints = npt.NDArray[np.int64]

KINDS: Final = ("expanding", "blocked")
NEVER: Final = np.iinfo(np.int64).max  # the end of a window whose last row is not known


@dataclass(frozen=True, slots=True)
class Fold:
    """Row numbers to train on and to test on, ascending; ``n_purged`` rows in reach of the test part are in neither.

    ``test_ns`` is the time of the first and of the last test row.
    """

    train: Ints
    test: Ints
    test_ns: tuple[int, int]
    n_purged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeFolds:
    """How to cut a table by time.

    Parameters
    ----------
    n_folds : int
        Test parts, >= 1.
    kind : {"expanding", "blocked"}
        ``expanding`` trains on everything before the test part, as live trading will; time is cut into ``n_folds + 1``
        blocks of about as many rows, the first only ever trained on. ``blocked`` trains on both sides of the test
        part; time is cut into ``n_folds`` (>= 2) blocks.
    embargo_ns : int
        Rows of training keep this distance from the test part, beyond their label windows; >= 0.
    by_session : bool
        Cut only between sessions.

    Raises
    ------
    ParameterError
        If a value breaks its rule.
    """

    n_folds: int = 3
    kind: str = "expanding"
    embargo_ns: int = 0
    by_session: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ParameterError(f"kind must be one of {', '.join(KINDS)}, was {self.kind!r}")
        least = 1 if self.kind == "expanding" else 2
        if self.n_folds < least:
            raise ParameterError(f"n_folds must be >= {least} for {self.kind} folds, was {self.n_folds}")
        if self.embargo_ns < 0:
            raise ParameterError(f"embargo_ns must be >= 0, was {self.embargo_ns}")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def split(self, ts_event_ns: npt.ArrayLike, label_end_ns: npt.ArrayLike, session_id: npt.ArrayLike) -> list[Fold]:
        """Cut rows into folds, in time order; equal times stay together.

        Parameters
        ----------
        ts_event_ns, label_end_ns, session_id : int64 arrays, shape (n,)
            Time of each row, of the last event its label looks at (see :func:`label_ends`), and its session. Rows may
            come in any order.

        Raises
        ------
        TrainingDataError
            If shapes differ, a label ends before its row, there are too few different times (or sessions), or a fold
            has nothing left to train on; says which fold.
        """
        ts, ends, session = _checked(ts_event_ns, label_end_ns, session_id)
        blocks = self.n_folds + (self.kind == "expanding")
        return list(self._folds(ts, ends, _edges(ts, session if self.by_session else None, blocks)))

    def _folds(self, ts: Ints, ends: Ints, edges: Ints) -> Iterator[Fold]:
        first = 1 if self.kind == "expanding" else 0
        for k in range(first, len(edges) - 1):
            test = (ts >= edges[k]) & (ts < edges[k + 1])
            train = ts < edges[k] if self.kind == "expanding" else ~test
            clear = _clear_of(ts, ends, test, self.embargo_ns)
            kept = np.flatnonzero(train & clear)
            if not len(kept):
                raise TrainingDataError(
                    f"fold {k - first + 1} of {self.n_folds}: none of {int(train.sum())} training rows keeps "
                    f"embargo_ns={self.embargo_ns} and its label window clear of the test part"
                )
            at = np.flatnonzero(test)
            span = (int(ts[at].min()), int(ts[at].max()))
            yield Fold(kept, at, span, int(train.sum()) - len(kept))


def later_slice(ts_event_ns: npt.ArrayLike, label_end_ns: npt.ArrayLike, share: float, embargo_ns: int = 0) -> Fold:
    """The last ``share`` (0 < share < 1) of rows in time as the test part: what early stopping and a hold-out need.

    Raises
    ------
    ParameterError
        If ``share`` is out of range.
    TrainingDataError
        If nothing is left to train on, or all rows have the same time.
    """
    ts, ends, _ = _checked(ts_event_ns, label_end_ns, np.zeros(np.shape(ts_event_ns), np.int64))
    return split_at(ts, ends, later_start(ts, share), embargo_ns)


def later_start(ts_event_ns: npt.ArrayLike, share: float) -> int:
    """The time from which on lie the last ``share`` (0 < share < 1) of rows (n,), n >= 1.

    Raises
    ------
    ParameterError
        If ``share`` is out of range.
    """
    if not 0.0 < share < 1.0:
        raise ParameterError(f"share must be above 0 and below 1, was {share}")
    ts = np.sort(np.asarray(ts_event_ns, np.int64))
    return int(ts[min(int(np.ceil(len(ts) * (1.0 - share))), len(ts) - 1)])


def split_at(ts_event_ns: npt.ArrayLike, label_end_ns: npt.ArrayLike, start_ns: int, embargo_ns: int = 0) -> Fold:
    """Rows from ``start_ns`` on as the test part, the rows before it that are clear of it to train on.

    Raises
    ------
    TrainingDataError
        If either part is empty.
    """
    ts, ends, _ = _checked(ts_event_ns, label_end_ns, np.zeros(np.shape(ts_event_ns), np.int64))
    test = ts >= start_ns
    if not test.any():
        raise TrainingDataError(f"no row at or after {start_ns}, the last is at {int(ts.max())}")
    kept = np.flatnonzero(~test & _clear_of(ts, ends, test, embargo_ns))
    if not len(kept):
        raise TrainingDataError(f"no row before {start_ns} keeps its label window clear of what follows")
    at = np.flatnonzero(test)
    return Fold(kept, at, (int(ts[at].min()), int(ts[at].max())), int((~test).sum()) - len(kept))


def label_ends(ts_event_ns: npt.ArrayLike, session_id: npt.ArrayLike, symbol: npt.ArrayLike, horizon: int) -> Ints:
    """When the label of each row was known: the time of the ``horizon``-th row after it, of its symbol and session.

    Rows are in source order, as ``hftcore features`` writes them. The table ends ``horizon`` rows before the tape
    does, so the windows of a session's last rows end after the table: they count as open until the next session
    begins, and in the last session for ever.

    Parameters
    ----------
    ts_event_ns, session_id : int64 arrays, shape (n,)
    symbol : array of text, shape (n,)
    horizon : int
        Rows ahead that the label looked, >= 1.

    Raises
    ------
    ParameterError
        If ``horizon`` is below 1.
    """
    if horizon < 1:
        raise ParameterError(f"horizon must be >= 1, was {horizon}")
    ts, session = np.asarray(ts_event_ns, np.int64), np.asarray(session_id, np.int64)
    names, code = np.unique(np.asarray(symbol).astype(str), return_inverse=True)
    starts = {int(s): int(ts[session == s].min()) for s in np.unique(session)}
    later = sorted(starts.values())
    ends = np.empty(len(ts), np.int64)
    for s, start in starts.items():
        nexts = [t for t in later if t > start]
        open_end = nexts[0] - 1 if nexts else NEVER
        for c in range(len(names)):
            at = np.flatnonzero((session == s) & (code == c))
            known = at[horizon:]
            ends[at[: len(known)]] = np.maximum.accumulate(ts[at])[horizon:] if len(known) else 0
            ends[at[len(known) :]] = open_end
    return np.maximum(ends, ts)


def _checked(ts: npt.ArrayLike, ends: npt.ArrayLike, session: npt.ArrayLike) -> tuple[Ints, Ints, Ints]:
    times, last, days = (np.asarray(a, np.int64) for a in (ts, ends, session))
    if not times.ndim == 1 <= len(times) or times.shape != last.shape or times.shape != days.shape:
        raise TrainingDataError(
            f"times, label ends and sessions must have one shape (n,), n >= 1, were {times.shape}, {last.shape} and "
            f"{days.shape}"
        )
    early = last < times
    if early.any():
        row = int(np.argmax(early))
        raise TrainingDataError(
            f"label_end_ns must be at or after ts_event_ns, was {last[row]} < {times[row]} in row {row}"
        )
    return times, last, days


def _edges(ts: Ints, session: Ints | None, n_blocks: int) -> Ints:
    """Block k holds times from ``edges[k]`` to before ``edges[k + 1]``; blocks have about as many rows."""
    starts = (
        np.unique(ts)
        if session is None
        else np.array(sorted(int(ts[session == s].min()) for s in set(session.tolist())))
    )
    what = "different times" if session is None else "sessions"
    if len(starts) < n_blocks:
        raise TrainingDataError(f"{n_blocks} blocks of time need {n_blocks} {what}, found {len(starts)}")
    ordered = np.sort(ts)
    wanted = [len(ts) * k / n_blocks for k in range(1, n_blocks)]
    n_before = np.searchsorted(ordered, starts)  # rows before each possible edge
    edges = [int(starts[0])]
    last = 0
    for k, rows in enumerate(wanted, start=1):
        at = int(np.argmin(np.abs(n_before - rows)))
        last = min(max(at, last + 1), len(starts) - (n_blocks - k))  # each block keeps at least one start
        edges.append(int(starts[last]))
    return np.array([*edges, NEVER], np.int64)


def _clear_of(ts: Ints, ends: Ints, test: npt.NDArray[np.bool_], embargo_ns: int) -> npt.NDArray[np.bool_]:
    """Rows whose window [ts, end] stays more than ``embargo_ns`` away from the windows of the test rows."""
    first, last = int(ts[test].min()), int(ends[test].max())
    before = ends < first - embargo_ns  # Python's integers on the right: no overflow at NEVER
    after = ts > min(last + embargo_ns, int(NEVER))
    return np.asarray(before | after)
