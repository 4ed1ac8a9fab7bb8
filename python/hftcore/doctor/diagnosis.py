"""What an examination found, as plain data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

FAILED, WARNING = "failed", "warning"
CHECKS: Final = {  # in the order of the examination
    "rows": "the events give rows",
    "warm-up": "the tape is long enough for every column, on every symbol",
    "always NaN": "every column has values",
    "constant": "every column varies",
    "duplicate": "no two columns are the same",
    "early leaves": "time windows have room for what falls inside",
    "look-ahead": "other events in the future change no row before them",
    "batches": "any batches, single events and a restart give the same bytes",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (``failed``) or deserves a look (``warning``). ``column`` may be empty."""

    check: str
    level: str
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class ColumnHealth:
    """A column over the events.

    ``warm_up`` counts ticks of ``clock``, in words ``tick``. Of ``n_rows`` rows ``n_nan`` have no value and ``n_cold``
    are not warm: no value yet, or a seed that still weighs more than the tolerance. ``n_symbols_warm`` of the symbols
    with rows became warm. ``lowest`` and ``highest`` are None where there is no value.
    """

    name: str
    clock: str
    tick: str
    lookback: int
    warm_up: int
    n_rows: int
    n_nan: int
    n_cold: int
    n_symbols_warm: int
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """All of an examination. ``ok``: nothing failed; warnings do not count."""

    spec_name: str
    spec_sha256: str
    source: str
    n_events: int
    n_rows: int
    n_symbols: int
    n_sampled: int
    tolerance: float
    counters: dict[str, int]
    columns: tuple[ColumnHealth, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Did every check pass?"""
        return all(finding.level != FAILED for finding in self.findings)

    def verdict(self, check: str) -> str:
        """``ok``, ``warning`` or ``failed`` of one check."""
        levels = {finding.level for finding in self.findings if finding.check == check}
        return FAILED if FAILED in levels else WARNING if levels else "ok"

    def to_dict(self) -> dict[str, Any]:
        """Plain data, with the verdict of each check."""
        return {**asdict(self), "ok": self.ok, "checks": {check: self.verdict(check) for check in CHECKS}}
