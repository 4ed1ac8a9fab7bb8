"""The vectorised label equals a slow twin with exact fractions, on any interleaving of symbols and sessions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore import _core, labels
from hftcore.events import EventKind

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS


def slow_twin(
    events: hc.Events, k: int, deadband: Fraction, rows: list[int], session: tuple[int, int] | None, smoothing: str
) -> dict[int, int]:
    """Row by row, in Python integers: event index to label."""
    last_mid: dict[tuple[str, int], Fraction] = {}  # of each session: a new one begins without a price
    series: dict[tuple[str, int], list[tuple[int, Fraction]]] = {}
    wanted = set(rows)
    for i, event in enumerate(events):
        day, time_of_day = divmod(event.ts_event_ns, DAY_NS)
        inside = True
        if session is not None:
            open_ns, close_ns = session
            day -= time_of_day < open_ns
            if open_ns < close_ns:
                inside = open_ns <= time_of_day < close_ns
            else:
                inside = time_of_day >= open_ns or time_of_day < close_ns
        here = (event.symbol, day)
        if event.kind == EventKind.QUOTE and event.bid_qty_lots > 0 and event.ask_qty_lots > 0:
            last_mid[here] = Fraction(event.bid_px_ticks + event.ask_px_ticks, 2)
        if i in wanted and inside and here in last_mid:
            series.setdefault(here, []).append((i, last_mid[here]))
    found = {}
    for points in series.values():
        for at in range(len(points) - k):
            i, now = points[at]
            ahead = [mid for _, mid in points[at + 1 : at + k + 1]]
            move = (sum(ahead, Fraction(0)) / k if smoothing == "mean" else ahead[-1]) - now
            found[i] = (move > deadband) - (move < -deadband)
    return found


@st.composite
def streams(draw: st.DrawFn) -> hc.Events:
    n = draw(st.integers(0, 60))
    data = _core.event.empty_events(n)
    for i in range(n):
        data["kind"][i] = draw(st.sampled_from([EventKind.QUOTE, EventKind.QUOTE, EventKind.TRADE]))
        data["symbol_id"][i] = draw(st.integers(0, 1))
        data["bid_px_ticks"][i] = 1000 + draw(st.integers(0, 3))
        data["bid_qty_lots"][i] = draw(st.integers(0, 3))
        if data["kind"][i] == EventKind.QUOTE:
            data["ask_px_ticks"][i] = data["bid_px_ticks"][i] + draw(st.integers(0, 2))
            data["ask_qty_lots"][i] = draw(st.integers(0, 3))
    gaps = draw(st.lists(st.integers(0, 5 * HOUR_NS), min_size=n, max_size=n))
    data["ts_event_ns"] = 15_985 * DAY_NS + np.cumsum(np.array(gaps, np.int64))
    return hc.Events(data, [hc.Instrument("A"), hc.Instrument("B")])


DEADBANDS = st.one_of(st.just(0.0), st.floats(0, 2), st.fractions(0, 2, max_denominator=20))
SESSIONS = st.one_of(
    st.none(),
    st.tuples(st.integers(0, 23), st.integers(0, 23))
    .filter(lambda x: x[0] != x[1])
    .map(lambda x: (x[0] * HOUR_NS, x[1] * HOUR_NS)),
)


@settings(max_examples=150, deadline=None)
@given(
    events=streams(),
    k=st.integers(1, 6),
    deadband=DEADBANDS,
    session=SESSIONS,
    smoothing=st.sampled_from(["mean", "last"]),
    data=st.data(),
)
def test_direction_equals_its_slow_twin(
    events: hc.Events, k: int, deadband: Any, session: Any, smoothing: str, data: st.DataObject
) -> None:
    everything = range(len(events))
    some = st.sets(st.sampled_from(everything)) if len(events) else st.just(set())
    rows = sorted(data.draw(st.one_of(st.just(everything), some)))  # sparse sets seldom hold a session's first trades
    found = labels.direction(
        events, horizon=k, deadband=deadband, rows=np.array(rows, np.int64), session=session, smoothing=smoothing
    )
    expected = slow_twin(events, k, Fraction(deadband), rows, session, smoothing)
    assert dict(zip(found.rows.tolist(), found.values.tolist(), strict=True)) == expected
    assert (np.diff(found.rows) > 0).all()


@settings(max_examples=100, deadline=None)
@given(events=streams(), k=st.integers(1, 6))
def test_by_default_every_two_sided_quote_is_a_row(events: hc.Events, k: int) -> None:
    data = events.data
    two_sided = (data["kind"] == EventKind.QUOTE) & (data["bid_qty_lots"] > 0) & (data["ask_qty_lots"] > 0)
    explicit = labels.direction(events, horizon=k, rows=np.flatnonzero(two_sided))
    default = labels.direction(events, horizon=k)
    assert default.rows.tolist() == explicit.rows.tolist()
    assert default.values.tolist() == explicit.values.tolist()


@settings(max_examples=100, deadline=None)
@given(events=streams(), k=st.integers(1, 4), shift=st.integers(0, 10**9))
def test_a_price_offset_changes_no_label(events: hc.Events, k: int, shift: int) -> None:
    moved = events.data.copy()
    quote = moved["kind"] == EventKind.QUOTE
    moved["bid_px_ticks"][quote] += shift
    moved["ask_px_ticks"][quote] += shift
    shifted = labels.direction(hc.Events(moved, events.instruments), horizon=k)
    assert shifted.values.tolist() == labels.direction(events, horizon=k).values.tolist()
