"""What a scored stream is told: checked when it is made, small enough to travel with every task."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from hftcore import _core
from hftcore.errors import ModelMismatchError, ParameterError
from hftcore.instruments import InstrumentTable
from hftcore.kafka.partitioner import partition_of
from hftcore.run.config import RiskLimits, SimulatedExchange, Threshold

if TYPE_CHECKING:
    from hftcore.spec import FeatureSpec

KEYS: Final = ("symbol", "partition")
FORMATS: Final = ("json", "avro", "avro_bare", "packed")
_MOST_PARTITIONS: Final = 4096  # a daemon's: both name their decisions alike
_MOST_BUCKETS: Final = 4096
_UP, _DOWN = 1, -1  # labels of the classes that trade


class Model(Protocol):
    """What scoring needs of an artefact."""

    @property
    def spec(self) -> FeatureSpec: ...
    @property
    def classes(self) -> tuple[int, ...]: ...
    @property
    def model_id(self) -> str: ...
    def _native(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class ScoreSettings:
    """Everything beside the model that decides a row.

    Parameters
    ----------
    instruments : str
        ``InstrumentTable.to_json()`` of the whole table.
    key : {"symbol", "partition"}
    fmt : {"json", "avro", "avro_bare", "packed"}
    schemas : mapping of int to str
        Avro schemas of the writers by id. ``avro_bare`` needs exactly one.
    strategy, risk, execution : Threshold, RiskLimits, SimulatedExchange
    config_epoch : int
        Part of every decision id, 0 to 2**32 - 1.
    numbered : bool
        The feed numbers each symbol's events (``source_seq`` of the message): what is late or comes twice is left out.
    n_buckets : int
        Of ``key="symbol"``: how many groups the symbols are in.
    n_partitions : int
        Of the topic; 0: not known.

    Raises
    ------
    ParameterError
        Names the parameter, the rule and the value.
    """

    instruments: str
    key: str = "symbol"
    fmt: str = "json"
    schemas: Mapping[int, str] = field(default_factory=dict)
    strategy: Threshold = field(default_factory=Threshold)
    risk: RiskLimits = field(default_factory=RiskLimits)
    execution: SimulatedExchange = field(default_factory=SimulatedExchange)
    config_epoch: int = 1
    numbered: bool = False
    n_buckets: int = 8
    n_partitions: int = 0

    def __post_init__(self) -> None:
        for name, value, known in (("key", self.key, KEYS), ("fmt", self.fmt, FORMATS)):
            if value not in known:
                raise ParameterError(f"score: {name} must be one of {', '.join(known)}, was {value!r}")
        for name, number, least, most in (
            ("config_epoch", self.config_epoch, 0, 2**32 - 1),
            ("n_buckets", self.n_buckets, 1, _MOST_BUCKETS),
            ("n_partitions", self.n_partitions, 0, _MOST_PARTITIONS),
        ):
            if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
                raise ParameterError(f"score: {name} must be a whole number in [{least}, {most}], was {number!r}")
        if self.key == "partition" and self.n_partitions == 0:
            raise ParameterError(
                "score: key='partition' needs n_partitions, the topic's number of partitions: it says which symbols "
                "each partition has"
            )
        if self.fmt.startswith("avro") != bool(self.schemas):
            raise ParameterError(
                f"score: schemas must hold the Avro schemas by id where fmt is avro or avro_bare, and nothing else; "
                f"fmt was {self.fmt!r}, schemas had the ids {sorted(self.schemas)}"
            )
        if self.fmt == "avro_bare" and len(self.schemas) != 1:
            raise ParameterError(
                f"score: fmt='avro_bare' needs the one schema that the records were written with, had "
                f"{len(self.schemas)}"
            )

    def digest(self) -> str:
        """SHA-256, in hex, of all of it: what tells two settings apart in one worker process."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def table(self) -> InstrumentTable:
        """The whole table."""
        return InstrumentTable.from_json(self.instruments)

    def places(self, partition: int) -> list[int]:
        """The ids, in the whole table, of the instruments that a key has."""
        symbols = self.table().symbols
        if self.key == "symbol":
            return list(range(len(symbols)))
        return [i for i, symbol in enumerate(symbols) if partition_of(symbol, self.n_partitions) == partition]

    def identity(self, model: Model, partition: int) -> list[tuple[str, str]]:
        """What a state belongs to, in words: a state of anything else is refused, by the first name that differs."""
        named: list[tuple[str, object]] = [
            ("the key", self.key),
            ("the model", model.model_id),
            ("the feature spec", model.spec.sha256),
            ("the classes", list(model.classes)),
            ("the strategy", self.strategy.to_dict()),
            ("risk", self.risk.to_dict()),
            ("the execution", self.execution.to_dict()),
            ("config_epoch", self.config_epoch),
            ("numbered", self.numbered),
            ("n_partitions", self.n_partitions),
            ("n_buckets" if self.key == "symbol" else "the partition", self._group(partition)),
            ("the instrument table", json.loads(self.instruments)),
        ]
        return [(name, json.dumps(value, sort_keys=True, separators=(",", ":"))) for name, value in named]

    def scorer(self, model: Model, partition: int) -> Any:
        """The native engines of a bucket, or of a partition.

        Raises
        ------
        ModelMismatchError
            If the model has no classes +1 and -1.
        ParameterError
            If a schema is none, or the topic has no such partition by ``n_partitions``.
        """
        if self.key == "partition" and partition >= self.n_partitions:
            raise ParameterError(
                f"score: n_partitions must be the topic's number of partitions, was {self.n_partitions}: "
                f"a message came from partition {partition}"
            )
        if _UP not in model.classes or _DOWN not in model.classes:
            raise ModelMismatchError(f"a model that trades must have the classes +1 and -1, had {model.classes}")
        table, places = self.table(), self.places(partition)
        instruments = [table[i] for i in places]
        known = self.key == "symbol" and self.n_partitions > 0
        try:
            return _core.engine.StreamScorer(
                spec=model.spec._native(),
                instruments=[one._native() for one in instruments],
                table_ids=places,
                home_partitions=[partition_of(one.symbol, self.n_partitions) for one in instruments] if known else [],
                by_symbol=self.key == "symbol",
                numbered=self.numbered,
                strategy=self.strategy._native(model.classes.index(_UP), model.classes.index(_DOWN)),
                limits=self.risk._native(),
                fees=self.execution._native(),
                config_epoch=self.config_epoch,
                model=model._native(),
                format=self.fmt,
                schemas={number: text for number, text in self.schemas.items()},  # noqa: C416 (the core's type of a key)
                identity=self.identity(model, partition),
            )
        except ValueError as error:
            raise ParameterError(f"score: {error}") from error

    def _group(self, partition: int) -> int:
        return self.n_buckets if self.key == "symbol" else partition
