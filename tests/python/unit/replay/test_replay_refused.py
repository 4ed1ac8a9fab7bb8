"""A replay that is refused leaves the disk as it was."""

from __future__ import annotations

import pytest

import hftcore as hc

ROWS = [(0, 0, 1000, 90, 1001, 10), (1, 0, 1010, 10, 1011, 90)]


@pytest.mark.parametrize(
    ("option", "message"), [({"rate_hz": 1e-6}, "rate_hz must be in"), ({"wait": "hope"}, "wait must be")]
)
def test_a_refused_replay_neither_makes_nor_destroys_a_journal(
    imbalance_artifact, make_tape, tmp_path, option, message
):
    kept = tmp_path / "kept.hftj"
    hc.replay(imbalance_artifact, make_tape(ROWS), journal=kept)
    before = kept.read_bytes()
    with pytest.raises(ValueError, match=message):
        hc.replay(imbalance_artifact, make_tape(ROWS), journal=kept, overwrite=True, **option)
    assert kept.read_bytes() == before
    with pytest.raises(ValueError, match=message):
        hc.replay(imbalance_artifact, make_tape(ROWS), journal=tmp_path / "new.hftj", **option)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.hftj"]
