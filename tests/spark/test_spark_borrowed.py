"""Who starts a session ends it. In a process of its own, as a process has one session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hftcore as hc
from hftcore.errors import JavaNotFoundError

pytest.importorskip("pyspark")

_TRAIN = """
import json, sys
from pathlib import Path
from pyspark import SparkContext
from hftcore import FeatureSpec
from hftcore.spark import session, train_mllib
from hftcore.spark.session import borrowed

def state():
    return [SparkContext._active_spark_context is not None, SparkContext._gateway is not None]

table, spec, out = Path(sys.argv[1]), FeatureSpec.load(sys.argv[2]), Path(sys.argv[3])
train_mllib(table, spec, out, n_trees=1, depth=1, max_bins=16, max_rows=200)
after_training = state()
mine = session(cores=1, driver_memory="1g")
with borrowed() as found, borrowed(mine) as given:
    same = found is mine and given is mine
print(json.dumps({"after training": after_training, "same": same, "mine": state(), "rows": mine.range(3).count()}))
"""


def test_training_ends_the_session_and_jvm_it_started_and_no_other(
    table: Path, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    from hftcore.java import find_java_home

    try:
        find_java_home()
    except JavaNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    spec.save(tmp_path / "spec.json")
    arguments = [str(table), str(tmp_path / "spec.json"), str(tmp_path / "model")]
    environment = os.environ | {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}  # as for the other tests: less CPU
    command = [sys.executable, "-c", _TRAIN, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {"after training": [False, False], "same": True, "mine": [True, True], "rows": 3}
