"""The registry of models: what is pushed stays, an alias moves in one step, two movers never tear it."""

from __future__ import annotations

import json
import multiprocessing
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow.fs as pafs
import pytest

import hftcore as hc
from hftcore.errors import ModelMismatchError, ModelRegistryError, ParameterError
from hftcore.models.log import Record, fold, read_record
from hftcore.models.reference import Reference, read_state
from hftcore.models.store import open_store


@pytest.fixture(scope="session")
def other(
    tmp_path_factory: pytest.TempPathFactory, rows: np.ndarray, labels: np.ndarray, spec: hc.FeatureSpec
) -> hc.Artifact:
    model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1).fit(rows, labels)
    return hc.compile_model(model, spec, tmp_path_factory.mktemp("other") / "other.hft")


@pytest.fixture(scope="session")
def bucket() -> Iterator[Any]:
    """A bucket of moto's server: a function from a prefix to a URL."""
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
        server.start()
        try:
            _, port = server.get_host_and_port()
            place = f"endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
            filesystem, _ = pafs.FileSystem.from_uri(f"s3://models?{place}&allow_bucket_creation=true")
            filesystem.create_dir("models")
            yield lambda prefix: f"s3://models/{prefix}?{place}"
        finally:
            server.stop()


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "models")
    return str(request.getfixturevalue("bucket")(tmp_path.name))


def test_a_model_is_pushed_promoted_rolled_back_and_loaded(
    url: str, artifact: hc.Artifact, other: hc.Artifact, rows: np.ndarray, tmp_path: Path
) -> None:
    models = hc.ModelRegistry(url, by="ann")
    first = models.push(artifact, "up_1s", alias="stable", note="the first")
    second = models.push(other.path, "up_1s")
    assert [entry.record.model for entry in models.entries("up_1s")] == [first.record.model, second.record.model]
    assert first.record.model == f"{artifact.model_id[:16]}-{first.record.sha256[:16]}"
    assert models.show("up_1s@stable").record == first.record
    assert models.show("up_1s").record == second.record
    assert models.show(f"up_1s:{second.record.model[:6]}").record == second.record

    moved = models.promote("up_1s", "stable", note="better")
    assert (moved.model, moved.by, moved.note) == (second.record.model, "ann", "better")
    loaded = hc.Artifact.load(f"{url}#up_1s@stable")
    assert loaded.model_id == other.model_id
    assert loaded.predict_margin(rows).tobytes() == other.predict_margin(rows).tobytes()

    assert models.rollback("up_1s@stable").model == first.record.model
    assert models.load("up_1s@stable").model_id == artifact.model_id
    with pytest.raises(ModelRegistryError, match="there is nothing to go back to"):
        models.rollback("up_1s@stable")
    assert [r.action for r in models.history("up_1s@stable")] == ["promote", "promote", "rollback"]
    assert [r.action for r in models.history("up_1s")] == ["push", "promote", "push", "promote", "rollback"]

    pulled = models.pull("up_1s@stable", tmp_path / "here.hft")
    assert pulled.path.read_bytes() == artifact.to_bytes()
    assert models.pull("up_1s@stable", tmp_path / "here").model_id == artifact.model_id
    with pytest.raises(ModelMismatchError, match="exists; pass overwrite=True"):
        models.pull("up_1s", tmp_path / "here.hft")


def test_the_same_model_again_adds_nothing(url: str, artifact: hc.Artifact) -> None:
    models = hc.ModelRegistry(url)
    assert models.push(artifact, "up") == models.push(artifact, "up")
    assert len(models.history("up")) == 1
    assert models.push(artifact, "down").record.model == models.show("up").record.model
    assert [(entry.record.name, entry.aliases) for entry in models.entries()] == [("down", ()), ("up", ())]


def test_what_is_not_there_is_said_with_what_there_is(url: str, artifact: hc.Artifact) -> None:
    models = hc.ModelRegistry(url)
    with pytest.raises(ModelRegistryError, match="no model is named 'up'; there are: none"):
        models.show("up")
    models.push(artifact, "up", alias="stable")
    for reference, words in [
        ("down", "no model is named 'down'; there are: up"),
        ("up@prod", "no alias 'prod'; there are: stable"),
        ("up:zz", f"no model begins with 'zz'; there are: {artifact.model_id[:16]}"),
    ]:
        with pytest.raises(ModelRegistryError, match=words):
            hc.Artifact.load(f"{url}#{reference}")
    for reference in ("", "@", "up@", "up:", "../up", "up@a/b", "a b", "up@a@b"):
        with pytest.raises(ParameterError, match=r"must be 1 to 64|is named NAME"):
            models.show(reference)
    with pytest.raises(ParameterError, match="alias must be"):
        models.promote("up", "")
    with pytest.raises(ParameterError, match="rollback takes NAME@ALIAS"):
        models.rollback("up")


