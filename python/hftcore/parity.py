"""Whether every path gives the same bits: batch, stream, snapshot, machine code, reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import treelite

from hftcore.artifact import Artifact
from hftcore.errors import EventError
from hftcore.forest.adversarial import adversarial_rows
from hftcore.forest.forest import reference_margins
from hftcore.forest.treelite_reader import flat_of_treelite
from hftcore.manifest import FOREST
from hftcore.pipeline import FeaturePipeline

if TYPE_CHECKING:
    from hftcore.events import Events

FloatMatrix = npt.NDArray[np.float64]
_N_STEPS = 20_000  # events and rows that are also taken one by one from Python
_N_ADVERSARIAL = 20_000
_N_SPLITS = 3
_SEED = 7
_SIGN = np.uint64(1 << 63)


@dataclass(frozen=True, slots=True)
class ParityCheck:
    """One comparison: how many rows were compared, how many differ in any bit, and by how many doubles at most."""

    name: str
    rows: int
    differing: int
    max_ulp: int


@dataclass(frozen=True, slots=True)
class ParityReport:
    """All comparisons of ``verify``; ``ok`` where each compared at least one row and none differs."""

    checks: tuple[ParityCheck, ...]

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check.rows > 0 and check.differing == 0 for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"ok": self.ok, "checks": [asdict(check) for check in self.checks]}

    def __str__(self) -> str:
        width = max((len(check.name) for check in self.checks), default=5)
        lines = [f"{'check':<{width}}  {'rows':>10}  {'differing':>10}  {'max ulp':>10}"]
        lines += [f"{c.name:<{width}}  {c.rows:>10}  {c.differing:>10}  {c.max_ulp:>10}" for c in self.checks]
        return "\n".join([*lines, "every bit agrees" if self.ok else "PATHS DISAGREE"])


def verify(art: Artifact, events: Events) -> ParityReport:
    """Compute features and margins of ``events`` along every path and compare the bits.

    Features: one batch against event by event, against calls split anywhere, against a pipeline restored from its
    snapshot. Margins: machine code row by row against the batch, and against Treelite's interpreter (GTIL), on the rows
    of the events and on adversarial rows made from the forest's own thresholds.

    Parameters
    ----------
    art : Artifact
    events : Events
        Event by event is compared up to the 20,000th event from the first row on, everything else on all.

    Returns
    -------
    report : ParityReport
        Nothing is raised for a difference.

    Raises
    ------
    EventError
        If the events give no row: there is nothing to compare.
    """
    pipe = FeaturePipeline(art.spec)
    batch = pipe.transform(events)
    if not len(batch):
        raise EventError(f"{events.source}: no rows: {len(events)} events, none of which gives a row of features")
    checks = _feature_checks(art, events, batch, int(pipe.rows[0]))
    rows = np.ascontiguousarray(batch)
    forest = treelite.Model.deserialize(art.path / FOREST)
    hostile = adversarial_rows(flat_of_treelite(forest), _N_ADVERSARIAL, _SEED)
    for predict, what in ((art.predict_margin, "margins"), (art.predict_proba, "scores")):
        checks.append(compare_bits(f"{what}: row by row = batch", _one_by_one(predict, rows), predict(rows)[:_N_STEPS]))
    for given, what in ((rows, "rows of events"), (hostile, "adversarial rows")):
        name = f"margins: compiled = GTIL, {what}"
        checks.append(compare_bits(name, art.predict_margin(given), reference_margins(forest, given)))
    return ParityReport(tuple(checks))


def compare_bits(name: str, found: FloatMatrix, expected: FloatMatrix) -> ParityCheck:
    """Compare two float64 matrices of the same shape by their bits; NaN equals only the same NaN."""
    if found.shape != expected.shape:
        return ParityCheck(name, len(expected), max(len(found), len(expected)), int(np.iinfo(np.int64).max))
    ours, theirs = (np.ascontiguousarray(side).view(np.uint64) for side in (found, expected))
    differs = ours != theirs
    if not differs.any():
        return ParityCheck(name, len(expected), 0, 0)
    a, b = _ordered(ours[differs]), _ordered(theirs[differs])
    gap = int(np.max(np.maximum(a, b) - np.minimum(a, b)))
    return ParityCheck(name, len(expected), int(np.count_nonzero(differs.any(axis=1))), gap)


def _ordered(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Neighbouring doubles become neighbouring integers, across zero too."""
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _feature_checks(art: Artifact, events: Events, batch: FloatMatrix, first_row: int) -> list[ParityCheck]:
    n = len(events)
    checks = [_step_check(art, events[: min(n, first_row + _N_STEPS)])]  # a late first row is compared all the same
    rng = np.random.default_rng(_SEED)
    for split in range(_N_SPLITS):
        cuts = [0, *sorted(rng.integers(0, n + 1, size=7).tolist()), n]
        pieces = [events[a:b] for a, b in pairwise(cuts)]
        checks.append(compare_bits(f"features: split {split + 1} = batch", _transform(art, pieces), batch))
        restored = _transform(art, pieces, between=lambda p: FeaturePipeline.restore(art.spec, p.snapshot()))
        checks.append(compare_bits(f"features: restored at split {split + 1} = batch", restored, batch))
    return checks


def _step_check(art: Artifact, events: Events) -> ParityCheck:
    whole, stepped = FeaturePipeline(art.spec).transform(events), FeaturePipeline(art.spec, events.instruments)
    rows = [row.copy() for row in map(stepped.update, events) if row is not None]
    return compare_bits("features: event by event = batch", _stack(rows, whole.shape[1]), whole)


def _transform(
    art: Artifact, pieces: Sequence[Events], between: Callable[[FeaturePipeline], FeaturePipeline] | None = None
) -> FloatMatrix:
    pipe, parts = FeaturePipeline(art.spec), []
    for piece in pieces:
        parts.append(pipe.transform(piece).copy())
        pipe = between(pipe) if between is not None else pipe
    return np.concatenate(parts)


def _one_by_one(predict: Callable[[FloatMatrix], FloatMatrix], rows: FloatMatrix) -> FloatMatrix:
    return _stack([predict(row) for row in rows[:_N_STEPS]], predict(rows[:0]).shape[1])


def _stack(rows: list[FloatMatrix], width: int) -> FloatMatrix:
    return np.stack(rows) if rows else np.empty((0, width))
