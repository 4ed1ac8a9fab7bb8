"""What a shard should have decided: its input through the replay engine, as frames."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import ProofError
from hftcore.proof.controls import Control, Models, native_settings
from hftcore.proof.frames import RECORD_KINDS, Kind, split_journal
from hftcore.proof.inputs import ShardInput
from hftcore.proof.settings import DaemonSettings

_SOURCE_SEQ = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Expected:
    """One record of the replay: its frame, and how many inputs the shard had taken when it was made."""

    kind: Kind
    frame: bytes
    n_inputs: int


def replay_input(
    settings: DaemonSettings,
    models: Models,
    shard: int,
    given: ShardInput,
    controls: Sequence[Control],
    state: bytes = b"",
) -> list[Expected]:
    """Replay a shard's input, from its birth or from the state of a snapshot.

    Raises
    ------
    ProofError
        If the replay did not take every event, or made records that come from none: then it proves nothing.
    """
    instruments, _ = shard_instruments(settings, shard)
    artifact = models.get(controls[0])
    strategy, limits = native_settings(controls[0])
    job = _core.engine.Replay(
        records=given.tape,
        spec=artifact.spec._native(),
        instruments=instruments,
        model=artifact._native(),
        strategy=strategy,
        limits=limits,
        fees=settings.execution._native(),
        config_epoch=settings.epoch,
        header_json="{}",
        journal_path=None,
        overwrite=False,
        feed="events",
        wait="yield",
        rate_hz=0.0,
        timed=False,
        state=state,
        changes=[_change(models, control, given) for control in controls[1:]],
    )
    result = job.run()
    journal = split_journal(result["journal"])
    if result["journal_failed"] or result["aborted"] or journal.problem or journal.torn_bytes:
        raise ProofError(f"replay of shard {shard}: its journal is not whole: {journal.problem or 'torn'}")
    frames = [frame for frame in journal.frames if frame.kind in RECORD_KINDS]
    sources = np.array([_SOURCE_SEQ.unpack_from(frame.data, 16)[0] for frame in frames], np.uint64)
    places = _places(given.tape["source_seq"], sources)
    return [Expected(frame.kind, frame.data, int(n)) for frame, n in zip(frames, given.n_inputs[places], strict=True)]


def _change(models: Models, control: Control, given: ShardInput) -> tuple[int, Any, Any, Any]:
    n_events = int(np.searchsorted(given.n_inputs, control.n_inputs, side="right"))
    return n_events, *native_settings(control), models.get(control)._native()


def shard_instruments(settings: DaemonSettings, shard: int) -> tuple[list[Any], list[int]]:
    """A shard's instruments, those whose key the partitioner sends there, and their places in the whole table."""
    from hftcore.kafka import partition_of

    ids = [
        i for i, item in enumerate(settings.instruments) if partition_of(item.symbol, settings.n_partitions) == shard
    ]
    return [settings.instruments[i]._native() for i in ids], ids


def _places(tape: npt.NDArray[np.uint64], sources: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    order = np.argsort(tape, kind="stable")
    found = np.searchsorted(tape[order], sources)
    if len(sources) and (len(tape) == 0 or (tape[order][np.minimum(found, len(tape) - 1)] != sources).any()):
        raise ProofError("replay: a record names an input that the shard never had")
    return order[found] if len(sources) else np.empty(0, np.int64)
