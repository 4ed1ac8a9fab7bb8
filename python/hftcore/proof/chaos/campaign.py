"""Round after round: which scenario on which tape, the verdict on each, the table of all."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hftcore.errors import ChaosError, HftError
from hftcore.kafka import Cluster
from hftcore.proof import ShardProof, load_settings, prove_shards
from hftcore.proof.chaos.brokers import Brokers
from hftcore.proof.chaos.model import busy_artifact
from hftcore.proof.chaos.round import Place, Round
from hftcore.proof.chaos.scenarios import SCENARIOS, Scenario
from hftcore.proof.chaos.tape import Tape, TapeKind, make_tape

FORMATS = ("packed", "json", "avro")
_N_EVENTS = 12_000

ShardBytes = tuple[tuple[bytes, ...], ...]  # decisions, orders, fills, journal records


@dataclass(slots=True)
class RoundResult:
    """What a round showed."""

    scenario: str
    tape: TapeKind
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
    recoveries_s: tuple[float, ...] = ()
    elapsed_s: float = 0.0
    folder: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        names = ("scenario", "ok", "problem", "n_inputs", "n_decisions", "n_records", "lost", "doubled", "differing",
                 "void", "elapsed_s", "folder")  # fmt: skip
        tape = f"{self.tape.wire_format}, {self.tape.n_topics} topics, {self.tape.n_partitions} partitions"
        lists = {"evidence": list(self.evidence), "recoveries_s": list(self.recoveries_s)}
        return {**{name: getattr(self, name) for name in names}, **lists, "tape": tape, "seed": self.tape.seed}


@dataclass(slots=True)
class Campaign:
    """Rounds on one cluster. ``baselines``: what undisturbed daemons made of each tape, run once, compared often."""

    place: Place
    seed: int
    keep: bool = False
    baselines: dict[TapeKind, list[ShardBytes]] = field(default_factory=dict)
    results: list[RoundResult] = field(default_factory=list)

    def run(
        self, scenarios: Sequence[Scenario], n_rounds: int, done: Callable[[RoundResult, int], None] | None = None
    ) -> list[RoundResult]:
        """Run ``n_rounds`` rounds, the scenarios in turn; tapes change with every turn."""
        for n in range(n_rounds):
            self.results.append(self.run_one(scenarios[n % len(scenarios)], n, n // len(scenarios)))
            if done is not None:
                done(self.results[-1], n + 1)
        return self.results

    def run_one(self, scenario: Scenario, n: int, turn: int = 0) -> RoundResult:
        """Round ``n``: what is drawn in it depends on the seed and on n alone."""
        return self._round(scenario, self._kind(scenario, n, turn), random.Random(f"{self.seed} {n}"))

    def _kind(self, scenario: Scenario, n: int, turn: int) -> TapeKind:
        """Formats and lanes rotate with the rounds. Few seeds, so that undisturbed runs are shared."""
        two_topics = (n + turn) % 3 == 2
        return TapeKind(
            self.seed + turn % 3, _N_EVENTS, FORMATS[(n + turn) % 3], 2 if two_topics else 1, 2, scenario.defects
        )

    def _round(self, scenario: Scenario, kind: TapeKind, draw: random.Random) -> RoundResult:
        result = RoundResult(scenario.name, kind)
        begun = time.monotonic()
        try:
            tape = make_tape(kind)
            baseline = self._baseline(tape) if kind.single_lane else None
            with Round(self.place, tape, draw, dict(scenario.settings)) as r:
                result.folder = str(r.folder)
                try:
                    scenario.act(r)
                    if r.finishes:
                        r.drain()
                        r.stop()
                    self._judge(r, result, baseline)
                finally:
                    result.evidence, result.recoveries_s = tuple(r.evidence), tuple(r.recoveries_s)
                    self.place.cluster.heal()
                    self.place.cluster.delete_topics(*r.inputs, *r.outputs)
            if not self.keep and result.ok:
                shutil.rmtree(result.folder, ignore_errors=True)
        except (HftError, OSError) as error:
            result.ok, result.problem = False, f"{type(error).__name__}: {error}"
        result.elapsed_s = time.monotonic() - begun
        return result

    def _judge(self, r: Round, result: RoundResult, baseline: list[ShardBytes] | None) -> None:
        """Prove the round; without defects of the daemon all of it must hold."""
        settings = load_settings(r.config)
        proofs = prove_shards(settings, settings.partitions, complete=r.finishes)
        counts: Counter[str] = sum((proof.findings.counts for proof in proofs), Counter())
        result.lost = counts["gap"]
        result.doubled = counts["double"]
        result.differing = counts.total() - counts["gap"] - counts["double"]
        result.n_inputs = sum(proof.n_inputs for proof in proofs)
        result.n_decisions = sum(len(proof.outputs[0].records) for proof in proofs)
        result.n_records = sum(len(log.records) for proof in proofs for log in proof.outputs)
        result.void = sum(log.n_void for proof in proofs for log in proof.outputs)
        if r.finishes:
            result.problem = problem_of(proofs, baseline)
        elif not all(proof.cannot_tell for proof in proofs):
            result.problem = "the proof did not notice that inputs are gone"
        if not r.evidence:
            result.problem = result.problem or "nothing shows that the fault happened"
        result.ok = not result.problem

    def _baseline(self, tape: Tape) -> list[ShardBytes]:
        """What a daemon that nobody disturbs makes of a tape, and that a replay without Kafka makes the same."""
        if tape.kind not in self.baselines:
            with Round(self.place, tape, random.Random(0)) as r:
                r.start()
                r.feed.start()
                r.drain()
                r.stop()
                settings = load_settings(r.config)
                proofs = prove_shards(settings, settings.partitions, complete=True)
                problem = problem_of(proofs, None)
                self.place.cluster.delete_topics(*r.inputs, *r.outputs)
            if problem:
                raise ChaosError(f"the undisturbed run is wrong already: {problem}; see {r.folder}")
            shutil.rmtree(r.folder, ignore_errors=True)
            self.baselines[tape.kind] = [shard_bytes(proof) for proof in proofs]
        return self.baselines[tape.kind]


def problem_of(proofs: Sequence[ShardProof], baseline: Sequence[ShardBytes] | None) -> str:
    """What is wrong with a round's outcome; empty for nothing."""
    for proof in proofs:
        if proof.cannot_tell:
            return f"shard {proof.shard}: {proof.cannot_tell}"
        if len(proof.findings):
            first = proof.findings.first[0]
            return (
                f"shard {proof.shard}: {len(proof.findings)} findings; first: {first.kind}: {first.topic} {first.what}"
            )
    if not all(proof.journal is not None for proof in proofs):
        return "a shard has no journal"
    if not any(len(proof.outputs[0].records) for proof in proofs):
        return "nothing was decided"
    if baseline is not None:
        for proof, ours in zip(proofs, baseline, strict=True):
            names = ("decisions", "orders", "fills", "journal")
            for name, right, found in zip(names, ours, shard_bytes(proof), strict=True):
                if right != found:
                    return f"shard {proof.shard}: {name} are not those of the undisturbed run"
    return ""


