"""Whether every path gives the same bits: batch, stream, snapshot, every engine, reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hftcore.artifact import Artifact
from hftcore.errors import EventError, ParameterError
from hftcore.forest.flat import FlatForest
from hftcore.manifest import FOREST
from hftcore.parity.bits import compare_bits
from hftcore.parity.features import feature_checks
from hftcore.parity.margins import batch_checks, engines_of, margin_checks
from hftcore.parity.report import ParityCheck, ParityReport
from hftcore.parity.row_sets import RowSets
from hftcore.pipeline import FeaturePipeline
from hftcore.reference import reference_of

if TYPE_CHECKING:
    from hftcore.events import Events

__all__ = ["ParityCheck", "ParityReport", "compare_bits", "row_sets", "verify"]


def verify(
    art: Artifact,
    events: Events | None = None,
    *,
    rows: int = 100_000,
    allow_compiled: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ParityReport:
    """Compute features and margins along every path and compare the bits.

    Margins: every path of the kernel that this CPU has, and the compiled library where it is permitted, against the
    reference, on the rows of the events, on adversarial rows made from the forest's own thresholds, and on random rows;
    then row by row, in batches of every size up to 1,000 and by several threads against the batch. Features, where
    there are events: one batch against event by event, against calls split anywhere, against a pipeline restored from
    its snapshot.

    Parameters
    ----------
    art : Artifact
    events : Events, optional
        Event by event is compared up to the 20,000th event from the first row on, everything else on all.
    rows : int
        Random rows, made and compared in blocks: any number fits in memory. A million take 100 trees about 15 s.
    allow_compiled : bool
        Permit the artefact's own machine code to run, so that it is compared too.
    progress : callable, optional
        Called with (rows compared, rows in all).

    Returns
    -------
    report : ParityReport
        Nothing is raised for a difference. The reference is Treelite's interpreter (GTIL), or the NumPy twin for a
        forest whose sums GTIL would do otherwise; the report says which.

    Raises
    ------
    EventError
        If the events give no row: there is nothing to compare.
    ParameterError
        If ``rows`` is negative.
    """
    sets, first_row = _row_sets(art, events, rows)
    checks: list[ParityCheck] = []
    if events is not None and sets.of_events is not None:
        checks += feature_checks(art.spec, events, sets.of_events, first_row)
    reference = reference_of(sets.forest)
    engines = engines_of(art, allow_compiled)
    checks += batch_checks(engines, next(sets.blocks()).rows)
    checks += margin_checks(engines, reference, sets, progress)
    return ParityReport(tuple(checks), str(reference))


def row_sets(art: Artifact, events: Events | None = None, *, rows: int = 100_000) -> RowSets:
    """The rows on which ``verify`` compares margins, to compare them with something else; raises as ``verify`` does."""
    return _row_sets(art, events, rows)[0]


def _row_sets(art: Artifact, events: Events | None, rows: int) -> tuple[RowSets, int]:
    """The sets, and the index of the event of the first row."""
    if rows < 0:
        raise ParameterError(f"rows must be >= 0, was {rows}")
    batch, first_row = None, 0
    if events is not None:
        pipe = FeaturePipeline(art.spec)
        batch = np.ascontiguousarray(pipe.transform(events))
        if not len(batch):
            raise EventError(f"{events.source}: no rows: {len(events)} events, none of which gives a row of features")
        first_row = int(pipe.rows[0])
    return RowSets(FlatForest.from_bytes(art.files[FOREST]), batch, rows), first_row
