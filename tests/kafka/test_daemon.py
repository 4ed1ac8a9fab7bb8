"""The daemon's life: it starts, decides, ends, reloads, guards, refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from itertools import groupby

import numpy as np
import pytest

import hftcore as hc
from hftcore import daemon, ledger
from hftcore.proof import load_settings, prove_shards
from hftcore.proof.chaos.campaign import problem_of
from hftcore.proof.chaos.model import busy_artifact
from hftcore.proof.chaos.round import LIVE
from hftcore.proof.chaos.tape import TapeKind
from hftcore.proof.frames import Kind, sealed, split_journal

PLAIN = TapeKind(3, 5_000, "packed")
STALE = 10  # a decision's refusal


def proven(r, complete=True):
    """The proofs of a round's shards, all of which must hold."""
    settings = load_settings(r.config)
    proofs = prove_shards(settings, settings.partitions, complete=complete)
    assert problem_of(proofs, None) == ""
    return proofs


def check(config):
    return subprocess.run(
        [daemon.daemon_path(), "--config", config, "--check"],
        env=daemon.environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("form", ["packed", "json", "avro"])
def test_it_decides_what_the_replay_decides_and_ends_in_order(make_round, form):
    r = make_round(TapeKind(3, 5_000, form, 2))
    r.start()
    r.feed.start()
    r.drain()
    r.stop()
    proofs = proven(r)
    assert sum(len(proof.outputs[0].records) for proof in proofs) > 50
    assert len(r.files("snapshot-*.hfts")) >= r.tape.kind.n_partitions


def test_an_ordered_end_leaves_nothing_to_replay(make_round):
    r = make_round(PLAIN)
    r.start()
    r.feed.start()
    r.drain()
    r.stop()
    again = r.start()
    replayed = [line["replayed"] for _, line in again.lines if line.get("msg") == "recovered"]
    assert replayed == [0] * r.tape.kind.n_partitions
    r.stop()
    proven(r)


def test_asked_to_end_while_it_recovers_it_does_and_the_next_start_goes_on(make_round):
    r = make_round(PLAIN, {"snapshot": 'interval = "1h"'})  # all of it is replayed
    r.start()
    r.feed.start()
    r.drain()
    r.kill()
    recovering = r.start("during_recovery:300:pause", wait=False)
    recovering.wait_paused()
    os.kill(recovering.pid, signal.SIGTERM)  # seen when it goes on
    recovering.resume()
    assert recovering.wait(10.0) == 0
    assert recovering.said("asked to end before live")
    assert not recovering.when(LIVE)
    r.start()
    r.stop()
    proven(r)


def test_a_daemon_that_comes_late_publishes_the_gap_as_late(make_round):
    r = make_round(PLAIN)
    r.feed.start()
    r.feed.finish()
    r.start()
    r.drain()
    r.stop()
    proofs = proven(r)
    assert all(log.n_late == len(log.records) for proof in proofs for log in proof.outputs)


def test_hang_up_reloads_at_a_recorded_place(make_round):
    r = make_round(PLAIN)
    r.start()
    r.feed.start()
    r.wait_taken(0.3)
    r.write_config(
        strategy='threshold = 0.9\norder_qty = 5\ncooldown = "5ms"\nhold = "400ms"', risk="max_open_positions = 3"
    )
    r.daemon.hang_up()
    r.daemon.wait_for("reloaded")
    r.feed.wait_until(0.7)
    r.kill()  # a change must survive like everything else
    r.start()
    r.drain()
    r.stop()
    for proof in proven(r):
        assert [control.number for control in proof.controls] == [0, 1]
        assert 0 < proof.controls[1].n_inputs < proof.n_inputs
        assert proof.controls[1].strategy["threshold_frac"] == 0.9
        assert proof.controls[1].limits["max_open_positions"] == 3


def test_a_promoted_model_takes_over_and_every_decision_names_its_model(make_round, place, tmp_path):
    first = place.artifact
    other = busy_artifact(tmp_path / "other.hft", seed=20_260_102, compiled=True)  # served by machine code
    models, link = hc.ModelRegistry(tmp_path / "models"), tmp_path / "busy.hft"
    models.push(first, "busy", alias="stable")
    models.push(other, "busy", alias="candidate")
    models.link("busy@stable", link)
    r = make_round(TapeKind(3, 40_000, "packed"), {"model": f'path = "{link}"\nallow_compiled = true'})
    r.start()
    r.feed.start()

    def swap(share, move):
        r.wait_taken(share)
        move()
        n_before = len(r.daemon.when("another model"))
        models.link("busy@stable", link)
        r.daemon.hang_up()
        r.wait_until(lambda: len(r.daemon.when("another model")) > n_before, "a change of model")

    swap(0.1, lambda: models.promote("busy@candidate", "stable"))
    swap(0.35, lambda: models.rollback("busy@stable"))
    r.drain()
    r.kill()  # a restart asks for both models again
    r.start()
    r.stop()
    expected = [first.model_id, other.model_id, first.model_id]
    for proof in proven(r):  # each decision is that of the model then in place, on that event: none was missed
        assert [control.model_id for control in proof.controls] == expected
        assert (
            0 == proof.controls[0].n_inputs < proof.controls[1].n_inputs < proof.controls[2].n_inputs < proof.n_inputs
        )
    settings = load_settings(r.config)
    for shard in settings.partitions:
        decided = ledger.read_journal(settings.journal_path(shard)).decision_models.tolist()
        changes = [model for model, _ in groupby(decided)]
        assert changes == expected


def test_a_bad_reload_changes_nothing(make_round):
    r = make_round(PLAIN)
    r.start()
    r.feed.start()
    r.write_config(strategy="threshold = 7.0")
    r.daemon.hang_up()
    r.wait_until(lambda: r.daemon.said("not reloaded"), "a word about the reload")
    r.write_config()
    r.drain()
    r.stop()
    assert all(len(proof.controls) == 1 for proof in proven(r))


def test_settings_changed_while_nobody_was_there_count_from_the_next_start(make_round):
    r = make_round(PLAIN)
    r.start()
    r.feed.start()
    r.feed.wait_until(0.4)
    r.daemon.stop()
    r.write_config(strategy="threshold = 0.8\norder_qty = 2")
    r.start()
    r.drain()
    r.stop()
    assert all(proof.controls[-1].strategy["threshold_frac"] == 0.8 for proof in proven(r))


def test_nothing_is_opened_on_old_data(make_round):
    r = make_round(
        PLAIN, {"risk": 'max_open_positions = 4\nmax_order_qty = 10\nmax_position_qty = 10\nstale_after = "1s"'}
    )
    r.start()
    r.feed.start()
    r.drain()
    r.stop()
    proofs = proven(r)  # the tape's times are years ago
    assert all(proof.n_stale == proof.n_events for proof in proofs)
    refusals = {message.value[16 + 62] for proof in proofs for message in proof.outputs[0].records}
    assert refusals == {STALE}
    assert not any(proof.outputs[1].records for proof in proofs)


def test_after_a_gap_a_symbol_begins_anew(make_round):
    r = make_round(TapeKind(3, 5_000, "packed", 1, 2, ("gaps", "duplicates")))
    r.start()
    r.feed.start()
    r.drain()
    r.stop()
    proofs = proven(r)
    assert all(proof.n_gaps > 0 and proof.n_left_out > 0 for proof in proofs)


def test_poison_goes_to_the_dead_letters_with_its_place_and_reason(make_round):
    r = make_round(TapeKind(3, 5_000, "json", 1, 2, ("poison",)))
    r.start()
    r.feed.start()
    r.drain()
    r.stop()
    letters = [message for proof in proven(r) for message in proof.outputs[3].records]
    assert len(letters) == r.tape.n_defects + len(r.tape.ends())
    assert all(letter.reason and letter.source.startswith(r.inputs[0]) for letter in letters)


def test_a_journal_that_says_something_else_stops_the_start(make_round):
    r = make_round(PLAIN, {"snapshot": 'interval = "1h"'})
    r.start()
    r.feed.start()
    r.drain()  # what was not published is derived anew, not compared
    r.kill()
    path = load_settings(r.config).journal_path(0)
    data = path.read_bytes()
    journal = split_journal(data)
    n = next(i for i, frame in enumerate(journal.frames) if frame.kind == Kind.DECISION)
    payload = bytearray(journal.frames[n].payload)
    payload[24] ^= 1
    forged = sealed(Kind.DECISION, bytes(payload))
    at = journal.starts[n]
    path.write_bytes(data[:at] + forged + data[at + len(forged) :])
    r.start(wait=False)
    r.ends_with(7)


def test_a_published_decision_that_was_not_ours_stops_the_start(make_round, kafka):
    from confluent_kafka import Producer

    from hftcore.proof.messages import pack_hft

    r = make_round(PLAIN, {"snapshot": 'interval = "1h"'})
    r.start()
    r.feed.start()
    r.drain()
    r.stop()
    for path in r.files("snapshot-*.hfts"):
        path.unlink()
    last = proven(r)[0].outputs[0].messages[-1]
    records = proven(r)[0].outputs[0].records
    producer = Producer({"bootstrap.servers": kafka.bootstrap, "acks": "all"})
    headers = [("hft", pack_hft(len(records), last.fence, last.n_inputs))]
    producer.produce(r.outputs[0], records[-1].value, records[-1].key, partition=0, headers=headers)
    assert producer.flush(30.0) == 0
    r.start(wait=False)
    r.ends_with(7)


def test_check_accepts_a_good_file(make_round):
    r = make_round(PLAIN)
    done = check(r.config)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"strategy": "threshold = 1.7"}, "threshold"),
        ({"risk": "max_open_position = 4"}, "max_open_position"),
        ({"threads": 'wait = "sleep"'}, "wait"),
        ({"snapshot": "keep = 1"}, "keep"),
    ],
)
def test_check_names_file_line_and_what_is_allowed(make_round, sections, words):
    r = make_round(PLAIN)
    path = r.write_config(**sections)
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if text in sections.values())
    done = check(path)
    assert done.returncode == 2
    assert f"{path.name}:{line}" in done.stderr + done.stdout
    assert words in done.stderr + done.stdout


