"""Profiles are arithmetic over the instance tables: what they give must fit the node."""

from __future__ import annotations

import pytest

import hftcore.spark as hs
from hftcore.errors import ParameterError
from hftcore.spark.profiles import _SIZES

NODES = [f"{family}.{size}" for family, sizes in _SIZES.items() for size in sizes]


@pytest.mark.parametrize("purpose", ["batch", "stream"])
@pytest.mark.parametrize("node", NODES)
def test_executors_fit_their_node(node: str, purpose: str) -> None:
    found = hs.profile(node, purpose)
    heap, outside = (
        int(found.config[name].removesuffix("m")) for name in ("spark.executor.memory", "spark.executor.memoryOverhead")
    )
    assert found.executors_per_node * int(found.config["spark.executor.cores"]) < max(found.n_cpus, 2)
    assert found.executors_per_node * (heap + outside) <= found.memory_mib - 1024
    assert min(heap, outside) >= 400
    assert set(found.why) == set(found.config)
    assert ("UseG1GC" in found.config["spark.executor.extraJavaOptions"]) == (heap >= 6_144)


def test_a_node_by_hand() -> None:
    found = hs.profile("c5.9xlarge", n_nodes=3)
    assert (found.n_cpus, found.memory_mib, found.executors_per_node) == (36, 73_728, 8)
    assert found.config["spark.sql.shuffle.partitions"] == "192"  # 3 nodes x 8 executors x 4 cores x 2
    assert hs.profile("c5.9xlarge", "stream").config["spark.sql.shuffle.partitions"] == "32"


def test_wrong_names_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"node must be one of c5, m5, r5 with a size .*, was 'c5.8xlarge'"):
        hs.profile("c5.8xlarge")
    with pytest.raises(ParameterError, match="purpose must be one of batch, stream, was 'fast'"):
        hs.profile("m5.large", "fast")
    with pytest.raises(ParameterError, match="n_nodes must be >= 1, was 0"):
        hs.profile("m5.large", n_nodes=0)
