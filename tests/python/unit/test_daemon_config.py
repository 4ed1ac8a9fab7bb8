"""The configuration of hftcored: the example, the published schema, and the rules it shares with a replay."""

from __future__ import annotations

import json
import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore import _core
from hftcore.errors import HftError

PACKAGE = resources.files("hftcore")
SCHEMA = json.loads((PACKAGE / "schema" / "hftcored.schema.json").read_text())
EXAMPLE = (PACKAGE / "specs" / "hftcored.toml").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the example's paths lead."""
    (tmp_path / "up.hft").mkdir()
    (tmp_path / "instruments.json").write_text("[]")
    return tmp_path


def check(folder: Path, text: str) -> dict[str, Any]:
    path = folder / "hft.toml"
    path.write_text(text)
    found: dict[str, Any] = _core.config.check(str(path))
    return found


def schema_takes(text: str) -> bool:
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(tomllib.loads(text)))


def test_the_published_schema_is_that_of_the_table_of_keys() -> None:
    assert (PACKAGE / "schema" / "hftcored.schema.json").read_text() == _core.config.json_schema()
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_the_example_passes_the_check_and_the_schema(folder: Path) -> None:
    found = check(folder, EXAMPLE)
    assert found["errors"] == []
    assert found["warnings"] == []
    assert found["model_path"] == str(folder / "up.hft")
    assert schema_takes(EXAMPLE)


def test_the_effective_configuration_is_a_file_that_passes_both(folder: Path) -> None:
    effective = check(folder, EXAMPLE)["effective"]
    assert check(folder, effective)["effective"] == effective
    assert schema_takes(effective)


def test_the_example_names_every_section() -> None:
    assert set(tomllib.loads(EXAMPLE)) == set(SCHEMA["properties"])


LINES = {
    'name = "demo"': ['name = ""', 'name = "a b"', "name = 5", ""],
    "epoch = 1": ["epoch = 0", "epoch = 4294967296", "epoch = 1.5", "epok = 1"],
    'path = "up.hft"': ['path = ""', "path = 5", 'alias = "prod"', 'path = "up.hft"\nalias = "prod"', 'store = "s"'],
    "threshold = 0.7": ["threshold = 0", "threshold = 1.01", 'threshold = "0.7"', "treshold = 0.7"],
    "order_qty = 1": ["order_qty = 0", "order_qty = 1.5"],
    'cooldown = "250ms"': ["cooldown = -1", 'cooldown = "1d"', 'cooldown = "250"', "cooldown = 0.5"],
    "stop_loss_bps = 50.0": ["stop_loss_bps = -1", "stop_loss_bps = 10001", 'stop_loss_bps = "x"'],
    "killed = false": ["killed = 0", 'killed = "no"'],
    'kind = "kafka"': ['kind = "kafak"', 'kind = "file"', "kind = 1"],
    'format = "packed"': ['format = "protobuf"', 'format = "avro"'],
    'topics = ["ticks"]': ['topics = "ticks"', "topics = []", 'topics = ["a", "a"]', 'topics = ["a b"]', ""],
    "n_partitions = 3": ["n_partitions = 0", "n_partitions = 4097", ""],
    "partitions = [0, 1, 2]": ["partitions = [0, 0]", "partitions = [-1]", "partitions = 3", "partitions = []"],
    'bootstrap = "127.0.0.1:9092"': ["", "bootstrap = 9092"],
    '"client.id" = "hftcored-demo"': ['"client.id" = 1.5', '"client.id" = ["x"]'],
    'decisions = "decisions"': ['decisions = ""', 'decisions = "a/b"'],
    'interval = "5s"': ["interval = -5", 'interval = "s"'],
    "keep = 3": ["keep = 2", "keep = 1001"],
    'wait = "block"': ['wait = "blok"'],
    "ring_events = 65536": ["ring_events = 65535", "ring_events = 512", 'ring_events = "65536"', "hot_cpu = -1"],
    "timed = true": ["timed = 1"],
    'level = "info"': ['level = "trace"', "more = 1"],
    "[log]": ["[lok]", "[[log]]"],
}  # fmt: skip


