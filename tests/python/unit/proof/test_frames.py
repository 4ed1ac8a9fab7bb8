"""Frames, checksums and chains of the proof's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftcore.errors import ProofError
from hftcore.proof.chain import chain_head, check_signature, read_key, sign
from hftcore.proof.frames import Kind, bad_checksums, crc32c, crc32c_of, frame_problem, sealed, split_journal


def test_crc32c_gives_the_check_value_of_rfc_3720():
    rows = np.frombuffer(b"123456789" * 2, np.uint8).reshape(2, 9)
    assert crc32c(rows).tolist() == [0xE3069283] * 2


@given(st.binary(max_size=300))
def test_a_long_checksum_is_the_short_one(data):
    assert crc32c_of(data) == int(crc32c(np.frombuffer(data, np.uint8)[None, :])[0])


@given(st.binary(min_size=24, max_size=24), st.integers(0, 8 * 40 - 1))
def test_every_turned_bit_is_seen(payload, bit):
    frame = bytearray(sealed(Kind.MARK, payload))
    assert frame_problem(bytes(frame)) is None
    assert bad_checksums([bytes(frame)]) == []
    frame[bit // 8] ^= 1 << bit % 8
    assert frame_problem(bytes(frame)) is not None or bad_checksums([bytes(frame)]) == [0]


@given(st.integers(0, 300))
def test_a_journal_cut_anywhere_is_torn_and_not_wrong(cut):
    frames = [sealed(Kind.MARK, bytes([i]) * 24) for i in range(5)]
    whole = b"HFTJRNL1".ljust(64, b"\0") + b"".join(frames)
    cut = min(cut, len(whole) - 64)
    journal = split_journal(whole[: len(whole) - cut])
    assert journal.problem is None
    assert [frame.data for frame in journal.frames] == frames[: len(journal.frames)]
    assert journal.n_bytes + journal.torn_bytes == len(whole) - cut
    assert journal.torn_bytes < 40


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=6), st.data())
def test_a_head_stands_for_every_value_in_order(values, data):
    head = chain_head(values)
    at = data.draw(st.integers(0, len(values) - 1))
    assert chain_head([*values[:at], values[at] + b"x", *values[at + 1 :]]) != head
    assert chain_head([*values[:at], *values[at + 1 :]]) != head
    assert chain_head(values[at:], chain_head(values[:at])) == head


def test_a_signature_holds_for_its_report_and_key_alone():
    report = sign({"verdict": "proven", "n": 3}, b"k" * 16)
    assert check_signature(report, b"k" * 16) is None
    assert check_signature(report, b"j" * 16) is not None
    assert check_signature({**report, "n": 4}, b"k" * 16) is not None
    assert check_signature(sign(report, None), b"k" * 16) is not None
    assert check_signature(sign(report, None), None) is None


def test_a_short_key_is_refused(tmp_path):
    (tmp_path / "key").write_text("secret\n")
    with pytest.raises(ProofError, match="at least 16 bytes, had 6"):
        read_key(tmp_path / "key")
