"""A real HDFS on loopback, NameNode and three DataNodes, to build, test and measure on."""

from __future__ import annotations

from hftcore.hdfs.cluster import Hdfs as Hdfs
from hftcore.hdfs.state import ServerStatus as ServerStatus
