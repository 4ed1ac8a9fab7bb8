"""A shard in memory: topics as lists, and a writer that publishes as a daemon does, so that a test can spoil it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

import hftcore
from hftcore import _core
from hftcore.proof.chaos.model import busy_artifact
from hftcore.proof.chaos.tape import Tape, TapeKind, make_tape
from hftcore.proof.controls import Models, read_controls
from hftcore.proof.findings import Findings
from hftcore.proof.frames import Kind, sealed
from hftcore.proof.inputs import in_order, read_lane
from hftcore.proof.log import LogMessage
from hftcore.proof.messages import Output, OutputLog, Run, pack_hft, pack_lease, pack_runs
from hftcore.proof.order import InputOrder
from hftcore.proof.origin import Origin
from hftcore.proof.prover import HOLDS, Prover, ShardProof
from hftcore.proof.reference import replay_input, shard_instruments
from hftcore.proof.settings import DaemonSettings, load_settings

OUTPUTS = ("decisions", "orders", "fills", "dead-letter")


@dataclass
class MemoryLog:
    """Topics of one partition each, as lists that a test may change."""

    topics: dict[str, list[LogMessage]] = field(default_factory=dict)
    low: dict[str, int] = field(default_factory=dict)

    def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        return self.low.get(topic, 0), len(self.topics[topic])

    def read(self, topic: str, partition: int, start: int, end: int) -> Iterator[list[LogMessage]]:
        messages = [replace(m, offset=i) for i, m in enumerate(self.topics[topic])][start:end]
        for at in range(0, len(messages), 700):
            yield messages[at : at + 700]


@dataclass
class World:
    """A configuration, its topics, its journal; ``prove`` asks the prover about all of it."""

    settings: DaemonSettings
    log: MemoryLog
    models: Models

    def prove(self, *, complete: bool = True) -> ShardProof:
        return Prover(self.settings, self.models, self.log, complete=complete).prove(0)

    def counts(self, *, complete: bool = True) -> dict[str, int]:
        proof = self.prove(complete=complete)
        assert not proof.cannot_tell
        return dict(proof.findings.counts)

    @property
    def journal(self) -> Path:
        return self.settings.journal_path(0)


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory):
    return busy_artifact(tmp_path_factory.mktemp("model") / "busy.hft")


@pytest.fixture(scope="session")
def tapes() -> dict[TapeKind, Tape]:
    return {}


@pytest.fixture
def make_world(tmp_path: Path, artifact, tapes):
    """A shard that did everything right."""

    def make(kind: TapeKind | None = None, **how: object) -> World:
        kind = kind or TapeKind(5, 4000, "packed", 1, 1)
        tape = tapes.setdefault(kind, make_tape(kind))
        settings = _settings(tmp_path, tape, artifact)
        log = MemoryLog({topic: [] for topic in (*settings.topics, *OUTPUTS)})
        for message in tape.messages:
            log.topics[settings.topics[message.topic]].append(LogMessage(0, message.key, message.value))
        world = World(settings, log, Models(settings, {artifact.model_id: artifact}))
        Writer(world, **how).write()
        return world

    return make


def _settings(folder: Path, tape: Tape, artifact) -> DaemonSettings:
    (folder / "instruments.json").write_text(tape.instruments.to_json())
    topics = [f"in-{i}" for i in range(tape.kind.n_topics)]
    (folder / "hft.toml").write_text(
        f"""
