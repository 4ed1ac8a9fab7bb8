"""Fixtures shared by all Python tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# One set of examples per code version: a failure seen by one person is seen by all.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def missing(reason: str) -> None:
    """Skip on a laptop; fail where CI promises that everything is there."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real market data, from HFTCORE_DATA."""
    path = Path(os.environ.get("HFTCORE_DATA", ""))
    if not os.environ.get("HFTCORE_DATA") or not path.is_dir():
        missing("HFTCORE_DATA does not name the folder of the real market data")
    return path


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """Root of the checkout."""
    return Path(__file__).resolve().parents[1]
