"""Control frames: read with their place among the decisions, followed into the database; output frames are refused."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path

import numpy as np
import pytest

from hftcore import _core, ledger
from hftcore.errors import JournalError

CONTROL, LEASE, INPUT_ORDER = 7, 8, 9
SET = {"settings": {"threshold_frac": 0.8}}
SWAP = {"model": "up-2"}


@pytest.fixture
def with_controls(format_writer, journal_of):
    """A journal of three decisions, each followed by a control frame as long as there are any."""

    def make(*values: dict) -> Path:
        parts = [format_writer.run_bytes()]
        for i, record in enumerate(np.split(format_writer.sample(3)["decisions"], 3)):
            parts.append(format_writer.record_frames(record).tobytes())
            parts += [format_writer.text_frame(CONTROL, value) for value in values[i : i + 1]]
        return journal_of(b"".join(parts))

    return make


def test_a_control_frame_knows_how_many_decisions_came_before(with_controls):
    journal = ledger.read_journal(with_controls(SET, SWAP))
    assert [(each.n_decisions_before, each.value) for each in journal.controls] == [(1, SET), (2, SWAP)]
    assert len(journal.decisions) == 3


def test_they_are_followed_into_the_database_once(with_controls, tmp_path):
    db = tmp_path / "ledger.db"
    assert ledger.write_sqlite(with_controls(SET), db).controls == 1
    assert ledger.write_sqlite(with_controls(SET, SWAP), db).controls == 1
    assert ledger.write_sqlite(with_controls(SET, SWAP), db).controls == 0
    with sqlite3.connect(db) as connection:
        rows = connection.execute("SELECT place, n_decisions_before, control_json FROM controls").fetchall()
    assert rows == [(0, 1, '{"settings":{"threshold_frac":0.8}}'), (1, 2, '{"model":"up-2"}')]


def test_another_control_at_the_same_place_is_an_error(with_controls, tmp_path):
    db = tmp_path / "ledger.db"
    ledger.write_sqlite(with_controls(SET), db)
    with pytest.raises(JournalError, match=r"control frame 0 is stored as .*0.8.* the journal has .*up-2"):
        ledger.write_sqlite(with_controls(SWAP), db)


@pytest.mark.parametrize("kind", [LEASE, INPUT_ORDER])
def test_frames_of_output_topics_are_refused_in_a_journal(format_writer, journal_of, kind):
    frame = format_writer.frames(kind, np.zeros((1, 32), np.uint8)).tobytes()
    with pytest.raises(JournalError, match=f"frame of kind {kind}: belongs into an output topic, not into a journal"):
        ledger.read_journal(journal_of(format_writer.run_bytes() + frame))


def test_a_control_that_is_no_object_is_an_error(format_writer, journal_of):
    with pytest.raises(JournalError, match="control frame: expected a JSON object, found list"):
        ledger.read_journal(journal_of(format_writer.run_bytes() + format_writer.text_frame(CONTROL, [1])))


def test_an_output_message_is_one_frame(format_writer):
    lease = struct.pack("<IIQ16s", 3, 0, 0, b"writer")
    message = format_writer.frames(LEASE, np.frombuffer(lease, np.uint8).reshape(1, -1)).tobytes()
    assert _core.ledger.parse_frame(message) == (_core.ledger.FRAME_LEASE, lease)
    order = format_writer.frames(INPUT_ORDER, np.zeros((1, 0), np.uint8)).tobytes()
    assert _core.ledger.parse_frame(order) == (_core.ledger.FRAME_INPUT_ORDER, b"")
    control = format_writer.text_frame(CONTROL, SET)
    assert _core.ledger.parse_frame(control) == (CONTROL, b'{"settings":{"threshold_frac":0.8}}')
    for broken in (b"", message[:-1], message + bytes(8), bytes([message[0] ^ 1]) + message[1:], bytes(64)):
        assert _core.ledger.parse_frame(broken) is None
