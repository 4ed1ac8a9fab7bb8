"""One pass over all events: when each column has values, when it is warm, whether it varies, whether it is a copy."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from hftcore.events import Events
from hftcore.explain.sample import input_texts
from hftcore.pipeline import FeaturePipeline
from hftcore.registry import operation
from hftcore.spec import Column, Feature, FeatureSpec
from hftcore.spec.text import time_text

_CHUNK: Final = 250_000
_LONGEST: Final = 2**20  # of an average's period
_CLOCK_SERIES: Final = {"quote": "mid_px", "trade": "trade_px", "book": "book_mid_px"}
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(slots=True)
class Survey:
    """Figures of every column: index by position in the spec.

    ``rows_of`` (n_symbols,) rows per symbol; ``values_of`` and ``warm_of`` (n_symbols, n_columns) those with a value,
    and those that are warm; ``lowest``, ``highest`` (n_columns,), infinite without a value; ``digests`` of the bytes.
    """

    rows_of: Counts
    values_of: Counts
    warm_of: Counts
    lowest: Floats
    highest: Floats
    digests: list[str]
    counters: dict[str, int]

    @property
    def n_rows(self) -> int:
        """Rows of all symbols."""
        return int(self.rows_of.sum())


def with_probes(spec: FeatureSpec, tolerance: float) -> tuple[FeatureSpec, dict[int, int]]:
    """Return the spec with a probe behind it for each column whose seed fades, and probe by column.

    A probe is an average whose period ends with the column's warm-up: it is NaN exactly as long as the column is not
    warm, whatever the spec drops and wherever it begins anew.
    """
    features = [Feature(c.op, c.input, c.params, c.name) for c in spec.columns]
    probes: dict[int, int] = {}
    for i, column in enumerate(spec.columns):
        steps_on = _steps_on(column, spec)
        if not column.fading[1] or steps_on is None:
            continue
        before = _alone(spec, i, steps_on).lookback  # ticks until its input has a value
        period = min(max(1, column.warm_up(tolerance) - before), _LONGEST)
        probes[i] = len(features)
        features.append(Feature("ema", steps_on, {"period": period}, f"_probe_{i}"))
    return same_rules(spec, features), probes


def survey(spec: FeatureSpec, events: Events, tolerance: float, progress: Callable[[int], None]) -> Survey:
    """Run the spec over the events once. ``progress`` is told the number of events done since the last call."""
    probed, probes = with_probes(spec, tolerance)
    pipeline = FeaturePipeline(probed, events.instruments)
    n, symbols = len(spec.columns), len(events.instruments)
    seen = Survey(
        rows_of=np.zeros(symbols, np.int64),
        values_of=np.zeros((symbols, n), np.int64),
        warm_of=np.zeros((symbols, n), np.int64),
        lowest=np.full(n, np.inf),
        highest=np.full(n, -np.inf),
        digests=[],
        counters={},
    )
    hashes = [hashlib.blake2b(digest_size=16) for _ in range(n)]
    for start in range(0, len(events), _CHUNK):
        part = events[start : start + _CHUNK]
        matrix = pipeline.transform(part)
        ids = part.data["symbol_id"][pipeline.rows]
        seen.rows_of += np.bincount(ids, minlength=symbols)
        for i in range(n):
            values = np.ascontiguousarray(matrix[:, i])
            has = ~np.isnan(values)
            warm = has & ~np.isnan(matrix[:, probes[i]]) if i in probes else has
            seen.values_of[:, i] += np.bincount(ids[has], minlength=symbols)
            seen.warm_of[:, i] += np.bincount(ids[warm], minlength=symbols)
            seen.lowest[i] = min(seen.lowest[i], values[has].min(initial=np.inf))
            seen.highest[i] = max(seen.highest[i], values[has].max(initial=-np.inf))
            values[~has] = np.nan  # one NaN for all
            hashes[i].update(values.tobytes())
        progress(len(part))
    seen.digests = [each.hexdigest() for each in hashes]
    seen.counters = dict(pipeline.counters)
    return seen


def same_rules(spec: FeatureSpec, features: Iterable[Feature]) -> FeatureSpec:
    """Return the spec's rules over other columns."""
    session = None if spec.session is None else (time_text(spec.session[0]), time_text(spec.session[1]))
    return FeatureSpec(
        spec.name,
        features,
        origin=spec.origin,
        rows=spec.rows,
        drop=spec.drop,
        clean=spec.clean,
        session=session,
        bars=spec.bars,
    )


def _steps_on(column: Column, spec: FeatureSpec) -> str | None:
    if operation(column.op).takes_series:
        earlier = {c.name: c.clock for c in spec.columns}
        texts = input_texts(column.input)
        return next((text for text in texts if earlier.get(text) != "none"), None)
    if column.clock in spec.bars:
        return f"{column.clock}.close"
    return _CLOCK_SERIES.get(column.clock)


def _alone(spec: FeatureSpec, upto: int, steps_on: str) -> Column:
    features = [Feature(c.op, c.input, c.params, c.name) for c in spec.columns[:upto]]
    return same_rules(spec, [*features, Feature("ema", steps_on, {"period": 1}, "_input")]).columns[-1]