def test_a_model_that_was_altered_in_the_registry_is_refused(tmp_path: Path, artifact: hc.Artifact) -> None:
    models = hc.ModelRegistry(tmp_path)
    entry = models.push(artifact, "up")
    file = tmp_path / "models" / f"{entry.record.model}.hft"
    whole = file.read_bytes()
    file.write_bytes(whole[:500] + bytes([whole[500] ^ 1]) + whole[501:])
    with pytest.raises(ModelRegistryError, match="was altered: SHA-256 must be"):
        models.load("up")
    file.unlink()
    with pytest.raises(ModelRegistryError, match="is gone from the registry"):
        models.load("up")


def test_a_record_that_was_altered_is_named(tmp_path: Path, artifact: hc.Artifact) -> None:
    models = hc.ModelRegistry(tmp_path)
    models.push(artifact, "up", alias="stable")
    for file in sorted((tmp_path / "names" / "up").iterdir()):
        whole = file.read_bytes()
        for at in range(0, len(whole), 7):
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 2]) + whole[at + 1 :])
            with pytest.raises(ModelRegistryError, match=rf"names/up/{file.name}: no record of a registry"):
                models.show("up")
        file.write_bytes(whole)
    assert models.show("up@stable").aliases == ("stable",)


def test_an_artefact_that_is_none_is_not_pushed(tmp_path: Path) -> None:
    (tmp_path / "bad.hft").write_bytes(b"hello")
    with pytest.raises(ModelMismatchError, match="no model file"):
        hc.ModelRegistry(tmp_path / "models").push(tmp_path / "bad.hft", "up")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("scheme", ["gopher", "hdfs", "gs"])
def test_a_url_of_another_scheme_is_refused(scheme: str) -> None:
    with pytest.raises(ModelRegistryError, match=f"{scheme}://x: no place for a registry: it must be a folder or s3"):
        hc.ModelRegistry(f"{scheme}://x")


def test_no_message_holds_a_secret(bucket: Any, artifact: hc.Artifact, tmp_path: Path) -> None:
    url = bucket(tmp_path.name).replace("s3://", "s3://KEY:SECRET@")
    models = hc.ModelRegistry(url)
    models.push(artifact, "up")
    loaded = models.load("up")
    assert str(loaded.path).endswith(f"models/{tmp_path.name}#up")
    shown = [repr(loaded)]
    models._store.write(f"names/up/00000002-{'0' * 16}.json", b"no record")  # and what goes wrong from here on
    for url_of_errors in (url, "s3://KEY:SECRET@models/x?no=SECRET", "s3://KEY:SECRET@[", "gs://KEY:SECRET@x"):
        with pytest.raises(ModelRegistryError) as error:
            hc.Artifact.load(f"{url_of_errors}#up")
        shown.append("".join(traceback.format_exception(error.value)))
    with pytest.raises(ParameterError, match="s3://models/x: a model in a registry is named URL#NAME") as no_name:
        hc.Artifact.load("s3://KEY:SECRET@models/x")
    shown.append(str(no_name.value))
    with pytest.raises(ModelRegistryError) as error:
        hc.ModelRegistry(url.replace("s3://KEY:SECRET@models", "s3://KEY:SECRET@nowhere")).push(artifact, "up")
    shown.append(str(error.value))
    assert "s3://nowhere/" in shown[-1]
    assert not [text for text in shown if "SECRET" in text or "endpoint" in text]


def test_a_stray_file_is_passed_over(url: str, artifact: hc.Artifact) -> None:
    models = hc.ModelRegistry(url)
    models.push(artifact, "up", alias="stable")
    for stray in ("names/Thumbs.db", "names/up/Thumbs.db", "names/up/00000001-0123.json.orig", "names/up/old/1.json"):
        models._store.write(stray, b"\0")
    assert models.show("up@stable").aliases == ("stable",)
    assert [entry.record.name for entry in models.entries()] == ["up"]


def test_a_folder_that_is_none_is_named(tmp_path: Path, artifact: hc.Artifact) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ModelRegistryError, match=r"file/models/.*\.hft: cannot be written: "):
        hc.ModelRegistry(tmp_path / "file").push(artifact, "up")
    models = hc.ModelRegistry(tmp_path / "models")
    key = models.push(artifact, "up").record.model
    file = tmp_path / "models" / "models" / f"{key}.hft"
    file.unlink()
    file.mkdir()
    with pytest.raises(ModelRegistryError, match=rf"{key}\.hft: cannot be read: Is a directory"):
        models.load("up")


