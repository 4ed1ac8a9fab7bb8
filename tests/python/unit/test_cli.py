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


def hftcore(*args: object, cwd: Path | None = None, columns: str | None = "200") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hftcore", *map(str, args)],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={k: v for k, v in os.environ.items() if k != "COLUMNS"} | ({"COLUMNS": columns} if columns else {}),
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


def test_a_table_of_another_spec_is_refused(line: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SPEC.read_text().replace("period = 14", "period = 15"))
    done = hftcore("train", line / "table.parquet", "--spec", other, "--out", tmp_path / "m", "--trainer", "lightgbm")
    assert done.returncode == 2
    assert "made with spec" in done.stderr


def test_the_source_is_not_overwritten(line: Path) -> None:
    tape = line / "tape.hftp"
    size = tape.stat().st_size
    done = hftcore("features", tape, "--spec", SPEC, "--out", tape)
    assert (done.returncode, tape.stat().st_size) == (2, size)


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
    import hftcore as hc

    copy = hc.Artifact.load(line / "up.hft").save(tmp_path / "bad").path
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


REPLAY = ("replay", "{line}/up.hft", "{line}/tape.hftp", "--out", "run")
FEATURES = ("features", "{line}/tape.hftp", "--spec", SPEC, "--out", "t.parquet")
TRAIN = ("train", "{line}/table.parquet", "--spec", SPEC, "--out", "m", "--trainer")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((*REPLAY, "--threshold", "1.5"), "threshold must be in (0, 1], was 1.5"),
        ((*REPLAY, "--cooldown", "5x"), "was '5x'"),
        ((*REPLAY, "--rate", "-5"), "rate_hz must be in [0.001, 1e9], was -5.0"),
        ((*REPLAY, "--fee-bps", "nan"), "fee_bps must be a finite number, was nan"),
        ((*REPLAY, "--order-qty", "0"), "order_qty_lots must be in [1, 1000000000000], was 0"),
        ((*FEATURES, "--horizon", "0"), "horizon must be an integer >= 1, was 0"),
        ((*FEATURES, "--horizon", "1000000000000"), "was 1000000000000"),
        ((*FEATURES, "--deadband", "-1"), "deadband must be a finite number of ticks >= 0, was -1.0"),
        ((*FEATURES, "--smoothing", "x"), "smoothing must be one of mean, last, was 'x'"),
        ((*TRAIN, "lightgbm", "--trees", "0"), "trees must be >= 1, was 0"),
        ((*TRAIN, "mllib", "--trees", "0"), "trees must be >= 1, was 0"),
        ((*TRAIN, "mllib", "--depth", "0"), "depth must be 1 to 16, was 0"),
        ((*TRAIN, "lightgbm", "--learning-rate", "-1"), "learning_rate must be above 0 and at most 1, was -1.0"),
        (("report", "--artifact", "{line}/up.hft", "--table", SPEC, "--out", "r.html"), "small_spec.toml"),
        (
            ("report", "--artifact", "{line}/up.hft", "--paced", "{line}/run", "--out", "r.html"),
            "paced: must be a replay at a fixed rate",
        ),
        (("verify", "{line}/up.hft", "{line}/quiet.hftp"), "no rows"),
    ],
)
def test_a_wrong_option_is_one_line_with_value_and_rule(
    args: tuple[object, ...], said: str, line: Path, tmp_path: Path
) -> None:
    if "verify" in args:
        import hftcore as hc

        trades = hc.read_events(line / "tape.hftp")
        trades[trades.data["kind"] != hc.EventKind.QUOTE][:50].to_packed(line / "quiet.hftp")
    if "--paced" in args and not (line / "run").exists():
        figures("replay", line / "up.hft", line / "tape.hftp", "--out", line / "run")
    done = hftcore(*(str(arg).format(line=line) for arg in args), cwd=tmp_path, columns=None)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_pipe_without_a_width_loses_no_column(line: Path, tmp_path: Path) -> None:
    figures("replay", line / "up.hft", line / "tape.hftp", "--out", tmp_path / "run", "--threshold", 0.4)
    done = hftcore("ledger", tmp_path / "run" / "journal.hftj", columns=None)
    header = next(row for row in done.stdout.splitlines() if "symbol" in row)
    assert "position_qty" in header
    assert "unrealised" in header
    assert "…" not in done.stdout


def test_the_ledger_of_a_database_is_titled_by_the_database(line: Path, tmp_path: Path) -> None:
    for name, threshold in (("a", 0.4), ("b", 0.45)):
        figures("replay", line / "up.hft", line / "tape.hftp", "--out", tmp_path / name, "--threshold", threshold)
    journals = [tmp_path / name / "journal.hftj" for name in ("a", "b")]
    for journal in journals:
        both = hftcore("ledger", journal, "--sqlite", tmp_path / "all.sqlite")
    assert "all.sqlite: all runs written to it" in " ".join(both.stdout.split())
    assert str(journals[1]) not in both.stdout
    assert figures("ledger", journals[1])["source"] == str(journals[1])


def test_an_operation_as_json_is_json() -> None:
    assert figures("operations", "ema")["name"] == "ema"


def test_a_report_on_the_training_table_says_in_sample(line: Path, tmp_path: Path) -> None:
    page = figures(
        "report", "--artifact", line / "up.hft", "--table", line / "table.parquet", "--out", tmp_path / "r.html"
    )
    quality, model = page["quality"], page["model"]
    assert isinstance(quality, dict)
    assert isinstance(model, dict)
    assert quality["in_sample_rows"] == quality["overall"]["n_rows"]
    assert "in sample" in model["test_period"]
    assert "in-sample rows" in (tmp_path / "r.html").read_text()


def test_help_states_choices_and_defaults() -> None:
    commands = (*COMMANDS, "features table")
    said = {command: " ".join(hftcore(*command.split(), "--help").stdout.split()) for command in commands}
    for command, text in (
        ("features table", "error, round (to the nearest tick) or drop"),
        ("features table", "default: all"),
        ("features table", "[default: mean]"),
        ("features", "SOURCE --spec ... --out ..."),
        ("train", "default: 20 (mllib) or 60 (lightgbm)"),
        ("train", "1 to 16"),
        ("replay", "250ms"),
        ("gen", "packed, json (lines) or avro"),
    ):
        assert text in said[command]
