"""The command line, as a user would try it: every step on its own, and wrong inputs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COMMANDS = ("demo", "gen", "features", "train", "compile", "verify", "replay", "report", "ledger", "operations")
SPEC = Path(__file__).parents[2] / "data" / "small_spec.toml"


def hftcore(*args: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hftcore", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=os.environ | {"COLUMNS": "200"},
        check=False,
    )


def figures(*args: object) -> dict[str, object]:
    done = hftcore(*args, "--json")
    assert done.returncode == 0, done.stderr
    loaded: dict[str, object] = json.loads(done.stdout)
    return loaded


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which gen, features, train and compile have run, each through its command."""
    folder = tmp_path_factory.mktemp("line")
    written = figures(
        "gen", "--out", folder / "tape.hftp", "--format", "packed", "--seconds", 1200, "--rate", 100, "--signal", 0.9
    )
    assert int(str(written["n_events"])) > 50_000
    made = figures("features", folder / "tape.hftp", "--spec", SPEC, "--out", folder / "table.parquet", "--horizon", 10)
    assert int(str(made["n_labelled"])) > 5_000
    trained = figures(
        "train", folder / "table.parquet", "--spec", SPEC, "--out", folder / "model", "--trainer", "lightgbm",
        "--trees", 10, "--depth", 4,
    )  # fmt: skip
    assert trained["trainer"] == "lightgbm"
    compiled = figures("compile", folder / "model", "--spec", SPEC, "--out", folder / "up.hft")
    assert len(str(compiled["model_id"])) == 64
    return folder


def test_verify_finds_every_bit_equal(line: Path) -> None:
    report = figures("verify", line / "up.hft", line / "tape.hftp")
    assert report["ok"] is True


def test_replay_ledger_and_report_agree_on_the_fills(line: Path, tmp_path: Path) -> None:
    run = figures("replay", line / "up.hft", line / "tape.hftp", "--out", tmp_path / "run", "--threshold", 0.4)
    books = figures("ledger", tmp_path / "run" / "journal.hftj", "--sqlite", tmp_path / "ledger.sqlite")
    again = figures("ledger", tmp_path / "run" / "journal.hftj", "--sqlite", tmp_path / "ledger.sqlite")
    assert books["total"] == again["total"], "writing a journal twice must change nothing"
    page = figures(
        "report", "--artifact", line / "up.hft", "--table", line / "table.parquet", "--run", tmp_path / "run",
        "--out", tmp_path / "report.html",
    )  # fmt: skip
    assert (tmp_path / "report.html").exists()
    trading = page["trading"]
    assert isinstance(trading, dict)
    assert isinstance(books["total"], dict)
    assert trading["fills"] == books["total"]["n_fills"] > 0
    counters = run["counters"]
    assert isinstance(counters, dict)
    assert trading["fills"] == counters["fills"]
    assert trading["net_pnl"] == pytest.approx(books["total"]["net"], abs=1e-9)


def test_replaying_twice_gives_the_same_journal(line: Path, tmp_path: Path) -> None:
    one = figures("replay", line / "up.hft", line / "tape.hftp", "--out", tmp_path / "a", "--threshold", 0.4)
    two = figures("replay", line / "up.hft", line / "tape.hftp", "--out", tmp_path / "b", "--threshold", 0.4)
    assert one["journal_sha256"] == two["journal_sha256"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = hftcore(command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_json_lines_on_standard_output_read_back() -> None:
    done = hftcore("gen", "--seconds", 1, "--rate", 500)
    assert done.returncode == 0
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) > 300
    assert {line["kind"] for line in lines} >= {"trade", "quote"}


def test_a_tampered_artefact_is_refused_by_name(line: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bad.hft"
    subprocess.run(["cp", "-r", line / "up.hft", copy], check=True)
    spec = copy / "spec.json"
    spec.write_text(spec.read_text().replace("10", "11", 1))
    done = hftcore("verify", copy, line / "tape.hftp")
    assert done.returncode == 2
    assert "spec.json" in done.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("features", "no_such.parquet", "--spec", SPEC, "--out", "t.parquet"), "no_such.parquet"),
        (("features", SPEC, "--spec", SPEC, "--out", "t.parquet"), "suffix"),
        (("train", "no_such.parquet", "--spec", SPEC, "--out", "m", "--trainer", "lightgbm"), "no_such.parquet"),
        (("train", "no_such.parquet", "--spec", SPEC, "--out", "m", "--trainer", "magic"), "magic"),
        (("compile", "no_such_model", "--spec", SPEC, "--out", "a.hft"), "no_such_model"),
        (("verify", "no_such.hft", "tape.hftp"), "no_such.hft"),
        (("ledger", "no_such.hftj"), "no_such.hftj"),
        (("gen", "--format", "xml"), "xml"),
        (("gen", "--rate", "-5"), "-5"),
        (("gen", "--signal", "1.5"), "1.5"),
        (("demo", "--data", "no_such_folder"), "no_such_folder"),
        (("demo", "--trainer", "magic"), "magic"),
    ],
)
def test_wrong_inputs_name_the_value_and_exit_2(args: tuple[object, ...], said: str, tmp_path: Path) -> None:
    done = hftcore(*args, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
