"""One round of chaos: fresh topics and state, a live feed, daemons that come and go, and the proof at its end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hftcore.artifact import Artifact
from hftcore.errors import ChaosError
from hftcore.kafka import Cluster
from hftcore.proof.chaos.brokers import Brokers
from hftcore.proof.chaos.feed import Feed, client_log
from hftcore.proof.chaos.process import DaemonProcess
from hftcore.proof.chaos.tape import Tape, is_end
from hftcore.telemetry import read_page

if TYPE_CHECKING:
    import random

OUTPUTS = ("decisions", "orders", "fills", "dead-letter")
LIVE = "live"  # the daemon's word for: history met again, gap published
_RATE_HZ = 6_000.0
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """What rounds share: a cluster, a model, a folder."""

    cluster: Brokers
    artifact: Artifact
    folder: Path
    long_pause_s: float

    @property
    def hurtable(self) -> Cluster:
        """The cluster, where its brokers are ours to kill."""
        if not isinstance(self.cluster, Cluster):
            raise ChaosError("these brokers are not ours to hurt")
        return self.cluster


@dataclass(slots=True)
class Round:
    """A round as its scenario sees it: verbs that hurt, and a note of what really happened.

    A context manager: whatever still runs is ended at exit.
    """

    place: Place
    tape: Tape
    draw: random.Random
    settings: Mapping[str, str] = field(default_factory=dict)  # lines of the configuration by section, on top of ours
    name: str = field(default_factory=lambda: f"chaos-{uuid.uuid4().hex[:10]}")
    evidence: list[str] = field(default_factory=list)
    recoveries_s: list[float] = field(default_factory=list)
    daemons: list[DaemonProcess] = field(default_factory=list)
    feed: Feed = field(init=False)
    config: Path = field(init=False)  # of the daemon that has the shards
    on_exit: ExitStack = field(default_factory=ExitStack)
    died_at: float | None = None  # when the last daemon ended and none had taken its place
    finishes: bool = True  # False: the daemon rightly refuses to go on, so nothing is drained

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        cluster = self.place.cluster
        for topic in (*self.inputs, *self.outputs):
            cluster.create_topic(topic, self.tape.kind.n_partitions, config={"min.insync.replicas": "2"})
        (self.folder / "instruments.json").write_text(self.tape.instruments.to_json())
        self.config = self.write_config()
        self.feed = Feed(cluster.bootstrap, self.inputs, self.tape.messages, _RATE_HZ)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for daemon in self.daemons:
            if daemon.running:
                daemon.kill()
        self.on_exit.close()

    # Names

    @property
    def folder(self) -> Path:
        """Configuration, state and logs of this round."""
        return self.place.folder / self.name

    @property
    def state(self) -> Path:
        """The daemon's own folder."""
        return self.folder / "state"

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input topics in order."""
        return tuple(f"{self.name}-in-{i}" for i in range(self.tape.kind.n_topics))

    @property
    def outputs(self) -> tuple[str, ...]:
        """Decisions, orders, fills, dead letters."""
        return tuple(f"{self.name}-{output}" for output in OUTPUTS)

    @property
    def daemon(self) -> DaemonProcess:
        """The last daemon that was started."""
        return self.daemons[-1]

    def write_config(self, name: str = "hft.toml", state: str = "state", **sections: str) -> Path:
        """Write a configuration; ``sections`` replaces whole lines of ours, such as ``strategy="threshold = 0.6"``."""
        path = self.folder / name
        path.write_text(config_text(self, state, {**self.settings, **sections}))
        return path

    # Verbs

    def note(self, what: str) -> None:
        """Keep what really happened: a fault that did not is no fault."""
        self.evidence.append(what)

    def start(
        self,
        fault: str = "",
        *,
        config: Path | None = None,
        limit: Callable[[], None] | None = None,
        wait: bool = True,
    ) -> DaemonProcess:
        """Start a daemon, and wait until it is live unless it is to die before."""
        environment = {"HFTCORED_FAULT": fault} if fault else {}
        daemon = DaemonProcess(config or self.config, self.folder / "daemon.log", environment, limit)
        self.daemons.append(daemon)
        if wait:
            live_at = daemon.wait_for(LIVE, _PATIENCE_S)
            if self.died_at is not None:
                self.recoveries_s.append(live_at - self.died_at)
                self.died_at = None
        return daemon

    def dies_of_fault(self, fault: str, timeout_s: float = _PATIENCE_S) -> None:
        """Wait until the daemon ended itself at its armed point."""
        daemon = self.daemon
        code = daemon.wait(timeout_s)
        self.died_at = self.died_at or time.monotonic()
        if daemon.ended_by_itself != -9:
            raise ChaosError(f"the fault {fault} did not fire: hftcored ended with {code}: {daemon.last_words()}")
        self.note(f"killed itself at {fault}, {self.feed.fraction:.0%} of the tape sent")

    def kill(self) -> None:
        """Kill the daemon, which must be running."""
        if not self.daemon.running:
            raise ChaosError(f"hftcored was to be killed and had ended before: {self.daemon.last_words()}")
        self.daemon.kill()
        self.died_at = time.monotonic()
        self.note(f"kill -9, {self.feed.fraction:.0%} of the tape sent")

    def ends_with(self, code: int, daemon: DaemonProcess | None = None, timeout_s: float = _PATIENCE_S) -> None:
        """Wait until a daemon refuses or gives up with this exit code."""
        daemon = daemon or self.daemon
        found = daemon.wait(timeout_s)
        if daemon is self.daemon:
            self.died_at = self.died_at or time.monotonic()
        if found != code:
            raise ChaosError(f"hftcored was to end with {code}, ended with {found}: {daemon.last_words()}")
        self.note(f"exit code {code}")

    def drain(self) -> None:
        """Wait until every input was taken: the dead letters hold the last message of each lane."""
        self.feed.finish()
        if not self.daemon.running:
            self.start()
        wanted = {f"{self.inputs[topic]}:{partition}" for topic, partition in self.tape.ends()}
        for lane in self._ends_seen():
            wanted.discard(lane)
            if not wanted:
                break
        if wanted:
            raise ChaosError(f"inputs were not taken: {sorted(wanted)}; hftcored: {self.daemon.last_words()}")

    def stop(self) -> None:
        """End the daemon in order."""
        code = self.daemon.stop()
        if code != 0:
            raise ChaosError(f"hftcored ended with {code} after SIGTERM: {self.daemon.last_words()}")

    def files(self, pattern: str) -> list[Path]:
        """Files of the daemon's folder, by name, oldest first."""
        return sorted(self.state.rglob(pattern), key=lambda path: path.stat().st_mtime_ns)

    def wait_until(self, condition: Callable[[], bool], what: str, timeout_s: float = _PATIENCE_S) -> None:
        """Wait for a condition of the outside world."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline:
                raise ChaosError(f"{what} did not happen; hftcored: {self.daemon.last_words()}")
            time.sleep(0.01)

    def wait_taken(self, fraction: float) -> None:
        """Wait until this daemon has taken so much of the tape: what was sent may still lie with the brokers."""
        page = self.folder.resolve() / "state.page"
        wanted = int(fraction * len(self.tape.messages))
        self.wait_until(lambda: read_page(page)["counters"]["hot"]["inputs"] >= wanted, f"taking {wanted} inputs")

    def _ends_seen(self) -> list[str]:
        """Lanes as ``topic:partition`` whose last message is among the dead letters, as they come in."""
        from confluent_kafka import Consumer, TopicPartition

        consumer = Consumer(
            {"bootstrap.servers": self.place.cluster.bootstrap, "group.id": "chaos", "enable.auto.commit": False},
            logger=client_log,
        )
        dead_letters = self.outputs[-1]
        consumer.assign([TopicPartition(dead_letters, p, 0) for p in range(self.tape.kind.n_partitions)])
        seen: list[str] = []
        deadline = time.monotonic() + _PATIENCE_S
        while len(set(seen)) < len(self.tape.ends()) and time.monotonic() < deadline and self.daemon.running:
            for message in consumer.consume(500, timeout=0.05):
                headers: dict[str, Any] = dict(message.headers() or ())
                if message.error() is None and "source" in headers and is_end(message.value() or b""):
                    seen.append(bytes(headers["source"]).decode().rpartition(":")[0])
        consumer.close()
        return seen


def config_text(round_: Round, state: str, sections: Mapping[str, str]) -> str:
    """The configuration of a round's daemon."""
    kind = round_.tape.kind
    decisions, orders, fills, dead = round_.outputs
    topics = ", ".join(f'"{topic}"' for topic in round_.inputs)
    partitions = ", ".join(map(str, range(kind.n_partitions)))
    schema = f'\navro_schemas = {{1 = "{_schema_file()}"}}' if kind.wire_format == "avro" else ""
    ours = {
        "model": f'path = "{round_.place.artifact.path.resolve()}"',
        "strategy": 'threshold = 0.5\norder_qty = 3\ncooldown = "5ms"\nhold = "400ms"',
        "risk": "max_open_positions = 6\nmax_order_qty = 10\nmax_position_qty = 10\nstop_loss_bps = 20.0\n"
        'stop_out_pause = "1s"',
        "execution": "fee_bps = 0.3",
        "snapshot": 'interval = "300ms"',
        "journal": 'sync = "5ms"',
        "kafka.consumer": '"reconnect.backoff.ms" = "10"\n"reconnect.backoff.max.ms" = "200"',
        "kafka.producer": '"reconnect.backoff.ms" = "10"\n"reconnect.backoff.max.ms" = "200"',
        **sections,
    }
    head = f"""
name = "{round_.name}"
state_dir = "{state}"
epoch = 7
instruments = "instruments.json"
[input]
kind = "kafka"
format = "{kind.wire_format}"
topics = [{topics}]
partitions = [{partitions}]
n_partitions = {kind.n_partitions}{schema}
[kafka]
bootstrap = "{round_.place.cluster.bootstrap}"
[output]
decisions = "{decisions}"
orders = "{orders}"
fills = "{fills}"
dead_letter = "{dead}"
[telemetry]
page = "{round_.folder.resolve() / (state + ".page")}"
"""
    return head + "".join(f"[{name}]\n{text}\n" for name, text in ours.items())


def _schema_file() -> Path:
    import hftcore

    return Path(hftcore.__file__).parent / "schema" / "event.avsc"
