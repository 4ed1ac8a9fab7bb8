"""Which librdkafka is taken."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from hftcore import _core
from hftcore.errors import MissingExtraError
from hftcore.kafka import librdkafka_path


def found_at(origin: Path | None) -> object:
    spec = None if origin is None else ModuleSpec("confluent_kafka", None, origin=str(origin))
    return lambda name: spec


def test_the_wheels_library_is_found_and_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("confluent_kafka")
    monkeypatch.delenv("HFTCORE_LIBRDKAFKA", raising=False)
    path = librdkafka_path()
    assert Path(path).is_file()
    assert _core.kafka.library_version(path) >= "2.16"


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HFTCORE_LIBRDKAFKA", "/opt/librdkafka.so")
    assert librdkafka_path() == "/opt/librdkafka.so"


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HFTCORE_LIBRDKAFKA", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", found_at(None))
    with pytest.raises(MissingExtraError, match=r"pip install 'hftcore\[kafka\]'"):
        librdkafka_path()


def test_a_client_built_on_this_machine_means_the_systems_library(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HFTCORE_LIBRDKAFKA", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", found_at(tmp_path / "confluent_kafka" / "__init__.py"))
    assert librdkafka_path() == "librdkafka.so.1"


def test_a_library_that_cannot_be_loaded_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"/no/such/lib\.so \(the path given\) cannot be loaded"):
        _core.kafka.library_version("/no/such/lib.so")
