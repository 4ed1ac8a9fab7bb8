"""Every scenario of ``hftcore chaos`` once: nothing lost, nothing doubled, the same bytes as without the fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hftcore.proof.chaos import SCENARIOS
from hftcore.proof.chaos.campaign import Campaign


@pytest.fixture(scope="module")
def campaign(place) -> Iterator[Campaign]:
    """Undisturbed runs are kept in it: a tape that two scenarios share is run undisturbed once."""
    return Campaign(place, seed=11)


@pytest.mark.parametrize("n", range(len(SCENARIOS)), ids=[scenario.name.replace(" ", "-") for scenario in SCENARIOS])
def test_nothing_is_lost_and_nothing_doubled(campaign, n):
    result = campaign.run_one(SCENARIOS[n], n)
    assert result.ok, f"{result.problem}; evidence: {result.evidence}; kept in {result.folder}"
    assert result.evidence
    assert (result.lost, result.doubled, result.differing) == (0, 0, 0)