@pytest.mark.parametrize(("line", "wrong"), [(line, wrong) for line, all_ in LINES.items() for wrong in all_])
def test_what_breaks_the_rule_of_its_key_is_refused_by_check_and_schema(folder: Path, line: str, wrong: str) -> None:
    assert EXAMPLE.count(f"\n{line}") == 1
    text = EXAMPLE.replace(f"\n{line}", f"\n{wrong}", 1)
    assert not schema_takes(text)
    errors = check(folder, text)["errors"]
    assert errors
    assert all(error["file"].endswith("hft.toml") and error["line"] > 0 for error in errors)


@pytest.mark.parametrize(
    ("line", "wrong", "words"),
    [
        ("stop_loss_bps = 50.0", "stop_loss_bps = 0.0005", "must be a multiple of 1e-3"),
        ("partitions = [0, 1, 2]", "partitions = [3]", r"must be below n_partitions \(3\), was 3"),
        ("max_order_qty = 100", "max_order_qty = 101", "must be <= max_position_qty, were 101 and 100"),
        ('orders = "orders"', 'orders = "ticks"', "must be no input topic"),
        ('stop_out_pause = "1m"', 'stop_out_pause = "300000h"', "must be within"),
        ('"client.id" = "hftcored-demo"', '"acks" = "1"', "is set by hftcored itself"),
        ('"client.id" = "hftcored-demo"', '"sasl.password" = {file = "none"}', "must be readable"),
    ],
)
def test_rules_that_no_schema_holds_are_explained(folder: Path, line: str, wrong: str, words: str) -> None:
    [error] = check(folder, EXAMPLE.replace(f"\n{line}", f"\n{wrong}", 1))["errors"]
    assert re.search(words, error["text"]), error


def test_all_errors_are_told_at_once(folder: Path) -> None:
    text = EXAMPLE.replace("epoch = 1", "epoch = 0").replace("keep = 3", "keep = 1").replace("\nhold", "\nholt")
    found = check(folder, text)["errors"]
    assert [error["key"] for error in found] == ["epoch", "strategy.holt", "snapshot.keep"]
    lines = text.splitlines()
    assert [lines[error["line"] - 1].split(" ")[0] for error in found] == ["epoch", "holt", "keep"]
    assert "did you mean 'hold'?" in found[1]["text"]


durations = st.integers(-5, 10**19) | st.from_regex(r"[0-9]{1,12}(ns|us|ms|s|m|h|d|)", fullmatch=True)
steps = st.integers(-20_000, 20_000) | st.floats(-20_000, 20_000) | st.decimals(-11_000, 11_000, places=3).map(str)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cooldown=durations, stop=steps, fee=steps)
def test_durations_and_steps_follow_the_rules_of_a_replay(
    folder: Path, cooldown: int | str, stop: int | float | str, fee: int | float | str
) -> None:
    def replay_takes() -> bool:
        try:
            hc.Threshold(0.7, cooldown=cooldown)
            hc.RiskLimits(stop_loss_bps=stop)  # type: ignore[arg-type]
            hc.SimulatedExchange(fee_bps=fee)  # type: ignore[arg-type]
            return abs(float(fee)) <= 10_000  # the exchange itself says so, once it knows its instruments
        except HftError:
            return False

    text = EXAMPLE.replace('cooldown = "250ms"', f"cooldown = {json.dumps(cooldown)}")
    text = text.replace("stop_loss_bps = 50.0", f"stop_loss_bps = {json.dumps(stop)}")
    text = text.replace("fee_bps = 0.0", f"fee_bps = {json.dumps(fee)}")
    assert (check(folder, text)["errors"] == []) == replay_takes()


def test_settings_of_a_control_frame_are_arguments_of_the_engine() -> None:
    strategy = hc.Threshold(0.7000000000000001, cooldown="250ms").to_dict() | {"up_class": 2, "down_class": 0}
    del strategy["kind"]
    data = {
        "input": {"stale_after_ns": 0},
        "model": {"model_id": "abc", "path": "models/ü.hft"},
        "risk": hc.RiskLimits().to_dict(),
        "strategy": strategy,
    }
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    assert _core.config.same_settings(text) == text
    _core.engine.ThresholdParams(**data["strategy"])
    _core.engine.Limits(**data["risk"])
