from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from hftcore import _core, steps
from hftcore.steps import Progress, Steps


class Heard:
    """An announcer that remembers which steps were reused."""

    def __init__(self) -> None:
        self.reused: dict[str, bool] = {}

    def started(self, title: str) -> Progress:
        return lambda done, total: None

    def finished(self, title: str, seconds: float, reused: bool) -> None:
        self.reused[title] = reused


@pytest.fixture
def step(tmp_path: Path) -> Callable[..., bool]:
    """Run one step with a memory read anew and say whether it was reused; it writes a file and a folder of two."""

    def run(value: int = 1, *, fail: bool = False) -> bool:
        heard = Heard()

        def work(progress: Progress) -> None:
            (tmp_path / "folder" / "deep").mkdir(parents=True, exist_ok=True)
            for path in outputs[:1] + [tmp_path / "folder" / "deep" / name for name in ("a", "b")]:
                path.write_text(f"{value}\n")
            if fail:
                raise RuntimeError("half way")

        outputs = [tmp_path / "file", tmp_path / "folder"]
        Steps(tmp_path, heard).run("work", {"value": value}, outputs, work)
        return heard.reused["work"]

    return run


def test_a_step_is_reused_while_nothing_changed(step: Callable[..., bool], tmp_path: Path) -> None:
    assert [step(), step(), step()] == [False, True, True]
    assert (tmp_path / "file").read_text() == "1\n"


def test_a_changed_input_does_the_step_again(step: Callable[..., bool], tmp_path: Path) -> None:
    assert [step(1), step(2), step(2), step(1)] == [False, False, True, False]
    assert (tmp_path / "file").read_text() == "1\n"


@pytest.mark.parametrize("name", ["file", "folder/deep/a"])
@pytest.mark.parametrize("harm", ["delete", "truncate", "same size", "add"])
def test_an_output_that_is_not_what_the_step_left_is_made_anew(
    step: Callable[..., bool], tmp_path: Path, name: str, harm: str
) -> None:
    step()
    path = tmp_path / name
    if harm == "delete":
        path.unlink()
    elif harm == "truncate":
        path.write_text("")
    elif harm == "same size":
        path.write_text("x\n")
        os.utime(path, ns=(1, 1))
    else:
        (tmp_path / "folder" / "stranger").write_text("")
        assert step() is False
        return
    assert step() is False
    assert path.read_text() == "1\n"
    assert step() is True


@pytest.mark.parametrize(
    "memory",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"work": 1}', b'{"work": {}}', b'{"work": {"key": 1, "seconds": "x"}}'],
)
def test_a_memory_that_cannot_be_understood_is_empty(step: Callable[..., bool], tmp_path: Path, memory: bytes) -> None:
    step()
    (tmp_path / ".steps.json").write_bytes(memory)
    assert [step(), step()] == [False, True]


def test_a_memory_of_outputs_by_existence_alone_is_not_believed(step: Callable[..., bool], tmp_path: Path) -> None:
    step()
    memory = json.loads((tmp_path / ".steps.json").read_text())
    del memory["work"]["outputs"]
    (tmp_path / ".steps.json").write_text(json.dumps(memory))
    assert step() is False


def test_a_failing_step_is_not_remembered(step: Callable[..., bool]) -> None:
    step(1)
    with pytest.raises(RuntimeError, match="half way"):
        step(2, fail=True)
    assert [step(2), step(2)] == [False, True]
    with pytest.raises(RuntimeError, match="half way"):
        step(3, fail=True)
    assert step(2) is False  # its outputs were overwritten by the step that failed


def test_a_step_without_outputs_is_always_done(tmp_path: Path) -> None:
    done: list[int] = []
    for _ in range(2):
        Steps(tmp_path, Heard()).run("follow", {}, (), lambda _: done.append(1))
    assert len(done) == 2


def test_the_key_changes_with_the_compiled_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = tmp_path / "elsewhere.so"  # an editable install keeps it outside the package
    found = set()
    for build in (b"one", b"two"):
        core.write_bytes(build)
        monkeypatch.setattr(_core, "__file__", str(core))
        steps.code_fingerprint.cache_clear()
        found.add(steps.code_fingerprint())
    steps.code_fingerprint.cache_clear()
    assert len(found) == 2


def test_library_versions_name_what_is_installed() -> None:
    assert steps.library_versions("numpy", "no-such-library") == {"numpy": version("numpy"), "no-such-library": None}
