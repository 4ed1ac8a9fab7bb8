"""Spark writers killed with signal 9 at random points: a reader never sees half a day, the next write goes through."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import hftcore as hc

hs = pytest.importorskip("hftcore.spark", exc_type=ImportError)

DAY = "2024-01-02"
ROUNDS = int(os.environ.get("HFTCORE_KILL_ROUNDS", "2"))
"""A round starts a JVM; a longer run is made by hand."""

_WRITER = """
import itertools, json, sys
from pathlib import Path
import hftcore as hc, hftcore.spark as hs
told = json.loads(sys.argv[1])
spark = hs.session("killed", cores=2, driver_memory="600m", config=told["config"])
spec = hc.FeatureSpec.load(told["spec"])
tapes = [(hs.read_events(spark, path), hs.read_instruments(path)) for path in told["tapes"]]
datasets = [hs.Dataset(url, layout=hs.Layout(n_buckets=2, row_group_rows=200)) for url in told["urls"]]
for n in itertools.count():
    for dataset in datasets:
        events, instruments = tapes[n % 2]
        if n // 2 % 2:
            dataset.publish(told["day"], hs.features(events, spec, instruments=instruments))
        else:
            hs.publish_features(dataset, told["day"], events, spec, instruments=instruments)
        print(n, dataset.url, flush=True)
"""


def written_until_killed(told: dict[str, Any], seed: int) -> int:
    """Start a writer, kill it and its JVM some time after its first day; return how many days it had published."""
    import json

    command = [sys.executable, "-c", _WRITER, json.dumps(told)]
    environment = os.environ | {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, start_new_session=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        try:
            first = writer.stdout.readline()
            time.sleep(random.Random(seed).uniform(0.0, 4.0))
            assert writer.poll() is None, writer.stderr.read()
        finally:
            os.killpg(writer.pid, signal.SIGKILL)
        return len((first + writer.stdout.read()).splitlines())


def test_a_killed_writer_leaves_whole_days(
    spark: Any, s3: str, hdfs: Any, busy_events: Any, spec: hc.FeatureSpec, tmp_path: Path
) -> None:
    whole = busy_events(n_symbols=4, seconds=2.0)
    wanted = {}
    for name, tape in (("half", whole[: len(whole) // 2]), ("whole", whole)):
        (tmp_path / name).mkdir()
        pq.write_table(tape.to_arrow(), tmp_path / name / "events.parquet")
        wanted[name] = hc.FeaturePipeline(spec, tape.instruments).transform(tape).tobytes()
    spec.save(tmp_path / "spec.json")
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()
    names = ("endpoint", "endpoint.region", "path.style.access", "access.key", "secret.key", "connection.ssl.enabled")
    config = {f"spark.hadoop.fs.s3a.{name}": hadoop.get(f"fs.s3a.{name}") for name in names}
    config |= {"spark.jars": spark.sparkContext.getConf().get("spark.jars"), "spark.hadoop.dfs.replication": "2"}
    places = [(tmp_path / "data").as_uri(), f"{s3}/{uuid.uuid4().hex}", f"{hdfs.url}/{uuid.uuid4().hex}"]
    told = {
        "config": config,
        "spec": str(tmp_path / "spec.json"),
        "tapes": [str(tmp_path / name) for name in wanted],
        "urls": places,
        "day": DAY,
    }

    def content(url: str) -> bytes | None:
        dataset = hs.Dataset(url)
        if not dataset.days():
            return None
        rows = dataset.to_arrow().sort_by("source_seq")
        return np.column_stack([rows[name].to_numpy() for name in spec.names]).tobytes()

    n_published = 0
    for seed in range(ROUNDS):
        n_published += written_until_killed(told, seed)
        told["urls"] = places[seed % 3 :] + places[: seed % 3]  # another place comes first
        for url in places:
            assert content(url) in (None, wanted["half"], wanted["whole"]), f"{url} shows a part of a day"
    assert n_published >= ROUNDS
    events, instruments = hs.read_events(spark, str(tmp_path / "whole")), hs.read_instruments(tmp_path / "whole")
    for url in places:
        dataset = hs.Dataset(url, layout=hs.Layout(n_buckets=2, row_group_rows=200))
        done = hs.publish_features(dataset, DAY, events, spec, instruments=instruments)
        assert content(url) == wanted["whole"]
        dataset.vacuum(older_than_s=-60)  # the store's clock need not be ours
        assert content(url) == wanted["whole"]
        left = [one.path for one in dataset._store.files("") if one.path.startswith("date=")]
        assert {path for path in left if path.endswith(".parquet")} == {one.path for one in done.day.files}
