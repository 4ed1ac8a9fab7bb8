"""Kafka around the daemon: a real local cluster, topics from a file, the partitioner, events at a rate."""

from __future__ import annotations

from hftcore.kafka.cluster import Cluster as Cluster
from hftcore.kafka.feeder import FeedResult as FeedResult
from hftcore.kafka.feeder import feed as feed
from hftcore.kafka.hop import measure_hop as measure_hop
from hftcore.kafka.library import librdkafka_path as librdkafka_path
from hftcore.kafka.once import Once as Once
from hftcore.kafka.once import OnceReader as OnceReader
from hftcore.kafka.partitioner import partition_of as partition_of
from hftcore.kafka.target import KafkaTarget as KafkaTarget
