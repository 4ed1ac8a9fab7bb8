"""Formulas: equal to NumPy over the columns that they name, and to what stood there for other symbols."""

from __future__ import annotations

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import SpecError


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=11, symbols=["AAA", "BBB"], seconds=30, rate=200)


def columns(tape: hc.Events, *features: hc.Feature, rows: str = "any") -> dict[str, np.ndarray]:
    spec = hc.FeatureSpec("formulas", features, rows=rows)
    values = hc.FeaturePipeline(spec).transform(tape)
    return dict(zip(spec.names, values.T, strict=True))


def test_a_formula_is_what_numpy_makes_of_its_columns(tape: hc.Events) -> None:
    got = columns(
        tape,
        hc.ema("mid_px", period=5, name="fast"),
        hc.ema("mid_px", period=20, name="slow"),
        hc.rolling_std("mid_px", window=20, name="std"),
        hc.vwap(window=5, name="vwap"),
        hc.expr("(ema(mid_px, 5) - ema(mid_px, 20)) / rolling_std(mid_px, 20)", name="trend"),
        hc.expr("(fast - slow) / std", name="by_name"),
        hc.expr("where(vwap(5) > slow, sqrt(vwap(5)) * 2, -1)", name="chosen"),
        hc.expr("clip(sign(fast - slow) * 3, -1, 2) + abs(-slow) - max(fast, min(slow, 0))", name="mixed"),
        hc.expr("coalesce(trend, 0) <= 0", name="down"),
    )
    fast, slow, std, vwap = got["fast"], got["slow"], got["std"], got["vwap"]
    with np.errstate(all="ignore"):
        trend = np.where(std == 0, np.nan, (fast - slow) / std)
        chosen = np.where(np.isnan(vwap) | np.isnan(slow), np.nan, np.where(vwap > slow, np.sqrt(vwap) * 2, -1.0))
    np.testing.assert_array_equal(got["trend"], trend)
    np.testing.assert_array_equal(got["by_name"], trend)
    np.testing.assert_array_equal(got["chosen"], chosen)
    mixed = np.clip(np.sign(fast - slow) * 3, -1, 2) + np.abs(slow) - np.maximum(fast, np.minimum(slow, 0))
    np.testing.assert_array_equal(got["mixed"], mixed)
    np.testing.assert_array_equal(got["down"], (np.nan_to_num(trend) <= 0).astype(float))
    assert np.isfinite(trend).sum() > 1000


def test_log_is_that_of_numpy_within_a_few_ulp(tape: hc.Events) -> None:
    got = columns(tape, hc.expr("mid_px"), hc.expr("log(mid_px)", name="log"))
    np.testing.assert_allclose(got["log"], np.log(got["expr"]), rtol=1e-15)


def test_what_has_no_value_is_nan_and_never_infinite(tape: hc.Events) -> None:
    for formula in ("mid_px / 0", "0 / 0", "sqrt(-mid_px)", "log(0 * mid_px)", "log(-1)", "1e308 * 1e308"):
        assert np.isnan(columns(tape, hc.expr(formula))["expr"]).all(), formula


def test_an_operation_on_a_formula_is_one_on_its_values(tape: hc.Events) -> None:
    got = columns(
        tape,
        hc.expr("microprice_px - mid_px", name="lean"),
        hc.ema("microprice_px - mid_px", period=7, name="of_formula"),
        hc.ema("lean", period=7, name="of_name"),
        rows="quote",
    )
    assert got["of_formula"].tobytes() == got["of_name"].tobytes()
    one = hc.FeatureSpec("one", [hc.ema("microprice_px - mid_px", period=7)], rows="quote")
    for symbol in ("AAA", "BBB"):
        alone = hc.FeaturePipeline(one).transform(tape.select(symbol))[:, 0]
        lean = columns(tape.select(symbol), hc.expr("microprice_px - mid_px"), rows="quote")["expr"]
        assert alone.tobytes() == hc.features.Ema(7).transform(lean).tobytes()


def test_another_symbols_value_is_what_its_last_event_left(tape: hc.Events) -> None:
    spec = hc.FeatureSpec("pair", [hc.expr("mid_px", name="own"), hc.expr("mid_px@BBB", name="other")], rows="quote")
    pipe = hc.FeaturePipeline(spec)
    own, other = pipe.transform(tape).T
    ids = tape.data["symbol_id"][pipe.rows]
    stood = np.nan
    for i in range(len(own)):
        stood = own[i] if ids[i] == 1 else stood
        assert other[i] == stood or (np.isnan(other[i]) and np.isnan(stood))
    later = tape.data.copy()
    later["bid_px_ticks"][pipe.rows[500] + 1 :] += 1
    changed = hc.FeaturePipeline(spec).transform(hc.Events(later, tape.instruments))
    assert changed[:500].tobytes() == np.stack([own, other], axis=1)[:500].tobytes(), "the future changed the past"


def test_any_split_and_a_snapshot_keep_another_symbols_value(tape: hc.Events) -> None:
    spec = hc.FeatureSpec("pair", [hc.zscore("mid_px - mid_px@BBB", window=20), hc.expr("mid_px@AAA")], rows="any")
    whole = hc.FeaturePipeline(spec).transform(tape)
    pipe = hc.FeaturePipeline(spec)
    first = pipe.transform(tape[:777])
    rest = hc.FeaturePipeline.restore(spec, pipe.snapshot()).transform(tape[777:])
    assert np.concatenate([first, rest]).tobytes() == whole.tobytes()


def test_a_pipeline_without_that_symbol_says_so(tape: hc.Events) -> None:
    spec = hc.FeatureSpec("pair", [hc.expr("mid_px@SPY")])
    with pytest.raises(SpecError, match="reads values of 'SPY', which is not among the instruments"):
        hc.FeaturePipeline(spec).transform(tape)


def test_one_spelling_one_hash() -> None:
    first = hc.FeatureSpec("x", [hc.expr("ema( mid_px,20 )*2"), hc.zscore("bid_px+ask_px", window=5)])
    second = hc.FeatureSpec("x", [hc.expr("ema(mid_px, period=20) * 2"), hc.zscore("(bid_px + ask_px)", window=5)])
    assert first == second
    assert hc.FeatureSpec.from_json(first.canonical_json()) == first
    assert first.columns[0].params == {"formula": "ema(mid_px, period=20) * 2"}


def test_a_name_that_formulas_read_as_a_minus_keeps_its_backticks(tape: hc.Events) -> None:
    odd = hc.ema("mid_px", period=3, name="slow-one")
    spec = hc.FeatureSpec(
        "x",
        [
            odd,
            hc.expr("`slow-one`", name="same"),
            hc.expr("rolling_max(`slow-one`, 4) - `slow-one`", name="gap"),
            hc.expr("rolling_max(`slow-one`, 4)", name="top"),
            hc.rolling_beta("`slow-one`, mid_px", window=9, name="beta"),
            hc.rolling_max("slow-one", window=4, name="top_too"),
        ],
    )
    again = hc.FeatureSpec.from_json(spec.canonical_json())
    assert again == spec
    rows = hc.FeaturePipeline(again).transform(tape)
    slow, same, gap, top, _, top_too = rows.T
    assert same.tobytes() == slow.tobytes()
    assert top.tobytes() == top_too.tobytes()
    np.testing.assert_array_equal(gap, top - slow)
