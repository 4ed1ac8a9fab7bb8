"""Bars in a spec: what they are given as, what is refused, and who understands columns on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import hftcore as hc
from hftcore import _core
from hftcore.cli import app
from hftcore.doctor import examine
from hftcore.errors import OutOfOrderError, SpecError

FEATURES = [hc.atr("m1.high, m1.low, m1.close", period=5, name="range"), hc.rsi("v.close", period=14)]
BARS = {"v": hc.volume_bars(100, price="mid"), "m1": hc.time_bars("60s"), "t": hc.tick_bars(50)}
TOML = """
name = "mine"
rows = "any"
[bars.v]
kind = "volume"
every = 100
price = "mid"
[bars.t]
kind = "tick"
every = 50
[bars.m1]
kind = "time"
every = "1m"
[[features]]
op = "atr"
input = "m1.high, m1.low, m1.close"
period = 5
name = "range"
[[features]]
op = "rsi"
input = "v.close"
period = 14
"""


@pytest.fixture(scope="module")
def tape() -> hc.Events:
    return hc.generate(seed=5, symbols=["AAA", "BBB"], seconds=30, rate=200, book_levels=1)


def test_builders_tables_and_toml_give_the_same_spec_in_every_reader(tmp_path: Path) -> None:
    spec = hc.FeatureSpec("mine", FEATURES, bars=BARS, rows="any")
    tables = {name: {"kind": b.kind, "every": b.every, "price": b.price} for name, b in reversed(BARS.items())}
    assert hc.FeatureSpec("mine", FEATURES, bars=tables, rows="any") == spec
    (tmp_path / "spec.toml").write_text(TOML)
    assert hc.FeatureSpec.load(tmp_path / "spec.toml") == spec
    for suffix in (".toml", ".json"):
        spec.save(tmp_path / f"again{suffix}")
        assert hc.FeatureSpec.load(tmp_path / f"again{suffix}") == spec
    assert _core.artifact.read_spec(spec.canonical_json().encode()).sha256 == spec.sha256
    assert spec.bars == {"m1": hc.time_bars("1m"), "t": hc.tick_bars(50), "v": hc.volume_bars(100.0, price="mid")}
    assert '"m1":{"every":"1m","kind":"time","price":"trade"}' in spec.canonical_json()
    assert spec != hc.FeatureSpec("mine", FEATURES, bars=BARS | {"m1": hc.time_bars("2m")}, rows="any")
    assert "bars" not in hc.FeatureSpec("none", [hc.mid()], bars={}).canonical_json(), "a spec without is as it was"


def test_columns_say_the_clock_and_count_bars() -> None:
    spec = hc.FeatureSpec("mine", [*FEATURES, hc.expr("mid_px - m1.close", name="mixed")], bars=BARS)
    assert [(c.clock, c.lookback, c.tick) for c in spec.columns[:2]] == [("m1", 5, "m1 bar"), ("v", 14, "v bar")]
    assert spec.column("mixed").clock == "quote", "the first input that has a clock decides"
    assert spec.names[1] == "rsi_v_close_14"
    assert (spec.series["m1.vwap"].unit, spec.series["m1.vwap"].clock) == ("px", "m1")


def test_a_value_is_there_when_the_bar_has_closed(tape: hc.Events) -> None:
    spec = hc.FeatureSpec("one", [hc.expr("t.close", name="last")], bars={"t": hc.tick_bars(10)}, rows="any")
    aaa = hc.Events(tape.data[(tape.data["symbol_id"] == 0) & (tape.data["kind"] <= 2)].copy(), tape.instruments)
    values = hc.FeaturePipeline(spec).transform(aaa)[:, 0]
    trades = np.flatnonzero(aaa.data["kind"] == 1)
    assert np.isnan(values[: trades[9]]).all()
    px = aaa.data["px_ticks"][trades[9::10]] / 100
    np.testing.assert_array_equal(values[trades[9] :], np.repeat(px, np.diff([*trades[9::10], len(values)])))


@pytest.mark.parametrize(
    ("bars", "message"),
    [
        ([1], "bars is a table of tables, was [1]"),
        ({"m1": "1m"}, "bars 'm1' is a table with kind and every, was '1m'"),
        ({"m1": {"kind": "time"}}, "bars 'm1': 'every' is missing"),
        ({"m1": {"kind": "time", "evry": "1m"}}, "unknown key 'evry' (did you mean 'every'?)"),
        ({"m1": {"kind": "time", "every": True}}, "bars 'm1': every must be a number or text, was True"),
        ({"m1": {"kind": "times", "every": "1m"}}, "was \"times\" (did you mean 'time'?)"),
        ({"m1": {"kind": "tick", "every": 0}}, "bars 'm1': every of tick bars must be a number of trades in 1.."),
        ({"m1": {"kind": "time", "every": 60}}, 'must be a time such as "1m"'),
        ({"m1": {"kind": "volume", "every": float("nan")}}, "must be a number > 0 (base units), was nan"),
        ({"m1": {"kind": "dollar", "every": -5}}, "must be a number > 0 (quote currency), was -5"),
        ({"m1": {"kind": "time", "every": "1m", "price": "bid"}}, 'price must be one of trade, mid, was "bid"'),
        ({"trade_px": hc.tick_bars(5)}, "bars 'trade_px': the name is taken by a series"),
        ({"quote": hc.tick_bars(5)}, "bars 'quote': the name is taken by a clock"),
        ({"mid": hc.tick_bars(5)}, "feature #1 (mid): the name 'mid' is taken by bars"),
        ({"m-1": hc.tick_bars(5)}, "bars 'm-1': a name is a letter or _"),
        ({3: hc.tick_bars(5)}, "bars 3: a name is text"),
    ],
)
def test_what_breaks_a_rule_is_named_with_its_value(bars: Any, message: str) -> None:
    with pytest.raises(SpecError) as error:
        hc.FeatureSpec("s", [hc.mid()], bars=bars)
    assert message in str(error.value)


def test_the_native_reader_names_what_is_wrong_too() -> None:
    for bars, message in (
        ("[]", "bars is a table of tables"),
        ('{"m":{"kind":"time"}}', "'every' is missing"),
        ('{"m":{"kind":1,"every":1}}', "kind must be text, was 1"),
        ('{"m":{"kind":"tick","every":[]}}', "every must be a number or text"),
        ('{"m":{"kind":"tick","every":0}}', "must be a number of trades in 1.."),
    ):
        with pytest.raises(ValueError, match="bars") as error:
            _core.artifact.read_spec(f'{{"name":"s","features":[{{"op":"mid"}}],"bars":{bars}}}'.encode())
        assert message in str(error.value)


def test_an_unknown_series_of_bars_is_suggested() -> None:
    with pytest.raises(SpecError, match=r"did you mean 'm1\.close'"):
        hc.FeatureSpec("s", [hc.ema("m1.clos", period=3)], bars={"m1": hc.time_bars("1m")})


def test_the_table_of_bars_refuses_what_a_pipeline_does(tape: hc.Events) -> None:
    with pytest.raises(SpecError, match="the rule is made by time_bars"):
        hc.bars(tape, "1m")  # type: ignore[arg-type]
    with pytest.raises(OutOfOrderError, match="AAA: event 4 is older"):
        hc.bars(hc.Events(tape.data[tape.data["symbol_id"] == 0][:50][::-1].copy(), tape.instruments), hc.tick_bars(3))
    assert len(hc.bars(tape[:0], hc.tick_bars(3))) == 0


def test_the_doctor_counts_bars(tape: hc.Events) -> None:
    features = [
        hc.mid(),
        hc.ema("t.close", period=3, name="short"),
        hc.expr("t.vwap", name="plain"),
        hc.ema("s.close", period=60, name="long"),
    ]
    bars = {"t": hc.tick_bars(5), "s": hc.time_bars("1s", price="mid")}
    found = examine(hc.FeatureSpec("bars", features, bars=bars, rows="any", origin="continuous"), tape)
    assert found.verdict("look-ahead") == found.verdict("batches") == "ok"
    assert found.columns[1].n_cold >= found.columns[1].n_nan > 0
    said = [f.text for f in found.findings if f.column == "long" and f.check == "warm-up"]
    assert said == ["never warm: it needs 682 s bars in a tape; AAA has 29, BBB has 29"]


def test_columns_on_bars_are_explained(tmp_path: Path) -> None:
    spec = hc.FeatureSpec("mine", [hc.rsi("t.close", period=14, name="r")], bars={"t": hc.tick_bars(5)})
    told = spec.explain("r")
    assert "14 t bar(s) without a value" in str(told)
    assert "t.close (px, last price of the bar)" in str(told)
    by_library = {a.library: a for a in told.agreements}
    assert by_library["TA-Lib"].verdict == "agrees"
    assert by_library["TA-Lib"].n_compared > 150
    spec.save(tmp_path / "spec.toml")
    result = CliRunner().invoke(app, ["features", "explain", "r", "--spec", str(tmp_path / "spec.toml")])
    assert result.exit_code == 0
    assert "t bar(s)" in result.output


def test_spans_without_a_closed_bar_are_explained_too() -> None:
    spec = hc.FeatureSpec("mine", [hc.ema("h.close", period=3, name="e")], bars={"h": hc.time_bars("100h")})
    assert "e: ema" in str(spec.explain("e"))
    assert spec.explain("e")._repr_html_()
