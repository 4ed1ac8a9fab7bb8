"""Two executors, each a process of its own that knows the package only by what it was sent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import JavaNotFoundError

pytest.importorskip("pyspark")

_JOB = """
import json, os, sys
from pathlib import Path
import hftcore as hc, hftcore.spark as hs
from hftcore.errors import EventError
from pyspark.sql import functions as sf

events = hc.Events.from_packed(sys.argv[1])
spec = hc.FeatureSpec.load(sys.argv[2])
spark = hs.session("cluster", driver_memory="600m", config={
    "spark.master": "local-cluster[2,1,1024]",
    "spark.archives": sys.argv[3] + "#hftcore_package",
    "spark.executorEnv.PYTHONPATH": "hftcore_package",
    "spark.executor.memory": "512m",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "500",
})
df = hs.read_events(spark, sys.argv[4])
rows = hs.features(df, spec, instruments=events.instruments, n_partitions=4)
differ, n_bytes = hs.differing_bytes(rows, events, spec)

def whereabouts(_):
    import hftcore
    return [(os.environ.get("SPARK_EXECUTOR_DIRS", ""), os.getcwd(), os.path.dirname(hftcore.__file__))]

found = spark.sparkContext.parallelize(range(8), 8).mapPartitions(whereabouts).distinct().collect()
try:
    with hs.worker_errors():
        hs.features(df.withColumn("kind", sf.lit("candle")), spec, instruments=events.instruments).count()
    error = ""
except EventError as raised:
    error = str(raised)
print(json.dumps({"differ": differ, "n_bytes": n_bytes, "error": error,
                  "folders": sorted({f[1] for f in found}), "package": sorted({f[2] for f in found})}))
spark.stop()
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """This package as an archive, as docs/how-to/features-on-spark.md makes it."""
    folder = tmp_path / "package"
    source = Path(hc.__file__).parent
    shutil.copytree(source, folder / "hftcore", ignore=shutil.ignore_patterns("__pycache__", "bin"))
    return Path(shutil.make_archive(str(tmp_path / "hftcore"), "gztar", folder))


def test_two_executors_give_the_bytes_of_this_process(
    package: Path, busy_events: Any, wide_spec: Any, tmp_path: Path
) -> None:
    from hftcore.java import find_java_home

    try:
        find_java_home()
    except JavaNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    events = busy_events(n_symbols=4, seconds=3.0)
    events.to_packed(tmp_path / "tape.hft")
    pq.write_table(events.to_arrow(), tmp_path / "events.parquet")
    wide_spec().save(tmp_path / "spec.json")
    arguments = [tmp_path / "tape.hft", tmp_path / "spec.json", package, tmp_path / "events.parquet"]
    environment = os.environ | {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}
    command = [sys.executable, "-c", _JOB, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=180)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert found["n_bytes"] > 100_000
    assert found["differ"] == 0
    assert len(found["folders"]) == 2  # both executors worked
    assert all("hftcore_package" in path for path in found["package"])
    assert "kind must be trade, quote, book_level or control" in found["error"]
