"""Operations on their own: the same values as in a pipeline, and the same refusals."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import hftcore as hc
from hftcore import registry
from hftcore.errors import EventError, SpecError


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=9, symbols=["AAA"], seconds=20, rate=200, book_levels=1)


def test_every_operation_is_there_alone() -> None:
    names = {op.standalone for op in registry.operations().values()}
    assert names == set(hc.features.__all__) - {"MarketFeature", "SeriesFeature"}
    for name in names:
        assert getattr(hc.features, name).__doc__


def test_alone_equals_in_a_pipeline(tape: hc.Events) -> None:
    spec = hc.FeatureSpec(
        "x",
        [
            hc.mid(),
            hc.ema("mid_px", period=5),
            hc.rolling_std("mid_px", window="2s"),
            hc.order_flow_imbalance(window=9),
        ],
    )
    rows = hc.FeaturePipeline(spec).transform(tape)
    quotes = tape[tape.data["kind"] == 2]
    mid = hc.features.Mid().transform(quotes)
    assert rows[:, 0].tobytes() == mid.tobytes()
    assert rows[:, 1].tobytes() == hc.features.Ema(period=5).transform(mid).tobytes()
    std = hc.features.RollingStd(window="2s").transform(mid, quotes.data["ts_event_ns"].copy())
    assert rows[:, 2].tobytes() == std.tobytes()
    assert rows[:, 3].tobytes() == hc.features.OrderFlowImbalance(window=9).transform(quotes).tobytes()


def test_a_market_feature_event_by_event_equals_its_transform(tape: hc.Events) -> None:
    batch, single = hc.features.QueueImbalance(), hc.features.QueueImbalance()
    column = batch.transform(tape)
    values = [single.update(event, tape.instruments) for event in tape if event.kind in (1, 2)]
    assert np.array(values).tobytes() == column.tobytes()
    assert batch.value == single.value == column[-1]
    assert batch.ready
    batch.reset()
    assert not batch.ready


def test_a_market_feature_takes_one_symbol() -> None:
    two = hc.generate(seed=9, symbols=["AAA", "BBB"], seconds=5, rate=200, book_levels=0)
    with pytest.raises(EventError, match="Mid takes events of one symbol, was given AAA, BBB"):
        hc.features.Mid().transform(two)
    mid = hc.features.Mid()
    mid.transform(two.select("AAA"))
    with pytest.raises(EventError, match="one symbol: AAA, then BBB"):
        mid.transform(two.select("BBB"))


def test_errors_name_parameter_rule_and_value() -> None:
    with pytest.raises(ValueError, match="Ema: period must be >= 1, was 0"):
        hc.features.Ema(period=0)
    with pytest.raises(ValueError, match="RollingStd: window must be >= 2, was 1"):
        hc.features.RollingStd(1)
    with pytest.raises(ValueError, match='RollingMean: window must be a count or a time such as "250ms"'):
        hc.features.RollingMean("5 sec")
    with pytest.raises(ValueError, match="max_events is for time windows"):
        hc.features.RollingMean(5, max_events=3)
    with pytest.raises(SpecError, match=r'RollingMean: window must be an integer or a time such as "5s", was 2\.5'):
        hc.features.RollingMean(2.5)
    with pytest.raises(SpecError, match="unit must be one of px, bps, ticks"):
        hc.features.Spread(unit="cents")


def test_a_time_window_without_times_is_refused() -> None:
    mean = hc.features.RollingMean("5s")
    with pytest.raises(ValueError, match="a time window needs ts_ns"):
        mean.update(1.0)
    with pytest.raises(ValueError, match="a time window needs ts_ns"):
        mean.transform(np.ones(3))
    with pytest.raises(ValueError, match="shape"):
        mean.transform(np.ones(3), np.arange(2))


def test_a_silent_copy_never_happens() -> None:
    for wrong in (np.ones(3, np.float32), np.arange(3), np.ones(6)[::2]):
        with pytest.raises(TypeError):
            hc.features.Ema(2).transform(wrong)
    with pytest.raises(ValueError, match="shape"):
        hc.features.Ema(2).transform(np.ones((2, 2)))


def test_early_leaves_are_counted() -> None:
    mean = hc.features.RollingMean("1h", max_events=10)
    mean.transform(np.arange(25.0), np.arange(25))
    assert mean.early_leaves == 15
    assert mean.value == np.arange(15, 25).mean()
    mean.advance(3600 * 10**9 + 25)
    assert not mean.ready


def test_time_passes_with_an_unusable_input_and_never_backwards() -> None:
    for name in ("RollingMean", "RollingMin", "RollingMax"):
        op = getattr(hc.features, name)("1us")
        assert op.update(5.0, 1_000) == 5.0
        op.advance(999)
        assert op.value == 5.0
        assert np.isnan(op.update(np.nan, 2_000))


def test_huge_inputs_are_left_out_and_poison_nothing() -> None:
    x = np.array([1.0, 1.7e308, 2.0, -1.7e308, 3.0, 1.1e12, 4.0])
    usable = np.abs(x) < 2**40
    for make in (lambda: hc.features.Ema(2), lambda: hc.features.EmaDeviation(2), lambda: hc.features.Rsi(2)):
        assert make().transform(x)[usable].tobytes() == make().transform(x[usable]).tobytes()
    assert (
        hc.features.LogReturn(1).transform(x)[usable].tobytes()
        == hc.features.LogReturn(1).transform(x[usable]).tobytes()
    )


@pytest.mark.parametrize("name", ["RollingMax", "RollingStd", "Ema"])
def test_another_thread_is_refused_while_a_batch_is_under_way(name: str) -> None:
    op = getattr(hc.features, name)(1000)
    x = np.random.default_rng(1).normal(size=3_000_000)
    worker = threading.Thread(target=lambda: [op.transform(x) for _ in range(3)])
    worker.start()
    refused = set()
    while worker.is_alive():
        try:
            assert not op.value > 100
            op.reset()
            op.update(1.0)
        except RuntimeError as error:
            refused.add(str(error))
    worker.join()
    assert refused == {"in use by another thread: one object, one thread at a time"}
    assert op.transform(x[:1000]).shape == (1000,)