def test_what_differs_is_told(tmp_path: Path, artifact: hc.Artifact, other: hc.Artifact) -> None:
    models = hc.ModelRegistry(tmp_path)
    models.push(artifact, "up", alias="old")
    models.push(other, "up", alias="new")
    found = {difference.what: (difference.old, difference.new) for difference in models.diff("up@old", "up@new")}
    assert found["model id"] == (artifact.model_id, other.model_id)
    assert found["n_trees"] == (artifact.manifest["n_trees"], other.manifest["n_trees"])
    assert "forest.bin" in found
    assert "feature spec" not in found
    assert models.diff("up@old", "up@old") == []


def promote_many(url: str, models: list[str], barrier: Any, n: int) -> None:
    registry = hc.ModelRegistry(url, by=str(n))
    barrier.wait()
    for turn in range(6):
        try:
            registry.promote(f"up:{models[(n + turn) % len(models)]}", "stable")
        except ModelRegistryError as error:
            if "at the same time" not in str(error):
                raise


def test_promotions_by_several_processes_leave_one_answer_and_every_move(
    tmp_path: Path, artifact: hc.Artifact, other: hc.Artifact
) -> None:
    models = hc.ModelRegistry(tmp_path)
    ids = [models.push(art, "up").record.model for art in (artifact, other)]
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(3)
    movers = [context.Process(target=promote_many, args=(str(tmp_path), ids, barrier, n)) for n in range(3)]
    for mover in movers:
        mover.start()
    seen = set()
    while any(mover.is_alive() for mover in movers):
        state = read_state(open_store(str(tmp_path)), "up")  # a reader in the middle of it
        seen.update(state.aliases.values())
        movers[0].join(0.01)
    for mover in movers:
        mover.join()
    assert [mover.exitcode for mover in movers] == [0] * 3
    assert seen <= set(ids)
    moves = models.history("up@stable")
    assert len(moves) == 18
    assert sorted({move.by for move in moves}) == ["0", "1", "2"]
    assert models.show("up@stable").record.model == moves[-1].model


def moved(log: list[Record], action: str, model: str, by: str = "ann") -> Record:
    """A move of ``up@stable`` by someone who saw this log."""
    state = fold("up", log)
    after = state.last_move("stable")
    return Record(state.last_number + 1, action, "up", model, "stable", "", "", by, "", "", after)


def test_two_rollbacks_at_once_go_back_one_step() -> None:
    log: list[Record] = []
    for model in "abc":
        log.append(moved(log, "promote", model))
    back, again = moved(log, "rollback", "b"), moved(log, "rollback", "b", by="bob")
    assert fold("up", [*log, back]).aliases == {"stable": "b"}
    assert fold("up", [again, *reversed(log), back]).aliases == {"stable": "b"}
    assert fold("up", [*log, again, back]).before("stable") == "a"
    more = [*log, again, back]
    assert fold("up", [*more, moved(more, "promote", "c")]).before("stable") == "b"


@pytest.mark.parametrize("by", range(8))  # who wins is the hash's to say
def test_a_rollback_never_goes_to_a_model_that_lost(by: int) -> None:
    log = [moved([], "promote", "a")]
    log += [moved(log, "promote", "b", by=f"b{by}"), moved(log, "promote", "c", by=f"c{by}")]
    state = fold("up", log)
    assert state.aliases["stable"] in ("b", "c")
    assert state.before("stable") == "a"
    back = [*log, moved(log, "rollback", "a")]
    assert fold("up", back).aliases == {"stable": "a"}
    assert fold("up", back).before("stable") is None


@pytest.mark.parametrize("by", range(8))
def test_a_move_that_came_late_takes_nothing_from_those_that_held(by: int) -> None:
    log = [moved([], "promote", "a")]
    late = moved(log, "promote", "late", by=str(by))
    for model in "bc":
        log.append(moved(log, "promote", model))
    state = fold("up", [*log, late])
    assert (state.aliases, state.before("stable")) == ({"stable": "c"}, "b")


def test_a_record_is_what_its_key_says() -> None:
    one = moved([], "push", "a")
    assert read_record(one.key, one.to_bytes()) == one
    fields = json.loads(one.to_bytes())
    for data in (b"{}", b"[]", b"\xff", json.dumps({**fields, "version": 2}).encode(), one.to_bytes() + b" " * 70_000):
        with pytest.raises(ModelRegistryError, match="no record of a registry"):
            read_record(one.key, data)
    for change, words in (({"note": 5}, "note must be str, was 5"), ({"number": True}, "number must be int, was True")):
        lie = replace(one, **change)
        with pytest.raises(ModelRegistryError, match=words):
            read_record(lie.key, lie.to_bytes())


def test_references() -> None:
    assert Reference.parse("up_1s@stable") == Reference("up_1s", "stable")
    assert Reference.parse("up_1s:3f") == Reference("up_1s", model="3f")
    assert Reference.parse("up_1s") == Reference("up_1s")
