"""Whether the artefact's margins are those of Spark's own model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from pyspark.ml.classification import GBTClassificationModel, OneVsRestModel, RandomForestClassificationModel
from pyspark.sql import SparkSession

from hftcore.forest.mllib_files import saved_class
from hftcore.spark.session import session
from hftcore.spark.vectors import gbt_margins, numbered_vectors, probabilities

if TYPE_CHECKING:
    from hftcore.artifact import Artifact

TOLERANCE = 1e-12  # Spark sums trees through BLAS in another order: bits of sums cannot agree


@dataclass(frozen=True, slots=True)
class SparkParity:
    """How far an artefact is from Spark. A class counts as flipped where Spark's own two best margins are apart."""

    n_rows: int
    max_abs_diff: float
    n_equal_bits: int
    n_flipped: int

    @property
    def ok(self) -> bool:
        return self.max_abs_diff <= TOLERANCE and self.n_flipped == 0


def spark_margins(
    model_dir: str | Path, rows: npt.NDArray[np.float64], spark: SparkSession | None = None
) -> npt.NDArray[np.float64]:
    """Margins of ``rows`` (n, n_features) by Spark itself: float64 (n, n_margins). NaN is kept and goes right.

    A random forest has no margins: its probabilities are what its trees add up to.
    """
    folder = Path(model_dir).resolve()
    frame = numbered_vectors(spark or session(), rows)
    kind = saved_class(folder)
    if kind == "RandomForestClassificationModel":
        return probabilities(RandomForestClassificationModel.load(f"file://{folder}"), frame)
    if kind == "OneVsRestModel":
        return gbt_margins(OneVsRestModel.load(f"file://{folder}").models, frame)
    return gbt_margins([GBTClassificationModel.load(f"file://{folder}")], frame)


def compare_with_spark(
    model_dir: str | Path, art: Artifact, rows: npt.NDArray[np.float64], spark: SparkSession | None = None
) -> SparkParity:
    """Compare an artefact's margins with those of the saved MLlib model it was made from.

    Parameters
    ----------
    model_dir : path
        The folder that MLlib saved.
    art : Artifact
    rows : float64 array, shape (n, n_features)
        Finite or NaN.

    Returns
    -------
    parity : SparkParity
        ``ok`` where every margin is within 1e-12 and no class flips.
    """
    theirs, ours = spark_margins(model_dir, rows, spark), art.predict_margin(rows)
    if theirs.shape[1] == 1:
        decided, flipped = np.abs(theirs[:, 0]) > TOLERANCE, (theirs[:, 0] > 0) != (ours[:, 0] > 0)
    else:
        best = np.sort(theirs, axis=1)
        decided = best[:, -1] - best[:, -2] > TOLERANCE
        flipped = theirs.argmax(axis=1) != ours.argmax(axis=1)
    return SparkParity(
        n_rows=len(rows),
        max_abs_diff=float(np.abs(theirs - ours).max(initial=0.0)),
        n_equal_bits=int(np.count_nonzero((theirs == ours).all(axis=1))),
        n_flipped=int(np.count_nonzero(decided & flipped)),
    )
