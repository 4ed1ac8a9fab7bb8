"""The examination: what each check makes of the figures, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from hftcore.bar_table import closed_bars
from hftcore.doctor.columns import Survey, same_rules, survey
from hftcore.doctor.diagnosis import FAILED, WARNING, ColumnHealth, Diagnosis, Finding
from hftcore.doctor.paths import batches, look_ahead
from hftcore.errors import EventError, ParameterError
from hftcore.events import EventKind, Events
from hftcore.labels import session_ids
from hftcore.pipeline import FeaturePipeline
from hftcore.spec import Column, Feature, FeatureSpec

_TIMED: Final = re.compile(r"\b\d+(ns|us|ms|s|m|h)\b")
_PASSES: Final = 8  # over the sample: 1 and 3 for look-ahead, 4 for batches


def examine(
    spec: FeatureSpec,
    events: Events,
    *,
    tolerance: float = 1e-9,
    sample: int = 200_000,
    progress: Callable[[int, int], None] | None = None,
) -> Diagnosis:
    """Examine a spec on events.

    Parameters
    ----------
    spec : FeatureSpec
    events : Events
        In source order; all of them count for warm-up and values.
    tolerance : float
        What the seed of a recursion may weigh when its warm-up is over.
    sample : int
        Events from the beginning on which look-ahead and batches are tried.
    progress : callable, optional
        Called with (events done, events in all passes).

    Returns
    -------
    diagnosis : Diagnosis
        Figures of each column and what was found; ``ok`` where no check failed.

    Raises
    ------
    EventError
        If there is no event.
    OutOfOrderError
        If time decreases within a symbol.
    SpecError
        If the tolerance is not between 0 and 1.
    """
    if not len(events):
        raise EventError(f"{events.source}: there is no event to examine the spec on")
    if sample < 1:
        raise ParameterError(f"sample must be >= 1, was {sample}")
    few = events[:sample]
    done, total = 0, len(events) + _PASSES * len(few)

    def advance(n: int) -> None:
        nonlocal done
        done = min(done + n, total)
        if progress:
            progress(done, total)

    seen = survey(spec, events, tolerance, advance)
    columns = tuple(_health(spec, seen, i, tolerance) for i in range(len(spec.columns)))

    def fresh() -> FeaturePipeline:
        return FeaturePipeline(spec, events.instruments)

    findings = [*_of_rows(seen), *_of_warm_up(spec, events, seen, columns), *_of_values(seen, columns)]
    findings += _of_windows(spec, events, seen)
    findings += look_ahead(fresh, few, advance)
    findings += batches(fresh, few, advance)
    if progress:
        progress(total, total)
    return Diagnosis(
        spec_name=spec.name,
        spec_sha256=spec.sha256,
        source=events.source,
        n_events=len(events),
        n_rows=seen.n_rows,
        n_symbols=int((seen.rows_of > 0).sum()),
        n_sampled=len(few),
        tolerance=tolerance,
        counters=seen.counters,
        columns=columns,
        findings=tuple(findings),
    )


def _health(spec: FeatureSpec, seen: Survey, i: int, tolerance: float) -> ColumnHealth:
    column = spec.columns[i]
    has = bool(seen.values_of[:, i].any())
    return ColumnHealth(
        name=column.name,
        clock=column.clock,
        tick=column.tick,
        lookback=column.lookback,
        warm_up=column.warm_up(tolerance),
        n_rows=seen.n_rows,
        n_nan=seen.n_rows - int(seen.values_of[:, i].sum()),
        n_cold=seen.n_rows - int(seen.warm_of[:, i].sum()),
        n_symbols_warm=int((seen.warm_of[:, i] > 0).sum()),
        lowest=float(seen.lowest[i]) if has else None,
        highest=float(seen.highest[i]) if has else None,
    )


def _of_rows(seen: Survey) -> list[Finding]:
    if seen.n_rows:
        return []
    fates = (
        ", ".join(f"{name} {n:,}" for name, n in seen.counters.items() if n) or "none was of the kind that gives rows"
    )
    return [Finding("rows", FAILED, "", f"no event gives a row: {fates}")]


def _of_warm_up(spec: FeatureSpec, events: Events, seen: Survey, columns: Iterable[ColumnHealth]) -> Iterable[Finding]:
    with_rows = np.flatnonzero(seen.rows_of)
    for i, (column, told) in enumerate(zip(spec.columns, columns, strict=True)):
        cold = [int(s) for s in with_rows if not seen.warm_of[s, i]]
        if cold:
            most = _most_ticks(spec, events, column)
            shown = ", ".join(f"{events.instruments[s].symbol} has {most[s]:,}" for s in cold[:5])
            more = f" and {len(cold) - 5} more" if len(cold) > 5 else ""
            what = "session" if spec.origin == "session_open" else "tape"
            text = f"never warm: it needs {told.warm_up:,} {column.tick}s in a {what}; {shown}{more}"
            yield Finding("warm-up", FAILED if len(cold) == len(with_rows) else WARNING, column.name, text)
        elif 2 * told.n_cold > told.n_rows:
            text = f"{told.n_cold:,} of {told.n_rows:,} rows come before it is warm ({told.warm_up:,} {column.tick}s)"
            yield Finding("warm-up", WARNING, column.name, text)


def _most_ticks(spec: FeatureSpec, events: Events, column: Column) -> npt.NDArray[np.int64]:
    """Ticks of the column's clock per symbol, in the session that has most of them."""
    by_clock = {"quote": [EventKind.QUOTE], "trade": [EventKind.TRADE], "book": [EventKind.BOOK_LEVEL]}
    kinds = by_clock.get(column.clock, [EventKind.QUOTE, EventKind.TRADE])
    data = events.data[np.isin(events.data["kind"], kinds)]
    if column.clock in spec.bars:
        data = events.data[closed_bars(spec, column.clock, events)["event"]]
    sessions = session_ids(data["ts_event_ns"], spec.session) if spec.origin == "session_open" else np.zeros(len(data))
    most = np.zeros(len(events.instruments), np.int64)
    for session in np.unique(sessions):
        most = np.maximum(most, np.bincount(data["symbol_id"][sessions == session], minlength=len(most)))
    return most


