"""Round after round on one cluster, one checkpoint and one growing tape."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hftcore.artifact import Artifact
from hftcore.errors import ChaosError, HftError
from hftcore.kafka import Cluster, OnceReader
from hftcore.proof.chaos.feed import Feed
from hftcore.proof.chaos.tape import Message
from hftcore.proof.stream.compare import Seen, compare
from hftcore.proof.stream.faults import FAULTS, StreamFault
from hftcore.proof.stream.job import LOCAL, Checkpoint, StreamJob
from hftcore.proof.stream.market import EPOCH, EXECUTION, N_PARTITIONS, RISK, STRATEGY, WIRE_FORMAT, Market

_PATIENCE_S = 300.0  # a start takes 10 s, on a host that does ten other things some minutes
_WRITE_S = 10.0
OUTPUTS = ("decision", "order", "fill", "dead_letter")


@dataclass(slots=True)
class StreamRoundResult:
    """What a round showed. ``lost``, ``doubled`` and ``differing`` count all that was published since the first round.

    ``void``: messages of this round that lie in the topics twice, and that the reader left out.
    """

    scenario: str
    master: str
    ok: bool = False
    problem: str = ""
    evidence: tuple[str, ...] = ()
    n_inputs: int = 0
    n_decisions: int = 0
    n_records: int = 0
    lost: int = 0
    doubled: int = 0
    differing: int = 0
    void: int = 0
    batches: int = 0
    recoveries_s: tuple[float, ...] = ()
    elapsed_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class StreamRound:
    """A round as its fault sees it."""

    cluster: Cluster
    job: StreamJob
    outputs: dict[str, str]
    draw: random.Random


@dataclass(slots=True)
class StreamCampaign:
    """Rounds of faults. A context manager: whatever still runs is ended at exit.

    Parameters
    ----------
    cluster : Cluster
        Running; a broker of it will be killed.
    artifact : Artifact
    script : Path
        ``spark/score_stream.py``.
    jars : sequence of Path
        Of Spark's Kafka connector.
    folder : Path
        Takes the checkpoint and the log.
    market : Market
    seed : int
    rate_hz : float
        Messages per second of the feed.
    """

    cluster: Cluster
    artifact: Artifact
    script: Path
    jars: Sequence[Path]
    folder: Path
    market: Market
    seed: int
    rate_hz: float = 800.0
    config: dict[str, str] = field(default_factory=dict)
    results: list[StreamRoundResult] = field(default_factory=list)
    _job: StreamJob | None = None
    _reader: OnceReader | None = None
    _seen: Seen = field(init=False)
    _name: str = field(init=False)

    def __enter__(self) -> Self:
        self._name = f"stream-{self.folder.name}"[:80]
        for topic in (self.topic, *self.outputs.values()):
            self.cluster.create_topic(topic, N_PARTITIONS, config={"min.insync.replicas": "2"})
        (self.folder / "instruments.json").write_text(self.market.instruments.to_json())
        told = {"strategy": STRATEGY, "risk": RISK, "execution": EXECUTION}
        (self.folder / "settings.json").write_text(json.dumps(told))
        self._reader = OnceReader(self.cluster.bootstrap, list(self.outputs.values()))
        self._seen = Seen(self.outputs)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._job is not None:
            self._job.kill()
        if self._reader is not None:
            self._reader.__exit__()
        with suppress(HftError):
            self.cluster.heal()
            self.cluster.delete_topics(self.topic, *self.outputs.values())

    @property
    def topic(self) -> str:
        """The input."""
        return f"{self._name}-in"

    @property
    def outputs(self) -> dict[str, str]:
        """Topics by kind."""
        return {kind: f"{self._name}-{kind}" for kind in OUTPUTS}

    @property
    def checkpoint(self) -> Checkpoint:
        """The query's."""
        return Checkpoint(self.folder / "checkpoint")

    def run(self, done: Callable[[StreamRoundResult, int], None] | None = None) -> list[StreamRoundResult]:
        """One round for each slice of the market, the faults in their turn. Stops at a round that did not hold."""
        for n, messages in enumerate(self.market.slices):
            result = self._round(FAULTS[n % len(FAULTS)], messages, random.Random(f"{self.seed} {n}"))
            self.results.append(result)
            if done is not None:
                done(result, n + 1)
            if not result.ok:
                break
        return self.results

    def _round(self, fault: StreamFault, messages: Sequence[Message], draw: random.Random) -> StreamRoundResult:
        result = StreamRoundResult(fault.name, fault.master)
        begun, batch = time.monotonic(), self.checkpoint.batch()
        try:
            job = self._running(fault.master)
            n_first = len(messages) // 10
            self._feed(messages[:n_first]).finish()
            self.market.sent(messages[:n_first])
            self._drain()  # a job that has just been started works now
            feed = self._feed(messages[n_first:])
            feed.wait_until(draw.uniform(0.05, 0.9))
            moment = self._wait_for_a_write() if draw.random() < 0.6 else "at random"
            at = self.checkpoint.batch()
            struck = fault.act(StreamRound(self.cluster, job, self.outputs, draw))
            hit = time.monotonic()
            result.evidence = (f"{struck}, {moment}, {feed.fraction:.0%} of the round's feed sent, behind batch {at}",)
            if fault.fatal:
                job.wait(_PATIENCE_S)
                self._job = None
                self._running(self._next_master(fault))
            self._wait_for(lambda: self.checkpoint.batch() > at, "a batch behind the fault")
            result.recoveries_s = (round(time.monotonic() - hit, 3),)
            self.cluster.heal()
            feed.finish()
            self.market.sent(messages[n_first:])
            self._drain()
            self._judge(result)
        except (HftError, OSError) as error:
            result.problem = f"{type(error).__name__}: {error}"
        result.ok = not result.problem
        result.batches = self.checkpoint.batch() - batch
        result.elapsed_s = round(time.monotonic() - begun, 3)
        return result

    def _wait_for_a_write(self) -> str:
        """Until a message of a batch lies in an output: the batch is then not committed yet."""
        assert self._reader is not None, "entered"
        before, deadline = self._reader.ends(), time.monotonic() + _WRITE_S
        while self._reader.ends() == before:
            if time.monotonic() > deadline:
                return "at random"
        return "behind the first message of a batch"

    def _feed(self, messages: Sequence[Message]) -> Feed:
        feed = Feed(self.cluster.bootstrap, (self.topic,), messages, self.rate_hz)
        feed.start()
        return feed

    def _next_master(self, fault: StreamFault) -> str:
        """That of the round behind this one, so that the job is not started twice."""
        return FAULTS[(FAULTS.index(fault) + 1) % len(FAULTS)].master

    def _running(self, master: str) -> StreamJob:
        """The job, under this master."""
        if self._job is not None and self._job.running and self._job.master == master:
            return self._job
        if self._job is not None:
            self._job.kill()
        arguments = {
            "bootstrap": self.cluster.bootstrap,
            "topic": self.topic,
            "partitions": N_PARTITIONS,
            "model": self.artifact.path.resolve(),
            "instruments": self.folder / "instruments.json",
            "settings": self.folder / "settings.json",
            "decisions": self.outputs["decision"],
            "orders": self.outputs["order"],
            "fills": self.outputs["fill"],
            "dead-letters": self.outputs["dead_letter"],
            "checkpoint": self.folder / "checkpoint",
            "key": "partition",
            "format": WIRE_FORMAT,
            "epoch": EPOCH,
        }
        told = [str(part) for name, value in arguments.items() for part in (f"--{name}", value)]
        self._job = StreamJob(self.script, told, self.jars, self.folder / "job.log", master or LOCAL, self.config)
        return self._job

    def _drain(self) -> None:
        wanted = self.market.ends()
        self._wait_for(lambda: self.checkpoint.taken() == wanted, f"the end of the input, {wanted},")

    def _judge(self, result: StreamRoundResult) -> None:
        assert self._reader is not None, "entered"
        dropped = self._reader.once.n_dropped
        self._seen.add(self._reader.read())
        found = compare(self.market.expected(self.artifact, self.topic), self._seen)
        result.n_inputs = self.market.n_sent
        result.n_records, result.n_decisions = found.n_records, found.n_decisions
        result.lost, result.doubled, result.differing = found.lost, found.doubled, found.differing
        result.void = self._reader.once.n_dropped - dropped
        result.problem = found.first or ("" if found.n_decisions else "nothing was decided")

    def _wait_for(self, condition: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            if self._job is None or not self._job.running:
                words = "" if self._job is None else self._job.last_words()
                raise ChaosError(f"{what} did not come, the job ended: {words}")
            if time.monotonic() > deadline:
                raise ChaosError(f"{what} did not come in {_PATIENCE_S:g} s: {self._job.last_words()}")
            time.sleep(0.05)
