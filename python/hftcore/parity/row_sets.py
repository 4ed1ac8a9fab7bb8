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


@dataclass(frozen=True, slots=True)
class RowSets:
    """Rows of events, then adversarial rows on and beside every threshold, then random ones over the thresholds' range.

    Every block holds at most 65,536 rows; the same arguments give the same rows.
    """

    forest: FlatForest
    of_events: FloatMatrix | None
    n_random: int

    @property
    def n_rows(self) -> int:
        """Rows of all blocks."""
        return (0 if self.of_events is None else len(self.of_events)) + _N_ADVERSARIAL + self.n_random

    def blocks(self) -> Iterator[Block]:
        """Every row once, in the same blocks each time."""
        if self.of_events is not None:
            for at in range(0, len(self.of_events), BLOCK_ROWS):
                yield Block("rows of events", self.of_events[at : at + BLOCK_ROWS])
        yield Block("adversarial rows", adversarial_rows(self.forest, _N_ADVERSARIAL, _SEED))
        low, high = _ranges(self.forest)
        for number, at in enumerate(range(0, self.n_random, BLOCK_ROWS)):
            rng = np.random.default_rng([_SEED, number])
            shape = (min(BLOCK_ROWS, self.n_random - at), self.forest.n_features)
            share = rng.random(shape)
            rows = low * (1.0 - share) + high * share  # the width itself may be no double
            rows[rng.random(shape) < _NAN_FRAC] = np.nan
            yield Block("random rows", rows)


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