def shard_bytes(proof: ShardProof) -> ShardBytes:
    """A shard's records as they were published, and as they were journalled."""
    from hftcore.proof.frames import RECORD_KINDS

    published = tuple(tuple(message.value for message in log.records) for log in proof.outputs[:3])
    frames = proof.journal.frames if proof.journal is not None else ()
    return (*published, tuple(frame.data for frame in frames if frame.kind in RECORD_KINDS))


def chosen(only: str | None, *, with_brokers: bool = True) -> tuple[Scenario, ...]:
    """Scenarios by name or a part of it. Raises ChaosError where none is meant."""
    found = tuple(
        s for s in SCENARIOS if (only is None or only.lower() in s.name) and (with_brokers or not s.hurts_brokers)
    )
    if not found:
        raise ChaosError(f"no scenario {only!r}; there are {', '.join(s.name for s in SCENARIOS)}")
    return found


def run_campaign(
    cluster: Brokers,
    folder: Path,
    *,
    n_rounds: int,
    seed: int = 1,
    only: str | None = None,
    long_pause_s: float = 5.0,
    keep: bool = False,
    done: Callable[[RoundResult, int], None] | None = None,
) -> list[RoundResult]:
    """Hurt a daemon ``n_rounds`` times and prove each time that nothing was lost and nothing doubled.

    Parameters
    ----------
    cluster : Cluster
        Running. Where it is a ``Cluster`` its brokers will be killed, paused and restarted.
    folder : Path
        Where models, configurations, states and logs go; those of rounds that went wrong stay.
    n_rounds, seed, only
        How many; what is drawn; which scenarios, by a part of their name.
    long_pause_s : float
        How long a frozen daemon stays frozen.
    done : callable(result, n_done), optional
        Called after each round.
    """
    scenarios = chosen(only, with_brokers=isinstance(cluster, Cluster))
    artifact = busy_artifact(folder / "busy.hft")
    campaign = Campaign(Place(cluster, artifact, folder, long_pause_s), seed, keep)
    return campaign.run(scenarios, n_rounds, done)
