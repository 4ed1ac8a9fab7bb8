"""The stand: a cluster, a model, a daemon and messages, for the measurements beside this file."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import hftcore as hc
from hftcore import _core
from hftcore.demo import DemoConfig, demo_spec, run_demo
from hftcore.kafka import Cluster
from hftcore.proof.chaos.process import DaemonProcess
from hftcore.steps import Steps
from hftcore.telemetry import read_page

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH")
_START_NS = 1_704_204_000_000_000_000  # 2024-01-02 14:00 UTC: inside the hours of the demo's spec
CLIENT = {
    "socket.nagle.disable": "true",
    "reconnect.backoff.ms": "10",
    "reconnect.backoff.max.ms": "200",
    "retry.backoff.ms": "20",
}
CONSUMER = {**CLIENT, "fetch.wait.max.ms": "10", "fetch.queue.backoff.ms": "1", "check.crcs": "false"}
PRODUCER = {**CLIENT, "enable.idempotence": "true", "acks": "all"}
FEED = {**PRODUCER, "linger.ms": "1"}  # or 1,000 messages a second are 1,000 requests: half a core of the two


@dataclass(frozen=True, slots=True)
class Tape:
    """Messages of one partition, and the key of each."""

    values: list[bytes]
    keys: list[str]
    key_of: list[int]
    instruments: hc.InstrumentTable


def make_tape(n_events: int, rate_hz: float = 2_000.0, seed: int = 7) -> Tape:
    """Quotes and trades of eight symbols, packed, numbered per symbol as a feed does.

    ``rate_hz`` of them are one second of event time.
    """
    table = hc.InstrumentTable(hc.Instrument(symbol, max_px_ticks=1_000_000) for symbol in SYMBOLS)
    events = hc.generate(
        seed=seed,
        symbols=list(table),
        seconds=n_events * 1.02 / rate_hz,
        rate=rate_hz,
        signal=0.8,
        book_levels=0,
        start_ns=_START_NS,
    )
    data = events.data.copy()
    ids = data["symbol_id"]
    for symbol in range(len(SYMBOLS)):
        at = np.flatnonzero(ids == symbol)
        data["source_seq"][at] = np.arange(1, len(at) + 1)
    aligned = hc.Events(data, table)
    values = _core.event.encode_messages("packed", aligned.data, table._native(), 1)
    return Tape(values[:n_events], list(SYMBOLS), ids[:n_events].tolist(), table)


class _Silent:
    """Nobody watches the demo here."""

    def started(self, title: str) -> Callable[[int, int], None]:
        return lambda done, total: None

    def finished(self, title: str, seconds: float, reused: bool) -> None:
        pass


def demo_artifact(folder: Path) -> Path:
    """The demo's forest, as `make demo TRAINER=lightgbm` makes it of generated events."""
    out = folder / "demo"
    if not (out / "up.hft").exists():
        run_demo(DemoConfig(out, trainer="lightgbm"), Steps(out, _Silent()))
    return out / "up.hft"


def stump_artifact(folder: Path) -> Path:
    """The demo's features and next to no forest: what is left when the model is taken out of the way."""
    import lightgbm

    done = folder / "stump.hft"
    if not done.exists():
        spec = demo_spec()
        rng = np.random.default_rng(1)
        rows = rng.normal(size=(2_000, len(spec.names)))
        labels = rng.integers(0, 3, len(rows))
        booster = lightgbm.train(
            {"objective": "multiclass", "num_class": 3, "num_leaves": 2, "verbose": -1, "num_threads": 1},
            lightgbm.Dataset(rows, labels, feature_name=list(spec.names)),
            num_boost_round=1,
        )
        hc.compile_model(booster, spec, done)
    return done


class Stand:
    """One cluster with fresh topics for each daemon."""

    def __init__(self, cluster: Cluster, folder: Path, threads: str = 'wait = "block"') -> None:
        self.cluster = cluster
        self.folder = folder
        self.threads = threads

    def topics(self, n_partitions: int = 1) -> dict[str, str]:
        """Fresh topics as the daemon's documentation has them: replicated three times, two in sync."""
        tag = uuid.uuid4().hex[:8]
        names = {name: f"{name}-{tag}" for name in ("ticks", "decisions", "orders", "fills", "dead-letter")}
        for name in names.values():
            self.cluster.create_topic(name, n_partitions, config={"min.insync.replicas": "2"})
        return names

    def config(
        self,
        topics: Mapping[str, str],
        artifact: Path,
        tape: Tape,
        *,
        timed: bool = True,
        producer: Mapping[str, str] = {},
        **sections: str,
    ) -> Path:
        """A daemon's configuration in a folder of its own."""
        folder = self.folder / topics["ticks"]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "instruments.json").write_text(tape.instruments.to_json())
        pairs = _toml(CLIENT)
        ours = {
            # No position is allowed, so every intent is a decision, refused: about one for five messages.
            "strategy": 'threshold = 0.4\norder_qty = 1\ncooldown = "20ms"',
            "risk": "max_open_positions = 0",
            "snapshot": 'interval = "5s"',
            "threads": self.threads,
            **sections,
        }
        path = folder / "hft.toml"
        path.write_text(
            f"""name = "bench"
state_dir = "state"
instruments = "instruments.json"
[model]
path = "{artifact.resolve()}"
[input]
format = "packed"
topics = ["{topics["ticks"]}"]
partitions = [0]
n_partitions = 1
[kafka]
bootstrap = "{self.cluster.bootstrap}"
[kafka.consumer]
{pairs}
[kafka.producer]
{_toml({**CLIENT, **producer})}
[output]
decisions = "{topics["decisions"]}"
orders = "{topics["orders"]}"
fills = "{topics["fills"]}"
dead_letter = "{topics["dead-letter"]}"
[telemetry]
page = "{folder.resolve() / "page"}"
timed = {str(timed).lower()}
"""
            + "".join(f"[{name}]\n{text}\n" for name, text in ours.items())
        )
        return path

    @contextmanager
    def daemon(self, config: Path) -> Iterator[DaemonProcess]:
        """A live daemon, ended at exit."""
        process = DaemonProcess(config, config.with_name("daemon.log"))
        try:
            process.wait_for("live", 60.0)
            yield process
        finally:
            if process.running:
                process.stop()


def _toml(settings: Mapping[str, str]) -> str:
    return "\n".join(f'"{name}" = "{value}"' for name, value in settings.items())


def page_of(config: Path) -> dict[str, Any]:
    """What the daemon shows of itself."""
    return read_page(config.with_name("page"))


def wait_for_count(config: Path, group: str, counter: str, n: int, timeout_s: float = 120.0) -> None:
    """Wait until a counter of the page has reached n."""
    deadline = time.monotonic() + timeout_s
    while page_of(config)["counters"][group][counter] < n:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{group}.{counter} stays at {page_of(config)['counters'][group][counter]}, not {n}")
        time.sleep(0.002)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    version = subprocess.run([shutil.which("java") or "java", "-version"], capture_output=True, text=True, check=False)
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "librdkafka": _core.kafka.library_version(""),
        "java": version.stderr.splitlines()[0] if version.stderr else "",
        "load_at_start": os.getloadavg()[0],
    }


def write_results(path: Path, results: Mapping[str, Any]) -> None:
    """Keep the figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")
