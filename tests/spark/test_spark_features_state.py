"""Days one after the other, each from where the last one ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import SpecError

hs = pytest.importorskip("hftcore.spark", exc_type=ImportError)


@pytest.fixture(scope="module")
def days(busy_events: Callable[..., hc.Events]) -> list[hc.Events]:
    """Three days; the last symbol has no event on the second."""
    tape = busy_events(n_symbols=3, seconds=1.0, sessions=3)
    day = tape.data["ts_event_ns"] // 86_400_000_000_000
    absent = (day == day[0] + 1) & (tape.data["symbol_id"] == 2)
    return [tape[(day == day[0] + i) & ~absent] for i in range(3)]


@pytest.mark.parametrize("form", ["arrow", "pandas"])
def test_continuous_days_chained_by_state_are_one_tape(
    days: list[hc.Events], as_frame: Any, wide_spec: Any, form: str, tmp_path: Path
) -> None:
    spec = wide_spec("continuous")
    instruments, pipeline = days[0].instruments, hc.FeaturePipeline(spec, days[0].instruments)
    state = None
    for number, day in enumerate(days):
        options: dict[str, Any] = {"instruments": instruments, "form": form, "n_partitions": number + 1}
        rows = hs.features(as_frame(day), spec, state=state, with_state=True, **options)
        hs.write_features(rows, str(tmp_path / f"day{number}"))
        written = rows.sparkSession.read.parquet(str(tmp_path / f"day{number}"))
        assert sorted(row["part"] for row in written.select("part").distinct().collect()) == ["rows", "state"]
        wanted = pipeline.transform(day)
        found = hs.feature_rows(written).toArrow().sort_by("source_seq")
        matrix = np.column_stack([found[name].to_numpy() for name in spec.names])
        assert matrix.tobytes() == wanted.tobytes()
        state = hs.end_state(written)
        assert sorted(row["symbol"] for row in state.collect()) == ["S0", "S1", "S2"]


def test_a_state_is_a_snapshot_of_its_symbols_pipeline(
    spark: Any, days: list[hc.Events], as_frame: Any, wide_spec: Any
) -> None:
    spec = wide_spec("continuous")
    rows = hs.features(as_frame(days[0]), spec, instruments=days[0].instruments, with_state=True)
    blobs = {row["symbol"]: bytes(row["state"]) for row in hs.end_state(rows).collect()}
    instrument = days[0].instruments[0]
    own = [hc.Events(d.select(instrument.symbol).data, [instrument]) for d in days[:2]]
    here = hc.FeaturePipeline(spec, [instrument])
    here.transform(own[0])
    resumed = hc.FeaturePipeline.restore(spec, blobs[instrument.symbol])
    assert resumed.transform(own[1]).tobytes() == here.transform(own[1]).tobytes()

    def resume(state: list[tuple[str, bytes]], **options: Any) -> None:
        given = spark.createDataFrame(state, "symbol string, state binary")
        with hs.worker_errors():
            hs.features(as_frame(days[1]), spec, **{"instruments": days[0].instruments} | options, state=given).count()

    with pytest.raises(SpecError, match=r"^S0: state: the state is of another instrument: S1"):
        resume([("S0", blobs["S1"])])
    with pytest.raises(SpecError, match=r"^S0: state: a second state for it"):
        resume([("S0", blobs["S0"])] * 2, n_partitions=1)
    with pytest.raises(SpecError, match=r"^S9: state: no instrument has this symbol"):
        resume([("S9", blobs["S1"])])
    with pytest.raises(SpecError, match=r"^S1: state: "):
        resume([("S1", blobs["S1"][:-3] + b"abc")])
