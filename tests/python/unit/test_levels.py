"""The order book inside a pipeline: what keeps it, what loses it, and which events give rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core
from hftcore.doctor import examine
from hftcore.errors import OutOfOrderError, SpecError

SESSION_OPEN_NS, MILLISECOND_NS = 1_381_152_600_000_000_000, 1_000_000  # 2013-10-07 13:30 UTC
DAY_NS = 86_400 * 10**9
B, S = 1, 2
Level = tuple[int, int, int, int, int]  # side, price ticks, lots, update id, flags
SNAP = int(hc.Flag.SNAPSHOT)
BOOK: tuple[Level, ...] = ((B, 100, 5, 1, SNAP), (B, 99, 7, 1, SNAP), (S, 102, 3, 1, SNAP), (S, 104, 9, 1, SNAP))


def levels(rows: Iterable[Level], ms: int = 0, symbol_id: int = 0) -> hc.Events:
    table = list(rows)
    data = np.zeros(len(table), hc.EVENT_DTYPE)
    data["kind"] = hc.EventKind.BOOK_LEVEL
    data["ts_event_ns"] = data["ts_recv_ns"] = SESSION_OPEN_NS + ms * MILLISECOND_NS
    data["symbol_id"] = symbol_id
    for i, row in enumerate(table):
        for name, value in zip(("side", "px_ticks", "qty_lots", "update_id", "flags"), row, strict=True):
            data[i][name] = value
    return hc.Events(data, [hc.Instrument("AAA"), hc.Instrument("BBB")])


def spec_of(*features: hc.Feature, **rules: object) -> hc.FeatureSpec:
    return hc.FeatureSpec("levels", features or [mid()], rows="book", **rules)  # type: ignore[arg-type]


def mid() -> hc.Feature:
    return hc.expr("book_mid_px", name="mid")


def last(pipe: hc.FeaturePipeline, events: hc.Events) -> float:
    return float(pipe.transform(events)[-1, 0])


def test_a_snapshot_shows_when_it_is_over_and_each_level_gives_a_row() -> None:
    pipe = hc.FeaturePipeline(spec_of(hc.book_depth(levels=2, side="bid"), mid()))
    rows = pipe.transform(levels([*BOOK, (B, 101, 4, 2, 0), (B, 101, 0, 3, 0)]))
    assert np.isnan(rows[:4]).all()
    assert rows[4:].tolist() == [[9.0, 1.015], [12.0, 1.01]]


def test_a_message_counts_when_its_last_level_is_there() -> None:
    more = int(hc.Flag.UNFINISHED)
    pipe = hc.FeaturePipeline(spec_of(mid(), hc.book_order_flow(window=1, levels=1)))
    snapshot = [(*row[:4], row[4] | more) for row in BOOK[:-1]] + [BOOK[-1]]
    message = [(B, 101, 2, 2, more), (B, 103, 4, 2, more), (S, 102, 0, 2, 0)]  # crossed on its way
    rows = pipe.transform(levels([*snapshot, *message]))
    assert pipe.rows.tolist() == [3, 6]
    assert rows[:, 0].tolist() == [1.01, 1.035]
    assert rows[1, 1] == 4.0 + 3.0, "a better bid, and an ask that is gone"


def test_a_spec_without_a_book_counts_levels_and_nothing_else() -> None:
    spec = hc.FeatureSpec("none", [hc.mid()], rows="any")
    pipe = hc.FeaturePipeline(spec)
    assert not spec.reads_book
    assert spec_of().reads_book
    assert len(pipe.transform(levels(BOOK))) == 0
    assert pipe.counters["without_effect"] == len(BOOK)


@pytest.mark.parametrize(
    "text", ["book_mid_px - mid_px", "mid_px - book_mid_px", "ema(book_mid_px, 3)", "book_bid_px@BBB"]
)
def test_any_way_to_name_the_book_brings_it(text: str) -> None:
    assert hc.FeatureSpec("x", [hc.expr(text)]).reads_book
    assert not hc.FeatureSpec("x", [hc.expr("mid_px")]).reads_book


@pytest.mark.parametrize("flag", [hc.Flag.GAP_BEFORE, hc.Flag.SEQUENCE_RESET])
def test_a_gap_on_any_event_loses_the_book_until_a_snapshot(flag: hc.Flag) -> None:
    pipe = hc.FeaturePipeline(hc.FeatureSpec("x", [mid(), hc.book_order_flow(window=1, levels=1)], rows="any"))
    assert last(pipe, levels([*BOOK, (B, 100, 6, 2, 0)])) == 1.01
    quote = levels([(B, 0, 0, 0, int(flag))]).data.copy()
    quote["kind"] = hc.EventKind.QUOTE
    assert np.isnan(pipe.transform(hc.Events(quote, levels(BOOK).instruments))).all()
    assert np.isnan(pipe.transform(levels([(B, 101, 6, 3, 0)]))).all(), "a change of what is not known"
    again = [(side, px, qty, 9, SNAP) for side, px, qty, _, _ in BOOK]
    rows = pipe.transform(levels([*again, (B, 100, 6, 10, 0), (B, 100, 8, 11, 0)]))
    assert rows[-2:, 0].tolist() == [1.01, 1.01]
    assert np.isnan(rows[-2, 1]), "the window begins anew"
    assert rows[-1, 1] == 2.0


def test_a_new_session_keeps_the_book_and_empties_windows() -> None:
    pipe = hc.FeaturePipeline(spec_of(mid(), hc.book_order_flow(window="1h", levels=1)))
    pipe.transform(levels([*BOOK, (B, 100, 6, 2, 0), (B, 100, 9, 3, 0)]))
    rows = pipe.transform(levels([(B, 100, 8, 4, 0), (B, 100, 4, 5, 0)], ms=DAY_NS // MILLISECOND_NS))
    assert rows[0, 0] == 1.01
    assert np.isnan(rows[0, 1])
    assert rows[1].tolist() == [1.01, -4.0]


def test_levels_outside_of_the_session_and_late_ones_change_the_book_and_give_no_row() -> None:
    pipe = hc.FeaturePipeline(spec_of(session=("13:30", "20:00")))
    assert len(pipe.transform(levels(BOOK, ms=-60_000))) == 0
    assert pipe.counters["out_of_session"] == len(BOOK)
    assert last(pipe, levels([(S, 101, 1, 2, 0)], ms=5)) == 1.005
    late = levels([(S, 101, 0, 3, 0)], ms=1)
    with pytest.raises(OutOfOrderError):
        pipe.transform(late)
    with pytest.raises(OutOfOrderError):
        pipe.update(late[0])
    assert pipe.counters["out_of_order"] == 1
    assert last(pipe, levels([(S, 104, 1, 4, 0)], ms=5)) == 1.01, "the late level is in the book"


def test_a_level_that_is_not_believed_loses_the_book() -> None:
    for flags, px, counter in ((int(hc.Flag.SUSPICIOUS), 101, "suspicious"), (0, 1 << 41, "out_of_bounds")):
        pipe = hc.FeaturePipeline(spec_of(drop=["suspicious"]))
        pipe.transform(levels([*BOOK, (B, 100, 6, 2, 0)]))
        assert len(pipe.transform(levels([(B, px, 6, 3, flags)]))) == 0
        assert pipe.counters[counter] == 1
        assert np.isnan(last(pipe, levels([(B, 100, 7, 4, 0)])))


def test_the_room_of_the_book_is_the_largest_asked_for() -> None:
    many = [(B, 100 - i, 1, 1, SNAP) for i in range(20)] + [(B, 100, 2, 2, 0)]
    for capacities, depth in (((10,), 11.0), ((10, 30), 21.0)):
        columns = [hc.book_depth(levels=10, capacity=c, name=f"c{c}") for c in capacities]
        deep = hc.book_depth(levels=min(30, max(capacities)), capacity=max(capacities), name="deep")
        assert last(hc.FeaturePipeline(spec_of(deep, *columns)), levels(many)) == depth


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: hc.book_depth(levels=0), "BookDepth: levels must be >= 1, was 0"),
        (lambda: hc.weighted_mid(levels=20, capacity=10), r"WeightedMid: levels must be <= capacity \(10\), was 20"),
        (lambda: hc.book_imbalance(levels=3, decay=1.5), "BookImbalance: decay must be in .* was 1.5"),
        (lambda: hc.book_order_flow(window=5, levels=3, level=4), r"level must be <= levels \(3\), was 4"),
        (lambda: hc.book_order_flow(window=5, levels=65), "levels must be <= 64, was 65"),
        (lambda: hc.book_slope(levels=3, side="buy"), "side must be one of both, bid, ask"),
    ],
)
def test_errors_name_parameter_rule_and_value(make: object, says: str) -> None:
    with pytest.raises(SpecError, match=says):
        spec_of(make())  # type: ignore[operator]


def test_a_peers_book_is_read_as_its_last_level_left_it() -> None:
    pipe = hc.FeaturePipeline(spec_of(hc.expr("book_mid_px - book_mid_px@BBB", name="gap")), levels(BOOK).instruments)
    pipe.transform(levels([*BOOK, (B, 100, 6, 2, 0)], symbol_id=1))
    assert last(pipe, levels([*BOOK, (B, 101, 6, 2, 0)])) == 1.015 - 1.01


def test_what_steps_on_the_book_is_explained_on_a_tape_of_levels() -> None:
    told = spec_of(hc.ema("book_mid_px", period=9)).explain("ema_book_mid_px_9")
    assert "8 level(s) without a value" in str(told)
    assert "shared tape of levels" in str(told)
    assert told.sample is not None
    assert np.isfinite(told.sample.values).sum() > 3000


def test_the_doctor_finds_a_spec_on_the_book_in_health() -> None:
    events = hc.generate(seed=5, symbols=["AAA"], seconds=10, rate=200, book_levels=3)
    spec = spec_of(hc.book_order_flow(levels=2, window="1s"), hc.ema("book_mid_px", period=5))
    assert examine(spec, events).findings == ()


def test_the_class_alone_takes_levels() -> None:
    alone = hc.features.WeightedMid(levels=2)
    assert alone.transform(levels([*BOOK, (B, 100, 6, 2, 0)]))[-1] == (100 * 3 + 102 * 6 + 99 * 9 + 104 * 7) / 2500


def test_the_daemons_reader_reads_the_same_spec() -> None:
    spec = spec_of(hc.book_depth(levels=3, band_bps=2.5, capacity=64), mid())
    native = _core.artifact.read_spec(spec.canonical_json().encode())
    assert native.sha256 == spec.sha256
    assert native.reads_book


@pytest.mark.parametrize("feed", ["threads", "events", "batch"])
def test_the_engine_scores_each_row_of_the_book(imbalance_artifact: Any, feed: Any) -> None:
    """A replay takes levels in as the pipeline does; prices to trade at are those of quotes."""
    tape = hc.generate(seed=5, symbols=["AAA"], seconds=20, rate=200, book_levels=3, start_ns=SESSION_OPEN_NS)
    spec = hc.FeatureSpec("book", [hc.book_imbalance(levels=3)], rows="any")
    rows = hc.FeaturePipeline(spec).transform(tape)
    artifact = dataclasses.replace(imbalance_artifact, spec=spec)
    risk = hc.RiskLimits(max_open_positions=1, max_order_qty=5, max_position_qty=5, stop_loss_bps=0.0)
    run = hc.replay(artifact, tape, strategy=hc.Threshold(0.8), risk=risk, feed=feed)
    assert run.counters["rows_scored"] == np.isfinite(rows).all(axis=1).sum() > 1000
    assert len(run.decisions) > 5
