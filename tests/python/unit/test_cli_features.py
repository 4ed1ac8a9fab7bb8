"""``hftcore features list | explain | doctor``, as a new user tries them, with wrong inputs too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hftcore as hc
from hftcore import registry

SPEC = Path(__file__).parents[2] / "data" / "small_spec.toml"


def features(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hftcore", "features", *map(str, args)],
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "200"},
        check=False,
    )


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tape") / "tape.hftp"
    hc.generate(seed=2, symbols=["AAA"], seconds=120, rate=200, book_levels=1).to_packed(path)
    return path


def test_list_shows_every_operation_and_filters_by_words() -> None:
    shown = features("list")
    assert shown.returncode == 0, shown.stderr
    for op in registry.operations().values():
        assert op.name in shown.stdout
    some = json.loads(features("list", "standard", "deviation", "--json").stdout)
    assert "rolling_std" in some
    assert "rsi" not in some
    none = features("list", "no", "such", "words")
    assert none.returncode == 1
    assert "has the words: no such words" in none.stderr


def test_explain_says_the_rules_and_who_agrees(tmp_path: Path) -> None:
    page = tmp_path / "new" / "rsi.html"
    shown = features("explain", "rsi", "--set", "period=9", "--html", page)
    assert shown.returncode == 0, shown.stderr
    for part in ("Wilder", "rsi_mid_px_9", "talib.RSI(x, 9)", "who agrees", "warm-up"):
        assert part in shown.stdout
    assert page.read_text().startswith("<!doctype html>")
    column = hc.FeatureSpec.load(SPEC).names[0]
    told = json.loads(features("explain", column, "--spec", SPEC, "--json").stdout)
    assert told["name"] == column
    window = json.loads(features("explain", "zscore", "--set", "window=2s", "--input", "spread_px", "--json").stdout)
    assert window["column"]["params"]["window"] == "2s"
    assert window["column"]["input"] == "spread_px"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("explain", "rsii"), "did you mean 'rsi'"),
        (("explain", "rsi", "--set", "period"), "--set must read KEY=VALUE, was 'period'"),
        (("explain", "rsi", "--set", "period=0"), "period"),
        (("explain", "rsi", "--set", "period=ten"), "period must be an integer, was 'ten'"),
        (("explain", "rsi", "--set", "perod=9"), "perod"),
        (("explain", "rsi", "--tolerance", "2"), "tolerance"),
        (("explain", "rsi", "--input", "mid_pz"), "mid_px"),
        (("explain", "x", "--spec", "no_such.toml"), "no_such.toml"),
        (("explain", "x", "--spec", SPEC), "has no column 'x'"),
        (("explain", "x", "--spec", SPEC, "--set", "a=1"), "--set and --input are for an operation"),
        (("explain", "rsi", "--html", "/"), "--html must be a file"),
        (("lst",), "neither a command nor a file (did you mean 'list'?)"),
        (("doctor", "no_such.toml", "tape.hftp"), "no_such.toml"),
        (("doctor", SPEC, "no_such.hftp"), "no_such.hftp"),
        (("doctor", SPEC), "Missing argument"),
        (("no_such.parquet", "--spec", SPEC, "--out", "t.parquet"), "no_such.parquet"),
    ],
)
def test_wrong_inputs_are_named_and_exit_2(args: tuple[object, ...], said: str) -> None:
    done = features(*args)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr


def test_doctor_exits_by_what_it_finds(tape: Path, tmp_path: Path) -> None:
    well = tmp_path / "well.toml"
    hc.FeatureSpec("well", [hc.mid(), hc.ema("mid_px", period=3)]).save(well)
    done = features("doctor", well, tape)
    assert done.returncode == 0, done.stderr
    assert "failed" not in done.stdout
    copies = tmp_path / "copies.toml"
    hc.FeatureSpec("copies", [hc.mid(), hc.mid(name="again")]).save(copies)
    assert features("doctor", copies, tape).returncode == 0
    strict = features("doctor", copies, tape, "--strict", "--sample", 1000)
    assert strict.returncode == 1
    assert "again: it is mid again" in strict.stdout
    assert "the first 1,000 events" in strict.stdout
    long = tmp_path / "long.json"
    hc.FeatureSpec("long", [hc.log_return("mid_px", lag=900_000, name="far")]).save(long)
    sick = features("doctor", long, tape, "--json")
    assert sick.returncode == 1
    told = json.loads(sick.stdout)
    assert told["checks"]["always NaN"] == "failed"
    assert told["columns"][0]["lowest"] is None


def test_the_table_is_the_default_and_a_command(tape: Path, tmp_path: Path) -> None:
    spec = tmp_path / "one.toml"
    hc.FeatureSpec("one", [hc.mid()]).save(spec)
    for i, first in enumerate(((tape,), ("table", tape), ())):
        out = tmp_path / f"{i}.parquet"
        options = ("--spec", spec, "--out", out, "--horizon", 5)
        done = features(*first, *options) if first else features(*options, tape)
        assert done.returncode == 0, done.stderr
    tables = {(tmp_path / f"{i}.parquet").read_bytes() for i in range(3)}
    assert len(tables) == 1
