"""Streams scored by the daemon's engine inside Spark Structured Streaming."""

from __future__ import annotations

from hftcore.spark.stream.checks import STREAM_SETTINGS as STREAM_SETTINGS
from hftcore.spark.stream.once import once as once
from hftcore.spark.stream.progress import BatchProgress as BatchProgress
from hftcore.spark.stream.progress import lag as lag
from hftcore.spark.stream.progress import watch as watch
from hftcore.spark.stream.schema import KINDS as KINDS
from hftcore.spark.stream.schema import SCORED_ARROW as SCORED_ARROW
from hftcore.spark.stream.schema import SCORED_DDL as SCORED_DDL
from hftcore.spark.stream.schema import scored_schema as scored_schema
from hftcore.spark.stream.score import score as score
from hftcore.spark.stream.sink import publish as publish
from hftcore.spark.stream.source import read_kafka as read_kafka
