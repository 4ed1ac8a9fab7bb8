"""One handle for years of ticks on the local file system, S3 or HDFS."""

from __future__ import annotations

from hftcore.spark.dataset.dataset import Dataset as Dataset
from hftcore.spark.dataset.manifest import Layout as Layout
from hftcore.spark.dataset.manifest import PublishedDay as PublishedDay
