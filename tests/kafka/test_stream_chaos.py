"""Each fault on a scored stream, from one checkpoint: its reader sees each record once, as a replay has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hftcore.errors import JarError
from hftcore.jars import KAFKA

pytest.importorskip("pyspark")

SEED = 11


@pytest.mark.parametrize(("key", "first", "n_rounds"), [("partition", 0, 3), ("symbol", 3, 3)])
def test_a_stream_that_is_killed_says_everything_once(
    place, repo_root: Path, tmp_path: Path, key: str, first: int, n_rounds: int
) -> None:
    from hftcore.proof.chaos.table import by_scenario
    from hftcore.proof.stream import FAULTS, Market, StreamCampaign

    try:
        KAFKA.fetch()
    except JarError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    script = repo_root / "spark" / "score_stream.py"
    market = Market(SEED, n_rounds, 4_000, key)
    faults = FAULTS[first : first + n_rounds]
    with StreamCampaign(
        place.cluster, place.artifact, script, KAFKA.paths(), tmp_path, market, SEED, faults=faults
    ) as campaign:
        results = campaign.run()
    assert [(result.scenario, result.problem) for result in results] == [(fault.name, "") for fault in faults]
    last = results[-1]
    assert last.n_decisions > 500
    assert last.n_inputs == market.n_sent > 11_000
    for row in by_scenario(results):
        assert (row["failed"], row["lost"], row["doubled"], row["differing"]) == (0, 0, 0, 0)
        assert row["recovery_s_max"] is not None
