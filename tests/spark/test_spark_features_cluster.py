"""spark-submit to two executors, each a process of its own that knows the package only by what it was sent."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import JavaNotFoundError

pytest.importorskip("pyspark")

JOB = Path(__file__).parents[2] / "spark" / "features_of_a_day.py"
_JOB = """
import json, os, runpy, sys
from pathlib import Path
import hftcore as hc, hftcore.spark as hs
from hftcore.errors import EventError
from pyspark.sql import SparkSession, functions as sf

tape, spec_file, folder, job = sys.argv[1:]
events = hc.Events.from_packed(tape)
spec = hc.FeatureSpec.load(spec_file)
out = Path(folder).parent / "published"
sys.argv = [job, "--events", folder, "--spec", spec_file, "--out", out.as_uri(), "--day", "2024-01-02"]
runpy.run_path(job, run_name="__main__")
spark = SparkSession.builder.getOrCreate()
spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "500")
written, _ = hs.differing_bytes(hs.Dataset(out.as_uri()).to_spark(), events, spec)
df = hs.read_events(spark, folder)
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
print(json.dumps({"differ": differ, "written": written, "jars": spark.conf.get("spark.jars"),
                  "n_bytes": n_bytes, "error": error,
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
        java = find_java_home()
    except JavaNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    events = busy_events(n_symbols=4, seconds=3.0)
    events.to_packed(tmp_path / "tape.hft")
    (tmp_path / "events").mkdir()
    pq.write_table(events.to_arrow(), tmp_path / "events" / "0.parquet")
    wide_spec().save(tmp_path / "spec.json")
    (tmp_path / "job.py").write_text(_JOB)
    with zipfile.ZipFile(tmp_path / "some.jar", "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\n")
    settings = {
        "spark.executorEnv.PYTHONPATH": "hftcore_package",
        "spark.executor.memory": "512m",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
    }
    submit = [Path(sys.executable).parent / "spark-submit", "--master", "local-cluster[2,1,1024]"]
    submit += ["--driver-memory", "600m", "--archives", f"{package}#hftcore_package", "--jars", tmp_path / "some.jar"]
    submit += [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    command = [*submit, tmp_path / "job.py", tmp_path / "tape.hft", tmp_path / "spec.json", tmp_path / "events", JOB]
    environment = os.environ | {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1", "JAVA_HOME": str(java)}
    environment |= {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert found["n_bytes"] > 100_000
    assert found["differ"] == 0
    assert found["written"] == 0, "what the executors wrote themselves"
    assert "some.jar" in found["jars"]
    assert len(found["folders"]) == 2  # both executors worked
    assert all("hftcore_package" in path for path in found["package"])
    assert "kind must be trade, quote, book_level or control" in found["error"]
