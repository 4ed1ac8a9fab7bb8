"""One Spark session for all tests that need one: starting it costs about ten seconds."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import hftcore as hc
from hftcore.errors import JarError, JavaNotFoundError

# As it was when the tests were collected: `cache_of_the_run` sets another, where no jar is.
_CACHE_HOME = os.environ.get("XDG_CACHE_HOME")


@contextmanager
def _users_cache() -> Iterator[None]:
    """The cache of whoever runs the tests: jars are fetched once a machine, not once a run."""
    with pytest.MonkeyPatch.context() as patch:
        if _CACHE_HOME is None:
            patch.delenv("XDG_CACHE_HOME", raising=False)
        else:
            patch.setenv("XDG_CACHE_HOME", _CACHE_HOME)
        yield


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder for this run and its subprocesses, so that the user's stays clean."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.fixture
def users_cache() -> Iterator[None]:
    """The whole test runs with the user's cache."""
    with _users_cache():
        yield


@pytest.fixture(scope="session")
def spark() -> Iterator[object]:
    """A local session; without Java a laptop skips, and CI fails."""
    if importlib.util.find_spec("pyspark") is None:
        if os.environ.get("CI"):
            pytest.fail("pyspark must be installed in CI")
        pytest.skip("pyspark is not installed")
    from hftcore.jars import KAFKA, S3
    from hftcore.spark import session

    try:
        with _users_cache():
            KAFKA.fetch()
            S3.fetch()
            jars = ",".join(map(str, KAFKA.paths() + S3.paths()))
    except JarError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        jars = ""  # a laptop without a network: the tests that need a connector skip
    try:
        # Without the optimising compiler jobs this short take less CPU (30 s against 50 s); long ones take more.
        config = {"spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1"}
        config |= {"spark.jars": jars} if jars else {}
        config["spark.hadoop.dfs.replication"] = "2"  # whoever writes to HDFS decides; its own default is 3
        active = session("hftcore-tests", cores=2, driver_memory="1g", config=config)
    except JavaNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield active
    active.stop()


@pytest.fixture(scope="session")
def hdfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """A NameNode and three DataNodes, which end with this process, however that ends."""
    from hftcore.hdfs import Hdfs

    one = Hdfs(tmp_path_factory.mktemp("hdfs"), tied=True)
    try:
        with _users_cache():
            one.up()
    except (JavaNotFoundError, JarError) as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield one
    one.down(purge=True)


@pytest.fixture(scope="session")
def busy(tmp_path_factory: pytest.TempPathFactory) -> hc.Artifact:
    """A model that decides all the time."""
    from hftcore.proof.chaos.model import busy_artifact

    return busy_artifact(tmp_path_factory.mktemp("model") / "busy.hft")


@pytest.fixture(scope="session")
def s3(spark: object) -> Iterator[str]:
    """Moto's S3 server with a bucket, known to the session: the bucket's ``s3a://`` URL."""
    if "hadoop-aws" not in spark.sparkContext.getConf().get("spark.jars", ""):  # type: ignore[attr-defined]
        pytest.skip("the S3A connector's jars are not in the cache: hftcore jars fetch s3")  # never in CI, see `spark`
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="ticks")
    told = {
        "endpoint": endpoint,
        "endpoint.region": "us-east-1",
        "path.style.access": "true",
        "access.key": "test",
        "secret.key": "test",
        "connection.ssl.enabled": "false",
    }
    hadoop = spark.sparkContext._jsc.hadoopConfiguration()  # type: ignore[attr-defined]
    for key, value in told.items():
        hadoop.set(f"fs.s3a.{key}", value)
    yield "s3a://ticks"
    server.stop()


@pytest.fixture(scope="session")
def spec() -> hc.FeatureSpec:
    return hc.FeatureSpec("small", [hc.mid(), hc.spread(), hc.queue_imbalance(), hc.ema("mid_px", period=5)])


@pytest.fixture(scope="session")
def rows() -> np.ndarray:
    """Feature rows (3000, 4). Where the first is NaN, the class is up: NaN carries information."""
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(3000, 4))
    rows[rng.random(3000) < 0.2, 0] = np.nan
    return rows


@pytest.fixture(scope="session")
def labels(rows: np.ndarray) -> np.ndarray:
    score = np.nan_to_num(rows[:, 0], nan=3.0) + rows[:, 1] * rows[:, 2]
    return np.where(score > 0.7, 1, np.where(score < -0.7, -1, 0)).astype(np.int8)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory, spec: hc.FeatureSpec, rows: np.ndarray, labels: np.ndarray) -> Path:
    path = tmp_path_factory.mktemp("table") / "features.parquet"
    n = len(rows)
    columns = {
        **{name: rows[:, i] for i, name in enumerate(spec.names)},
        "label": labels,
        "symbol": ["AAA"] * n,
        "ts_event_ns": np.arange(n) * 1_000 + 10**18,
        "session_id": np.zeros(n, dtype=np.int32),
    }
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="session")
def wide_spec() -> Callable[..., hc.FeatureSpec]:
    """A spec with one column of every kind, and rules that leave events out."""

    def make(origin: str = "continuous", rows: str = "quote", session: tuple[str, str] | None = None) -> hc.FeatureSpec:
        columns = [
            *(hc.mid(), hc.spread(), hc.queue_imbalance(), hc.microprice()),
            *(hc.ema("mid_px", period=20), hc.rsi("mid_px", period=14), hc.zscore("spread_px", window=50)),
            *(hc.order_flow_imbalance(window=10), hc.log_return("mid_px", lag=5)),
            *(hc.rolling_std("mid_px", window=30), hc.trade_imbalance(window=20), hc.vwap(window=20)),
            *(hc.time_since_trade(), hc.ema("s.close", period=3), hc.expr("mid_px / v.vwap", name="off.bar")),
        ]
        bars = {"s": hc.time_bars("100ms", price="mid"), "v": hc.volume_bars(500)}
        drop = ("suspicious", "unchanged", "locked")
        rules: dict[str, Any] = {"origin": origin, "rows": rows, "drop": drop, "session": session}
        return hc.FeatureSpec(f"wide-{origin}", columns, bars=bars, **rules)

    return make


@pytest.fixture(scope="session")
def busy_events() -> Callable[..., hc.Events]:
    """Makes trades, quotes and book levels, some lost and some suspicious."""

    def make(n_symbols: int = 5, seconds: float = 3.0, sessions: int = 1) -> hc.Events:
        symbols = [f"S{i}" for i in range(n_symbols)]
        events = hc.generate(seed=5, symbols=symbols, seconds=seconds, rate=2_000, book_levels=1, sessions=sessions)
        data = events.data.copy()
        data["flags"][500::997] |= int(hc.Flag.GAP_BEFORE)
        data["flags"][300::333] |= int(hc.Flag.SUSPICIOUS)
        return hc.Events(data, events.instruments)

    return make


@pytest.fixture(scope="session")
def as_frame(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[[hc.Events], Any]:
    """Makes a DataFrame of Parquet files in which neighbours of the tape lie apart."""

    def make(events: hc.Events) -> Any:
        from hftcore.spark import read_events

        folder = tmp_path_factory.mktemp("events")
        table = events.to_arrow()
        for part in range(3):
            rows = pa.array(np.arange(part, len(events), 3))
            pq.write_table(table.take(rows), folder / f"{part}.parquet", row_group_size=5_000)
        return read_events(spark, str(folder))

    return make
