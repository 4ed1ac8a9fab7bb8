"""``hftcore top``: one table per daemon, with or without a terminal."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from hftcore import _core
from hftcore.cli import app, top
from hftcore.cli.page_view import page_view
from hftcore.errors import TelemetryError
from hftcore.telemetry import PageReader, page_path


def write_page(path: Path, name: str = "demo") -> Any:
    writer = _core.telemetry.PageWriter(
        path,
        name=name,
        writer="hftcored 1.2.3",
        counters={"ingest": ["polled", "polled_bytes", "poison"], "hot": ["decisions"]},
        gauges={
            "lane.ticks/0": ["offset", "lag_messages"],
            "lane.ticks/1": ["offset", "lag_messages"],
            "ring.events": ["fill", "capacity"],
            "shard.0": ["fence_epoch", "snapshot_unix_ns", "snapshot_bytes", "snapshot_took_ns"],
        },
        histograms={"ingest": ["decode"], "stages": ["tick_to_decision", "decode", "ring"], "acks": ["ack"]},
        texts=["state", "model_id", "last_error"],
    )
    writer.set_text("state", "live")
    writer.set_text("model_id", "up-2")
    writer.record("stages", "ring", np.array([100, 250, 2_500]))
    writer.record("ingest", "decode", np.array([60]))
    writer.record("stages", "tick_to_decision", np.full(100, 2_600))
    writer.add("ingest", "polled", 12_345)
    writer.add("ingest", "polled_bytes", 3 << 20)
    writer.set_gauge("lane.ticks/1", "lag_messages", 17)
    writer.set_gauge("ring.events", "fill", 600)
    writer.set_gauge("ring.events", "capacity", 1_000)
    writer.set_gauge("shard.0", "snapshot_bytes", 5 << 20)
    writer.set_gauge("shard.0", "snapshot_took_ns", 31_000_000)
    return writer


def shown(path: Path, width: int = 160) -> str:
    console = Console(width=width)
    with console.capture() as held:
        console.print(page_view({"interval": None, **PageReader(path).read()}, width))
    return held.get()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return page_path("demo", tmp_path)


def test_once_prints_every_part(path: Path) -> None:
    writer = write_page(path)
    result = CliRunner().invoke(app, ["top", "--once", "--page", str(path)])
    assert result.exit_code == 0, result.output
    text = result.output
    for part in (
        "demo  live",
        "up-2",
        "hftcored 1.2.3",
        "since the start",
        "polled 12,345",
        "3.0 MiB",
        "31.0",
        "60",
        "never",
    ):
        assert part in text.replace("\N{NO-BREAK SPACE}", " "), part
    firsts = [line.split()[0] for line in text.splitlines() if line.split()]
    assert [first for first in firsts if first in ("decode", "ring", "ack", "tick")][:4] == [
        "decode",
        "ring",
        "ack",
        "tick",
    ]
    writer.close()


def test_json_is_the_page_itself(path: Path) -> None:
    writer = write_page(path)
    result = CliRunner().invoke(app, ["top", "--once", "--json", "--page", str(path)])
    (page,) = json.loads(result.output)
    assert page["path"] == str(path)
    assert page["counters"]["ingest"]["polled"] == 12_345
    assert page["histograms"]["stages"]["ring"]["max_ns"] == 2_500
    writer.close()


def test_json_without_once_is_a_line_per_look(path: Path) -> None:
    writer = write_page(path)
    command = [sys.executable, "-m", "hftcore", "top", "--json", "--interval", "60ms", "--page", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        looks = []
        for _ in range(2):
            writer.add("hot", "decisions", 4)
            looks.append(json.loads(running.stdout.readline())[0])
        running.terminate()
    assert looks[1]["interval"]["duration_ns"] >= 50_000_000
    assert looks[1]["pid"] == looks[0]["pid"]
    writer.close()


def test_all_daemons_of_the_host_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writers = [write_page(page_path(name, tmp_path), name) for name in ("alpha", "beta")]
    page_path("gamma", tmp_path).write_bytes(b"from another time" * 100)
    monkeypatch.setattr(top, "page_paths", lambda: sorted(tmp_path.glob("hftcored-*.page")))
    monkeypatch.setattr(top.output, "width", 400)  # no line is wrapped, however long the folder's name
    result = CliRunner().invoke(app, ["top", "--once"])
    assert result.exit_code == 0
    assert "alpha  live" in result.output
    assert "beta  live" in result.output
    assert "hftcored-gamma.page" in result.output
    assert "is no telemetry page" in result.output
    for writer in writers:
        writer.close()


def test_no_daemon_is_said_and_not_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(top, "page_paths", list)
    with pytest.raises(TelemetryError, match="no telemetry page in /dev/shm"):
        CliRunner().invoke(app, ["top", "--once"], catch_exceptions=False)
    done = subprocess.run(
        [sys.executable, "-m", "hftcore", "top", "--name", "nobody-has-this-name"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "hftcored-nobody-has-this-name.page" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", [["--page", "x", "--name", "y"], ["--interval", "1ms"], ["--interval", "soon"]])
def test_options_that_contradict_are_refused(options: list[str]) -> None:
    assert CliRunner().invoke(app, ["top", "--once", *options]).exit_code != 0


def test_a_dead_or_silent_daemon_is_said_so(path: Path) -> None:
    writer = write_page(path)
    writer.set_text("last_error", "broker 2: [timed out]")
    assert "up" in shown(path).splitlines()[0]
    writer.close()
    text = shown(path)
    assert "the process is gone" in text.splitlines()[0]
    assert "last error: broker 2: [timed out]" in text.splitlines()[1]


def test_a_stage_that_two_threads_time_is_shown_for_each(path: Path) -> None:
    writer = write_page(path)
    assert "decode (" not in shown(path)
    writer.record("stages", "decode", np.array([70]))
    text = shown(path)
    assert "decode (ingest)" in text
    assert "decode (stages)" in text
    writer.close()


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_it_fits_the_terminal(path: Path, width: int) -> None:
    writer = write_page(path)
    text = shown(path, width)
    assert max(map(len, text.splitlines())) <= width
    assert ("10 ns" in text) == (width >= 100), "the bars go first"
    writer.close()


def test_times_are_ages_and_zero_is_never(path: Path) -> None:
    writer = write_page(path)
    assert "never" in shown(path)
    writer.set_gauge("shard.0", "snapshot_unix_ns", time.time_ns() - 4_200_000_000)
    assert "4.2 s ago" in shown(path).replace("\N{NO-BREAK SPACE}", " ")
    writer.close()
