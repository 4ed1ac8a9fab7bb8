"""What a forest's margins are held against: Treelite's interpreter where it means the same, else the NumPy twin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hftcore.forest.flat import FlatForest
from hftcore.forest.forest import reference_margins
from hftcore.forest.to_treelite import to_treelite, unlike_treelite
from hftcore.forest.walk import walk_margins

FloatMatrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reference:
    """An implementation of a forest's margins that shares no line with the engines."""

    name: str  # "GTIL" or "NumPy twin"
    why: str  # empty, or why it is not GTIL
    margins: Callable[[FloatMatrix], FloatMatrix]

    def __str__(self) -> str:
        return f"{self.name} ({self.why})" if self.why else self.name


def reference_of(forest: FlatForest) -> Reference:
    """The reference for a forest's bits: float64 rows (n, n_features) to margins (n, n_margins)."""
    why = unlike_treelite(forest)
    if why is not None:
        return Reference("NumPy twin", f"GTIL says something else: {why}", lambda rows: walk_margins(forest, rows))
    model = to_treelite(forest)
    return Reference("GTIL", "", lambda rows: reference_margins(model, rows))
