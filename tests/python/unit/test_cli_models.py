"""``hftcore models`` and ``hftcore verify``, as an operator would type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest

import hftcore as hc


def hftcore(*args: object, models: object = "") -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k != "HFTCORE_MODELS"} | {"COLUMNS": "220"}
    if models:
        env["HFTCORE_MODELS"] = str(models)
    return subprocess.run(
        [sys.executable, "-m", "hftcore", *map(str, args)], capture_output=True, text=True, env=env, check=False
    )


def figures(*args: object, models: object = "") -> Any:
    done = hftcore(*args, "--json", models=models)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two models of one spec; the second brings machine code."""
    folder = tmp_path_factory.mktemp("two")
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(1000, 2))
    labels = (rows[:, 0] * rows[:, 1] > 0).astype(int)
    spec = hc.FeatureSpec("two", [hc.mid(), hc.spread()])
    paths = [folder / "one.hft", folder / "two.hft"]
    for n_trees, path in enumerate(paths, 2):
        model = lightgbm.LGBMClassifier(n_estimators=n_trees, verbose=-1, n_jobs=1).fit(rows, labels)
        hc.compile_model(model, spec, path, compiled=n_trees == 3)
    return paths


def test_from_push_to_rollback(two: list[Path], tmp_path: Path) -> None:
    models = tmp_path / "models"
    first = figures("models", "push", two[0], "up", "--alias", "stable", "--by", "ann", models=models)
    assert (first["name"], first["aliases"], first["pushed_by"]) == ("up", ["stable"], "ann")
    second = figures("models", "push", two[1], "up", "--note", "more trees", "--registry", models)
    listed = figures("models", "list", models=models)
    assert [(row["id"], row["aliases"]) for row in listed] == [(first["id"], ["stable"]), (second["id"], [])]
    moved = figures("models", "promote", f"up:{second['id']}", "stable", "--note", "why not", models=models)
    assert (moved["action"], moved["alias"], moved["id"], moved["note"]) == (
        "promote",
        "stable",
        second["id"],
        "why not",
    )
    differing = figures("models", "diff", f"up:{first['id']}", "up@stable", models=models)
    assert {"what": "n_trees", "old": 2, "new": 3} in differing
    assert figures("models", "rollback", "up@stable", models=models)["id"] == first["id"]
    shown = figures("models", "show", "up@stable", models=models)
    assert [row["action"] for row in shown["history"]] == ["push", "promote", "push", "promote", "rollback"]
    assert shown["manifest"]["n_trees"] == 2
    pulled = figures("models", "pull", "up@stable", tmp_path / "here.hft", models=models)
    assert pulled["model_id"] == shown["model_id"]
    assert (tmp_path / "here.hft").read_bytes() == two[0].read_bytes()
    assert figures("verify", f"{models}#up@stable", "--rows", 100)["ok"] is True


def test_tables_are_for_people(two: list[Path], tmp_path: Path) -> None:
    models = tmp_path / "models"
    assert "up@stable" in hftcore("models", "push", two[0], "up", "--alias", "stable", models=models).stdout
    for args in (("list",), ("show", "up"), ("diff", "up", "up@stable")):
        done = hftcore("models", *args, models=models)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip()
    assert "# two" in hftcore("models", "show", "up", models=models).stdout


def test_brackets_are_text_and_no_markup(two: list[Path], tmp_path: Path) -> None:
    models, text = tmp_path / "models", "see [/]docs [red]1[/red]"
    pushed = hftcore("models", "push", two[0], "up", "--by", "[ann]", "--note", text, models=models)
    assert pushed.returncode == 0, pushed.stderr
    for args in (("list",), ("show", "up")):
        done = hftcore("models", *args, models=models)
        assert done.returncode == 0, done.stderr
        assert text in done.stdout
        assert "[ann]" in done.stdout
    folder = tmp_path / "a[/]b"
    pulled = hftcore("models", "pull", "up", folder / "up.hft", models=models)
    assert "a[/]b" in pulled.stdout, pulled.stderr
    verified = hftcore("verify", folder / "up.hft", "--rows", 10)
    assert verified.returncode == 0, verified.stderr
    assert "a[/]b" in verified.stdout


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("list",), "--registry"),
        (("show", "up", "--registry", "{place}"), "no model is named 'up'; there are: none"),
        (("promote", "up@", "stable", "--registry", "{place}"), "alias must be 1 to 64"),
        (("rollback", "up", "--registry", "{place}"), "rollback takes NAME@ALIAS"),
        (("push", "no_such.hft", "up", "--registry", "{place}"), "no_such.hft: no model"),
        (("list", "--registry", "gopher://x"), "gopher://x: no place for a registry"),
    ],
)
def test_what_is_wrong_is_named_and_ends_with_2(args: tuple[str, ...], words: str, tmp_path: Path) -> None:
    done = hftcore("models", *(arg.format(place=tmp_path / "models") for arg in args))
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["push", "list", "show", "promote", "rollback", "pull", "diff"])
def test_help_has_an_example(command: str) -> None:
    done = hftcore("models", command, "--help")
    assert done.returncode == 0
    assert f"hftcore models {command}" in " ".join(done.stdout.split())


def test_verify_shows_a_line_for_each_engine(two: list[Path]) -> None:
    done = hftcore("verify", two[1], "--rows", 1000, "--allow-compiled")
    assert done.returncode == 0, done.stderr
    for words in (
        "margins: compiled = GTIL, adversarial rows",
        "margins: kernel",
        "reference: GTIL",
        "every bit agrees",
    ):
        assert words in done.stdout, words
    assert "compiled" not in hftcore("verify", two[1], "--rows", 10).stdout
    assert hftcore("verify", two[1], "--rows", -1).returncode == 2
