"""What holds for columns on bars, as for every other: any split, any interleaving, a restart, no glimpse ahead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc

SPEC = hc.FeatureSpec(
    "bars",
    [
        hc.expr("s.close - t.open", name="mixed"),
        hc.atr("s.high, s.low, s.close", period=3),
        hc.rsi("t.close", period=4),
        hc.rolling_std("v.vwap", window=5),
        hc.rolling_mean("d.close - mid_px", window="4s"),
        hc.zscore("ema(mid_px, 5) / s.close", window=9),
        hc.ema("rolling_sum(s.volume, 3)", period=4),
        hc.expr("s.n_trades + t.value + v.volume + d.high", name="all"),
        hc.ema("mid_px - t.close", period=3, name="on_quotes"),
    ],
    bars={
        "s": hc.time_bars("1s"),
        "t": hc.tick_bars(5, price="mid"),
        "v": hc.volume_bars(900),
        "d": {"kind": "dollar", "every": 1e5, "price": "mid"},
    },
    rows="any",
)


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=5, symbols=["AAA", "BBB"], seconds=12, rate=300, book_levels=0)


@pytest.fixture(scope="module")
def whole(tape: hc.Events) -> np.ndarray:
    matrix = hc.FeaturePipeline(SPEC).transform(tape)
    assert np.isfinite(matrix).any(axis=0).all()
    return matrix


@given(cuts=st.lists(st.integers(0, 3600), max_size=6).map(sorted))
@settings(max_examples=20, deadline=None)
def test_any_split_gives_the_same_bytes(tape: hc.Events, whole: np.ndarray, cuts: list[int]) -> None:
    pipe = hc.FeaturePipeline(SPEC)
    parts = []
    for begin, end in zip([0, *cuts], [*cuts, len(tape)], strict=True):
        parts.append(pipe.transform(tape[begin:end]))
        pipe = hc.FeaturePipeline.restore(SPEC, pipe.snapshot())
    assert np.concatenate(parts).tobytes() == whole.tobytes()


def test_interleaved_symbols_equal_symbols_apart(tape: hc.Events, whole: np.ndarray) -> None:
    ids = tape.data["symbol_id"]
    for symbol_id in range(2):
        alone = hc.Events(tape.data[ids == symbol_id].copy(), tape.instruments)
        assert hc.FeaturePipeline(SPEC).transform(alone).tobytes() == whole[ids == symbol_id].tobytes()


def test_event_by_event_equals_batch(tape: hc.Events, whole: np.ndarray) -> None:
    pipe = hc.FeaturePipeline(SPEC, tape.instruments)
    rows = [pipe.update(event) for event in tape[:1500]]
    assert np.stack([row for row in rows if row is not None]).tobytes() == whole[: len(rows)].tobytes()


def test_a_fresh_process_goes_on_in_the_middle_of_a_bar(tape: hc.Events, whole: np.ndarray, tmp_path: Path) -> None:
    pipe = hc.FeaturePipeline(SPEC)
    pipe.transform(tape[:1711])
    (tmp_path / "state").write_bytes(pipe.snapshot())
    SPEC.save(tmp_path / "spec.toml")
    tape[1711:].to_packed(tmp_path / "rest.hft")
    program = (
        "import sys, pathlib, hftcore as hc; d = pathlib.Path(sys.argv[1]);"
        "spec = hc.FeatureSpec.load(d / 'spec.toml');"
        "pipe = hc.FeaturePipeline.restore(spec, (d / 'state').read_bytes());"
        "(d / 'rows').write_bytes(pipe.transform(hc.Events.from_packed(d / 'rest.hft')).tobytes())"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert (tmp_path / "rows").read_bytes() == whole[1711:].tobytes()


@given(cut=st.integers(1, 3500), px=st.integers(-200, 200), later=st.integers(0, 3 * 10**9))
@settings(max_examples=20, deadline=None)
def test_another_future_changes_no_earlier_row(
    tape: hc.Events, whole: np.ndarray, cut: int, px: int, later: int
) -> None:
    data = tape.data.copy()
    data["ts_event_ns"][cut:] += later
    for name in ("px_ticks", "bid_px_ticks", "ask_px_ticks"):
        data[name][cut:] += np.where(data[name][cut:] != 0, px, 0)
    other = hc.FeaturePipeline(SPEC).transform(hc.Events(data, tape.instruments))
    assert other[:cut].tobytes() == whole[:cut].tobytes()


def test_a_value_is_there_after_as_many_bars_as_the_lookback_says(tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(SPEC)
    matrix = pipe.transform(tape)
    data = tape.data[pipe.rows]
    for name in ("atr_s_high_s_low_s_close_3", "rsi_t_close_4", "rolling_std_v_vwap_5"):
        column = SPEC.column(name)
        table = hc.bars(tape, SPEC.bars[column.clock], origin="session_open")
        for symbol_id in range(2):
            closed = table["event"][table["symbol_id"] == symbol_id]
            mine = data["symbol_id"] == symbol_id
            first = pipe.rows[mine][np.isfinite(matrix[mine, SPEC.names.index(name)])][0]
            assert first == closed[column.lookback]


def test_a_peers_bars_are_read_as_its_last_event_left_them(tape: hc.Events) -> None:
    features = [hc.expr("s.close@BBB", name="other"), hc.expr("s.close", name="own")]
    spec = hc.FeatureSpec("peer", features, bars={"s": hc.time_bars("1s")}, rows="any")
    matrix = hc.FeaturePipeline(spec).transform(tape)
    ids = tape.data["symbol_id"]
    own = np.where(ids == 1, matrix[:, 1], np.nan)
    last = np.maximum.accumulate(np.where(ids == 1, np.arange(len(ids)), 0))
    np.testing.assert_array_equal(matrix[ids == 0, 0], own[last][ids == 0])
