"""What holds for every operation: one contract, parametrized over the registry."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore import registry
from hftcore.spec import Feature

from .examples import SERIES_OPERATIONS, WINDOWED, alone, columns_of, example, variants
from .tapes import torn, uneven

OFFSET = 1e9
SNAPSHOT_LEVELS = 8
FORMULAS = (
    "(ema(mid_px, 6) - ema(mid_px, 9)) / rolling_std(mid_px, 9)",
    "coalesce(trade_px - mid_px, 0) * sign(trade_imbalance('3s'))",
    "where(vwap(9) > mid_px, log(vwap(9) / mid_px), -1)",
    "rolling_mean(abs(log_return(mid_px, 2)), '3s')",
    "ema(book_mid_px, 6) - mid_px",
)


def features_of(op: registry.Operation) -> list[Feature]:
    """The operation in each of its ways; of formulas some that say much."""
    if op.name != "expr":
        return list(variants(op))
    return [Feature("expr", params={"formula": text}, name=f"expr{i}") for i, text in enumerate(FORMULAS)]


def spec_of(op: registry.Operation) -> hc.FeatureSpec:
    return hc.FeatureSpec(op.name, features_of(op), rows="any", drop=["unchanged"])


EVERY = pytest.mark.parametrize("op", list(registry.operations().values()), ids=lambda op: op.name)
ON_SERIES = pytest.mark.parametrize("op", SERIES_OPERATIONS, ids=lambda op: op.name)
WITH_WINDOW = pytest.mark.parametrize("op", WINDOWED, ids=lambda op: op.name)
ALL_OF_THEM = hc.FeatureSpec("all", [f for op in registry.operations().values() for f in features_of(op)], rows="any")


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=40, rate=150, book_levels=4)


@EVERY
def test_any_split_gives_the_same_bytes(op: registry.Operation, tape: hc.Events) -> None:
    whole = hc.FeaturePipeline(spec_of(op)).transform(tape)
    for cuts in ([0, 1, 2, 3], [len(tape) // 2], [17, 17, 1000, len(tape)]):
        parts = hc.FeaturePipeline(spec_of(op))
        rows = [parts.transform(tape[a:b]) for a, b in zip([0, *cuts], [*cuts, len(tape)], strict=True)]
        assert np.concatenate(rows).tobytes() == whole.tobytes()


@EVERY
def test_gaps_and_sessions_are_the_same_wherever_the_tape_is_cut(op: registry.Operation, tape: hc.Events) -> None:
    events = torn(tape[:3500])
    whole = hc.FeaturePipeline(spec_of(op)).transform(events)
    pipe, rows = hc.FeaturePipeline(spec_of(op)), []
    for a, b in itertools.pairwise([0, 901, 1105, 1408, 2000, 2710, len(events)]):
        rows.append(pipe.transform(events[a:b]))
        pipe = hc.FeaturePipeline.restore(spec_of(op), pipe.snapshot())
    assert np.concatenate(rows).tobytes() == whole.tobytes()
    if op.clock == "book":
        known = ~np.isnan(whole[-100:])
        assert known.all(axis=1).any(), "AAA had a snapshot behind its gap"
        assert not known.any(axis=1).all(), "BBB had none"


@EVERY
def test_event_by_event_equals_batch(op: registry.Operation, tape: hc.Events) -> None:
    some = tape[:1500]
    batch = hc.FeaturePipeline(spec_of(op))
    whole = batch.transform(some)
    single = hc.FeaturePipeline(spec_of(op), some.instruments)
    rows = [(i, row) for i, event in enumerate(some) if (row := single.update(event)) is not None]
    assert np.stack([row for _, row in rows]).tobytes() == whole.tobytes()
    assert [i for i, _ in rows] == batch.rows.tolist()
    assert single.counters == batch.counters


@EVERY
def test_interleaved_symbols_equal_symbols_apart(op: registry.Operation, tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(spec_of(op))
    together = pipe.transform(tape)
    owner = tape.data["symbol_id"][pipe.rows]
    for i, instrument in enumerate(tape.instruments):
        alone = hc.FeaturePipeline(spec_of(op)).transform(tape.select(instrument.symbol))
        assert alone.tobytes() == together[owner == i].tobytes()


@EVERY
def test_snapshot_and_restore_continue_with_the_same_bytes(op: registry.Operation, tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(spec_of(op))
    pipe.transform(tape[:2000])
    blob = pipe.snapshot()
    restored = hc.FeaturePipeline.restore(spec_of(op), blob)
    assert restored.snapshot() == blob
    assert restored.transform(tape[2000:]).tobytes() == pipe.transform(tape[2000:]).tobytes()
    assert restored.counters == pipe.counters


@EVERY
def test_reset_equals_new(op: registry.Operation, tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(spec_of(op))
    first = pipe.transform(tape[:2000])
    pipe.reset()
    assert pipe.transform(tape[:2000]).tobytes() == first.tobytes()


@EVERY
def test_nothing_comes_before_the_lookback_and_everything_after(op: registry.Operation, tape: hc.Events) -> None:
    spec = spec_of(op)
    one = tape.select(tape.instruments[0].symbol)
    pipe = hc.FeaturePipeline(spec)
    rows = pipe.transform(one)
    kinds = one.data["kind"][pipe.rows]
    for column, values in zip(spec.columns, rows.T, strict=True):
        untimed = {"time_since_quote": 2, "clean_flag": kinds[0]}.get(column.op, 1)  # what it waits for
        ticks = np.cumsum(kinds == {"quote": 2, "trade": 1, "book": 3, "none": untimed}[column.clock])
        ready = np.flatnonzero(~np.isnan(values))
        needs_book = column.op == "vwap" and column.params["unit"] == "bps"
        if column.op in ("trade_imbalance", "expr") or needs_book:  # what else they need comes when it comes
            assert ticks[ready[0]] >= column.lookback + 1
        elif column.clock == "book":  # counted from where the book's first snapshot is over
            assert ticks[ready[0]] == column.lookback + 1 + SNAPSHOT_LEVELS
            assert np.isfinite(values[ready[0] :]).all()
        else:
            assert ticks[ready[0]] == column.lookback + 1
            if "s" not in str(column.params.get("window", "")):
                assert np.isfinite(values[ready[0] :]).all()


@EVERY
def test_the_future_does_not_change_the_past(op: registry.Operation, tape: hc.Events) -> None:
    pipe = hc.FeaturePipeline(spec_of(op))
    first = pipe.transform(tape[:1000])
    whole = hc.FeaturePipeline(spec_of(op)).transform(tape)
    assert whole[: len(first)].tobytes() == first.tobytes()


def chained(op: registry.Operation) -> list[dict[str, object]]:
    """Each variant as v0, v1, ..., and what reads it."""
    if op.clock == "none" and op.name != "expr":  # no clock: nothing can read it
        return [{"op": op.name, "name": "v0", **features_of(op)[0].params}]
    rows: list[dict[str, object]] = []
    for i, feature in enumerate(features_of(op)):
        params = {k: "300ms" if v == "3s" else v for k, v in feature.params.items()}
        source = {"input": feature.input} if feature.input else {}
        rows.append({"op": op.name, "name": f"v{i}", **source, **params})
        rows.append({"op": "ema", "name": f"ema{i}", "input": f"v{i}", "period": 1})
        rows.append({"op": "rolling_max", "name": f"max{i}", "input": f"v{i}", "window": 1})
        rows.append({"op": "ema", "name": f"slow{i}", "input": f"v{i}", "period": 4})
    return rows


def chained_rows(op: registry.Operation, rows: str, tape: hc.Events) -> tuple[np.ndarray, np.ndarray, hc.FeatureSpec]:
    spec = hc.FeatureSpec.from_dict({"name": "chained", "rows": rows, "features": chained(op)})
    pipe = hc.FeaturePipeline(spec)
    values = pipe.transform(tape)
    return values, pipe.rows, spec


@EVERY
def test_the_rows_setting_changes_no_value(op: registry.Operation, tape: hc.Events) -> None:
    events = uneven(tape)
    every, every_at, _ = chained_rows(op, "any", events)
    for setting in ("quote", "trade", "book") if op.clock == "book" else ("quote", "trade"):
        some, at, _ = chained_rows(op, setting, events)
        common = np.searchsorted(every_at, at)
        assert (every_at[common] == at).all()
        assert some.tobytes() == every[common].tobytes()


@EVERY
def test_what_reads_a_column_reads_its_value(op: registry.Operation, tape: hc.Events) -> None:
    events = uneven(tape)
    for setting, kind in (("quote", 2), ("trade", 1), ("book", 3)):
        values, _, spec = chained_rows(op, setting, events)
        for i, column in enumerate(spec.columns):
            if column.name[0] != "v" or {"quote": 2, "trade": 1, "book": 3, "none": 0}[column.clock] != kind:
                continue
            x, ema, biggest = values[:, i], values[:, i + 1], values[:, i + 2]
            usable = ~np.isnan(x)
            assert biggest[usable].tobytes() == x[usable].tobytes()
            np.testing.assert_allclose(ema[usable], x[usable], rtol=1e-12, atol=1e-9)


def test_a_fresh_process_restores_and_continues_with_the_same_bytes(tape: hc.Events, tmp_path: Path) -> None:
    pipe = hc.FeaturePipeline(ALL_OF_THEM)
    pipe.transform(tape[:3000])
    (tmp_path / "state").write_bytes(pipe.snapshot())
    ALL_OF_THEM.save(tmp_path / "spec.json")
    tape[3000:].to_packed(tmp_path / "rest.hft")
    program = (
        "import sys, pathlib, hftcore as hc; d = pathlib.Path(sys.argv[1]);"
        "spec = hc.FeatureSpec.load(d / 'spec.json');"
        "pipe = hc.FeaturePipeline.restore(spec, (d / 'state').read_bytes());"
        "(d / 'rows').write_bytes(pipe.transform(hc.Events.from_packed(d / 'rest.hft')).tobytes())"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
    assert (tmp_path / "rows").read_bytes() == pipe.transform(tape[3000:]).tobytes()


@WITH_WINDOW
@given(st.lists(st.floats(-1e12, 1e12), max_size=60), st.lists(st.floats(-1e9, 1e9), min_size=9, max_size=9))
@settings(max_examples=60)
def test_same_window_and_different_past_give_the_same_bits(
    op: registry.Operation, past: list[float], window: list[float]
) -> None:
    fresh, used = alone(op), alone(op)
    used.transform(*columns_of(op, np.array(past)))
    now = columns_of(op, np.array(window))
    assert used.transform(*now)[-1:].tobytes() == fresh.transform(*now)[-1:].tobytes()


@WITH_WINDOW
@given(st.lists(st.tuples(st.floats(-1e12, 1e12), st.integers(0, 10**9)), max_size=40), st.data())
@settings(max_examples=60)
def test_time_windows_do_not_remember_either(
    op: registry.Operation, past: list[tuple[float, int]], data: st.DataObject
) -> None:
    fresh, used = alone(op, "1us"), alone(op, "1us")
    past = sorted(past, key=lambda pair: pair[1])
    used.transform(*columns_of(op, np.array([x for x, _ in past])), np.array([t for _, t in past], np.int64))
    window = np.array(data.draw(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=9)))
    now = columns_of(op, window), np.arange(len(window)) + 2 * 10**9
    assert used.transform(*now[0], now[1])[-1:].tobytes() == fresh.transform(*now[0], now[1])[-1:].tobytes()


@ON_SERIES
@given(st.lists(st.floats(0.01, 1e6), min_size=60, max_size=90), st.data())
@settings(max_examples=40)
def test_alone_any_split_and_one_by_one_give_the_same_bytes(
    op: registry.Operation, px: list[float], data: st.DataObject
) -> None:
    x = columns_of(op, np.array(px))
    whole = alone(op).transform(*x)
    cut = data.draw(st.integers(0, len(px)))
    parts = alone(op)
    halves = [parts.transform(*(column[:cut] for column in x)), parts.transform(*(column[cut:] for column in x))]
    assert np.concatenate(halves).tobytes() == whole.tobytes()
    single = alone(op)
    assert np.array([single.update(*row) for row in zip(*x, strict=True)]).tobytes() == whole.tobytes()
    assert parts.lookback == np.flatnonzero(~np.isnan(whole))[0]


@ON_SERIES
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_alone_an_unusable_input_is_harmless(op: registry.Operation, bad: float) -> None:
    rng = np.random.default_rng(1)
    clean = 100 + rng.normal(size=200).cumsum() * 0.01
    at = np.arange(0, 200, 3)
    usable = np.insert(np.ones(200, bool), at, False)
    for i in range(op.n_series):  # one of them is enough
        dirty = [np.insert(column, at, bad if i == k else 1.0) for k, column in enumerate(columns_of(op, clean))]
        assert alone(op).transform(*dirty)[usable].tobytes() == alone(op).transform(*columns_of(op, clean)).tobytes()


@ON_SERIES
def test_alone_a_constant_input_is_steady(op: registry.Operation) -> None:
    for level in (0.1, 27.355, 1e9 + 0.01):
        out = alone(op).transform(*columns_of(op, np.full(300, level)))
        out = out[~np.isnan(out)]
        assert np.ptp(out) <= example(op).steady * np.spacing(max(level, 1.0)), (
            "a recursion may settle beside its input"
        )


@ON_SERIES
def test_alone_an_offset_of_1e9_survives(op: registry.Operation) -> None:
    steps = np.round(np.random.default_rng(2).normal(size=400).cumsum() * 8) / 64  # exact beside 1e9
    near, far = (
        alone(op).transform(*[x + shift for x in [steps, -steps, 2 * steps][: op.n_series]]) for shift in (0.0, OFFSET)
    )
    if example(op).offset == "stays":
        np.testing.assert_array_equal(near, far)
    elif example(op).offset == "rises":
        np.testing.assert_allclose(far - OFFSET, near, atol=1e-6)


def test_what_an_offset_does_to_a_ratio() -> None:
    steps = np.round(np.random.default_rng(2).normal(size=400).cumsum() * 8) / 64
    level = hc.features.Ema(6).transform(steps)
    far = hc.features.EmaDeviation(6).transform(steps + OFFSET)
    np.testing.assert_allclose(far, 1e4 * (steps - level) / (level + OFFSET), atol=1e-11)
    wide = (steps + OFFSET).astype(np.longdouble)
    exact = np.log1p((wide[3:] - wide[:-3]) / wide[:-3]).astype(float)
    np.testing.assert_allclose(hc.features.LogReturn(3).transform(steps + OFFSET)[3:], exact, rtol=1e-15)


@ON_SERIES
def test_alone_the_seed_no_longer_matters_behind_the_warm_up(op: registry.Operation) -> None:
    if not op.seed:
        assert alone(op).warm_up() == alone(op).lookback + 1
        return
    rng = np.random.default_rng(4)
    x = 100 + rng.normal(size=600).cumsum() * 0.01
    other = np.where(np.arange(600) < alone(op).lookback + 1, x + 0.01, x)  # another seed
    n = alone(op).warm_up(1e-6)
    assert alone(op).lookback + 1 < n < 500
    a, b = (alone(op).transform(*columns_of(op, series)) for series in (x, other))
    gap = np.abs(a - b)
    assert np.max(gap[n:]) <= 1e-5 * np.nanmax(gap), "within ten of the seed's weight"
    assert np.nanmax(gap) > 0
