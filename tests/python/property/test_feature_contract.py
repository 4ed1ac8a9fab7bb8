"""What holds for every operation: one contract, parametrized over the registry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore import registry
from hftcore.spec import Feature

OFFSET = 1e9
SERIES_WINDOWED = ("rolling_mean", "rolling_std", "rolling_min", "rolling_max", "zscore")
FORMULAS = (
    "(ema(mid_px, 6) - ema(mid_px, 9)) / rolling_std(mid_px, 9)",
    "coalesce(trade_px - mid_px, 0) * sign(trade_imbalance('3s'))",
    "where(vwap(9) > mid_px, log(vwap(9) / mid_px), -1)",
    "rolling_mean(abs(log_return(mid_px, 2)), '3s')",
)


def variants(op: registry.Operation) -> Iterator[Feature]:
    """Each choice and each kind of window, with small numbers so that windows turn over often."""
    if op.name == "expr":
        for i, formula in enumerate(FORMULAS):
            yield Feature("expr", params={"formula": formula}, name=f"expr{i}")
        return
    inputs = ("mid_px", "trade_px") if op.takes_series else ("",)
    windows = (9, "3s") if any(p.type == "window" for p in op.params) else (None,)
    choices = next((p.choices for p in op.params if p.type == "choice"), (None,))
    choice_name = next((p.name for p in op.params if p.type == "choice"), "")
    for series in inputs:
        for window in windows:
            for choice in choices:
                params = {p.name: 6 for p in op.params if p.required and p.type == "integer"}
                if window is not None:
                    params["window"] = window
                if choice is not None:
                    params[choice_name] = choice
                yield Feature(op.name, series, params)


def spec_of(op: registry.Operation) -> hc.FeatureSpec:
    return hc.FeatureSpec(op.name, list(variants(op)), rows="any", drop=["unchanged"])


EVERY = pytest.mark.parametrize("op", list(registry.operations().values()), ids=lambda op: op.name)
ALL_OF_THEM = hc.FeatureSpec("all", [f for op in registry.operations().values() for f in variants(op)], rows="any")


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=40, rate=150, book_levels=1)


@EVERY
def test_any_split_gives_the_same_bytes(op: registry.Operation, tape: hc.Events) -> None:
    whole = hc.FeaturePipeline(spec_of(op)).transform(tape)
    for cuts in ([0, 1, 2, 3], [len(tape) // 2], [17, 17, 1000, len(tape)]):
        parts = hc.FeaturePipeline(spec_of(op))
        rows = [parts.transform(tape[a:b]) for a, b in zip([0, *cuts], [*cuts, len(tape)], strict=True)]
        assert np.concatenate(rows).tobytes() == whole.tobytes()


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
        ticks = np.cumsum(kinds == {"quote": 2, "trade": 1, "none": 1}[column.clock])
        ready = np.flatnonzero(~np.isnan(values))
        needs_book = column.op == "vwap" and column.params["unit"] == "bps"
        if column.op in ("trade_imbalance", "expr") or needs_book:  # what else they need comes when it comes
            assert ticks[ready[0]] >= column.lookback + 1
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


def uneven(tape: hc.Events) -> hc.Events:
    """The tape with what operations leave out: trades without side or quantity, books without a bid."""
    data = tape.data.copy()
    trades, quotes = (np.flatnonzero(data["kind"] == kind) for kind in (1, 2))
    data["side"][trades[::2]] = 0
    data["qty_lots"][trades[::5]] = 0
    quiet = quotes[(np.arange(len(quotes)) // 400) % 3 == 1]  # for longer than a window
    data["bid_qty_lots"][quiet] = 0
    return hc.Events(data, tape.instruments)


def chained(op: registry.Operation) -> list[dict[str, object]]:
    """Each variant as v0, v1, ..., and what reads it."""
    if op.name == "time_since_trade":
        return [{"op": op.name, "name": "v0"}]
    rows: list[dict[str, object]] = []
    for i, feature in enumerate(variants(op)):
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
    for setting in ("quote", "trade"):
        some, at, _ = chained_rows(op, setting, events)
        common = np.searchsorted(every_at, at)
        assert (every_at[common] == at).all()
        assert some.tobytes() == every[common].tobytes()


@EVERY
def test_what_reads_a_column_reads_its_value(op: registry.Operation, tape: hc.Events) -> None:
    events = uneven(tape)
    for setting, kind in (("quote", 2), ("trade", 1)):
        values, _, spec = chained_rows(op, setting, events)
        for i, column in enumerate(spec.columns):
            if column.name[0] != "v" or {"quote": 2, "trade": 1, "none": 0}[column.clock] != kind:
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


@pytest.mark.parametrize("name", SERIES_WINDOWED)
@given(st.lists(st.floats(-1e12, 1e12), max_size=60), st.lists(st.floats(-1e9, 1e9), min_size=9, max_size=9))
@settings(max_examples=60)
def test_same_window_and_different_past_give_the_same_bits(name: str, past: list[float], window: list[float]) -> None:
    cls = getattr(hc.features, registry.operation(name).standalone)
    fresh, used = cls(9), cls(9)
    used.transform(np.array(past))
    assert used.transform(np.array(window))[-1:].tobytes() == fresh.transform(np.array(window))[-1:].tobytes()


@pytest.mark.parametrize("name", SERIES_WINDOWED)
@given(st.lists(st.tuples(st.floats(-1e12, 1e12), st.integers(0, 10**9)), max_size=40), st.data())
@settings(max_examples=60)
def test_time_windows_do_not_remember_either(name: str, past: list[tuple[float, int]], data: st.DataObject) -> None:
    cls = getattr(hc.features, registry.operation(name).standalone)
    fresh, used = cls("1us"), cls("1us")
    for x, ts_ns in sorted(past, key=lambda pair: pair[1]):
        used.update(x, ts_ns)
    window = data.draw(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=9))
    for i, x in enumerate(window):
        a, b = fresh.update(x, 2 * 10**9 + i), used.update(x, 2 * 10**9 + i)
    assert np.float64(a).tobytes() == np.float64(b).tobytes()


SCALARS = [
    (registry.operation(n).standalone, args)
    for n, args in [
        ("ema", (6,)),
        ("ema_deviation", (6,)),
        ("rsi", (6,)),
        ("log_return", (3,)),
        *[(name, (9,)) for name in SERIES_WINDOWED],
    ]
]
SCALAR = pytest.mark.parametrize(("cls", "args"), SCALARS)


def test_every_operation_on_a_series_is_tried_here() -> None:
    assert {cls for cls, _ in SCALARS} == {op.standalone for op in registry.operations().values() if op.takes_series}


@SCALAR
@given(st.lists(st.floats(0.01, 1e6), min_size=30, max_size=60), st.data())
@settings(max_examples=40)
def test_alone_any_split_and_one_by_one_give_the_same_bytes(
    cls: str, args: tuple[int], px: list[float], data: st.DataObject
) -> None:
    make = getattr(hc.features, cls)
    x = np.array(px)
    whole = make(*args).transform(x)
    cut = data.draw(st.integers(0, len(x)))
    parts = make(*args)
    assert np.concatenate([parts.transform(x[:cut]), parts.transform(x[cut:])]).tobytes() == whole.tobytes()
    single = make(*args)
    assert np.array([single.update(v) for v in x]).tobytes() == whole.tobytes()
    assert parts.lookback == np.flatnonzero(~np.isnan(whole))[0]


@SCALAR
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_alone_an_unusable_input_is_harmless(cls: str, args: tuple[int], bad: float) -> None:
    make = getattr(hc.features, cls)
    rng = np.random.default_rng(1)
    clean = 100 + rng.normal(size=200).cumsum() * 0.01
    dirty = np.insert(clean, np.arange(0, 200, 3), bad)
    out = make(*args).transform(dirty)
    assert out[dirty != bad if np.isinf(bad) else ~np.isnan(dirty)].tobytes() == make(*args).transform(clean).tobytes()


@SCALAR
def test_alone_a_constant_input_is_steady(cls: str, args: tuple[int]) -> None:
    make = getattr(hc.features, cls)
    for level in (0.1, 27.355, 1e9 + 0.01):
        out = make(*args).transform(np.full(300, level))
        ulps = {"Ema": 2 * np.spacing(level), "EmaDeviation": 1e-11}  # a recursion may settle beside its input
        assert np.ptp(out[~np.isnan(out)]) <= ulps.get(cls, 0.0)


@SCALAR
def test_alone_an_offset_of_1e9_survives(cls: str, args: tuple[int]) -> None:
    make = getattr(hc.features, cls)
    steps = np.round(np.random.default_rng(2).normal(size=400).cumsum() * 8) / 64  # exact beside 1e9
    near, far = make(*args).transform(steps), make(*args).transform(steps + OFFSET)
    if cls in ("RollingStd", "ZScore", "Rsi"):
        np.testing.assert_array_equal(near, far)
    elif cls in ("RollingMin", "RollingMax"):
        np.testing.assert_array_equal(near + OFFSET, far)
    elif cls in ("Ema", "RollingMean"):
        np.testing.assert_allclose(far - OFFSET, near, atol=1e-6)
    elif cls == "EmaDeviation":
        level = hc.features.Ema(*args).transform(steps)
        np.testing.assert_allclose(far, 1e4 * (steps - level) / (level + OFFSET), atol=1e-11)
    else:
        lag = args[0]
        wide = (steps + OFFSET).astype(np.longdouble)
        exact = np.log1p((wide[lag:] - wide[:-lag]) / wide[:-lag]).astype(float)
        np.testing.assert_allclose(far[lag:], exact, rtol=1e-15)
