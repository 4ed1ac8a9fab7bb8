"""The feature table: one labelled row per event, the file between the pipeline and the trainers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from hftcore import labels
from hftcore.errors import EventError, SpecError
from hftcore.events import Events
from hftcore.pipeline import FeaturePipeline
from hftcore.spec import FeatureSpec

_METADATA_KEY = b"hftcore"
_CHUNK = 250_000  # events per native call: small enough for a moving bar, large enough to cost nothing


@dataclass(frozen=True, slots=True)
class LabelRule:
    """How a row is labelled; see :func:`hftcore.labels.direction`.

    ``horizon`` counts a symbol's own rows; ``deadband_ticks`` is the move, in ticks, that still counts as flat.
    """

    horizon: int = 50
    deadband_ticks: float = 0.0
    smoothing: str = "mean"


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Rows of features with their labels.

    ``X`` float64 (n, n_features); ``y`` int8 (n,) in {-1, 0, 1}; ``event_index`` int64 (n,) into the events the table
    was made from; ``symbol`` (n,) text; ``ts_event_ns`` int64 (n,); ``about`` says where the rows came from.
    """

    names: tuple[str, ...]
    X: npt.NDArray[np.float64]
    y: npt.NDArray[np.int8]
    symbol: npt.NDArray[np.object_]
    ts_event_ns: npt.NDArray[np.int64]
    session_id: npt.NDArray[np.int64]
    event_index: npt.NDArray[np.int64]
    about: dict[str, Any]

    def __len__(self) -> int:
        return len(self.y)

    def class_counts(self) -> dict[str, int]:
        """Rows per class: down, flat, up."""
        return {name: int((self.y == value).sum()) for name, value in (("down", -1), ("flat", 0), ("up", 1))}


def make_feature_table(
    events: Events, spec: FeatureSpec, rule: LabelRule, progress: Callable[[int, int], None] | None = None
) -> FeatureTable:
    """Run the compiled pipeline over events, label its rows, and keep the rows that have a label.

    Parameters
    ----------
    events : Events
        In source order.
    progress : callable, optional
        Called with (events done, events in all).

    Raises
    ------
    EventError
        If no row can be labelled; says how many rows there were.
    """
    pipeline = FeaturePipeline(spec, events.instruments)
    parts, row_parts = [], []
    for start in range(0, len(events), _CHUNK):
        parts.append(pipeline.transform(events[start : start + _CHUNK]))
        row_parts.append(pipeline.rows + start)
        if progress:
            progress(min(start + _CHUNK, len(events)), len(events))
    rows = np.concatenate(row_parts) if row_parts else np.empty(0, np.int64)
    labelled = labels.direction(
        events,
        horizon=rule.horizon,
        deadband=rule.deadband_ticks,
        rows=rows,
        session=spec.session,
        smoothing=rule.smoothing,
    )
    if not len(labelled.rows):
        raise EventError(
            f"{events.source}: none of {len(rows)} rows can be labelled with a horizon of {rule.horizon} rows"
        )
    keep = np.searchsorted(rows, labelled.rows)
    kept = events.data[labelled.rows]
    symbols = np.array([instrument.symbol for instrument in events.instruments], dtype=object)
    return FeatureTable(
        names=spec.names,
        X=np.concatenate(parts)[keep],
        y=labelled.values.astype(np.int8),
        symbol=symbols[kept["symbol_id"]],
        ts_event_ns=kept["ts_event_ns"].copy(),
        session_id=labels.session_ids(kept["ts_event_ns"], spec.session),
        event_index=labelled.rows,
        about={
            "source": events.source,
            "spec_sha256": spec.sha256,
            "label": asdict(rule),
            "n_events": len(events),
            "n_rows": len(rows),
            "counters": dict(pipeline.counters),
        },
    )


def write_feature_table(table: FeatureTable, path: Path) -> None:
    """Write a table as Parquet (zstd), atomically."""
    columns: dict[str, Any] = {name: table.X[:, i] for i, name in enumerate(table.names)}
    columns |= {
        "label": table.y,
        "symbol": pa.array(table.symbol, pa.string()).dictionary_encode(),
        "ts_event_ns": table.ts_event_ns,
        "session_id": table.session_id,
        "event_index": table.event_index,
    }
    metadata = {_METADATA_KEY: json.dumps(table.about, sort_keys=True).encode()}
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    try:
        pq.write_table(pa.table(columns).replace_schema_metadata(metadata), partial, compression="zstd")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def spec_of_table(path: Path) -> str | None:
    """SHA-256 of the spec that a feature table was made with; None where the file is no table of ours."""
    if not path.is_file():
        return None
    raw = (pq.read_schema(path).metadata or {}).get(_METADATA_KEY)
    return None if raw is None else str(json.loads(raw)["spec_sha256"])


def read_feature_table(path: Path, spec: FeatureSpec) -> FeatureTable:
    """Read a table and check that it was made with this spec.

    Raises
    ------
    SpecError
        If the file was made with another spec, or is no feature table.
    """
    table = pq.read_table(path)
    raw = (table.schema.metadata or {}).get(_METADATA_KEY)
    if raw is None:
        raise SpecError(f"{path}: not a feature table: it has no hftcore metadata")
    about: Mapping[str, Any] = json.loads(raw)
    if about["spec_sha256"] != spec.sha256:
        raise SpecError(
            f"{path}: made with spec {about['spec_sha256'][:12]}, expected {spec.sha256[:12]} ({spec.name})"
        )
    return FeatureTable(
        names=spec.names,
        X=np.column_stack([table[name].to_numpy() for name in spec.names]),
        y=table["label"].to_numpy(),
        symbol=np.array(table["symbol"].to_pylist(), dtype=object),
        ts_event_ns=table["ts_event_ns"].to_numpy(),
        session_id=table["session_id"].to_numpy(),
        event_index=table["event_index"].to_numpy(),
        about=dict(about),
    )
