"""Operations on the levels of the order book against slow twins, and against what exchanges recorded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore.events import EventKind, Flag

from .recorded_books import COMMON_IDS, NasdaqDay, at_common_ids, binance_levels, integers, nasdaq_day, read

N = 3
Sides = tuple[list[tuple[int, int]], list[tuple[int, int]]]  # (ticks, lots) of bids and asks, best first


def adversarial(px: int, most_lots: int, n: int = 700) -> hc.Events:
    """Levels near a price: sides run empty, quantities repeat, the book crosses."""
    rng = np.random.default_rng(7)
    data = np.zeros(n, hc.EVENT_DTYPE)
    data["kind"] = EventKind.BOOK_LEVEL
    data["side"] = rng.integers(1, 3, n)
    data["px_ticks"] = px + rng.integers(-4, 5, n) + np.where(data["side"] == 1, -3, 3)
    data["qty_lots"] = rng.integers(1, most_lots, n) * (rng.random(n) < 0.5)
    data["update_id"] = np.arange(n) + 1
    data["flags"][0] = Flag.SNAPSHOT
    data["ts_event_ns"] = rng.integers(0, 400_000_000, n).cumsum()
    return hc.Events(data, [hc.Instrument("AAA", (1, 100), (1, 10))])


TAPES = {
    "small": adversarial(1000, 6),
    "huge": adversarial((1 << 40) - 20, 1 << 50),
    "generated": hc.generate(
        seed=8, symbols=[hc.Instrument("AAA", (1, 100), (1, 10))], seconds=10, rate=100, book_levels=5
    ),
}
EACH = pytest.mark.parametrize("name", TAPES)


def books(tape: hc.Events) -> Iterator[Sides | None]:
    """The book after each level, kept by dictionaries; None until its first snapshot is over."""
    held: tuple[dict[int, int], dict[int, int]] = ({}, {})
    known = False
    for e in tape.data[tape.data["kind"] == EventKind.BOOK_LEVEL]:
        known |= not e["flags"]
        side = held[int(e["side"]) - 1]
        side.pop(int(e["px_ticks"]), None)
        if e["qty_lots"]:
            side[int(e["px_ticks"])] = int(e["qty_lots"])
        yield (sorted(held[0].items(), reverse=True), sorted(held[1].items())) if known else None


def rows_of(tape: hc.Events, *features: hc.Feature) -> np.ndarray:
    spec = hc.FeatureSpec("levels", features, rows="book", origin="continuous")
    return hc.FeaturePipeline(spec, tape.instruments).transform(tape)


def check(ours: np.ndarray, exact: list[Fraction | None], ulps: float) -> None:
    """Equal to the exact values within ulps; NaN where there is none."""
    assert [x is None for x in exact] == np.isnan(ours).tolist()
    there = [(y, x) for y, x in zip(ours.tolist(), exact, strict=True) if x is not None]
    assert len(there) > 100
    off = max(abs(Fraction(y) - x) / Fraction(np.spacing(abs(float(x)) or 1e-300)) for y, x in there)
    assert off <= ulps


def quotient(a: int, b: int) -> Fraction | None:
    return Fraction(a, b) if b else None


@EACH
def test_weighted_mid(name: str) -> None:
    px, bps = [], []
    for book in books(TAPES[name]):
        pairs = list(zip(*book, strict=False))[:N] if book else []
        value = sum(b * aq + a * bq for (b, bq), (a, aq) in pairs)
        mid = quotient(value, sum(bq + aq for (_, bq), (_, aq) in pairs))
        px.append(None if mid is None else mid / 100)
        middle = Fraction(pairs[0][0][0] + pairs[0][1][0], 2) if pairs else None
        bps.append(None if mid is None or middle is None else 10_000 * (mid - middle) / middle)
    rows = rows_of(TAPES[name], hc.weighted_mid(levels=N), hc.weighted_mid(levels=N, unit="bps"))
    check(rows[:, 0], px, 3.0)
    check(rows[:, 1], bps, 3.0)


@EACH
@pytest.mark.parametrize("decay", [1.0, 0.5, 0.3])
def test_book_imbalance(name: str, decay: float) -> None:
    step, weights = round(decay * 2**40), [2**40]
    while len(weights) < N:
        weights.append(weights[-1] * step >> 40)
    exact = []
    for book in books(TAPES[name]):
        bids, asks = (sum(w * qty for w, (_, qty) in zip(weights, side, strict=False)) for side in (book or ((), ())))
        exact.append(quotient(bids - asks, bids + asks))
    check(rows_of(TAPES[name], hc.book_imbalance(levels=N, decay=decay))[:, 0], exact, 3.0)


@EACH
def test_book_depth(name: str) -> None:
    columns: list[tuple[str, float]] = [("both", 0.0), ("bid", 0.0), ("ask", 0.0), ("both", 35.0), ("bid", 20.5)]
    features = [
        hc.book_depth(levels=5, side=side, band_bps=band, name=f"d{i}") for i, (side, band) in enumerate(columns)
    ]
    rows = rows_of(TAPES[name], *features)
    for column, (side, band) in zip(rows.T, columns, strict=True):
        exact: list[Fraction | None] = []
        for book in books(TAPES[name]):
            if book is None or (band and not (book[0] and book[1])):
                exact.append(None)
                continue
            mid = Fraction(book[0][0][0] + book[1][0][0], 2) if band else Fraction(0)
            chosen = [(px, q, 1) for px, q in book[0][:5] * (side != "ask")]
            chosen += [(px, q, -1) for px, q in book[1][:5] * (side != "bid")]
            near = [q for px, q, sign in chosen if not band or sign * (mid - px) <= mid * Fraction(band) / 10_000]
            exact.append(Fraction(sum(near), 10))
        check(column, exact, 1.0)


@EACH
def test_book_slope(name: str) -> None:
    sides = ("both", "bid", "ask")
    features = [hc.book_slope(levels=N, side=side, unit=unit) for side in sides for unit in ("px", "bps")]
    rows = rows_of(TAPES[name], *features)
    for i, side in enumerate(sides):
        per_px: list[Fraction | None] = []
        per_bps: list[Fraction | None] = []
        for book in books(TAPES[name]):
            if book is None or not (book[0] and book[1]):
                per_px.append(None), per_bps.append(None)
                continue
            mid = Fraction(book[0][0][0] + book[1][0][0], 2)
            product = square = Fraction(0)
            for levels, sign in ((book[0], 1), (book[1], -1)):
                depth = 0
                for px, q in levels[:N] if side in ("both", "bid" if sign == 1 else "ask") else []:
                    depth += q
                    product, square = product + sign * (mid - px) * depth, square + (mid - px) ** 2
            slope = product / square / 10 if square else None  # qty per tick
            per_px.append(None if slope is None else slope * 100)
            per_bps.append(None if slope is None else slope * mid / 10_000)
        check(rows[:, 2 * i], per_px, 4.0)
        check(rows[:, 2 * i + 1], per_bps, 4.0)


def flow(before: tuple[int, int] | None, now: tuple[int, int] | None, sign: int) -> int:
    """The flow of one queue; without one its price is the worst there is."""
    (p0, q0), (p1, q1) = before or (-sign << 80, 0), now or (-sign << 80, 0)
    p0, p1 = sign * p0, sign * p1
    return sign * ((q1 if p1 >= p0 else 0) - (q0 if p1 <= p0 else 0))


@EACH
def test_book_order_flow(name: str) -> None:
    known = [book for book in books(TAPES[name]) if book is not None]

    def rank(side: list[tuple[int, int]], m: int) -> tuple[int, int] | None:
        return side[m] if m < len(side) else None

    by_level = [
        [flow(rank(b0, m), rank(b1, m), 1) + flow(rank(a0, m), rank(a1, m), -1) for m in range(N)]
        for (b0, a0), (b1, a1) in pairwise(known)
    ]
    depth = [sum(q for side in book for _, q in side[:N]) for book in known][1:]
    n = 20
    columns = [
        hc.book_order_flow(window=n, levels=N, level=2, name="second"),
        hc.book_order_flow(window=n, levels=N, name="all"),
        hc.book_order_flow(window=n, levels=N, unit="depths", name="in_depths"),
    ]
    rows = rows_of(TAPES[name], *columns)[-len(by_level) :]
    assert np.isnan(rows[: n - 1]).all()
    for i in range(n - 1, len(by_level)):
        window = by_level[i - n + 1 : i + 1]
        second, total = sum(e[1] for e in window), sum(map(sum, window))
        assert rows[i, 0] == float(Fraction(second, 10))
        assert rows[i, 1] == float(Fraction(total, 10))
        mean = Fraction(sum(depth[i - n + 1 : i + 1]), 2 * N * n)
        assert rows[i, 2] == pytest.approx(float(total / mean) if mean else 0.0, rel=1e-15)


def test_one_level_is_what_quotes_say() -> None:
    """The generator sums each burst of levels up in a quote."""
    tape = TAPES["generated"]
    pairs = [
        (hc.weighted_mid(levels=1), hc.microprice()),
        (hc.book_imbalance(levels=1), hc.queue_imbalance()),
        (hc.expr("book_mid_px", name="a"), hc.mid()),
        (hc.expr("book_spread_px", name="b"), hc.spread()),
        (hc.expr("book_bid_qty", name="c"), hc.expr("bid_qty", name="d")),
    ]
    spec = hc.FeatureSpec("pairs", [feature for pair in pairs for feature in pair], origin="continuous")
    rows = hc.FeaturePipeline(spec).transform(tape)
    known = ~np.isnan(rows).any(axis=1)
    assert known.sum() > 200
    assert rows[known][:, ::2].tobytes() == rows[known][:, 1::2].tobytes()


def marked(levels: hc.Events) -> hc.Events:
    """The same with messages that say where they end, as hc.read_events marks them."""
    data = levels.data.copy()
    goes_on = (np.diff(data["update_id"]) == 0) & (np.diff(data["flags"].astype(int)) == 0)
    data["flags"][:-1][goes_on] |= int(Flag.UNFINISHED)
    return hc.Events(data, levels.instruments)


@pytest.mark.parametrize("stem", COMMON_IDS)
def test_binance_agrees_through_the_pipeline(data_dir: Path, stem: str) -> None:
    levels, quotes = binance_levels(data_dir, stem), read(data_dir, stem, "quotes")
    names = ("bid_px", "bid_qty", "ask_px", "ask_qty")
    columns = [hc.expr(f"book_{name}", name=f"top_{name}") for name in names]
    room = hc.book_depth(levels=1, capacity=16_384)
    pipe = hc.FeaturePipeline(hc.FeatureSpec("top", [*columns, room], rows="book"), levels.instruments)
    rows = pipe.transform(marked(levels))
    events, at = at_common_ids(levels, quotes)
    assert len(at) == COMMON_IDS[stem]
    row_of = np.searchsorted(pipe.rows, events)
    np.testing.assert_array_equal(pipe.rows[row_of], events)
    rows = rows[row_of]
    theirs = np.column_stack([quotes[name].to_numpy() for name in ("bid_px", "bid_sz", "ask_px", "ask_sz")])
    np.testing.assert_array_equal(rows[:, :4], theirs[at])
    lots = integers(quotes["bid_sz"], levels.instruments[0].lot) + integers(quotes["ask_sz"], levels.instruments[0].lot)
    lot = levels.instruments[0].lot
    np.testing.assert_array_equal(rows[:, 4], lots[at] * lot[0] / lot[1])


@pytest.fixture(scope="module")
def day(data_dir: Path) -> NasdaqDay:
    return nasdaq_day(data_dir)


@pytest.fixture(scope="module")
def tape(day: NasdaqDay) -> tuple[hc.Events, np.ndarray]:
    """The day as events behind a snapshot, and which of them ends each message that changed the book."""
    first = np.concatenate([day.first("bid"), day.first("ask")])
    data = np.zeros(len(first) + len(day.message), hc.EVENT_DTYPE)
    snapshot = data[: len(first)]
    snapshot["side"], snapshot["flags"] = np.repeat([1, 2], len(first) // 2), Flag.SNAPSHOT
    snapshot["px_ticks"], snapshot["qty_lots"] = first.T
    data[len(first) :] = day.changes.data
    data["kind"] = EventKind.BOOK_LEVEL
    data["ts_event_ns"] = np.concatenate([np.full(len(first), day.ts_ns[0]), day.ts_ns[day.message]])
    ends = np.flatnonzero(np.append(np.diff(day.message) > 0, True))
    return hc.Events(data, day.changes.instruments), ends + len(first)


def test_nasdaqs_recorded_books_give_the_same_values(day: NasdaqDay, tape: tuple[hc.Events, np.ndarray]) -> None:
    events, ends = tape
    n = 5
    columns = [
        hc.weighted_mid(levels=n),
        hc.book_imbalance(levels=n),
        hc.book_depth(levels=n),
        hc.book_slope(levels=n, unit="px"),
        hc.book_order_flow(window="1s", max_events=100_000, levels=n),
    ]
    rows = rows_of(events, *columns)[ends]
    at = day.message[ends - (len(events) - len(day.message))]
    b, bq, a, aq = (x[at, :n] for x in (day.px["bid"], day.qty["bid"], day.px["ask"], day.qty["ask"]))
    total = (bq + aq).sum(axis=1)
    np.testing.assert_allclose(rows[:, 0], (b * aq + a * bq).sum(axis=1) / (100 * total), rtol=1e-15)
    np.testing.assert_array_equal(rows[:, 1], (bq - aq).sum(axis=1) / total)
    np.testing.assert_array_equal(rows[:, 2], total)
    mid = b[:, :1] + a[:, :1]
    d = np.concatenate([mid - 2 * b, 2 * a - mid], axis=1)
    depth = np.concatenate([bq.cumsum(axis=1), aq.cumsum(axis=1)], axis=1)
    np.testing.assert_allclose(rows[:, 3], 200 * (d * depth).sum(axis=1) / (d * d).sum(axis=1), rtol=1e-14)

    # Order flow: from one recorded book to the next, summed over (t - 1 s, t] as far as the events have come.
    px, qty = ({s: x[s][:, :n] for s in ("bid", "ask")} for x in (day.px, day.qty))
    e = np.zeros(len(day.ts_ns), np.int64)
    for s, sign in (("bid", 1), ("ask", -1)):
        p0, p1, q0, q1 = sign * px[s][:-1], sign * px[s][1:], qty[s][:-1], qty[s][1:]
        e[1:] += sign * (np.where(p1 >= p0, q1, 0) - np.where(p1 <= p0, q0, 0)).sum(axis=1)
    sums = np.append(0, e.cumsum())
    since = np.searchsorted(day.ts_ns, day.ts_ns[at] - 10**9, "right")
    expected = (sums[at + 1] - sums[since]).astype(float)
    assert len(at) > 100_000
    full = day.ts_ns[at] > day.ts_ns[0] + 10**9  # the snapshot is over with the first change, which it hides
    np.testing.assert_array_equal(rows[full, 4], expected[full])
    assert Counter(np.sign(expected).tolist())[0.0] < len(at) // 2
