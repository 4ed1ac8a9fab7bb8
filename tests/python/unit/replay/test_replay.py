"""A replay from Python: what it returns, keeps and refuses."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import subprocess
import sys
import threading

import numpy as np
import pytest

import hftcore as hc
from hftcore.errors import JournalError, ModelMismatchError, ParameterError
from hftcore.ledger import decision_id, profit_and_loss, read_journal

LIMITS = hc.RiskLimits(max_open_positions=1, max_order_qty=5, max_position_qty=5, stop_loss_bps=100.0)

UP, DOWN, CALM = (90, 10), (10, 90), (50, 50)


def quotes(*rows):
    """(ms, symbol_id, bid px, pressure) with a spread of one tick."""
    return [(ms, symbol_id, px, pressure[0], px + 1, pressure[1]) for ms, symbol_id, px, pressure in rows]


SCENARIO = quotes(
    (0, 0, 1000, UP),  # buys 5 at 1001
    (1, 1, 2000, UP),  # refused: one position is the limit
    (2, 0, 1010, DOWN),  # sells 5 at 1010
    (3, 1, 2000, DOWN),  # sells 5 at 2000
    (4, 1, 2100, CALM),  # stop: buys 5 at 2101
    (5, 2, 500, UP),  # buys 5 at 501, and holds
    (6, 2, 503, CALM),
)


@pytest.fixture
def replayed(imbalance_artifact, make_tape):
    def run(rows=SCENARIO, **options):
        options.setdefault("strategy", hc.Threshold(0.70, order_qty=5))
        options.setdefault("risk", LIMITS)
        return hc.replay(imbalance_artifact, make_tape(rows), **options)

    return run


def test_decisions_orders_and_fills_come_back_as_arrays_with_symbols(replayed):
    run = replayed(config_epoch=1)
    assert run.fills["px_ticks"].tolist() == [1001, 1010, 2000, 2101, 501]
    assert run.symbols[run.fills["symbol_id"]].tolist() == ["AAA", "AAA", "BBB", "BBB", "CCC"]
    assert run.refusals == {"max_open_positions": 1}
    assert len(run.decisions) == len(run.orders) + 1
    assert decision_id(run.decisions[0]) == "1:3:0:0"
    assert run.decisions["up_frac"][0] == 0.9
    assert np.isnan(run.decisions["up_frac"][run.decisions["reason"] == 3]).all(), "no score took part in a stop"


def test_profit_is_exact_and_the_equity_curve_ends_at_it(replayed):
    run = replayed(execution=hc.SimulatedExchange(fee_per_unit=0.001))
    expected = 5 * 0.09 - 5 * 1.01 + 5 * 0.025 - 25 * 0.001  # 501 against a last mid of 503.5 ticks
    assert run.profit.net == pytest.approx(expected, abs=1e-12)
    assert run.pnl.equity[-1] == pytest.approx(run.profit.net, abs=1e-9)
    assert np.all(np.diff(run.pnl.ts_ns) > 0)
    assert set(run.pnl.by_symbol) == {"AAA", "BBB", "CCC"}


def test_counters_add_up(replayed):
    c = replayed().counters
    assert c["events"] == len(SCENARIO) == c["rows_scored"]
    assert c["decisions"] == c["orders"] + sum(c["refusals"].values())
    assert c["orders"] == c["fills"] + c["orders_unfilled"]
    assert c["stop_losses"] == 1


def test_feed_wait_pace_timing_and_place_of_the_journal_leave_no_trace_in_its_bytes(replayed, tmp_path):
    expected = replayed().journal_sha256
    options = [{"feed": feed} for feed in ("threads", "events", "batch")]
    options += [{"timed": False}, {"wait": "block"}, {"rate_hz": 2_000.0}, {"journal": tmp_path / "a.hftj"}]
    assert {replayed(**option).journal_sha256 for option in options} == {expected}


def test_another_setting_is_another_journal(replayed):
    assert replayed().journal_sha256 != replayed(config_epoch=2).journal_sha256


def test_the_epoch_follows_from_tape_and_settings(replayed):
    def epoch(**options):
        return replayed(**options).settings["config_epoch"]

    assert epoch() == epoch(feed="batch", timed=False)
    others = [{"rows": SCENARIO[:-1]}, {"strategy": hc.Threshold(0.71)}, {"risk": hc.RiskLimits(stop_loss_bps=99.0)}]
    assert len({epoch(), *(epoch(**other) for other in others)}) == 4


def test_latency_is_per_stage_and_absent_when_untimed(replayed):
    latency = replayed().latency
    assert set(latency) == {"decode", "ring", "features", "model", "decision", "risk", "journal", "tick_to_decision"}
    for stage in latency.values():
        assert 0 <= stage["p50"] <= stage["p99"] <= stage["p99_9"] <= stage["max"]
    assert "ring" not in replayed(feed="events").latency
    assert replayed(timed=False).latency == {}


def test_the_summary_is_json(replayed):
    summary = replayed().summary()
    assert json.loads(json.dumps(summary)) == summary
    assert summary["by_symbol"]["AAA"]["n_fills"] == 2
    assert summary["settings"]["risk"]["max_open_positions"] == 1
    assert summary["assumptions"]


def test_a_saved_run_loads_as_it_was(replayed, tmp_path):
    run = replayed()
    loaded = hc.Run.load(run.save(tmp_path / "run"))
    assert loaded.summary() == run.summary()
    np.testing.assert_array_equal(loaded.fills, run.fills)
    np.testing.assert_array_equal(loaded.pnl.by_symbol["BBB"], run.pnl.by_symbol["BBB"])
    assert profit_and_loss(tmp_path / "run" / "journal.hftj").net == run.profit.net


def test_an_altered_or_missing_saved_run_is_a_journal_error(replayed, tmp_path):
    folder = replayed().save(tmp_path / "run")
    with (folder / "journal.hftj").open("ab") as file:
        file.write(b"x")
    with pytest.raises(JournalError, match="expected sha256"):
        hc.Run.load(folder)
    with pytest.raises(JournalError, match="no saved run"):
        hc.Run.load(tmp_path / "nothing")


def test_an_equity_curve_of_another_run_is_refused(replayed, tmp_path):
    folder, other = replayed().save(tmp_path / "run"), replayed(rows=SCENARIO[:-1]).save(tmp_path / "other")
    (folder / "equity.npz").write_bytes((other / "equity.npz").read_bytes())
    with pytest.raises(JournalError, match=r"equity\.npz: expected sha256"):
        hc.Run.load(folder)


@pytest.mark.parametrize("key", ["equity_sha256", "journal_sha256", "latency_ns", "assumptions"])
def test_figures_that_miss_a_key_are_a_journal_error(replayed, tmp_path, key):
    folder = replayed().save(tmp_path / "run")
    figures = json.loads((folder / "run.json").read_text())
    del figures[key]
    (folder / "run.json").write_text(json.dumps(figures))
    with pytest.raises(JournalError, match=f"run.json: {key} is missing"):
        hc.Run.load(folder)


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_damaged_figures_are_a_journal_error(replayed, tmp_path, text):
    folder = replayed().save(tmp_path / "run")
    (folder / "run.json").write_text(text)
    with pytest.raises(JournalError):
        hc.Run.load(folder)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut short"])
def test_an_equity_file_that_is_none_is_a_journal_error_even_with_its_hash(replayed, tmp_path, content):
    folder = replayed().save(tmp_path / "run")
    (folder / "equity.npz").write_bytes(content)
    figures = json.loads((folder / "run.json").read_text())
    figures["equity_sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "run.json").write_text(json.dumps(figures))
    with pytest.raises(JournalError, match=r"equity\.npz: no equity curve"):
        hc.Run.load(folder)


def test_a_journal_file_is_not_replaced_unasked(replayed, tmp_path):
    path = tmp_path / "run.hftj"
    first = replayed(journal=path)
    assert read_journal(path).header["model_id"] == "queue imbalance"
    with pytest.raises(JournalError, match=r"run\.hftj"):
        replayed(journal=path)
    assert replayed(journal=path, overwrite=True).journal_sha256 == first.journal_sha256


def test_a_journal_that_cannot_be_written_is_a_journal_error(replayed, tmp_path):
    with pytest.raises(JournalError):
        replayed(journal=tmp_path / "no such folder" / "run.hftj")
    with pytest.raises(JournalError, match="stopped taking records"):
        replayed(journal="/dev/full", overwrite=True)


def test_progress_ends_at_the_total(replayed):
    seen = []
    replayed(rate_hz=100.0, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(SCENARIO), len(SCENARIO))
    assert seen == sorted(seen)


def test_what_progress_raises_aborts_the_replay(replayed):
    def stop(done, total):
        raise KeyboardInterrupt

    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        replayed(rate_hz=1.0, progress=stop)
    assert threading.active_count() == before


def test_a_model_without_the_classes_that_trade_is_refused(imbalance_artifact, make_tape):
    binary = dataclasses.replace(imbalance_artifact, classes=(0, 1))
    with pytest.raises(ModelMismatchError, match=r"classes \+1 and -1, had \(0, 1\)"):
        hc.replay(binary, make_tape(SCENARIO))


def test_a_model_of_another_width_than_its_spec_is_refused(imbalance_artifact, make_tape):
    features = [{"op": "queue_imbalance"}, {"op": "spread"}]
    wide = dataclasses.replace(
        imbalance_artifact, spec=hc.FeatureSpec.from_dict({"name": "wide", "features": features})
    )
    with pytest.raises(ModelMismatchError, match="takes 1 features, its spec has 2"):
        hc.replay(wide, make_tape(SCENARIO))


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"feed": "pigeon"}, "feed must be one of threads, events, batch, was 'pigeon'"),
        ({"wait": "hope"}, "wait must be one of spin, yield, block, was 'hope'"),
        ({"rate_hz": 0.0}, r"rate_hz must be in .*, was 0\.0"),
        ({"rate_hz": -5.0}, r"rate_hz must be in .*, was -5\.0"),
        ({"rate_hz": float("nan")}, "rate_hz must be in .*, was nan"),
        ({"config_epoch": 2**32}, "config_epoch must be .*, was 4294967296"),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(replayed, option, message):
    with pytest.raises(ParameterError, match=message):
        replayed(**option)


def test_an_empty_tape_gives_an_empty_run(replayed):
    run = replayed(rows=[])
    assert len(run.decisions) == 0
    assert run.profit.net == 0.0
    assert len(run.pnl.ts_ns) == 0


def test_a_record_that_no_decoder_takes_is_counted_and_skipped(imbalance_artifact, make_tape):
    tape = make_tape(SCENARIO)
    data = tape.data.copy()
    data["kind"][1] = 77
    run = hc.replay(
        imbalance_artifact, hc.Events(data, tape.instruments), strategy=hc.Threshold(0.7, order_qty=5), risk=LIMITS
    )
    assert run.counters["bad_records"] == {"unknown kind": 1}
    assert run.counters["events"] == len(SCENARIO) - 1


def test_an_interrupt_ends_the_threads_before_it_is_raised(tmp_path):
    """In a process of its own, as Ctrl-C is: threads that still ran would abort it at exit."""
    script = """
import os, signal, threading
import hftcore as hc
from hftcore import _core
from pathlib import Path

events = hc.generate(seconds=600, rate=2000, book_levels=0)
spec = hc.FeatureSpec("q", [hc.queue_imbalance()])
import lightgbm, numpy as np
X = np.random.default_rng(7).normal(size=(600, 1))
model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1).fit(X, np.arange(600) % 3 - 1)
art = hc.compile_model(model, spec, "up.hft")
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    hc.replay(art, events, rate_hz=20_000.0)
except KeyboardInterrupt:
    print("interrupted")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "interrupted"
