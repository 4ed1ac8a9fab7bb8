"""Reading journals."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from hftcore import ledger
from hftcore.errors import JournalError


def test_what_another_writer_wrote_is_read_field_by_field(journal_of, sample_run):
    records, run = sample_run(200)
    journal = ledger.read_journal(journal_of(run))
    for name, expected in records.items():
        found = getattr(journal, name)
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()
    assert journal.header["model_id"] == "m1"
    assert journal.runs[0].end == {"n": 200}
    assert [i.symbol for i in journal.runs[0].instruments] == ["AAA", "BBB", "CCC"]
    assert journal.torn_bytes == 0
    assert len(journal) == sum(map(len, records.values()))


def test_memory_and_file_are_read_alike(journal_of, sample_run):
    path = journal_of(sample_run(20)[1])
    from_memory = ledger.parse_journal(path.read_bytes(), "memory")
    assert from_memory.fills.tobytes() == ledger.read_journal(path).fills.tobytes()
    assert from_memory.name == "memory"


def test_journal_of_several_runs_keeps_them_apart_and_together(journal_of, sample_run):
    (first, run_a), (second, run_b) = sample_run(10), sample_run(15, start=100)
    journal = ledger.read_journal(journal_of(run_a, run_b))
    assert [len(run.decisions) for run in journal.runs] == [10, 15]
    assert journal.fills.tobytes() == first["fills"].tobytes() + second["fills"].tobytes()


def test_empty_journal_has_no_runs_and_empty_arrays(journal_of):
    journal = ledger.read_journal(journal_of())
    assert journal.runs == ()
    assert journal.header == {}
    assert journal.fills.dtype == ledger.FILL_DTYPE
    assert ledger.profit_and_loss(journal).rows == ()


def test_torn_tail_is_left_out_and_counted(journal_of, sample_run):
    path = journal_of(sample_run(10)[1])
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    journal = ledger.read_journal(path)
    assert journal.torn_bytes == 16 + 8 - 5  # what is left of the run end
    assert journal.runs[0].end is None
    assert len(journal.decisions) == 10


def test_damage_names_file_and_bytes(journal_of, sample_run):
    path = journal_of(sample_run(10)[1])
    data = bytearray(path.read_bytes())
    at = data.index(struct.pack("<H", 2) + struct.pack("<HI", 1, 0)) - 8  # the first decision's frame
    data[at + 40] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalError, match=rf"run.jrnl: at byte {at}: the frame is damaged .* at byte {at + 80}"):
        ledger.read_journal(path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PAR1" * 40, 'is no journal: must begin with "HFTJRNL1"'),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_other_files_are_refused_by_name(tmp_path, data, message):
    path = tmp_path / "other"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(JournalError, match=f"other: {message}"):
        ledger.read_journal(path)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"schema": 2}, "schema must be 1, was 2"),
        ({"instruments": [{"symbol": "AAA"}]}, "instruments: KeyError: 'tick_num'"),
        ({"instruments": []}, "name symbol_id 2, the run header lists 0 instruments"),
    ],
)
def test_headers_that_do_not_fit_are_refused(journal_of, sample_run, header, message):
    with pytest.raises(JournalError, match=message):
        ledger.read_journal(journal_of(sample_run(10, header=header)[1]))


def test_records_before_a_header_are_refused(journal_of, encode, sample_run):
    records, _ = sample_run(3)
    only_records = encode(records["fills"])[len(encode()) :]
    with pytest.raises(JournalError, match="the first record must be a run header"):
        ledger.read_journal(journal_of(only_records))


def test_decision_id_splits_the_source_sequence():
    record = np.zeros(1, ledger.FILL_DTYPE)[0]
    record["source_seq"] = (65_535 << 48) | (2**48 - 1)
    record["config_epoch"], record["ordinal"] = 4_000_000_000, 3
    assert ledger.decision_id(record) == f"4000000000:65535:{2**48 - 1}:3"
