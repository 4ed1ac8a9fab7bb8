"""The job: two days of a continuous spec, the second from where the first ended."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import EventError

hs = pytest.importorskip("hftcore.spark", exc_type=ImportError)

JOB = Path(__file__).parents[2] / "spark" / "features_of_a_day.py"


def test_two_days_one_after_the_other(
    spark: Any, busy_events: Callable[..., hc.Events], wide_spec: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tape, spec = busy_events(n_symbols=2, seconds=2.0, sessions=2), wide_spec("continuous")
    wanted = hc.FeaturePipeline(spec, tape.instruments).transform(tape)
    day = tape.data["ts_event_ns"] // 86_400_000_000_000
    spec.save(tmp_path / "spec.toml")
    found = []
    for number in (0, 1):
        folder = tmp_path / f"events{number}"
        folder.mkdir()
        pq.write_table(tape[day == day[0] + number].to_arrow(), folder / "0.parquet")
        out = tmp_path / f"features{number}"
        arguments = ["--events", str(folder), "--spec", str(tmp_path / "spec.toml"), "--out", str(out), "--balance"]
        state = ["--state", str(tmp_path / "features0"), "--order", "ts_event_ns", "source_seq"] if number else []
        monkeypatch.setattr(sys, "argv", ["job", *arguments, *state])
        runpy.run_path(str(JOB), run_name="__main__")
        rows = pq.read_table(out / "part=rows").sort_by("source_seq")
        found.append(np.column_stack([rows[name].to_numpy() for name in spec.names]))
    assert np.concatenate(found).tobytes() == wanted.tobytes()


def test_files_without_instruments_are_named(tmp_path: Path) -> None:
    import pyarrow as pa

    with pytest.raises(EventError, match="holds no Parquet file"):
        hs.read_instruments(tmp_path)
    pq.write_table(pa.table({"x": [1]}), tmp_path / "other.parquet")
    with pytest.raises(EventError, match=r"other.parquet: carries no instruments"):
        hs.read_instruments(tmp_path)
