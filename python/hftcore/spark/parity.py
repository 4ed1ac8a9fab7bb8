"""Whether the artefact's margins are those of Spark's own model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyspark.ml.classification
import pyspark.ml.regression
from pyspark.sql import SparkSession

from hftcore.errors import ModelMismatchError
from hftcore.forest.mllib_files import saved_class
from hftcore.forest.mllib_reader import saved_model
from hftcore.spark.session import session
from hftcore.spark.vectors import gbt_margins, numbered_vectors, predictions, probabilities

if TYPE_CHECKING:
    from hftcore.artifact import Artifact

TOLERANCE = 1e-12  # Spark sums trees through BLAS in another order: bits of sums cannot agree

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SparkParity:
    """How far an artefact is from Spark. A class counts as flipped where Spark's own two best margins are apart."""

    n_rows: int
    max_abs_diff: float
    n_equal_bits: int
    n_flipped: int

    @property
    def ok(self) -> bool:
        return self.n_rows > 0 and self.max_abs_diff <= TOLERANCE and self.n_flipped == 0

    def __add__(self, other: SparkParity) -> SparkParity:
        """The same comparison over more rows."""
        return SparkParity(
            self.n_rows + other.n_rows,
            float(np.maximum(self.max_abs_diff, other.max_abs_diff)),  # a NaN stays
            self.n_equal_bits + other.n_equal_bits,
            self.n_flipped + other.n_flipped,
        )

    def __str__(self) -> str:
        return (
            f"Spark's own margins: {self.n_rows:,} rows, largest gap {self.max_abs_diff:.3g}, "
            f"{self.n_equal_bits:,} rows equal in every bit, {self.n_flipped:,} other classes"
        )

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {"ok": self.ok, **asdict(self)}


class SparkModel:
    """A saved MLlib model, predicting by Spark.

    Raises ModelMismatchError where the folder holds no tree model of MLlib.
    """

    def __init__(self, model_dir: str | Path, spark: SparkSession | None = None) -> None:
        folder, _ = saved_model(Path(model_dir).resolve())
        self._spark = spark or session()
        self._kind = saved_class(folder)
        module = pyspark.ml.regression if self._kind.endswith("RegressionModel") else pyspark.ml.classification
        # Not folder.as_uri(): that escapes spaces, which Spark takes as they are.
        self._model = getattr(module, self._kind).load(f"file://{folder}")

    @property
    def has_classes(self) -> bool:
        return not self._kind.endswith("RegressionModel")

    @property
    def n_features(self) -> int:
        model = self._model.models[0] if self._kind == "OneVsRestModel" else self._model
        return int(model.numFeatures)

    def margins(self, rows: Matrix) -> Matrix:
        """Margins of ``rows`` (n, n_features): float64 (n, n_margins). NaN is kept and goes right.

        A random forest or a single tree has no margins: its probabilities are what its trees add up to. A regressor's
        margin is its prediction.
        """
        frame = numbered_vectors(self._spark, rows)
        if not self.has_classes:
            return predictions(self._model, frame)
        if self._kind == "OneVsRestModel":
            return gbt_margins(self._model.models, frame)
        if self._kind == "GBTClassificationModel":
            return gbt_margins([self._model], frame)
        return probabilities(self._model, frame)


def compare_with_spark(
    model_dir: str | Path,
    art: Artifact,
    rows: Matrix | Iterable[Matrix],
    spark: SparkSession | None = None,
    progress: Callable[[int], None] | None = None,
) -> SparkParity:
    """Compare an artefact's margins with those of the saved MLlib model it was made from.

    Parameters
    ----------
    model_dir : path
        The folder that MLlib saved.
    art : Artifact
    rows : float64 array, shape (n, n_features), or an iterable of such
        Blocks are compared one after the other, so that any number of rows fits in memory.
    progress : callable, optional
        Called with the number of rows compared so far.

    Returns
    -------
    parity : SparkParity
        ``ok`` where every margin is within 1e-12 and no class flips.

    Raises
    ------
    ModelMismatchError
        If the folder holds no tree model of MLlib, or one with another number of features or margins.
    """
    model = SparkModel(model_dir, spark)
    if model.n_features != len(art.spec.names):
        raise ModelMismatchError(
            f"not the artefact's model: Spark takes {model.n_features} features, the artefact {len(art.spec.names)}"
        )
    found = SparkParity(0, 0.0, 0, 0)
    for block in [rows] if isinstance(rows, np.ndarray) else rows:
        found += compare(model.margins(block), art.predict_margin(block), model.has_classes)
        if progress is not None:
            progress(found.n_rows)
    return found


def compare(theirs: Matrix, ours: Matrix, has_classes: bool) -> SparkParity:
    """Margins of Spark beside ours, both (n, n_margins)."""
    if theirs.shape != ours.shape:
        raise ModelMismatchError(
            f"not the artefact's model: Spark gives {theirs.shape[1]} margins, the artefact {ours.shape[1]}"
        )
    if not has_classes:
        decided = flipped = np.zeros(len(ours), np.bool_)
    elif theirs.shape[1] == 1:
        decided, flipped = np.abs(theirs[:, 0]) > TOLERANCE, (theirs[:, 0] > 0) != (ours[:, 0] > 0)
    else:
        best = np.sort(theirs, axis=1)
        decided = best[:, -1] - best[:, -2] > TOLERANCE
        flipped = theirs.argmax(axis=1) != ours.argmax(axis=1)
    return SparkParity(
        n_rows=len(ours),
        max_abs_diff=float(np.abs(theirs - ours).max(initial=0.0)),
        n_equal_bits=int(np.count_nonzero((_bits(theirs) == _bits(ours)).all(axis=1))),
        n_flipped=int(np.count_nonzero(decided & flipped)),
    )


def _bits(margins: Matrix) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(margins, dtype=np.float64).view(np.uint64)
