"""Columns of events in, columns of features out: what Spark's workers call, without Spark."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core


def fold_of(spec: hc.FeatureSpec, events: hc.Events) -> Any:
    return _core.feature.KeyedPipelines(spec._native(), events.instruments._native())


def columns_of(events: hc.Events) -> tuple[Any, ...]:
    """Events as the worker has them."""
    data = events.data
    words = [events.instruments[int(i)].symbol.encode() for i in data["symbol_id"]]
    offsets = np.cumsum([0, *map(len, words)]).astype(np.int32)
    text = np.frombuffer(b"".join(words), np.uint8)
    codes = data["kind"].astype(np.int32) | data["side"].astype(np.int32) << 8 | data["flags"].astype(np.int32) << 16
    payload = [data[name].copy() for name in ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")]
    return offsets, text, data["ts_event_ns"].copy(), codes, payload, [data["source_seq"].astype(np.int64)]


@pytest.fixture(scope="module")
def events() -> hc.Events:
    return hc.generate(seed=2, symbols=["AAA", "B", "CC"], seconds=2, rate=2000)


@pytest.fixture(scope="module")
def spec() -> hc.FeatureSpec:
    features = [hc.mid(), hc.ema("mid_px", period=5), hc.trade_imbalance(window=9), hc.ema("s.close", period=2)]
    return hc.FeatureSpec("some", features, rows="any", bars={"s": hc.time_bars("50ms")})


@pytest.mark.parametrize("batch", [1, 7, 1_000, 10_000])
def test_any_batches_give_the_bytes_of_the_pipeline(events: hc.Events, spec: hc.FeatureSpec, batch: int) -> None:
    fold, pipeline = fold_of(spec, events), hc.FeaturePipeline(spec, events.instruments)
    wanted = pipeline.transform(events)
    parts, rows = [], []
    for start in range(0, len(events), batch):
        columns, index, problem = fold.transform(*columns_of(events[start : start + batch]))
        assert problem is None
        parts.append(columns[:, : len(index)].T)
        rows.append(index + start)
    assert np.concatenate(parts).tobytes() == wanted.tobytes()
    assert np.concatenate(rows).tolist() == pipeline.rows.tolist()
    counters = pipeline.counters
    assert fold.counters() == {name: n for name, n in counters.items() if name != "early_leaves"}


def test_the_row_of_a_refusal_is_the_first(events: hc.Events, spec: hc.FeatureSpec) -> None:
    core = _core.feature
    offsets, text, ts, codes, payload, order = columns_of(events)
    twice = order[0].copy()
    first_again = int(np.flatnonzero(events.data["symbol_id"] == events.data["symbol_id"][0])[1])
    twice[first_again] = twice[0]
    assert fold_of(spec, events).transform(offsets, text, ts, codes, payload, [twice])[2] == (
        core.REFUSED_TWICE,
        first_again,
    )
    bad = codes.copy()
    bad[40] = 9
    assert fold_of(spec, events).transform(offsets, text, ts, bad, payload, order)[2] == (core.REFUSED_BAD_KIND, 40)


def test_columns_that_do_not_fit_are_refused(events: hc.Events, spec: hc.FeatureSpec) -> None:
    offsets, text, ts, codes, payload, order = columns_of(events)
    fold = fold_of(spec, events)
    with pytest.raises(ValueError, match=r"codes must have shape \(\d+,\)"):
        fold.transform(offsets, text, ts, codes[:-1].copy(), payload, order)
    with pytest.raises(ValueError, match=r"symbol_offsets must have shape"):
        fold.transform(offsets[:-1].copy(), text, ts, codes, payload, order)
    with pytest.raises(ValueError, match="symbol_offsets must ascend and stay within symbol_bytes"):
        fold.transform(offsets + 1, text, ts, codes, payload, order)
    with pytest.raises(TypeError):
        fold.transform(offsets, text, ts.astype(np.float64), codes, payload, order)


def test_a_snapshot_goes_on_in_a_pipeline_of_one_symbol(events: hc.Events, spec: hc.FeatureSpec) -> None:
    fold = fold_of(spec, events)
    fold.transform(*columns_of(events[:2000]))
    states = fold.snapshots()
    assert list(states) == ["AAA", "B", "CC"]
    resumed = hc.FeaturePipeline.restore(spec, states["B"])
    assert resumed.instruments is not None
    assert resumed.instruments.symbols == ("B",)
    again = fold_of(spec, events)
    again.restore("B", states["B"])
    assert again.snapshots() == {"B": states["B"]}
    with pytest.raises(ValueError, match="a second state for it"):
        again.restore("B", states["B"])
    with pytest.raises(ValueError, match="the state is of another instrument: AAA"):
        again.restore("CC", states["AAA"])


def test_cleansing_rules_hold_here_too(events: hc.Events) -> None:
    clean: dict[str, Any] = {"outlier": {"policy": "nan", "band_bps": 0.5}, "stale": {"policy": "hold", "after": "2ms"}}
    features = [hc.mid(), hc.ema("mid_px", period=5), hc.clean_flag(rule="outlier")]
    spec = hc.FeatureSpec("clean", features, rows="any", clean={**clean, "duplicate": "drop"})
    pipe = hc.FeaturePipeline(spec)
    rows = pipe.transform(events)
    assert min(pipe.counters[rule] for rule in ("outlier", "stale")) > 10
    columns, index, problem = fold_of(spec, events).transform(*columns_of(events))
    assert problem is None
    assert columns[:, : len(index)].T.copy().tobytes() == rows.tobytes()
    rule = hc.FeatureSpec("x", [hc.mid()], clean={"late": "drop"})
    for late in (rule, hc.FeatureSpec("x", [hc.clean_flag(rule="late")])):
        with pytest.raises(ValueError, match="'late' needs ts_recv_ns"):
            fold_of(late, events)
