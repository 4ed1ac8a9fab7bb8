"""Features on Spark: the compiled pipeline over partitions of events."""

from __future__ import annotations

from hftcore.spark.features.batch import end_state, feature_rows, features
from hftcore.spark.features.compare import FeatureParity, differing_bytes, feature_parity
from hftcore.spark.features.explain import worker_errors
from hftcore.spark.features.placement import symbol_counts
from hftcore.spark.features.publish import PublishedFeatures, publish_features
from hftcore.spark.features.sink import deliver, write_features

__all__ = [
    "FeatureParity",
    "PublishedFeatures",
    "deliver",
    "differing_bytes",
    "end_state",
    "feature_parity",
    "feature_rows",
    "features",
    "publish_features",
    "symbol_counts",
    "worker_errors",
    "write_features",
]
