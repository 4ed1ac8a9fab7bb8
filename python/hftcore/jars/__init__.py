"""Sets of jars that Java programs around hftcore need, fetched once and checked against pinned hashes."""

from __future__ import annotations

from hftcore.jars.catalogue import BROKERS as BROKERS
from hftcore.jars.catalogue import HDFS as HDFS
from hftcore.jars.catalogue import JAR_SETS as JAR_SETS
from hftcore.jars.catalogue import KAFKA as KAFKA
from hftcore.jars.catalogue import S3 as S3
from hftcore.jars.jar_set import JarSet as JarSet
from hftcore.jars.jar_set import ProgressCallback as ProgressCallback