def _of_values(seen: Survey, columns: tuple[ColumnHealth, ...]) -> Iterable[Finding]:
    first: dict[str, str] = {}
    for column, digest in zip(columns, seen.digests, strict=True):
        if not seen.n_rows:
            return
        if column.lowest is None:
            yield Finding("always NaN", FAILED, column.name, f"it has no value in any of {column.n_rows:,} rows")
            continue
        if column.lowest == column.highest and column.n_rows - column.n_nan > 1:
            text = f"its {column.n_rows - column.n_nan:,} values are all {column.lowest:g}"
            yield Finding("constant", WARNING, column.name, text)
        if first.setdefault(digest, column.name) != column.name:
            yield Finding("duplicate", WARNING, column.name, f"it is {first[digest]} again, in every bit of every row")


def _of_windows(spec: FeatureSpec, events: Events, seen: Survey) -> Iterable[Finding]:
    """Find the columns that made a window lose inputs: each adds what the spec up to it had not."""
    before = 0
    for i, column in enumerate(spec.columns if seen.counters.get("early_leaves") else ()):
        if not _TIMED.search(f"{column.input} {' '.join(map(str, column.params.values()))}"):
            continue
        columns = [Feature(c.op, c.input, c.params, c.name) for c in spec.columns[: i + 1]]
        upto = FeaturePipeline(same_rules(spec, columns), events.instruments)
        upto.transform(events)
        left = upto.counters["early_leaves"] - before
        before += left
        if left:
            room = f", there is room for {column.params['max_events']}" if "max_events" in column.params else ""
            yield Finding(
                "early leaves", FAILED, column.name, f"{left:,} inputs left its window early{room}: raise max_events"
            )
