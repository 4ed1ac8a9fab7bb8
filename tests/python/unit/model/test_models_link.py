"""A link to a model of the registry: what a daemon's configuration names, moved in one step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import ModelRegistryError


@pytest.fixture
def models(
    tmp_path: Path, artifact: hc.Artifact, rows: np.ndarray, labels: np.ndarray, spec: hc.FeatureSpec
) -> hc.ModelRegistry:
    """``up`` with two models; stable is the first."""
    known = hc.ModelRegistry(tmp_path / "models")
    known.push(artifact, "up", alias="stable")
    booster = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1).fit(rows, labels)
    known.push(hc.compile_model(booster, spec, tmp_path / "next.hft"), "up", alias="candidate")
    return known


def test_a_link_follows_the_alias_and_keeps_what_it_stood_for(models: hc.ModelRegistry, tmp_path: Path) -> None:
    link = tmp_path / "live" / "up.hft"
    first = models.link("up@stable", link)
    ids = [hc.Artifact.load(link).model_id]
    models.promote("up@candidate", "stable")
    second = models.link("up@stable", link)
    ids.append(hc.Artifact.load(link).model_id)
    assert ids == [models.load("up@stable").model_id if i else hc.Artifact.load(first).model_id for i in (0, 1)]
    assert len(set(ids)) == 2
    assert sorted(path.name for path in link.parent.iterdir()) == sorted([first.name, second.name, "up.hft"])
    assert link.resolve() == second.resolve()
    assert models.link("up@stable", link) == second, "the same again changes nothing"


def test_another_file_under_the_models_id_is_pulled_again(models: hc.ModelRegistry, tmp_path: Path) -> None:
    link = tmp_path / "live" / "up.hft"
    right, other = models.load("up@stable"), models.load("up@candidate")
    target = models.link("up@stable", link)
    target.write_bytes(other.to_bytes())
    assert models.link("up@stable", link) == target
    assert target.read_bytes() == right.to_bytes()
    whole = target.read_bytes()
    target.write_bytes(whole[: len(whole) // 2])
    models.link("up@stable", link)
    assert hc.Artifact.load(link).model_id == right.model_id


def test_no_link_takes_the_place_of_a_file(models: hc.ModelRegistry, tmp_path: Path) -> None:
    taken = tmp_path / "up.hft"
    taken.write_text("mine")
    with pytest.raises(ModelRegistryError, match=r"up.hft: is a file or a folder, so no link takes its place"):
        models.link("up@stable", taken)
    assert taken.read_text() == "mine"


def test_the_command_says_what_the_link_stands_for(models: hc.ModelRegistry, tmp_path: Path) -> None:
    link = tmp_path / "up.hft"

    def run(reference: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hftcore", "models", "link", reference, str(link), "--registry", models.url]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    done = run("up@stable")
    assert done.returncode == 0, done.stderr
    assert link.resolve().name in done.stdout
    refused = run("up@none")
    assert refused.returncode == 2
    assert "no alias 'none'" in refused.stderr
