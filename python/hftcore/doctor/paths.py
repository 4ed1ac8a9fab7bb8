"""Does every way to the same rows give the same bytes, and none of them a glimpse of the future?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from hftcore.doctor.diagnosis import FAILED, Finding
from hftcore.events import EventKind, Events
from hftcore.pipeline import FeaturePipeline

Fresh = Callable[[], FeaturePipeline]
Meter = Callable[[int], None]
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
_CUTS: Final = (0.25, 0.5, 0.75)
_SINGLE: Final = 2_000  # events that are also given one by one
_SECOND_NS: Final = 1_000_000_000


def look_ahead(fresh: Fresh, sample: Events, progress: Meter) -> list[Finding]:
    """Compare the rows before a cut with those of a tape that ends there, and of one that goes on differently."""
    whole, rows = _run(fresh(), sample)
    progress(len(sample))
    for cut in (int(part * len(sample)) for part in _CUTS):
        for what, tape in (("cut off", sample[:cut]), ("altered", _altered(sample, cut))):
            matrix, theirs = _run(fresh(), tape)
            progress(len(tape))
            before = rows < cut
            found = _first_difference(whole[before], rows[before], matrix[theirs < cut], theirs[theirs < cut])
            if found is not None:
                row, column = found
                name = fresh().names[column] if column >= 0 else ""
                text = f"the row of event {row:,} is another when the future from event {cut:,} on is {what}"
                return [Finding("look-ahead", FAILED, name, text)]
    return []


def batches(fresh: Fresh, sample: Events, progress: Meter) -> list[Finding]:
    """Compare one batch with many of each kind, single events, and a pipeline restored halfway."""
    whole, rows = _run(fresh(), sample)
    progress(len(sample))
    for what, sizes in (("1,000 events", _even(len(sample), 1_000)), ("uneven size", _uneven(len(sample)))):
        found = _first_difference(whole, rows, *_run_batches(fresh(), sample, sizes))
        progress(len(sample))
        if found is not None:
            return [_differs(f"in batches of {what}", found, fresh().names)]
    few = sample[:_SINGLE]
    matrix, theirs = _run_single(fresh(), few)
    progress(len(few))
    found = _first_difference(whole[rows < len(few)], rows[rows < len(few)], matrix, theirs)
    if found is not None:
        return [_differs("event by event", found, fresh().names)]
    half = len(sample) // 2
    first = fresh()
    _run(first, sample[:half])
    matrix, theirs = _run(type(first).restore(first.spec, first.snapshot()), sample[half:])
    progress(len(sample))
    found = _first_difference(whole[rows >= half], rows[rows >= half], matrix, theirs + half)
    return [] if found is None else [_differs("restored halfway", found, first.names)]


def _differs(how: str, found: tuple[int, int], names: tuple[str, ...]) -> Finding:
    row, column = found
    return Finding(
        "batches", FAILED, names[column] if column >= 0 else "", f"the row of event {row:,} is another {how}"
    )


def _run(pipeline: FeaturePipeline, events: Events) -> tuple[Floats, Rows]:
    return pipeline.transform(events), pipeline.rows


def _run_batches(pipeline: FeaturePipeline, events: Events, sizes: Iterator[int]) -> tuple[Floats, Rows]:
    matrices, rows, at = [], [], 0
    for size in sizes:
        matrices.append(pipeline.transform(events[at : at + size]))
        rows.append(pipeline.rows + at)
        at += size
    return np.concatenate(matrices), np.concatenate(rows)


def _run_single(pipeline: FeaturePipeline, events: Events) -> tuple[Floats, Rows]:
    found = [(i, row) for i, event in enumerate(events) if (row := pipeline.update(event)) is not None]
    matrix = np.stack([row for _, row in found]) if found else np.empty((0, len(pipeline.names)))
    return matrix, np.array([i for i, _ in found], np.int64)


def _even(n: int, size: int) -> Iterator[int]:
    return (min(size, n - at) for at in range(0, n, size))


def _uneven(n: int) -> Iterator[int]:
    rng, left = np.random.default_rng(1), n
    while left:
        size = min(left, int(rng.integers(1, max(2, n // 20))))
        left -= size
        yield size


def _first_difference(a: Floats, rows_a: Rows, b: Floats, rows_b: Rows) -> tuple[int, int] | None:
    """The event and the column of the first cell whose bits differ; column -1 where a row is missing. None: equal."""
    n = min(len(a), len(b))
    bits_a, bits_b = (np.ascontiguousarray(x[:n]).view(np.uint64) for x in (a, b))
    cells = np.argwhere(bits_a != bits_b)
    others = np.flatnonzero(rows_a[:n] != rows_b[:n])
    if len(others) and (not len(cells) or others[0] <= cells[0][0]):
        return int(min(rows_a[others[0]], rows_b[others[0]])), -1
    if len(cells):
        return int(rows_a[cells[0][0]]), int(cells[0][1])
    if len(a) != len(b):
        return int((rows_a if len(a) > n else rows_b)[n]), -1
    return None


def _altered(events: Events, cut: int) -> Events:
    """The events with another future: later, at other prices, in other quantities, from the other side."""
    data = events.data.copy()
    later = np.arange(len(data)) >= cut
    for name in ("ts_event_ns", "ts_recv_ns"):
        data[name][later] += _SECOND_NS
    quote = later & (data["kind"] == EventKind.QUOTE)
    printed = later & ((data["kind"] == EventKind.TRADE) | (data["kind"] == EventKind.BOOK_LEVEL))
    for kinds, sides in ((quote, ("bid_{}", "ask_{}")), (printed, ("{}",))):
        for side in sides:
            px, qty = side.format("px_ticks"), side.format("qty_lots")
            there = kinds & (data[qty] > 0)
            data[px][there] += 7
            data[qty][there] = 3 * data[qty][there] + 1
    trade = later & (data["kind"] == EventKind.TRADE) & (data["side"] > 0)
    data["side"][trade] = 3 - data["side"][trade]
    return Events(data, events.instruments, events.source)
