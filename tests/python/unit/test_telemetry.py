"""Telemetry pages: what a writer sets is what a reader sees, also in between, also when the writer is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftcore import _core
from hftcore.errors import HftError, TelemetryError
from hftcore.telemetry import FAULT_POINTS, PageReader, page_path, page_paths, read_page


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return page_path("demo", tmp_path)


def write_page(path: Path) -> Any:
    return _core.telemetry.PageWriter(
        path,
        name="demo",
        writer="test 1.0",
        counters={"ingest": ["polled", "poison"], "hot": ["events"]},
        gauges={"lane.ticks/0": ["lag_messages"]},
        histograms={"stages": ["ring", "model"]},
        texts=["state", "last_error"],
    )


def test_a_reader_sees_what_the_writer_set(path: Path) -> None:
    writer = write_page(path)
    writer.add("ingest", "polled", 5)
    writer.set_gauge("lane.ticks/0", "lag_messages", -2)
    writer.set_text("state", "live: 5 \N{EURO SIGN}")
    page = read_page(path)
    assert page["name"] == "demo"
    assert page["writer"] == "test 1.0"
    assert page["writer_state"] == "alive"
    assert page["beat_age_ns"] < _core.telemetry.SILENT_NS
    assert page["counters"] == {"ingest": {"polled": 5, "poison": 0}, "hot": {"events": 0}}
    assert list(page["counters"]) == ["ingest", "hot"], "in the order of the page"
    assert page["gauges"] == {"lane.ticks/0": {"lag_messages": -2}}
    assert page["texts"] == {"state": "live: 5 \N{EURO SIGN}", "last_error": ""}
    assert page["histograms"]["stages"]["ring"]["count"] == 0
    json.dumps(page, allow_nan=False)


def test_percentiles_are_the_sorted_ones_within_their_error(path: Path) -> None:
    writer = write_page(path)
    values = np.random.default_rng(3).lognormal(8.0, 1.0, 50_000).astype(np.int64)
    writer.record("stages", "model", values)
    found = read_page(path)["histograms"]["stages"]["model"]
    assert found["count"] == len(values)
    assert found["max_ns"] == values.max()
    assert found["min_ns"] == values.min()
    assert found["mean_ns"] == pytest.approx(values.mean(), rel=1e-12)
    for key, per_mille in (("p50_ns", 500), ("p90_ns", 900), ("p99_ns", 990), ("p99_9_ns", 999)):
        exact = np.sort(values)[len(values) * per_mille // 1000 - 1]
        assert exact <= found[key] <= exact * (1 + 1 / 128)


def test_an_interval_holds_only_what_happened_in_it(path: Path) -> None:
    writer = write_page(path)
    writer.add("hot", "events", 100)
    writer.record("stages", "ring", np.full(1_000, 1_000_000))
    reader = PageReader(path)
    assert reader.read()["interval"] is None
    writer.add("hot", "events", 7)
    writer.record("stages", "ring", np.full(10, 50))
    page = reader.read()
    assert page["counters"]["hot"]["events"] == 107
    assert page["interval"]["counters"]["hot"]["events"] == 7
    assert page["interval"]["duration_ns"] > 0
    assert page["interval"]["histograms"]["stages"]["ring"]["count"] == 10
    assert page["interval"]["histograms"]["stages"]["ring"]["max_ns"] == 50
    assert page["histograms"]["stages"]["ring"]["p50_ns"] == 1_000_000
    assert reader.read()["interval"]["histograms"]["stages"]["ring"]["count"] == 0


def test_a_new_run_under_the_name_starts_over(path: Path) -> None:
    first = write_page(path)
    first.add("hot", "events", 100)
    reader = PageReader(path)
    reader.read()
    first.close()
    assert reader.read()["writer_state"] == "gone"
    second = write_page(path)
    second.add("hot", "events", 3)
    page = reader.read()
    assert page["writer_state"] == "alive"
    assert page["interval"]["counters"]["hot"]["events"] == 3
    with pytest.raises(RuntimeError, match="the page is closed"):
        first.add("hot", "events", 1)


def test_a_killed_writer_is_gone(path: Path) -> None:
    code = (
        "import os, sys; from hftcore import _core;"
        "w = _core.telemetry.PageWriter(sys.argv[1], name='x', writer='y', counters={'a': ['b']}); w.add('a', 'b', 9);"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, path], check=False)
    page = read_page(path)
    assert page["writer_state"] == "gone"
    assert page["counters"] == {"a": {"b": 9}}


def test_a_second_writer_is_refused_while_the_first_lives(path: Path) -> None:
    writer = write_page(path)
    with pytest.raises(_core.telemetry.PageError, match="belongs to a process that runs"):
        write_page(path)
    writer.close()
    write_page(path)


def test_what_is_no_page_is_refused_by_name(path: Path) -> None:
    with pytest.raises(TelemetryError, match="cannot be read: No such file"):
        read_page(path)
    path.write_bytes(b"x" * 4096)
    with pytest.raises(TelemetryError, match=r'demo\.page: is no telemetry page: must begin with "HFTPAGE1"'):
        PageReader(path)
    write_page(path)  # nobody holds the other file
    page = bytearray(path.read_bytes())
    page[8] = 9
    path.write_bytes(page)
    with pytest.raises(TelemetryError, match=r"page of version 9, written by test 1\.0; this program reads version 1"):
        read_page(path)
    assert issubclass(TelemetryError, HftError)


def test_pages_are_found_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        write_page(page_path(name, tmp_path))
    (tmp_path / "other.page").touch()
    assert [found.name for found in page_paths(tmp_path)] == ["hftcored-a.page", "hftcored-b.page"]


def test_the_places_to_crash_at_have_names() -> None:
    assert FAULT_POINTS[0] == "after_poll"
    assert len(set(FAULT_POINTS)) == len(FAULT_POINTS) == 9
