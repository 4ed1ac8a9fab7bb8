"""What the tests of importers share: rows that a forest can learn from, and every engine held against the others."""

from __future__ import annotations

import numpy as np

from hftcore._core.model import ForestModel, kernel_paths
from hftcore.forest import Forest, walk_margins
from hftcore.forest.adversarial import adversarial_rows
from hftcore.reference import reference_of

NAMES = ("a", "b", "c", "d", "e")
N_CATEGORIES = 40  # of column d; more than a word of 32


def learnable(*, nan: bool = True, n: int = 1_500) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, 5) and a target (n,): NaN in a, ties in b, zeros and next to nothing in c, categories in d and e."""
    rng = np.random.default_rng(17)
    rows = rng.normal(size=(n, 5))
    rows[:, 1] = np.round(rows[:, 1], 1)
    rows[:, 2] = np.where(rng.random(n) < 0.5, 0.0, rows[:, 2] * 1e-35)
    rows[:, 3] = rng.integers(0, N_CATEGORIES, n)
    rows[:, 4] = rng.choice([3, 7, 10, 33], n)
    y = rows[:, 0] + rows[:, 1] + (rows[:, 2] > 0) + np.sin(rows[:, 3]) + (rows[:, 4] == 10)
    if nan:
        rows[rng.random(n) < 0.1, 0] = np.nan
    return rows, y


def in_three(y: np.ndarray) -> np.ndarray:
    """Classes 0, 1, 2 of about equal size."""
    return np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))


def hostile(forest: Forest, rows: np.ndarray, n: int = 3_000) -> np.ndarray:
    """The rows that were learned from, and adversarial ones of the forest."""
    return np.concatenate([rows, adversarial_rows(forest.flat, n, seed=5)])


def fits_float32(rows: np.ndarray) -> np.ndarray:
    """The rows that a library of float32 accepts: none of their values is, or rounds to, an infinity."""
    with np.errstate(over="ignore", invalid="ignore"):
        return rows[~np.isinf(rows.astype(np.float32)).any(axis=1)]


def margins_of_every_engine(forest: Forest, rows: np.ndarray) -> np.ndarray:
    """Margins by the NumPy twin, once each kernel path and the reference (GTIL where exact) gave the same bits."""
    margins = walk_margins(forest.flat, rows)
    data, n_classes = forest.flat.to_bytes(), len(forest.classes)
    for path in kernel_paths():
        kernel = ForestModel.from_forest(data, n_classes, forest.output_rule, forest.alpha, path)
        assert kernel.predict_margin(rows).tobytes() == margins.tobytes(), path
    reference = reference_of(forest.flat)
    assert reference.margins(rows).tobytes() == margins.tobytes(), reference.name
    return margins
