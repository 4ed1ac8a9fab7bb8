"""The feature spec: one canonical form, and errors that say what to do."""

from __future__ import annotations

import inspect
import json
import pickle
import re
from pathlib import Path

import pytest

import hftcore as hc
from hftcore import registry, spec
from hftcore.errors import SpecError

TOML = """
name = "demo"
version = 1
drop = ["unchanged", "crossed"]
[session]
open = "13:35"
close = "19:55:00"
[[features]]
op = "rsi"
input = "mid_px"
period = 14
flat = 50
[[features]]
op = "rolling_std"
window = "60s"
input = "mid_px"
"""


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_toml_and_builders_and_json_give_the_same_spec(tmp_path: Path) -> None:
    loaded = hc.FeatureSpec.load(write(tmp_path / "spec.toml", TOML))
    built = hc.FeatureSpec(
        "demo",
        [hc.rsi("mid_px", period=14), hc.rolling_std("mid_px", window="1m", max_events=4096)],
        drop=["crossed", "unchanged"],
        session=("13:35:00", "19:55:00.000"),
    )
    shuffled = json.loads(built.canonical_json())
    shuffled["features"] = [dict(reversed(row.items())) for row in shuffled["features"]]
    again = hc.FeatureSpec.from_json(json.dumps(dict(reversed(shuffled.items())), indent=4))
    assert loaded == built == again
    assert loaded.sha256 == again.sha256
    assert loaded.names == ("rsi_mid_px_14", "rolling_std_mid_px_1m")
    assert loaded.session == (48_900_000_000_000, 71_700_000_000_000)


def test_the_canonical_json_is_what_it_was() -> None:
    one = hc.FeatureSpec("one", [hc.ema("mid_px", period=20)])
    assert one.canonical_json() == (
        '{"drop":[],"features":[{"input":"mid_px","name":"ema_mid_px_20","op":"ema","params":{"period":20},"rev":1}],'
        '"name":"one","origin":"session_open","rows":"quote","version":1}'
    )
    assert one.sha256 == "8ce8151e0870c427585dd0079cb30aaa4bed996d61a6bf7c36c07961c787b343"


@pytest.mark.parametrize("suffix", [".toml", ".json"])
def test_save_and_load_give_an_equal_spec(tmp_path: Path, suffix: str) -> None:
    every = [hc.mid(), hc.vwap(window="5s", unit="bps", max_events=7), hc.zscore("mid", window=9, flat=-1.5, name="z")]
    one = hc.FeatureSpec("x", every, origin="continuous", rows="any", session=("22:00:00.25", "02:00:00"))
    one.save(tmp_path / f"spec{suffix}")
    assert hc.FeatureSpec.load(tmp_path / f"spec{suffix}") == one
    assert pickle.loads(pickle.dumps(one)) == one


def test_the_order_of_features_matters() -> None:
    a, b = hc.mid(), hc.spread()
    assert hc.FeatureSpec("x", [a, b]) != hc.FeatureSpec("x", [b, a])


