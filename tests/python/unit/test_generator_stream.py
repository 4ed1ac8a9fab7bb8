"""Writing the generator's events to files, descriptors and pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import hftcore as hc
from hftcore.generator import write_stream

SMALL = {"seed": 5, "seconds": 1.0, "rate": 5_000.0}


def test_a_packed_file_holds_what_generate_returns(tmp_path: Path) -> None:
    path = tmp_path / "day.hft"
    n_events = write_stream(path, "packed", **SMALL)
    events = hc.Events.from_packed(path)
    assert len(events) == n_events
    assert events.data.tobytes() == hc.generate(**SMALL).data.tobytes()


@pytest.mark.parametrize("form", ["packed", "json", "avro"])
def test_path_descriptor_and_file_object_get_the_same_bytes(tmp_path: Path, form: str) -> None:
    write_stream(str(tmp_path / "a"), form, **SMALL)
    descriptor = os.open(tmp_path / "b", os.O_WRONLY | os.O_CREAT)
    write_stream(descriptor, form, **SMALL)
    os.close(descriptor)
    with (tmp_path / "c").open("wb") as file:
        write_stream(file, form, **SMALL)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_a_closed_pipe_ends_the_stream_quietly() -> None:
    code = "from hftcore.generator import write_stream; write_stream('-', 'json', seconds=3600)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        first = child.stdout.readline()
        child.stdout.close()
        complaint = child.stderr.read()
        assert child.wait(timeout=60) == 0, complaint.decode()
    assert json.loads(first)["symbol"] == "AAA"
    assert complaint == b""


def test_pacing_spreads_the_events_over_the_wall_clock() -> None:
    reading, writing = os.pipe()
    drained = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reading, 1 << 16), b"")])
    drained.start()
    start = time.perf_counter()
    n_events = write_stream(writing, "packed", seconds=0.5, rate=4_000.0, paced=True)
    took = time.perf_counter() - start
    os.close(writing)
    drained.join()
    os.close(reading)
    due = (n_events - 1) / 4_000.0
    assert due - 0.001 <= took <= due + 1.0


def test_progress_ends_at_the_number_of_events(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    n_events = write_stream(tmp_path / "out", progress=lambda done, total: calls.append((done, total)), **SMALL)
    assert calls[-1][0] == n_events
    assert all(done <= total for done, total in calls)


def test_what_progress_raises_stops_the_stream(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_stream(tmp_path / "out", seconds=60.0, progress=stop)


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(hc.errors.EventError, match="format must be packed, json or avro, was 'csv'"):
        write_stream(tmp_path / "out", "csv", **SMALL)


def test_a_full_disk_is_an_os_error() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError, match="No space left"):
        write_stream("/dev/full", **SMALL)
