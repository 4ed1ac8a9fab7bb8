from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore import table as tables
from hftcore.errors import EventError, SpecError
from hftcore.table import LabelRule, make_feature_table, read_feature_table, write_feature_table

RULE = LabelRule(horizon=5, deadband_ticks=0.25)


@pytest.fixture(scope="module")
def events() -> hc.Events:
    return hc.generate(seed=3, seconds=60.0, rate=50.0, book_levels=0)


@pytest.fixture(scope="module")
def spec() -> hc.FeatureSpec:
    return hc.FeatureSpec("small", [hc.mid(), hc.spread(), hc.queue_imbalance(), hc.ema("mid_px", period=5)])


def test_a_table_reads_back_as_it_was_written(events: hc.Events, spec: hc.FeatureSpec, tmp_path: Path) -> None:
    made = make_feature_table(events, spec, RULE)
    path = tmp_path / "new" / "table.parquet"
    write_feature_table(made, path)
    found = read_feature_table(path, spec)
    assert [p.name for p in path.parent.iterdir()] == ["table.parquet"]
    assert (found.names, found.about, len(found)) == (made.names, made.about, len(made))
    for name in ("X", "y", "symbol", "ts_event_ns", "session_id", "event_index"):
        np.testing.assert_array_equal(getattr(found, name), getattr(made, name))
    assert sum(found.class_counts().values()) == len(found) > 500


def test_each_row_belongs_to_its_event_and_label(events: hc.Events, spec: hc.FeatureSpec) -> None:
    made = make_feature_table(events, spec, RULE)
    pipeline = hc.FeaturePipeline(spec, events.instruments)
    rows = pipeline.transform(events)[np.searchsorted(pipeline.rows, made.event_index)]
    np.testing.assert_array_equal(made.X, rows)
    np.testing.assert_array_equal(made.ts_event_ns, events.data["ts_event_ns"][made.event_index])
    assert [events.instruments[i].symbol for i in events.data["symbol_id"][made.event_index]] == made.symbol.tolist()


def test_the_size_of_the_parts_changes_no_byte(
    events: hc.Events, spec: hc.FeatureSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_feature_table(events, spec, RULE)
    monkeypatch.setattr(tables, "_CHUNK", 97)
    told: list[tuple[int, int]] = []
    parts = make_feature_table(events, spec, RULE, lambda done, total: told.append((done, total)))
    assert parts.X.tobytes() == whole.X.tobytes()
    assert (parts.y.tolist(), parts.about) == (whole.y.tolist(), whole.about)
    assert told[-1] == (len(events), len(events))


def test_events_without_a_label_are_refused_with_their_number(events: hc.Events, spec: hc.FeatureSpec) -> None:
    with pytest.raises(EventError, match=r"none of \d+ rows can be labelled with a horizon of 1000000 rows"):
        make_feature_table(events, spec, LabelRule(horizon=1_000_000))


def test_a_table_of_another_spec_is_refused(events: hc.Events, spec: hc.FeatureSpec, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    write_feature_table(make_feature_table(events, spec, RULE), path)
    with pytest.raises(SpecError, match="made with spec"):
        read_feature_table(path, hc.FeatureSpec("other", [hc.mid()]))
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    with pytest.raises(SpecError, match="not a feature table"):
        read_feature_table(path, spec)
