"""The rounds of a campaign as a table: one row for each fault."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Protocol


class Result(Protocol):
    """What the table needs of a round."""

    scenario: str
    ok: bool
    n_records: int
    lost: int
    doubled: int
    differing: int
    void: int
    recoveries_s: tuple[float, ...]


def by_scenario(results: Sequence[Result]) -> list[dict[str, Any]]:
    """One row per scenario, in the order in which they came."""
    by_name: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_name[result.scenario].append(result)
    rows = []
    for name, rounds in by_name.items():
        recoveries = [seconds for result in rounds for seconds in result.recoveries_s]
        rows.append(
            {
                "scenario": name,
                "rounds": len(rounds),
                "failed": sum(not result.ok for result in rounds),
                "records": sum(result.n_records for result in rounds),
                "lost": sum(result.lost for result in rounds),
                "doubled": sum(result.doubled for result in rounds),
                "differing": sum(result.differing for result in rounds),
                "void": sum(result.void for result in rounds),
                "recovery_s_median": round(statistics.median(recoveries), 3) if recoveries else None,
                "recovery_s_max": round(max(recoveries), 3) if recoveries else None,
            }
        )
    return rows
