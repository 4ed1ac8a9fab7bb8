"""A daemon's configuration as the proof reads it: the same file, by another reader."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hftcore.errors import ParameterError, ProofError
from hftcore.instruments import InstrumentTable
from hftcore.run.config import RiskLimits, SimulatedExchange, Threshold

_TOPICS = {"decisions": "decisions", "orders": "orders", "fills": "fills", "dead_letter": "dead-letter"}
_RISK_KEYS = {
    "max_open_positions",
    "max_order_qty",
    "max_position_qty",
    "stop_loss_bps",
    "stop_out_pause",
    "max_reference_age",
    "killed",
}
PARTITION_BITS = 12


@dataclass(frozen=True, slots=True)
class DaemonSettings:
    """What the proof needs of ``hft.toml``. ``topics`` in order: the place of one is a part of every decision id."""

    path: Path
    sha256: str
    name: str
    state_dir: Path
    epoch: int
    instruments: InstrumentTable
    model_path: Path
    strategy: Threshold
    risk: RiskLimits
    execution: SimulatedExchange
    wire_format: str
    topics: tuple[str, ...]
    partitions: tuple[int, ...]
    n_partitions: int
    start: str
    guarded: bool
    schemas: dict[int, str]
    registry: str
    client: dict[str, str]
    outputs: tuple[str, str, str, str]

    @property
    def bootstrap(self) -> str:
        """Where the cluster is."""
        return self.client["bootstrap.servers"]

    @property
    def file_folder(self) -> Path:
        """What relative paths are relative to."""
        return self.path.parent

    def journal_path(self, shard: int) -> Path:
        """Where the daemon writes a shard's journal."""
        return self.state_dir / f"shard-{shard}" / "journal.hftj"

    def lane(self, topic: int, partition: int) -> int:
        """Number of a lane: topic index << 12 | partition."""
        return topic << PARTITION_BITS | partition

    def lane_start(self, start: Mapping[str, int], lane: int) -> int:
        """First offset of a lane, as the shard's birth tells it. Raises ProofError where it does not."""
        if str(lane) not in start:
            topic, partition = self.lane_source(lane)
            raise ProofError(f"the shard's birth names the lanes {sorted(start)}, not {lane}, {topic} [{partition}]")
        return start[str(lane)]

    def lane_source(self, lane: int) -> tuple[str, int]:
        """Topic and partition of a lane. Raises ProofError for one that the configuration has not."""
        topic, partition = lane >> PARTITION_BITS, lane & ((1 << PARTITION_BITS) - 1)
        if topic >= len(self.topics):
            raise ProofError(f"lane {topic}:{partition}: the configuration has {len(self.topics)} input topics")
        return self.topics[topic], partition


def load_settings(path: str | Path) -> DaemonSettings:
    """Read a daemon's configuration.

    Raises
    ------
    ProofError
        If the file is no TOML, or has no Kafka input.
    ParameterError
        If a setting breaks its rule.
    """
    file = Path(path)
    data = file.read_bytes()
    try:
        table = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProofError(f"{file}: no TOML: {error}") from error
    given = table.get("input", {})
    if given.get("kind", "kafka") != "kafka":
        raise ProofError(f"{file}: input.kind is {given['kind']!r}; only what came through Kafka can be read again")
    folder = file.parent
    try:
        risk = {name: value for name, value in table.get("risk", {}).items() if name in _RISK_KEYS}
        output = table.get("output", {})
        return DaemonSettings(
            path=file,
            sha256=hashlib.sha256(data).hexdigest(),
            name=table["name"],
            state_dir=folder / table["state_dir"],
            epoch=table.get("epoch", 1),
            instruments=InstrumentTable.from_json((folder / table["instruments"]).read_bytes()),
            model_path=_model_path(folder, table["model"]),
            strategy=Threshold(**table.get("strategy", {})),
            risk=RiskLimits(**risk),
            execution=SimulatedExchange(**table.get("execution", {})),
            wire_format=given.get("format", "packed"),
            topics=tuple(given["topics"]),
            partitions=tuple(given["partitions"]),
            n_partitions=given["n_partitions"],
            start=given.get("start", "earliest"),
            guarded=given.get("sequence", "per_symbol") == "per_symbol",
            schemas={int(i): (folder / name).read_text() for i, name in given.get("avro_schemas", {}).items()},
            registry=given.get("registry", ""),
            client=_client(folder, table["kafka"]),
            outputs=tuple(output.get(name, default) for name, default in _TOPICS.items()),
        )
    except KeyError as error:
        raise ProofError(f"{file}: {error} is missing") from error
    except TypeError as error:
        raise ParameterError(f"{file}: {error}") from error


def _model_path(folder: Path, table: Mapping[str, Any]) -> Path:
    if "path" in table:
        return folder / str(table["path"])
    store = folder / str(table["store"])
    aliases = tomllib.loads((store / "aliases.toml").read_text())
    return store / str(aliases[table["alias"]])


def _client(folder: Path, table: Mapping[str, Any]) -> dict[str, str]:
    """What the daemon's consumer is told about reaching the cluster; how it fetches is the daemon's own affair."""
    ours = {"bootstrap.servers": str(table["bootstrap"])}
    for name, value in table.get("consumer", {}).items():
        if name.startswith(("security.", "ssl.", "sasl.", "socket.", "broker.")):
            ours[name] = _revealed(folder, value)
    return ours


def _revealed(folder: Path, value: object) -> str:
    if isinstance(value, Mapping):
        if "env" in value:
            return os.environ[str(value["env"])]
        return (folder / str(value["file"])).read_text().rstrip("\r\n")
    return str(value).lower() if isinstance(value, bool) else str(value)
