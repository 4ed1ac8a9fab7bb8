"""Missing values: against pandas, against a slow twin, and in the pipeline between inputs."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc
from hftcore.errors import SpecError
from hftcore.features import Fill

SECOND = 1_000_000_000
inputs = st.lists(
    st.tuples(st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1.5, 1e9 + 0.01]), st.integers(0, 3 * SECOND)),
    min_size=1,
    max_size=40,
)


def arrays(pairs: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([x for x, _ in pairs]), np.cumsum([gap for _, gap in pairs]).astype(np.int64)


@given(inputs)
def test_hold_is_the_last_value_where_it_is_not_too_old(pairs: list[tuple[float, int]]) -> None:
    x, ts_ns = arrays(pairs)
    there = pd.Series(np.where(np.isfinite(x), x, np.nan))
    missing = there.isna() & ~there.shift(fill_value=0.0).isna()
    age = ts_ns - pd.Series(ts_ns).where(missing).ffill().fillna(0).to_numpy().astype(np.int64)
    wanted = there.where(~there.isna(), there.ffill().where(age < 2 * SECOND))
    np.testing.assert_array_equal(Fill("hold:2s").transform(x, ts_ns), wanted)
    np.testing.assert_array_equal(Fill("nan").transform(x, ts_ns), there)


@given(inputs, st.sampled_from([0.0, -3.25]))
def test_decay_is_its_definition(pairs: list[tuple[float, int]], towards: float) -> None:
    x, ts_ns = arrays(pairs)
    last, since, wanted = math.nan, 0, []
    for i, (value, now) in enumerate(zip(x.tolist(), ts_ns.tolist(), strict=True)):
        if math.isfinite(value):
            last = value
            wanted.append(value)
            continue
        if i == 0 or math.isfinite(x[i - 1]):
            since = now
        weight = 0.5 ** ((now - since) / (2 * SECOND))
        wanted.append(last * weight + towards * (1 - weight))
    np.testing.assert_allclose(Fill("decay:2s", towards=towards).transform(x, ts_ns), wanted, rtol=1e-14, atol=1e-15)


def test_rows_between_inputs_see_the_hold_expire_and_the_value_decay() -> None:
    data = np.zeros(7, hc.EVENT_DTYPE)
    data["ts_event_ns"] = np.array([0, 60_000, 61_000, 61_999, 62_000, 63_000, 63_000]) * 1_000_000
    data["kind"] = [2, 2, 1, 1, 1, 1, 2]
    data["bid_px_ticks"], data["bid_qty_lots"], data["ask_px_ticks"], data["ask_qty_lots"] = 100, [5] * 7, 102, 5
    data["bid_qty_lots"][1] = 0  # the bid goes after a minute in which nothing came
    trades = data["kind"] == 1
    data["px_ticks"][trades], data["qty_lots"][trades] = 101, 1
    features = [
        hc.fill("mid_px", policy="hold:2000ms"),
        hc.fill("mid_px", policy="decay:1s", name="fading"),
        hc.expr("fill(mid_px, 'hold:2s') - 1", name="formula"),
        hc.ema("fill(trade_px + 0 * mid_px, 'hold:2s')", period=1, name="reader"),
    ]
    spec = hc.FeatureSpec("fill", features, rows="any")
    assert spec.names[0] == "fill_mid_px_hold_2s"
    rows = hc.FeaturePipeline(spec).transform(hc.Events(data, [hc.Instrument("AIG")]))
    held = [1.01, 1.01, 1.01, 1.01, math.nan, math.nan, 1.01]
    np.testing.assert_array_equal(rows[:, 0], held)
    np.testing.assert_allclose(rows[:, 1], 1.01 * 0.5 ** np.array([0, 0, 1, 1.999, 2, 3, 0]), rtol=1e-15)
    np.testing.assert_array_equal(rows[:, 2], np.array(held) - 1)


@pytest.mark.parametrize(
    ("policy", "text"),
    [
        ("hld:2s", "one of hold:TIME, decay:TIME, nan, was \"hld:2s\" .did you mean 'hold:'"),
        ("hold", "one of hold:TIME"),
        ("nan:2s", "one of hold:TIME"),
        ("hold:2", "hold: and a time such as"),
        ("decay:0s", "longer than 0"),
        (2, 'policy must be text such as "hold:2s"'),
    ],
)
def test_a_bad_policy_is_named(policy: object, text: str) -> None:
    with pytest.raises(SpecError, match=text):
        hc.FeatureSpec("x", [hc.fill("mid_px", policy=policy)])


def test_where_it_goes_needs_a_policy_that_goes() -> None:
    with pytest.raises(SpecError, match="towards is where `decay` goes"):
        Fill("hold:2s", towards=1.0)
    with pytest.raises(SpecError, match="changes with the time"):
        hc.FeatureSpec("x", [hc.fill("mid_px", policy="hold:2s", name="f"), hc.expr("f@SPY")])
