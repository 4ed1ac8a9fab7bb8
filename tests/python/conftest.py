"""Fixtures shared by the tests of the package: a market and a model that a test can dictate."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core

SESSION_OPEN_NS = 1_381_152_600_000_000_000  # 2013-10-07 13:30 UTC
MILLISECOND_NS = 1_000_000

# Scores from the only column, a queue imbalance q: up (1 + q) / 2, down (1 - q) / 2. Bid 90 to ask 10 is 0.9 up.
_IMBALANCE_C = """
#include <stdint.h>
static void add(const double* row, double* m) { m[0] += (1.0 - row[0]) / 2.0; m[2] += (1.0 + row[0]) / 2.0; }
const struct { uint32_t abi, n_features, n_margins, reserved; void (*add_margins)(const double*, double*); }
  hft_forest = {1, 1, 3, 0, add};
"""


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder for this run and its subprocesses: nothing compiled earlier helps, and the user's stays clean."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    with pytest.MonkeyPatch.context() as patch:
        # pyright keeps its program in the cache folder; it is a tool and need not be fetched for each run.
        tools = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        patch.setenv("PYRIGHT_PYTHON_CACHE_DIR", os.environ.get("PYRIGHT_PYTHON_CACHE_DIR", tools))
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@dataclass(frozen=True)
class ImbalanceArtifact:
    """What a replay needs of an artefact, without training one."""

    spec: hc.FeatureSpec
    model: Any
    classes: tuple[int, ...] = (-1, 0, 1)
    model_id: str = "queue imbalance"

    def _native(self) -> Any:
        return self.model


@pytest.fixture(scope="session")
def imbalance_artifact(tmp_path_factory: pytest.TempPathFactory) -> ImbalanceArtifact:
    """A model of one feature, so that each quote of a tape says what shall happen. Session 13:30 to 20:00 UTC."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        if os.environ.get("CI"):
            pytest.fail("a C compiler must be installed in CI")
        pytest.skip("no C compiler on this host")
    folder: Path = tmp_path_factory.mktemp("imbalance")
    (folder / "model.c").write_text(_IMBALANCE_C)
    library = folder / "model.so"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, folder / "model.c"], check=True)
    features = [{"op": "queue_imbalance"}]
    session = {"open": "13:30:00", "close": "20:00:00"}
    spec = hc.FeatureSpec.from_dict({"name": "imbalance", "features": features, "session": session})
    return ImbalanceArtifact(spec, _core.model.ForestModel.from_library(str(library), 1, 3, "identity"))


_PAYLOAD = ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")
Quote = tuple[int, int, int, int, int, int]  # ms after the open, symbol_id, bid px, bid qty, ask px, ask qty


@pytest.fixture(scope="session")
def make_tape() -> Callable[[Iterable[Quote]], hc.Events]:
    """Quotes of three symbols at 0.01 a tick, from rows (ms after the open, symbol_id, bid, bid qty, ask, ask qty)."""

    def make(rows: Iterable[Quote]) -> hc.Events:
        table = list(rows)
        data = np.zeros(len(table), dtype=hc.EVENT_DTYPE)
        for i, (ms, symbol_id, *quote) in enumerate(table):
            data["ts_event_ns"][i] = data["ts_recv_ns"][i] = SESSION_OPEN_NS + ms * MILLISECOND_NS
            data["symbol_id"][i] = symbol_id
            for name, value in zip(_PAYLOAD, quote, strict=True):
                data[name][i] = value
        data["source_seq"] = np.arange(len(table)) + (3 << 48)
        data["kind"] = _core.event.KIND_QUOTE
        return hc.Events(data, [hc.Instrument(symbol) for symbol in ("AAA", "BBB", "CCC")], "hand-made tape")

    return make
