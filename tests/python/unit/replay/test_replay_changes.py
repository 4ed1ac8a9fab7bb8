"""Settings and model change at a record of the tape, as if the engine had been told between two events."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import ModelMismatchError, ParameterError

WIDE = hc.RiskLimits(max_open_positions=3, max_order_qty=50, max_position_qty=50, stop_loss_bps=0.0)
NARROW = replace(WIDE, max_open_positions=1)
SMALL, LARGE = hc.Threshold(0.8, order_qty=2), hc.Threshold(0.8, order_qty=9)
# Up, then down, symbol after symbol: each pair opens a position and closes it.
ROWS = [(i, i // 2 % 3, 1_000, 90 - 80 * (i % 2), 1_001, 10 + 80 * (i % 2)) for i in range(60)]


@pytest.fixture
def replayed(imbalance_artifact, make_tape):
    def replayed(rows=ROWS, strategy=SMALL, **options) -> hc.Run:
        return hc.replay(imbalance_artifact, make_tape(rows), strategy=strategy, risk=WIDE, config_epoch=1, **options)

    return replayed


@pytest.mark.parametrize("feed", ["threads", "events", "batch"])
def test_a_change_cuts_the_run_in_two(replayed, feed):
    cut = 24  # everything is flat here
    run = replayed(changes=[hc.SettingsChange(cut, LARGE, WIDE)], feed=feed)
    before, after = replayed(), replayed(strategy=LARGE)
    first = before.decisions["source_seq"] - (3 << 48) < cut
    rest = after.decisions["source_seq"] - (3 << 48) >= cut
    assert first.any()
    assert rest.any()
    assert run.decisions.tolist() == before.decisions[first].tolist() + after.decisions[rest].tolist()


def test_a_change_at_the_beginning_is_another_configuration(replayed):
    changed, other = replayed(changes=[hc.SettingsChange(0, LARGE, WIDE)]), replayed(strategy=LARGE)
    assert changed.decisions.tolist() == other.decisions.tolist()
    assert changed.fills.tolist() == other.fills.tolist()


def test_a_change_behind_the_end_changes_nothing_but_the_header(replayed):
    changed, plain = replayed(changes=[hc.SettingsChange(len(ROWS), LARGE, NARROW)]), replayed()
    assert changed.decisions.tolist() == plain.decisions.tolist()
    assert changed.journal.header["changes"][0]["n_records_before"] == len(ROWS)
    assert "changes" not in plain.journal.header


def test_what_is_open_counts_against_new_limits_and_stays(replayed):
    rows = [(0, 0, 1_000, 90, 1_001, 10), (1, 1, 1_000, 90, 1_001, 10), (2, 0, 1_000, 10, 1_001, 90)]
    run = replayed(rows, changes=[hc.SettingsChange(1, SMALL, NARROW)])
    assert run.refusals == {"max_open_positions": 1}
    assert run.fills["side"].tolist() == [1, 2]


def test_another_model_scores_from_its_record_on(replayed, imbalance_artifact):
    same = replayed(changes=[hc.SettingsChange(24, SMALL, WIDE, imbalance_artifact)])
    assert same.decisions.tolist() == replayed().decisions.tolist()
    assert same.journal.header["changes"][0]["model_id"] == imbalance_artifact.model_id


@pytest.mark.parametrize("feed", ["threads", "events", "batch"])
def test_decisions_carry_the_model_that_was_in_place(imbalance_artifact, replayed, feed, tmp_path):
    other = replace(imbalance_artifact, model_id="b" * 64)
    changes = [
        hc.SettingsChange(12, LARGE, WIDE),
        hc.SettingsChange(24, SMALL, WIDE, other),
        hc.SettingsChange(40, SMALL, WIDE, imbalance_artifact),
        hc.SettingsChange(len(ROWS), SMALL, WIDE, other),
    ]
    run = replayed(changes=changes, feed=feed)
    records = run.decisions["source_seq"] - (3 << 48)
    expected = np.where((records >= 24) & (records < 40), other.model_id, imbalance_artifact.model_id)
    assert len(set(expected)) == 2
    assert run.decision_models.tolist() == expected.tolist()
    assert run.counters["rows_scored"] == replayed().counters["rows_scored"], "no event was missed"
    hc.ledger.write_sqlite(run.journal, tmp_path / "ledger.db")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as db:
        stored = db.execute("SELECT model_id FROM decisions ORDER BY source_offset, ordinal").fetchall()
    assert [model for (model,) in stored] == expected.tolist()


def test_flags_of_the_tape_reach_the_engine(imbalance_artifact, make_tape):
    events = make_tape(ROWS)
    data = events.data.copy()
    data["flags"][[2, 4, 5]] = hc.Flag.STALE, hc.Flag.GAP_BEFORE, hc.Flag.SEQUENCE_RESET
    run = hc.replay(imbalance_artifact, hc.Events(data, events.instruments, "tape"), strategy=SMALL, risk=WIDE)
    assert run.refusals == {"stale": 1}
    assert (run.counters["stale"], run.counters["gaps"]) == (1, 2)


def test_a_control_event_kills_and_resumes(imbalance_artifact, make_tape):
    events = make_tape(ROWS[:10])
    data = events.data.copy()
    for i, code in ((0, 1), (3, 2), (5, 7)):
        data["kind"][i] = hc.EventKind.CONTROL
        for name, value in zip(
            ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots"), (code, 0, 0, 0), strict=True
        ):
            data[name][i] = value
    run = hc.replay(imbalance_artifact, hc.Events(data, events.instruments, "tape"), strategy=SMALL, risk=WIDE)
    assert run.counters["controls"] == {"kill": 1, "resume": 1, "unknown": 1}
    assert run.refusals["killed"] > 0
    assert len(run.orders) > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([(5, SMALL), (4, SMALL)], r"changes\[1\] comes at record 4, before the change ahead of it \(5\)"),
        ([(-1, SMALL)], "n_records_before must be >= 0, was -1"),
    ],
)
def test_refuses_changes_out_of_order(replayed, changes, message):
    with pytest.raises(ParameterError, match=message):
        replayed(changes=[hc.SettingsChange(n, strategy, WIDE) for n, strategy in changes])


def test_refuses_a_model_of_another_spec_or_classes(replayed, imbalance_artifact):
    spec = hc.FeatureSpec.from_dict({"name": "other", "features": [{"op": "mid"}]})
    with pytest.raises(ModelMismatchError, match="its model must be of spec"):
        replayed(changes=[hc.SettingsChange(1, SMALL, WIDE, replace(imbalance_artifact, spec=spec))])


def test_every_feed_gives_the_same_bytes(replayed):
    changes = [hc.SettingsChange(n, (SMALL, LARGE)[n % 2], (WIDE, NARROW)[n // 2 % 2]) for n in range(0, 60, 7)]
    journals = {replayed(changes=changes, feed=feed).journal_bytes for feed in ("threads", "events", "batch")}
    assert len(journals) == 1
    assert np.frombuffer(journals.pop(), np.uint8).size > 0
