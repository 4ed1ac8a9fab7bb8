"""The rows that margins are compared on, made block by block so that any number of them fits in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hftcore.forest.adversarial import adversarial_rows
from hftcore.forest.flat import FlatForest
from hftcore.parity.bits import FloatMatrix

BLOCK_ROWS = 1 << 16
_N_ADVERSARIAL = 20_000
_NAN_FRAC = 0.05
_SEED = 7


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a set."""

    set_name: str
    rows: FloatMatrix


def row_blocks(forest: FlatForest, of_events: FloatMatrix | None, n_random: int) -> Iterator[Block]:
    """Rows of events, then adversarial rows on and beside every threshold, then random ones over the thresholds' range.

    Every block holds at most 65,536 rows; the same arguments give the same rows.
    """
    if of_events is not None:
        for at in range(0, len(of_events), BLOCK_ROWS):
            yield Block("rows of events", of_events[at : at + BLOCK_ROWS])
    yield Block("adversarial rows", adversarial_rows(forest, _N_ADVERSARIAL, _SEED))
    low, high = _ranges(forest)
    for number, at in enumerate(range(0, n_random, BLOCK_ROWS)):
        rng = np.random.default_rng([_SEED, number])
        shape = (min(BLOCK_ROWS, n_random - at), forest.n_features)
        share = rng.random(shape)
        rows = low * (1.0 - share) + high * share  # the width itself may be no double
        rows[rng.random(shape) < _NAN_FRAC] = np.nan
        yield Block("random rows", rows)


def n_rows(of_events: FloatMatrix | None, n_random: int) -> int:
    """Rows of all blocks."""
    return (0 if of_events is None else len(of_events)) + _N_ADVERSARIAL + n_random


def _ranges(forest: FlatForest) -> tuple[FloatMatrix, FloatMatrix]:
    """For each feature a range a little wider than its thresholds and categories; a unit one where it has none."""
    low, high = np.full(forest.n_features, np.inf), np.full(forest.n_features, -np.inf)
    splits = ~forest.is_leaf & ~forest.is_categorical & np.isfinite(forest.nodes["value"])
    np.minimum.at(low, forest.feature[splits], forest.nodes["value"][splits])
    np.maximum.at(high, forest.feature[splits], forest.nodes["value"][splits])
    for node in np.flatnonzero(forest.is_categorical):
        feature, members = forest.feature[node], forest.categories(int(node))
        low[feature] = min(low[feature], 0.0)
        high[feature] = max(high[feature], float(members.max(initial=0)) + 2.0)
    low, high = np.where(low > high, 0.0, low), np.where(low > high, 1.0, high)
    with np.errstate(over="ignore"):  # a width that is no double is cut below
        margin = np.clip((high - low) * 0.1 + 1e-3, None, 1e300)
    return np.clip(low - margin, -1e300, 1e300), np.clip(high + margin, -1e300, 1e300)
