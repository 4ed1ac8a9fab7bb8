"""Are the features that Spark computed those of this process, in bytes?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hftcore.events import Events
from hftcore.pipeline import FeaturePipeline
from hftcore.spark.features.batch import features
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Matrix = npt.NDArray[np.float64]
_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"


@dataclass(frozen=True, slots=True)
class FeatureParity:
    """One way to cut the work up, and how many bytes it changed."""

    form: str
    n_partitions: int
    batch: int
    n_rows: int
    n_bytes: int
    bytes_differing: int


def differing_bytes(rows: DataFrame, events: Events, spec: FeatureSpec) -> tuple[int, int]:
    """Return bytes that differ from ``FeaturePipeline(spec).transform(events)``, and bytes compared.

    Parameters
    ----------
    rows : DataFrame
        Features of these events, with the column ``source_seq``.
    events : Events
        The whole tape; ``source_seq`` tells its events apart.

    Notes
    -----
    Where the rows belong to other events, every byte differs. Collects the rows.
    """
    pipeline = FeaturePipeline(spec, events.instruments)
    wanted = pipeline.transform(events)
    wanted_at = events.data["source_seq"][pipeline.rows].astype(np.int64)
    order = np.argsort(wanted_at, kind="stable")
    table: Any = rows.select("source_seq", *(f"`{name}`" for name in spec.names)).toArrow().sort_by("source_seq")
    found = np.empty((table.num_rows, len(spec.names)))
    for i, name in enumerate(spec.names):
        found[:, i] = table[name].to_numpy()
    n_bytes = wanted.nbytes
    if table["source_seq"].to_numpy().tobytes() != wanted_at[order].tobytes():
        return max(n_bytes, found.nbytes), n_bytes
    return int((found.view(np.uint8) != np.ascontiguousarray(wanted[order]).view(np.uint8)).sum()), n_bytes


def feature_parity(
    df: DataFrame,
    events: Events,
    spec: FeatureSpec,
    *,
    partitions: Iterable[int] = (1, 2, 7),
    batches: Iterable[int] = (1, 7, 1_000, 100_000),
    forms: Iterable[str] = ("arrow", "pandas"),
) -> list[FeatureParity]:
    """Compare every form, number of partitions and Arrow batch size with the pipeline of this process.

    Parameters
    ----------
    df : DataFrame
        The events as a DataFrame.
    events : Events
        The same events here.
    """
    table, conf = [], df.sparkSession.conf
    before = conf.get(_BATCH)
    partitions, batches = list(partitions), list(batches)
    try:
        for form in forms:
            for n in partitions:
                for batch in batches:
                    conf.set(_BATCH, str(batch))
                    rows = features(df, spec, instruments=events.instruments, n_partitions=n, form=form)
                    differ, n_bytes = differing_bytes(rows, events, spec)
                    table.append(FeatureParity(form, n, batch, n_bytes // 8 // len(spec.names), n_bytes, differ))
    finally:
        conf.set(_BATCH, str(before))
    return table
