"""The proof of one shard: what was published is what its input says, once each, in order, in every byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hftcore.errors import ProofError
from hftcore.proof.compare import Compared, compare_dead_letters, compare_journal, compare_records
from hftcore.proof.controls import Control, Models, read_controls
from hftcore.proof.decoding import MessageDecoder
from hftcore.proof.findings import Findings
from hftcore.proof.frames import JournalFrames, Kind, split_journal
from hftcore.proof.inputs import Lane, ShardInput, in_order, read_lane
from hftcore.proof.log import Log, LogMessage
from hftcore.proof.messages import OutputLog, read_output
from hftcore.proof.order import InputOrder, join_orders
from hftcore.proof.origin import Origin, origins
from hftcore.proof.reference import Expected, replay_input, shard_instruments
from hftcore.proof.settings import DaemonSettings

HOLDS = (Kind.DECISION, Kind.ORDER, Kind.FILL, Kind.DEAD_LETTER)
Progress = Callable[[int], None]


@dataclass(slots=True)
class ShardProof:
    """What is known of a shard. ``cannot_tell`` says what is missing for a proof; then the rest is what was seen."""

    shard: int
    findings: Findings = field(default_factory=Findings)
    cannot_tell: str = ""
    origin: Origin = field(default_factory=Origin)
    outputs: list[OutputLog] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    lanes: list[Lane] = field(default_factory=list)
    n_inputs: int = 0
    n_events: int = 0
    n_left_out: int = 0
    n_gaps: int = 0
    n_stale: int = 0
    controls: list[Control] = field(default_factory=list)
    journal: JournalFrames | None = None
    journal_file: Path | None = None
    journal_compared: Compared | None = None

    @property
    def proven(self) -> bool:
        """Everything was there to be compared, and nothing differed."""
        return not self.cannot_tell and not len(self.findings)


@dataclass(slots=True)
class Prover:
    """Proves the shards of one configuration. ``complete``: nothing may be missing up to the input's end."""

    settings: DaemonSettings
    models: Models
    log: Log
    start: str = "zero"
    complete: bool = False
    progress: Progress = lambda n: None

    def prove(self, shard: int) -> ShardProof:
        """Prove one shard; never raises for what the shard holds."""
        proof = ShardProof(shard)
        try:
            proof.origin = self._origin(shard)
            self._prove(proof)
        except ProofError as error:
            proof.cannot_tell = str(error)
        return proof

    def n_messages(self, shard: int) -> int:
        """How many messages the proof of a shard reads at most: for a progress bar."""
        topics = self.settings.outputs + self.settings.topics
        return sum(high - low for low, high in (self.log.watermarks(topic, shard) for topic in topics))

    def _origin(self, shard: int) -> Origin:
        """The birth, or the oldest snapshot from which all inputs are still there."""
        if self.start == "zero":
            return Origin()
        gone = ""
        for origin in origins(self.settings, shard):
            lacking = [
                f"{source[0]} [{source[1]}]: offsets {start} to {low - 1} are gone by retention"
                for lane, start in origin.lane_starts.items()
                for source in (self.settings.lane_source(int(lane)),)
                if (low := self.log.watermarks(*source)[0]) > start
            ]
            if not lacking:
                return origin
            gone = f"{origin.name}: {'; '.join(lacking)}"
        raise ProofError(gone)

    def _prove(self, proof: ShardProof) -> None:
        shard, findings, origin = proof.shard, proof.findings, proof.origin
        # The inputs' ends first: what comes in while the outputs are read is the next proof's affair.
        ends = {topic: self.log.watermarks(topic, shard)[1] for topic in self.settings.topics}
        for i in range(len(HOLDS)):
            proof.outputs.append(self._read_output(i, shard, origin, findings))
        proof.journal_file = self.settings.journal_path(shard)
        if proof.journal_file.is_file():
            proof.journal = split_journal(proof.journal_file.read_bytes(), origin.journal_at)
        proof.controls = read_controls(proof.outputs, origin, findings)
        order = self._read_lanes(proof, join_orders(proof.outputs, origin.n_inputs, findings), ends)
        n_symbols = len(shard_instruments(self.settings, shard)[1])
        given = in_order(proof.lanes, order, n_symbols, self.settings.guarded, origin.last_numbers)
        proof.n_inputs, proof.n_events = order.end, len(given.tape)
        proof.n_left_out, proof.n_gaps, proof.n_stale = given.n_left_out, given.n_gaps, given.n_stale
        expected = replay_input(self.settings, self.models, shard, given, proof.controls, origin.state)
        self._compare(proof, given, expected)

    def _read_output(self, i: int, shard: int, origin: Origin, findings: Findings) -> OutputLog:
        topic, start = self.settings.outputs[i], origin.output_starts[i]
        low, high = self.log.watermarks(topic, shard)
        if low > start:
            raise ProofError(f"{topic} [{shard}]: offsets {start} to {low - 1} are gone by retention")

        def counted() -> Iterator[list[LogMessage]]:
            for portion in self.log.read(topic, shard, start, high):
                self.progress(len(portion))
                yield portion

        return read_output(topic, shard, counted(), HOLDS[i], findings, origin.seqs[i], origin.fence)

    def _read_lanes(self, proof: ShardProof, order: InputOrder, ends: dict[str, int]) -> InputOrder:
        """Read what was taken, and with ``complete`` what is left; returns the order of all of it."""
        shard = proof.shard
        decoder = MessageDecoder(self.settings, *shard_instruments(self.settings, shard))
        tails = []
        for i, topic in enumerate(self.settings.topics):
            number = self.settings.lane(i, shard)
            taken = int(np.count_nonzero(order.lanes == number))
            start = self.settings.lane_start(proof.controls[0].start, number)
            low, high = self.log.watermarks(topic, shard)
            if low > start and (taken or self.complete):
                raise ProofError(f"{topic} [{shard}]: offsets {start} to {low - 1} are gone by retention")
            span, most = ((start, ends[topic]), None) if self.complete else ((start, high), taken)
            lane = read_lane(self.log, decoder, number, (topic, shard), span, most, self.progress)
            proof.lanes.append(lane)
            if len(lane) < taken:
                what = f"{taken} inputs are said to come from it, it has {len(lane)}"
                proof.findings.add("order", topic, shard, what)
                raise ProofError("the outputs speak of inputs that never were")
            if self.complete and len(lane) > taken:
                tails.append((number, len(lane) - taken))
        if len(tails) > 1:
            left = ", ".join(f"{n} of {self.settings.lane_source(lane)[0]}" for lane, n in tails)
            raise ProofError(f"no output tells the order of the last inputs: {left}")
        if tails and any(control.stale_after_ns for control in proof.controls):
            raise ProofError(f"no output tells which of the last {tails[0][1]} inputs were stale")
        for lane_number, n in tails:
            order = order.with_tail(lane_number, n)
        return order

    def _compare(self, proof: ShardProof, given: ShardInput, expected: Sequence[Expected]) -> None:
        _, ids = shard_instruments(self.settings, proof.shard)
        symbols = [self.settings.instruments[i].symbol for i in ids]
        findings, complete, seqs = proof.findings, self.complete, proof.origin.seqs
        for log, kind, first_seq in zip(proof.outputs[:3], HOLDS[:3], seqs[:3], strict=True):
            proof.compared.append(compare_records(log, kind, expected, symbols, findings, complete, first_seq))
        letters = compare_dead_letters(proof.outputs[3], given.dead_letters, findings, complete, seqs[3])
        proof.compared.append(letters)
        if proof.journal is not None:
            name = str(proof.journal_file)
            proof.journal_compared = compare_journal(
                name, proof.journal, expected, proof.shard, proof.findings, self.complete
            )