def test_the_demo_spec_is_shipped_and_loads() -> None:
    path = Path(hc.__file__).parent / "specs" / "demo.toml"
    demo = hc.FeatureSpec.load(path)
    assert demo.rows == "quote"
    assert len(demo.names) >= 20
    assert not any(column.unit in ("px", "qty") for column in demo.columns), "every column has a scale of its own"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": []}, "features: a spec needs at least one"),
        ({"feature": []}, "spec: unknown key 'feature' (did you mean 'features'?)"),
        ({"rows": "quotes"}, "rows must be one of quote, trade, any, book, was 'quotes' (did you mean 'quote'?)"),
        ({"drop": ["lockd"]}, "drop must be one of .*, was 'lockd' \\(did you mean 'locked'"),
        ({"features": 5}, "features must be a list of tables, was 5"),
        ({"features": {"op": "mid"}}, "features must be a list of tables, was {'op': 'mid'}"),
        ({"drop": 5}, "drop must be a list, was 5"),
        ({"drop": {"locked": True}}, "drop must be a list, was {'locked': True}"),
        ({"drop": "locked"}, "drop must be a list, was 'locked'"),
        ({"origin": 3}, "origin must be one of session_open, continuous, was 3"),
        ({"version": "1"}, "version must be an integer, was '1'"),
        ({"session": {"open": "9:30"}}, "session needs both open and close"),
        ({"session": {"open": "9:30", "close": "16:00"}}, "a time is UTC text such as \"13:35:00\", was '9:30'"),
        ({"session": {"open": "09:30", "close": "09:30"}}, "open and close must differ"),
        ({"features": [{"input": "mid_px"}]}, "feature #1: a feature is a table with op"),
        ({"features": [{"op": "emma", "input": "mid_px"}]}, "unknown operation 'emma' \\(did you mean 'ema'"),
        (
            {"features": [{"op": "ema", "input": "midpx", "period": 3}]},
            "unknown input 'midpx' \\(did you mean 'mid_px'",
        ),
        ({"features": [{"op": "ema", "input": "mid_px", "perid": 3}]}, "period is missing"),
        ({"features": [{"op": "ema", "input": "mid_px", "period": 0}]}, "period must be >= 1, was 0"),
        ({"features": [{"op": "ema", "input": "mid_px", "period": True}]}, "period must be a number or text, was True"),
        ({"features": [{"op": "ema", "input": "mid_px", "period": 2**70}]}, "period must fit 64 bits"),
        ({"features": [{"op": "ema", "input": "mid_px", "period": 5.0}]}, "period must be an integer, was 5"),
        ({"features": [{"op": "rsi", "input": "mid_px", "period": 5, "flat": 101}]}, "flat must be in .*, was 101"),
        ({"features": [{"op": "vwap", "window": "5 s"}]}, 'window must be a count or a time such as "250ms"'),
        ({"features": [{"op": "mid"}, {"op": "mid"}]}, "the name 'mid' is taken"),
        ({"features": [{"op": "mid", "rev": 99}]}, "written for mid rev 99, this library has rev 1"),
    ],
)
def test_a_broken_rule_is_named_with_its_value(change: dict[str, object], message: str) -> None:
    good = {"name": "x", "features": [{"op": "mid"}]}
    pattern = message if "\\" in message or ".*" in message else re.escape(message)
    with pytest.raises(SpecError, match=pattern):
        hc.FeatureSpec.from_dict({**good, **change})


def test_features_that_are_no_list_are_named() -> None:
    with pytest.raises(SpecError, match="features must be a list, was 5"):
        hc.FeatureSpec("x", 5)  # type: ignore[arg-type]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    for name, text in (("a.toml", "name ="), ("b.json", "{"), ("c.toml", 'name = "x"\nfeatures = []')):
        with pytest.raises(SpecError, match=name):
            hc.FeatureSpec.load(write(tmp_path / name, text))
    for name in ("d.toml", "e.json"):
        (tmp_path / name).write_bytes('{"name": "Zürich"}'.encode("latin-1"))
        with pytest.raises(SpecError, match=f"{name}: not UTF-8"):
            hc.FeatureSpec.load(tmp_path / name)
    with pytest.raises(SpecError, match=r"gone\.toml: No such file"):
        hc.FeatureSpec.load(tmp_path / "gone.toml")


def test_builders_have_the_registry_s_signature() -> None:
    for op in registry.operations().values():
        signature = inspect.signature(getattr(spec, op.name))
        expected = (["input"] if op.takes_series else []) + [p.name for p in op.params] + ["name"]
        assert list(signature.parameters) == expected
        for p in op.params:
            default = signature.parameters[p.name].default
            assert default == (inspect.Parameter.empty if p.required else p.default)


def test_a_builder_names_the_wrong_keyword() -> None:
    with pytest.raises(SpecError, match=r"unexpected keyword argument 'perod' \(did you mean 'period'\?\)"):
        hc.ema("mid_px", perod=3)
    with pytest.raises(SpecError, match="missing a required"):
        hc.ema("mid_px")
