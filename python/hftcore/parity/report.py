"""What ``verify`` found: one line for each comparison."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """One comparison: rows compared, rows that differ in any bit, by how many doubles at most, other classes chosen."""

    name: str
    rows: int
    differing: int
    max_ulp: int
    class_flips: int = 0

    def __add__(self, other: ParityCheck) -> ParityCheck:
        """The same comparison over more rows."""
        return ParityCheck(
            self.name,
            self.rows + other.rows,
            self.differing + other.differing,
            max(self.max_ulp, other.max_ulp),
            self.class_flips + other.class_flips,
        )


@dataclass(frozen=True, slots=True)
class ParityReport:
    """All comparisons of ``verify``; ``ok`` where each compared at least one row and none differs.

    ``reference`` is what the margins were held against, and why it is not Treelite's interpreter where it is not.
    """

    checks: tuple[ParityCheck, ...]
    reference: str = ""

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check.rows > 0 and check.differing == 0 for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"ok": self.ok, "reference": self.reference, "checks": [asdict(check) for check in self.checks]}

    def __str__(self) -> str:
        width = max((len(check.name) for check in self.checks), default=5)
        lines = [f"{'check':<{width}}  {'rows':>10}  {'differing':>10}  {'max ulp':>10}  {'flips':>7}"]
        lines += [
            f"{c.name:<{width}}  {c.rows:>10}  {c.differing:>10}  {c.max_ulp:>10}  {c.class_flips:>7}"
            for c in self.checks
        ]
        return "\n".join([*lines, "every bit agrees" if self.ok else "PATHS DISAGREE"])
