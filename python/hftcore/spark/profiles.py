"""Session properties for a node's shape: how many executors of what size, and the few other knobs that do something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hftcore.errors import ParameterError

_GIB_PER_CPU: Final = {"c5": 2.0, "m5": 4.0, "r5": 8.0}
_CPUS: Final = {
    "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "9xlarge": 36, "12xlarge": 48,
    "16xlarge": 64, "18xlarge": 72, "24xlarge": 96,
}  # fmt: skip
_SIZES: Final = {
    "c5": ("large", "xlarge", "2xlarge", "4xlarge", "9xlarge", "12xlarge", "18xlarge", "24xlarge"),
    "m5": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"),
    "r5": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"),
}
_CORES_PER_EXECUTOR: Final = 4
_PYTHON_MIB: Final = 400  # a worker with pyarrow, pandas and a model
_ROCKSDB_MIB: Final = 256
_G1_FROM_MIB: Final = 6_144
PURPOSES: Final = ("batch", "stream")

IDLE: Final[Mapping[str, str]] = {
    "spark.serializer=KryoSerializer": "rows of DataFrames are in Spark's own binary form, and Python's in Arrow's; "
    "Kryo meets only RDDs of JVM objects, and there are none here",
    "spark.sql.adaptive.enabled in a stream": "a stateful query is planned without it: the number of state partitions "
    "is fixed by the first batch",
    "spark.sql.adaptive.enabled in hs.features": "the shuffle has a number of partitions that was asked for, which AQE "
    "leaves as it is",
    "df.cache() before hs.features or hs.score": "read once; cached, rows only take the memory of the sort",
    "spark.sql.autoBroadcastJoinThreshold": "features and streams join nothing",
    "spark.io.compression.codec in a stream": "a batch moves a few MiB; the codec is lost in the 0.2 s that each "
    "trigger costs",
}
"""Knobs that do nothing here, and why."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Properties for executors on one kind of node.

    Attributes
    ----------
    node : str
    n_cpus : int
        vCPUs of the node.
    memory_mib : int
        Its memory.
    executors_per_node : int
    config : mapping of str to str
        For ``hs.session(config=...)`` or ``spark-submit --conf``.
    why : mapping of str to str
        One line for each property.
    """

    node: str
    n_cpus: int
    memory_mib: int
    executors_per_node: int
    config: Mapping[str, str]
    why: Mapping[str, str]


def profile(node: str, purpose: str = "batch", *, n_nodes: int = 1) -> Profile:
    """Session properties for a node's shape.

    Parameters
    ----------
    node : str
        An EC2 type of the families C5, M5 and R5, such as ``c5.9xlarge``.
    purpose : {"batch", "stream"}
        Features and training, or ``hs.score``.
    n_nodes : int
        How many of them work on the job.

    Returns
    -------
    profile : Profile

    Raises
    ------
    ParameterError
        If there is no such node or purpose, or ``n_nodes`` is below 1.

    Notes
    -----
    Cores and memory are those of Amazon's instance tables; the division is arithmetic, not a measurement. What was
    measured is in ``docs/reference/spark-settings.md``.
    """
    family, _, size = node.partition(".")
    if size not in _SIZES.get(family, ()):
        raise ParameterError(f"node must be one of {', '.join(_SIZES)} with a size such as c5.9xlarge, was {node!r}")
    if purpose not in PURPOSES:
        raise ParameterError(f"purpose must be one of {', '.join(PURPOSES)}, was {purpose!r}")
    if n_nodes < 1:
        raise ParameterError(f"n_nodes must be >= 1, was {n_nodes}")
    n_cpus = _CPUS[size]
    memory_mib = int(n_cpus * _GIB_PER_CPU[family] * 1024)
    usable = max(n_cpus - 1, 1)
    n_cores = min(_CORES_PER_EXECUTOR, usable)
    n_executors = max(usable // n_cores, 1)
    share_mib = int((memory_mib - max(1024, memory_mib // 16)) / n_executors)
    outside_mib = n_cores * _PYTHON_MIB + (_ROCKSDB_MIB if purpose == "stream" else 0)
    outside_mib = min(max(outside_mib, share_mib // 10), share_mib // 2)
    heap_mib = share_mib - outside_mib
    collector = "-XX:+UseG1GC" if heap_mib >= _G1_FROM_MIB else "-XX:+UseParallelGC"
    slots = n_cores * n_executors * n_nodes
    told: dict[str, tuple[str, str]] = {
        "spark.executor.cores": (str(n_cores), "four tasks share a JVM; one vCPU of a node is left to the system"),
        "spark.executor.memory": (f"{heap_mib}m", "the node's memory by executors, less what is outside the heap"),
        "spark.executor.memoryOverhead": (
            f"{outside_mib}m",
            f"a Python worker a core at {_PYTHON_MIB} MiB" + (", and RocksDB" if purpose == "stream" else ""),
        ),
        "spark.executor.extraJavaOptions": (
            collector,
            "G1 from 6 GiB of heap on, for its short pauses; below, the parallel collector costs less CPU",
        ),
        "spark.sql.shuffle.partitions": (
            str(_state_partitions(slots) if purpose == "stream" else 2 * slots),
            "at most one a core, a power of two, so that buckets lie evenly; fixed for the life of a checkpoint"
            if purpose == "stream"
            else "two a core: the last wave is short",
        ),
        "spark.sql.execution.arrow.maxRecordsPerBatch": (
            "10000" if purpose == "stream" else "100000",
            "rows between JVM and Python at a time; more costs memory, and time until the first",
        ),
        "spark.io.compression.codec": ("lz4", "of shuffles and broadcasts; Spark's default, kept"),
        "spark.speculation": ("false", "a twin of a slow task would write the same messages, or files, beside it"),
    }
    if purpose == "stream":
        told["spark.sql.streaming.stateStore.rocksdb.boundedMemoryUsage"] = (
            "true",
            "one bound for all states of a JVM",
        )
        told["spark.sql.streaming.stateStore.rocksdb.maxMemoryUsageMB"] = (str(_ROCKSDB_MIB), "counted in the overhead")
    return Profile(
        node,
        n_cpus,
        memory_mib,
        n_executors,
        {name: value for name, (value, _) in told.items()},
        {name: why for name, (_, why) in told.items()},
    )


def _state_partitions(slots: int) -> int:
    return 1 << (min(slots, 64).bit_length() - 1)
