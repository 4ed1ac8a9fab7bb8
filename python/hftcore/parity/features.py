"""Features along every path: batch, event by event, split anywhere, restored from a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from hftcore.parity.bits import FloatMatrix, compare_bits
from hftcore.parity.report import ParityCheck
from hftcore.pipeline import FeaturePipeline

if TYPE_CHECKING:
    from hftcore.events import Events
    from hftcore.spec import FeatureSpec

_N_STEPS = 20_000  # events that are also taken one by one from Python
_N_SPLITS = 3
_SEED = 7


def feature_checks(spec: FeatureSpec, events: Events, batch: FloatMatrix, first_row: int) -> list[ParityCheck]:
    """Hold the batch's rows against every other path; ``first_row`` is the index of the event of the first row."""
    n = len(events)
    checks = [_step_check(spec, events[: min(n, first_row + _N_STEPS)])]  # a late first row is compared all the same
    rng = np.random.default_rng(_SEED)
    for split in range(_N_SPLITS):
        cuts = [0, *sorted(rng.integers(0, n + 1, size=7).tolist()), n]
        pieces = [events[a:b] for a, b in pairwise(cuts)]
        checks.append(compare_bits(f"features: split {split + 1} = batch", _transform(spec, pieces), batch))
        restored = _transform(spec, pieces, between=lambda p: FeaturePipeline.restore(spec, p.snapshot()))
        checks.append(compare_bits(f"features: restored at split {split + 1} = batch", restored, batch))
    return checks


def _step_check(spec: FeatureSpec, events: Events) -> ParityCheck:
    whole, stepped = FeaturePipeline(spec).transform(events), FeaturePipeline(spec, events.instruments)
    rows = [row.copy() for row in map(stepped.update, events) if row is not None]
    found = np.stack(rows) if rows else np.empty((0, whole.shape[1]))
    return compare_bits("features: event by event = batch", found, whole)


def _transform(
    spec: FeatureSpec, pieces: Sequence[Events], between: Callable[[FeaturePipeline], FeaturePipeline] | None = None
) -> FloatMatrix:
    pipe, parts = FeaturePipeline(spec), []
    for piece in pieces:
        parts.append(pipe.transform(piece).copy())
        pipe = between(pipe) if between is not None else pipe
    return np.concatenate(parts)
