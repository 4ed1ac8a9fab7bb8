"""compile_model: what it accepts, what it refuses, what it leaves on disk."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import lightgbm
import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import CompileError, ModelMismatchError
from hftcore.files import cache_dir
from hftcore.forest import host_compiler
from hftcore.forest.host_compiler import compile_library, find_compiler
from hftcore.train import TrainingResult


def test_every_way_to_hand_over_a_lightgbm_model_gives_the_same_model(
    trained: TrainingResult, booster: lightgbm.Booster, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    ways = [trained, trained.model_path, trained.model_path / "model.txt", booster]
    made = [hc.compile_model(way, spec, tmp_path / f"{i}.hft") for i, way in enumerate(ways)]
    assert len({art.model_id for art in made}) == 1
    assert all(art.training == made[0].training for art in made[:3])
    assert made[0].training["data_fingerprint"] == trained.data_fingerprint
    assert made[3].training == {}


def test_a_scikit_learn_wrapper_brings_its_own_labels(
    rows: np.ndarray, labels: np.ndarray, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    wrapper = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1).fit(rows, labels)
    art = hc.compile_model(wrapper, spec, tmp_path / "up.hft")
    assert art.classes == (-1, 0, 1)
    np.testing.assert_allclose(art.predict_proba(rows), wrapper.predict_proba(rows), rtol=0, atol=1e-15)


def test_a_binary_model_scores_both_classes(
    rows: np.ndarray, labels: np.ndarray, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    wrapper = lightgbm.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1).fit(rows, np.where(labels > 0, 1, -1))
    art = hc.compile_model(wrapper, spec, tmp_path / "up.hft")
    assert art.classes == (-1, 1)
    assert art.predict_margin(rows).shape == (len(rows), 1)
    np.testing.assert_allclose(art.predict_proba(rows), wrapper.predict_proba(rows), rtol=0, atol=1e-15)


def test_two_builds_of_one_model_have_the_same_bytes(
    trained: TrainingResult, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    first, second = (hc.compile_model(trained, spec, tmp_path / name) for name in ("a.hft", "b.hft"))
    assert first.path.read_bytes() == second.path.read_bytes()


def test_an_artifact_is_replaced_only_when_asked(
    trained: TrainingResult, spec: hc.FeatureSpec, tmp_path: Path, rows: np.ndarray
) -> None:
    path = tmp_path / "up.hft"
    before = hc.compile_model(trained, spec, path)
    with pytest.raises(ModelMismatchError, match="exists; pass overwrite=True"):
        hc.compile_model(trained, spec, path)
    hc.compile_model(trained, spec, path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["up.hft"]
    assert before.predict_margin(rows).tobytes() == hc.Artifact.load(path).predict_margin(rows).tobytes()


def test_a_replaced_model_is_seen_while_the_old_one_is_still_loaded(
    rows: np.ndarray, labels: np.ndarray, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    def model(n_trees: int) -> lightgbm.LGBMClassifier:
        return lightgbm.LGBMClassifier(n_estimators=n_trees, verbose=-1, n_jobs=1).fit(rows, labels)

    old = hc.compile_model(model(2), spec, tmp_path / "up.hft")
    old_margins = old.predict_margin(rows).tobytes()
    new = hc.compile_model(model(4), spec, tmp_path / "up.hft", overwrite=True)
    assert new.predict_margin(rows).tobytes() != old_margins
    assert old.predict_margin(rows).tobytes() == old_margins


def test_a_folder_that_is_no_artifact_is_never_replaced(
    trained: TrainingResult, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelMismatchError, match="is no artefact"):
        hc.compile_model(trained, spec, tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").exists()


def test_a_failed_build_leaves_nothing_behind(trained: TrainingResult, spec: hc.FeatureSpec, tmp_path: Path) -> None:
    with pytest.raises(CompileError):
        hc.compile_model(trained, spec, tmp_path / "up.hft", compiled=True, cc="false")
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_other_features_is_refused_by_name(
    rows: np.ndarray, labels: np.ndarray, trained: TrainingResult, tmp_path: Path
) -> None:
    names = ["mid_px", "spread", "volume", "x", "y"]
    data = lightgbm.Dataset(rows, labels + 1, feature_name=names)
    booster = lightgbm.train({"objective": "multiclass", "num_class": 3, "verbose": -1, "num_threads": 1}, data, 2)
    few = hc.FeatureSpec("few", [hc.mid(), hc.spread()])
    with pytest.raises(ModelMismatchError, match="the model takes 5 features, the spec has 2"):
        hc.compile_model(booster, few, tmp_path / "up.hft")
    turned = [hc.spread(), hc.mid(), hc.queue_imbalance(), hc.ema("mid_px", period=5), hc.rsi("mid_px", period=7)]
    other = hc.FeatureSpec("other", turned)
    with pytest.raises(ModelMismatchError, match=f"feature 0: the spec has '{other.names[0]}', the model"):
        hc.compile_model(trained.model_path / "model.txt", other, tmp_path / "up.hft")
    with pytest.raises(ModelMismatchError, match=f"feature 0: the spec has '{other.names[0]}', the model was trained"):
        hc.compile_model(trained, other, tmp_path / "up.hft")


def test_what_is_no_model_is_refused(spec: hc.FeatureSpec, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    for thing, words in [
        (tmp_path / "nowhere", "no such file or folder"),
        (tmp_path / "notes.txt", "no LightGBM model"),
        (tmp_path / "empty", r"neither a folder saved by Spark MLlib nor one with model\.txt or xgboost\.json"),
        (object(), "cannot read a object"),
    ]:
        with pytest.raises(ModelMismatchError, match=words):
            hc.compile_model(thing, spec, tmp_path / "up.hft")


def test_probe_rows_must_have_the_features(trained: TrainingResult, spec: hc.FeatureSpec, tmp_path: Path) -> None:
    with pytest.raises(ModelMismatchError, match=r"probe must be float64 of shape \(n, 5\)"):
        hc.compile_model(trained, spec, tmp_path / "up.hft", probe=np.zeros((2, 3)))


def test_without_a_c_compiler_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trained: TrainingResult, spec: hc.FeatureSpec
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(CompileError, match=r"no C compiler: install g\+\+ .*; the kernel serves every model without"):
        hc.compile_model(trained, spec, tmp_path / "up.hft", compiled=True)
    assert hc.compile_model(trained, spec, tmp_path / "up.hft").engine == "kernel"
    with pytest.raises(CompileError, match=r"no C compiler: install g\+\+"):
        find_compiler()
    with pytest.raises(CompileError, match="'tcc-9' was asked for, but is not on the path"):
        find_compiler("tcc-9")


def test_a_compiler_error_carries_the_compilers_words() -> None:
    with pytest.raises(CompileError, match="this_is_no_type"):
        compile_library({"main.c": "this_is_no_type x;\n"}, find_compiler())


def test_a_second_build_comes_from_the_cache_unless_the_cache_was_altered(cache_of_the_run: Path) -> None:
    sources = {"main.c": "int hft_probe(void) { return 42; }\n"}
    steps: list[tuple[int, int]] = []
    library = compile_library(sources, find_compiler(), lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]
    steps.clear()
    assert compile_library(sources, find_compiler(), lambda done, total: steps.append((done, total))) == library
    assert steps == [(1, 1)]
    cached = next(f for f in (cache_of_the_run / "hftcore/forests").glob("*.so") if f.read_bytes() == library)
    cached.write_bytes(library[:-1] + b"\0\0")
    assert compile_library(sources, find_compiler()) == library


@pytest.mark.parametrize("blocked", [".", "hftcore", "hftcore/forests"])
def test_a_cache_folder_that_cannot_be_written_does_not_stop_a_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, blocked: str
) -> None:
    cache = tmp_path / "cache"
    (cache / blocked).parent.mkdir(parents=True, exist_ok=True)
    (cache / blocked).write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    assert compile_library({"main.c": "int hft_probe(void) { return 43; }\n"}, find_compiler()).startswith(b"\x7fELF")


def test_a_full_disk_under_the_cache_does_not_stop_a_build(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(host_compiler, "write_atomically", full)
    assert compile_library({"main.c": "int hft_probe(void) { return 44; }\n"}, find_compiler()).startswith(b"\x7fELF")


def test_another_platform_has_another_place_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {"main.c": "int hft_probe(void) { return 45; }\n"}
    compile_library(sources, find_compiler())
    steps: list[tuple[int, int]] = []
    monkeypatch.setattr(host_compiler, "this_platform", lambda: "linux-riscv64")
    compile_library(sources, find_compiler(), lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]


def test_no_more_compilers_run_than_this_process_has_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {3}, raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 128)
    assert host_compiler._n_cores() == 1


def test_a_relative_cache_home_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for value in ("", "caches", "./caches"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert cache_dir("forests") == tmp_path / "home/.cache/hftcore/forests"
    assert [p.name for p in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no JSON"),
        ("[]", "must hold a JSON object, held list"),
        ('{"window_ns": 5}', "window_ns must be list or tuple or NoneType, was 5"),
        ('{"feature_names": 5}', "feature_names must be"),
        ('{"seed": "seven"}', "seed must be int or NoneType, was 'seven'"),
    ],
)
def test_a_damaged_record_of_the_training_is_named(
    trained: TrainingResult, spec: hc.FeatureSpec, tmp_path: Path, text: str, words: str
) -> None:
    model = tmp_path / "model"
    shutil.copytree(trained.model_path, model)
    (model / "training.json").write_text(text)
    with pytest.raises(ModelMismatchError, match=rf"training\.json: {words}"):
        hc.compile_model(model, spec, tmp_path / "up.hft")
    assert not (tmp_path / "up.hft").exists()


@pytest.mark.parametrize("gains", ["inf", "nan", "-inf inf", "1e308 1e308"])
def test_a_gain_that_is_no_finite_number_counts_as_none(
    trained: TrainingResult, spec: hc.FeatureSpec, tmp_path: Path, gains: str
) -> None:
    text = (trained.model_path / "model.txt").read_text()
    pattern = r"\nsplit_gain=" + r"\S+ " * len(gains.split())
    (tmp_path / "model.txt").write_text(re.sub(pattern, rf"\nsplit_gain={gains} ", text, count=1))
    art = hc.compile_model(tmp_path / "model.txt", spec, tmp_path / "up.hft")
    shares = list(art.manifest["importance"].values())
    assert all(np.isfinite(shares))
    assert sum(shares) == pytest.approx(1.0) or gains == "1e308 1e308"


def test_the_manifest_says_what_compiled_it(compiled: hc.Artifact, artifact: hc.Artifact) -> None:
    assert compiled.manifest["versions"]["tl2cgen"] == "1.0.0"
    about = compiled.manifest["compiled"]
    assert "-ffp-contract=off" in about["compiler_flags"]
    assert "fast-math" not in about["compiler_flags"]
    assert about["file"] in compiled.files.members
    assert artifact.manifest["compiled"] is None
    assert compiled.model_id == artifact.model_id