name = "test"
state_dir = "state"
epoch = 7
instruments = "instruments.json"
[model]
path = "{artifact.path}"
[input]
format = "{tape.kind.wire_format}"
topics = {json.dumps(topics)}
partitions = [0]
n_partitions = 1
{_schemas(tape)}
[execution]
fee_bps = 0.3
[kafka]
bootstrap = "nowhere:1"
"""
    )
    return load_settings(folder / "hft.toml")


def _schemas(tape: Tape) -> str:
    schema = Path(hftcore.__file__).parent / "schema" / "event.avsc"
    return f'avro_schemas = {{1 = "{schema}"}}' if tape.kind.wire_format == "avro" else ""


STRATEGY = {
    "threshold_frac": 0.5, "order_qty_lots": 3, "cooldown_ns": 5_000_000, "hold_ns": 400_000_000,
    "up_class": 2, "down_class": 0,
}  # fmt: skip
RISK = {
    "max_open_positions": 6, "max_order_qty_lots": 10, "max_position_qty_lots": 10, "stop_loss_milli_bps": 20_000,
    "stop_out_pause_ns": 10**9, "max_reference_age_ns": 0, "killed": False,
}  # fmt: skip


def settings_json(world: World, **strategy: object) -> dict[str, object]:
    artifact = next(iter(world.models.by_id.values()))
    return {
        "input": {"stale_after_ns": 0},
        "model": {"model_id": artifact.model_id, "path": str(artifact.path)},
        "risk": RISK,
        "strategy": {**STRATEGY, **strategy},
    }


@dataclass
class Writer:
    """Publishes what the shard's inputs lead to. ``lane_order``: a seed that mixes lanes; ``changes``: by input."""

    world: World
    lane_order: int = 1
    stale: tuple[int, int] = (0, 0)
    changes: dict[int, dict[str, object]] = field(default_factory=dict)

    def write(self) -> None:
        world = self.world
        codes = self._codes()
        controls = [self._control(0, 0, {}, start=True)]
        controls += [self._control(i + 1, n, s) for i, (n, s) in enumerate(sorted(self.changes.items()))]
        birth = OutputLog("decisions", 0, [Output(0, b"", c, Kind.CONTROL, 0, 1, False, n, ()) for n, c in controls])
        instruments, ids = shard_instruments(world.settings, 0)
        decoder = _core.event.WireDecoder(world.settings.wire_format, instruments, ids, world.settings.schemas)
        lanes = [
            read_lane(world.log, decoder, i << 12, (topic, 0), (0, 10**9), None, lambda n: None)
            for i, topic in enumerate(world.settings.topics)
        ]
        given = in_order(lanes, InputOrder(0, codes), len(ids), True)
        expected = replay_input(world.settings, world.models, 0, given, read_controls([birth], Origin(), Findings()))
        self._publish(codes, controls, given, expected)
        self._journal(controls, expected)

    def _codes(self) -> np.ndarray:
        """Lane of each input: a random merge of the topics, with a stale stretch."""
        topics = self.world.settings.topics
        lanes = np.repeat(
            np.arange(len(topics), dtype=np.uint32) << 12, [len(self.world.log.topics[t]) for t in topics]
        )
        ends = np.flatnonzero(np.diff(lanes, append=0xFFFF))
        order = np.random.default_rng(self.lane_order).permutation(np.delete(np.arange(len(lanes)), ends))
        codes = lanes[np.concatenate([order, ends])]
        codes[self.stale[0] : self.stale[1]] |= 1 << 16
        return codes

    def _control(self, number: int, n_inputs: int, strategy: dict[str, object], start: bool = False):
        told: dict[str, object] = {"control": number, "n_inputs": n_inputs}
        if start:
            told["start"] = {str(i << 12): 0 for i in range(len(self.world.settings.topics))}
        told["settings"] = settings_json(self.world, **strategy)
        return n_inputs, sealed(Kind.CONTROL, json.dumps(told).encode())

    def _publish(self, codes, controls, given, expected) -> None:
        symbols = [item.symbol.encode() for item in self.world.settings.instruments]
        for topic, holds in zip(OUTPUTS, HOLDS, strict=True):
            out = self.world.log.topics[topic]
            out.append(LogMessage(0, b"", sealed(Kind.LEASE, pack_lease(1, b"writer")), self._headers(0, 0, b"", 1)))
            if holds == Kind.DEAD_LETTER:
                records = [(d.n_inputs, d.key, d.value, d.source, d.reason) for d in given.dead_letters]
            else:
                at = {Kind.DECISION: 56, Kind.ORDER: 40, Kind.FILL: 48}[holds] + 16
                wanted = [e for e in expected if e.kind == holds]
                records = [
                    (e.n_inputs, symbols[int.from_bytes(e.frame[at : at + 4], "little")], e.frame, "", "")
                    for e in wanted
                ]
            words = [(n, 0, b"", frame, "", "") for n, frame in controls] + [(r[0], 1, *r[1:]) for r in records]
            told = seq = 0
            for n_inputs, is_record, key, value, source, reason in sorted(words, key=lambda w: (w[0], w[1])):
                runs = pack_runs(_runs(codes[told:n_inputs]))
                headers = self._headers(seq, n_inputs, runs, 1)
                if source:
                    headers = (*headers, ("source", source.encode()), ("reason", reason.encode()))
                out.append(LogMessage(0, key, value, headers))
                told = n_inputs
                seq += is_record

    def _headers(self, seq: int, n_inputs: int, runs: bytes, fence: int):
        headers = (("hft", pack_hft(seq, fence, n_inputs)),)
        return (*headers, ("order", runs)) if runs else headers

    def _journal(self, controls, expected) -> None:
        path = self.world.journal
        path.parent.mkdir(parents=True, exist_ok=True)
        frames = [sealed(Kind.RUN_HEADER, b"{}")]
        words = [(n, 0, frame) for n, frame in controls] + [(e.n_inputs, 1, e.frame) for e in expected]
        frames += [frame for _, _, frame in sorted(words, key=lambda w: (w[0], w[1]))]
        path.write_bytes(b"HFTJRNL1".ljust(64, b"\0") + b"".join(frames))


def _runs(codes: np.ndarray) -> list[Run]:
    cuts = np.flatnonzero(np.diff(codes)) + 1
    return [
        Run(int(part[0]) & 0xFFFF, bool(int(part[0]) >> 16), len(part)) for part in np.split(codes, cuts) if len(part)
    ]