def test_a_daemon_with_a_bad_configuration_or_model_does_not_start(make_round, tmp_path):
    r = make_round(PLAIN)
    r.start(config=r.write_config("bad.toml", strategy="threshold = 0.0"), wait=False)
    r.ends_with(2)
    altered = tmp_path / "altered.hft"
    r.place.artifact.save(tmp_path / "altered").path.rename(altered)
    (altered / "spec.json").write_text((altered / "spec.json").read_text().replace('"period":30', '"period":31'))
    text = r.config.read_text().replace(str(r.place.artifact.path.resolve()), str(altered))
    (r.folder / "altered.toml").write_text(text)
    r.start(config=r.folder / "altered.toml", wait=False)
    r.ends_with(3)


def test_a_second_daemon_on_the_same_state_is_refused(make_round):
    r = make_round(PLAIN)
    first = r.start()
    r.start(wait=False)
    r.ends_with(4)
    assert first.running


def test_the_page_shows_what_was_done(make_round):
    from hftcore.telemetry import read_page

    r = make_round(PLAIN)
    r.start()
    r.feed.start()
    r.drain()
    time.sleep(0.5)
    page = read_page(load_settings(r.config).state_dir.with_suffix(".page"))
    assert page["texts"]["state"] == "live"
    assert page["counters"]["ingest"]["polled"] == len(r.tape.messages)
    assert page["histograms"]["publisher"]["publish"]["count"] > 0
    r.stop()
    n_records = sum(len(log.records) for proof in proven(r) for log in proof.outputs[:3])
    assert page["counters"]["publisher"]["published"] >= n_records


def test_the_bytes_of_a_life_with_kills_are_those_of_one_without(make_round):
    """The same tape twice: one daemon is left alone, one is killed five times."""
    frames = []
    for n_kills in (0, 5):
        r = make_round(PLAIN)
        r.start()
        r.feed.start()
        for fraction in np.linspace(0.1, 0.9, n_kills):
            r.feed.wait_until(float(fraction))
            r.kill()
            r.start()
        r.drain()
        r.stop()
        frames.append([[m.value for m in log.records] for proof in proven(r) for log in proof.outputs[:3]])
    assert frames[0] == frames[1]
