"""Operations on high, low and close against TA-Lib."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc

Bars = tuple[np.ndarray, np.ndarray, np.ndarray]
bar = st.tuples(*[st.integers(1, 10**6)] * 3)
bars = st.lists(bar, min_size=2, max_size=120).map(lambda rows: as_bars(np.array(rows) / 100))


def as_bars(rows: np.ndarray) -> Bars:
    """High, low and close of three prices each: the close is the first."""
    return rows.max(axis=1), rows.min(axis=1), np.ascontiguousarray(rows[:, 0])


def walk(n: int = 3000, offset: float = 100.0, step: float = 0.02) -> Bars:
    rng = np.random.default_rng(12)
    close = offset + np.round(rng.normal(size=n).cumsum() * 64) / 64 * step * 50
    reach = np.round(np.abs(rng.normal(size=(2, n))) * 64) / 64 * step * 50
    return close + reach[0], close - reach[1], close


HARD = {
    "walk": walk(),
    "offset": walk(offset=1e9),
    "flat": (np.full(200, 27.36), np.full(200, 27.34), np.full(200, 27.35)),
    "still": (np.full(200, 27.35),) * 3,
    "steps": tuple(np.repeat(x[:60], 5) for x in walk()),
}
each = pytest.mark.parametrize("hlc", list(HARD.values()), ids=list(HARD))


def close_to(ours: np.ndarray, theirs: np.ndarray, first: int, rtol: float = 1e-9, atol: float = 1e-7) -> None:
    """Equal from the first value that TA-Lib gives on."""
    np.testing.assert_allclose(ours[first:], theirs[first:], rtol=rtol, atol=atol)


@given(bars, st.integers(1, 12), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_stochastic_matches_talib(hlc: Bars, k: int, smoothing: int, d: int) -> None:
    theirs = talib.STOCH(*hlc, k, smoothing, 0, d, 0)
    for output, other in zip("kd", theirs, strict=True):
        ours = hc.features.Stochastic(k, smoothing=smoothing, d=d, output=output, flat=0.0)
        close_to(ours.transform(*hlc), other, k + smoothing + d - 3)
    fast = hc.features.Stochastic(k, smoothing=1, d=d, flat=0.0).transform(*hlc)
    close_to(fast, talib.STOCHF(*hlc, k, d, 0)[0], k + d - 2)


@each
def test_stochastic_matches_talib_on_hard_series(hlc: Bars) -> None:
    for output, other in zip("kd", talib.STOCH(*hlc, 14, 3, 0, 3, 0), strict=True):
        close_to(hc.features.Stochastic(14, output=output, flat=0.0).transform(*hlc), other, 17)


def test_a_range_of_nothing_has_the_value_flat() -> None:
    still = (np.full(40, 27.35),) * 3
    assert hc.features.Stochastic(5).transform(*still)[-1] == 50.0
    assert talib.STOCH(*still, 5, 3, 0, 3, 0)[0][-1] == 0.0


def test_stochastic_does_not_remember_what_left() -> None:
    wild, calm = walk(500, step=1e6), walk(40)
    for output in "kd":
        fresh, used = (hc.features.Stochastic(14, output=output) for _ in range(2))
        used.transform(*wild)
        assert used.transform(*calm)[-1:].tobytes() == fresh.transform(*calm)[-1:].tobytes()


@given(bars, st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_atr_matches_talib(hlc: Bars, period: int) -> None:
    close_to(hc.features.Atr(period).transform(*hlc), talib.ATR(*hlc, period), period)


@each
@pytest.mark.parametrize("period", [2, 14])
def test_atr_matches_talib_on_hard_series(hlc: Bars, period: int) -> None:
    close_to(hc.features.Atr(period).transform(*hlc), talib.ATR(*hlc, period), 0, 1e-12, 1e-12)


ADX = {"adx": talib.ADX, "plus_di": talib.PLUS_DI, "minus_di": talib.MINUS_DI}


@pytest.mark.parametrize("output", list(ADX))
@given(bars, st.integers(2, 30))
@settings(max_examples=40, deadline=None)
def test_adx_matches_talib(output: str, hlc: Bars, period: int) -> None:
    close_to(hc.features.Adx(period, output=output).transform(*hlc), ADX[output](*hlc, period), 0)


@each
@pytest.mark.parametrize("output", list(ADX))
def test_adx_matches_talib_on_hard_series(output: str, hlc: Bars) -> None:
    close_to(hc.features.Adx(14, output=output).transform(*hlc), ADX[output](*hlc, 14), 0, 1e-12, 1e-10)


@pytest.mark.parametrize("output", list(ADX))
def test_the_seed_fades_as_warm_up_says(output: str) -> None:
    hlc = walk(400)
    n = (one := hc.features.Adx(6, output=output)).lookback + 1
    wider = np.random.default_rng(4).random(n)
    other = (hlc[0].copy(), hlc[1].copy(), hlc[2])
    other[0][:n] += wider
    other[1][:n] -= wider[::-1]
    gap = np.abs(one.transform(*hlc) - hc.features.Adx(6, output=output).transform(*other))
    assert 0 < gap[one.warm_up(1e-6) :].max() <= 1e-5 * np.nanmax(gap)


@pytest.mark.parametrize("hole", [0, 1, 2])
def test_a_bar_with_a_hole_is_left_out(hole: int) -> None:
    hlc = walk(200)
    holed = [np.insert(x, range(0, 200, 7), np.nan if i == hole else 1.0) for i, x in enumerate(hlc)]
    whole = np.insert(np.ones(200, bool), range(0, 200, 7), False)
    for make in (lambda: hc.features.Adx(5), lambda: hc.features.Atr(5), lambda: hc.features.Stochastic(5)):
        assert make().transform(*holed)[whole].tobytes() == make().transform(*hlc).tobytes()


def test_bars_are_rolling_extremes_of_one_series() -> None:
    spec = hc.FeatureSpec(
        "bars",
        [
            hc.rolling_max("mid_px", window="1s", name="high"),
            hc.rolling_min("mid_px", window="1s", name="low"),
            hc.atr("high, low, mid_px", period=5),
        ],
    )
    tape = hc.generate(seed=9, symbols=["AAA"], seconds=20, rate=200, book_levels=1)
    rows = hc.FeaturePipeline(spec).transform(tape)
    assert spec.columns[2].unit == spec.columns[0].unit
    assert np.isfinite(rows[50:, 2]).all()


def real_bars(data_dir: Path) -> Bars:
    """Bars of 20 trades each of one day of AIG."""
    frame = pq.read_table(data_dir / "us_equities_taq" / "trades_20131007.parquet", columns=["symbol", "price"])
    px = frame["price"].to_numpy()[frame["symbol"].to_numpy(zero_copy_only=False) == "AIG"]
    rows = px[: len(px) // 20 * 20].reshape(-1, 20)
    return rows.max(axis=1), rows.min(axis=1), np.ascontiguousarray(rows[:, -1])


def test_a_day_of_trades_matches_talib(data_dir: Path) -> None:
    high, low, px = hlc = real_bars(data_dir)
    assert len(px) > 1000
    for output, other in zip(("line", "signal", "histogram"), talib.MACD(px, 12, 26, 9), strict=True):
        close_to(hc.features.Macd(12, 26, 9, output=output).transform(px), other, 33, 1e-12, 1e-12)
    for output, other in zip(("upper", "lower"), talib.BBANDS(px, 20, 2, 2, 0)[::2], strict=True):
        close_to(hc.features.Bollinger(20, output=output).transform(px), other, 0, 1e-7)
    close_to(hc.features.Roc(10, output="pct").transform(px), talib.ROC(px, 10), 0, 1e-9, 1e-12)
    close_to(hc.features.Slope(14).transform(px), talib.LINEARREG_SLOPE(px, 14), 0, 1e-9, 1e-12)
    for output, other in zip("kd", talib.STOCH(*hlc, 14, 3, 0, 3, 0), strict=True):
        close_to(hc.features.Stochastic(14, output=output, flat=0.0).transform(*hlc), other, 17, 1e-9, 1e-9)
    close_to(hc.features.Atr(14).transform(*hlc), talib.ATR(*hlc, 14), 0, 1e-12)
    for output, of in ADX.items():
        close_to(hc.features.Adx(14, output=output).transform(*hlc), of(*hlc, 14), 0, 1e-12, 1e-10)
    assert (high >= low).all()
