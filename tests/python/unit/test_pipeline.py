"""The feature pipeline over events: order, sessions, counters, refusals."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core
from hftcore.errors import EventError, OutOfOrderError, SpecError

MID = hc.FeatureSpec("mid", [hc.mid(), hc.ema("mid_px", period=3)])


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=1, symbols=["AAA", "BBB"], seconds=20, rate=200, book_levels=2)


def test_rows_name_the_event_of_each_row(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(MID)
    rows = pipe.transform(tape)
    assert rows.dtype == np.float64
    assert rows.shape == (len(pipe.rows), 2)
    assert (tape.data["kind"][pipe.rows] == 2).all()
    first = tape.data[pipe.rows[0]]
    assert rows[0, 0] == (int(first["bid_px_ticks"]) + int(first["ask_px_ticks"])) / 200


def test_counters_add_up(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(MID)
    rows = pipe.transform(tape)
    counters = pipe.counters
    trades = int((tape.data["kind"] == 1).sum())
    assert counters["n_events"] == len(tape)
    assert counters["n_rows"] == len(rows)
    assert counters["without_effect"] == int((tape.data["kind"] == 3).sum())
    assert len(tape) == len(rows) + trades + counters["without_effect"]


def test_no_events_give_no_rows(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(MID)
    assert pipe.counters == {}
    assert pipe.transform(tape[:0]).shape == (0, 2)


def test_an_older_event_is_refused_before_anything_is_taken_in(tape: hc.Events) -> None:
    quotes = tape[(tape.data["symbol_id"] == 1) & (tape.data["kind"] == 2)]
    order = np.r_[0:20, 30, 20:30, 31:40]
    pipe = hc.FeaturePipeline(MID)
    pipe.transform(quotes[:5])
    blob = pipe.snapshot()
    with pytest.raises(OutOfOrderError, match=r"BBB: event 16 of this batch"):
        pipe.transform(quotes[order[5:]])
    assert pipe.snapshot() == blob
    with pytest.raises(OutOfOrderError, match="BBB"):
        pipe.update(quotes[0])


def test_other_instruments_are_refused(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(MID, tape.instruments)
    other = hc.Events(tape.data, [tape.instruments[0], hc.Instrument("BBB", (1, 1000))])
    with pytest.raises(EventError, match=r"other instruments than before: Instrument\(symbol='BBB'"):
        pipe.transform(other)


def test_an_event_of_another_symbol_is_refused_event_by_event(tape: hc.Events) -> None:
    own = hc.FeaturePipeline(MID, tape.instruments)
    restored = hc.FeaturePipeline.restore(MID, own.snapshot())
    swapped = hc.Events(tape.data, tape.instruments[::-1])
    wider = hc.Events.concat([hc.generate(seed=1, symbols=["AAA", "BBB", "CCC"], seconds=2, rate=50)])
    third = wider[wider.data["symbol_id"] == 2]
    for pipe in (own, restored):
        blob = pipe.snapshot()
        for event in (swapped[0], third[0]):
            with pytest.raises(EventError, match=f"{event.symbol}: symbol_id {event.symbol_id} is not this symbol's"):
                pipe.update(event)
        assert pipe.snapshot() == blob
        pipe.update(tape[0])


def test_update_and_snapshot_need_instruments(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(MID)
    with pytest.raises(SpecError, match="update needs the instruments"):
        pipe.update(tape[0])
    with pytest.raises(SpecError, match="nothing to snapshot"):
        pipe.snapshot()


def test_a_snapshot_of_another_spec_or_with_a_flipped_byte_is_refused(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(MID)
    pipe.transform(tape)
    blob = pipe.snapshot()
    other = hc.FeatureSpec("mid", [hc.mid(), hc.ema("mid_px", period=4)])
    with pytest.raises(SpecError, match=f"the spec's sha256 is {MID.sha256} in the snapshot and {other.sha256} here"):
        hc.FeaturePipeline.restore(other, blob)
    for i in range(0, len(blob), 7):
        bad = bytearray(blob)
        bad[i] ^= 1
        with pytest.raises(SpecError, match=r"snapshot|bytes end too soon"):
            hc.FeaturePipeline.restore(MID, bytes(bad))


def test_sessions_begin_anew(tape: hc.Events) -> None:
    two_days = hc.generate(seed=2, symbols=["AAA"], seconds=10, rate=100, sessions=2, book_levels=0)
    pipe = hc.FeaturePipeline(MID)
    rows = pipe.transform(two_days)
    day = two_days.data["ts_event_ns"][pipe.rows] // (86_400 * 10**9)
    for one in np.unique(day):
        assert np.isnan(rows[day == one, 1][:2]).all()
        assert np.isfinite(rows[day == one, 1][2:]).all()
    continuous = hc.FeatureSpec("mid", [hc.mid(), hc.ema("mid_px", period=3)], origin="continuous")
    assert np.isnan(hc.FeaturePipeline(continuous).transform(two_days)[:, 1]).sum() == 2


def test_a_day_of_real_data_is_finite_after_warm_up_and_split_invariant(data_dir: Path) -> None:
    folder = data_dir / "us_equities_taq"
    quotes, trades = (hc.read_events(folder / f"{kind}_20131009.parquet") for kind in ("quotes", "trades"))
    both = hc.Events.concat([quotes, trades.select(quotes.instruments.symbols)])
    order = np.lexsort((both.data["kind"] == 1, both.data["ts_event_ns"]))
    day = both[order[:400_000]]
    spec = hc.FeatureSpec.load(Path(hc.features.__file__).parent / "specs" / "demo.toml")
    pipe = hc.FeaturePipeline(spec)
    rows = pipe.transform(day)
    assert len(rows) > 100_000
    parts = hc.FeaturePipeline(spec)
    split = [parts.transform(day[a:b]) for a, b in ((0, 99_999), (99_999, 100_000), (100_000, len(day)))]
    assert np.concatenate(split).tobytes() == rows.tobytes()
    owner = day.data["symbol_id"][pipe.rows]
    for symbol in np.unique(owner):
        warm = rows[owner == symbol][2000:]
        assert np.isfinite(warm).all()


def test_a_dropped_event_with_a_wild_time_makes_nothing_late(tape: hc.Events) -> None:
    one = tape.select("AAA")
    quotes = one[one.data["kind"] == 2][:200]
    data = quotes.data.copy()
    data["flags"][50] |= 1
    data["ts_event_ns"][50] += 10 * 86_400 * 10**9
    data["ts_event_ns"][60] = np.iinfo(np.int64).max
    spec = hc.FeatureSpec("mid", [hc.mid(), hc.ema("mid_px", period=3)], drop=["suspicious"])
    pipe = hc.FeaturePipeline(spec)
    rows = pipe.transform(hc.Events(data, quotes.instruments))
    kept = np.delete(np.arange(len(quotes)), [50, 60])
    assert pipe.rows.tolist() == kept.tolist()
    assert pipe.counters["suspicious"] == pipe.counters["out_of_bounds"] == 1
    assert rows.tobytes() == hc.FeaturePipeline(spec).transform(quotes[kept]).tobytes()


def test_unknown_rows_and_drop_rules_are_refused() -> None:
    make = functools.partial(
        _core.feature.Spec, name="x", sha256="", continuous=False, open_ns=0, close_ns=0, features=[]
    )
    make(rows=2, drop=31)
    for wrong in ({"rows": 4, "drop": 0}, {"rows": -1, "drop": 0}, {"rows": 0, "drop": 32}):
        with pytest.raises(ValueError, match=r"rows must be|drop must be"):
            make(**wrong)
