"""Replay a tape through the hot path: the same engine as a daemon's, with a tape as its source."""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np

from hftcore import _core
from hftcore.errors import JournalError, ModelMismatchError, ParameterError
from hftcore.ledger.journal import parse_journal
from hftcore.run.config import RiskLimits, SettingsChange, SimulatedExchange, Threshold
from hftcore.run.equity import equity_of
from hftcore.run.result import Run

if TYPE_CHECKING:
    from hftcore.events import Events
    from hftcore.instruments import Instrument
    from hftcore.spec import FeatureSpec


Feed = Literal["threads", "events", "batch"]
Wait = Literal["spin", "yield", "block"]
_POLL_S = 0.05
_UP, _DOWN = 1, -1  # labels of the classes that trade


class Model(Protocol):
    """What a replay needs of an artefact."""

    @property
    def spec(self) -> FeatureSpec: ...
    @property
    def classes(self) -> tuple[int, ...]: ...
    @property
    def model_id(self) -> str: ...
    def _native(self) -> Any: ...


def replay(
    artifact: Model,
    events: Events,
    *,
    strategy: Threshold | None = None,
    risk: RiskLimits | None = None,
    execution: SimulatedExchange | None = None,
    changes: Sequence[SettingsChange] = (),
    journal: str | Path | None = None,
    overwrite: bool = False,
    rate_hz: float | None = None,
    timed: bool = True,
    feed: Feed = "threads",
    wait: Wait = "yield",
    config_epoch: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Play events through features, model, strategy, risk and simulated exchange into a journal.

    Parameters
    ----------
    artifact : Artifact
        The model, with the spec of its features.
    events : Events
        In source order. An event older than its symbol's last one is counted and left out.
    strategy, risk, execution : Threshold, RiskLimits, SimulatedExchange
        Their defaults where they are None.
    changes : sequence of SettingsChange, optional
        Other settings from later records on, in the order of the tape: as if the engine had been told between two
        events. They are part of the run header.
    journal : path, optional
        Where the journal goes while it is written; in memory where None. ``Run.save`` keeps either.
    overwrite : bool
        Replace a journal that exists.
    rate_hz : float, optional
        Records per second on a fixed schedule; latency counts from it, so a stall is not forgotten. None: as fast as
        it goes, and ``tick_to_decision`` counts from the moment an event is taken up.
    timed : bool
        Measure the stages, about 10 ns each.
    feed : {"threads", "events", "batch"}
        Ingest, hot and journal threads; or all in one thread, event by event or in batches. The journal's bytes are
        the same.
    wait : {"spin", "yield", "block"}
        How threads wait for each other. Spin needs three idle cores.
    config_epoch : int, optional
        Part of every decision id, 0 to 2**32 - 1. None: follows from tape, model and settings, so that another tape or
        another setting gives other ids, and the same ones give the same.
    progress : callable(done, total), optional
        Called about 20 times a second with numbers of records. What it raises aborts the replay.

    Returns
    -------
    run : Run

    Raises
    ------
    ParameterError
        If ``rate_hz``, ``feed``, ``wait``, ``config_epoch`` or the order of ``changes`` breaks its rule.
    ModelMismatchError
        If the model has no classes +1 and -1, its features are not those of its spec, or the model of a change has
        another spec or other classes.
    JournalError
        If the journal exists, cannot be written, or stopped taking records. Trading then stops, but late: orders whose
        records were still in the journal's buffer (256 KiB) or, with ``feed="threads"``, on their way to it (at most
        4,161 records) were sent and are missing.

    Notes
    -----
    A position is closed at the first touch after its session (reason ``session_end``): the touch before is gone when
    the end is seen. The end of the tape is no session end: what is open is valued at the last mid.
    """
    _check_parameters(rate_hz, feed, wait, config_epoch)
    strategy, risk, execution = strategy or Threshold(), risk or RiskLimits(), execution or SimulatedExchange()
    up_class, down_class = trading_classes(artifact)
    _check_changes(artifact, changes)
    settings = _settings(artifact, events, strategy, risk, execution)
    if changes:
        settings["changes"] = [change.to_dict() for change in changes]
    epoch = _epoch_of(settings) if config_epoch is None else config_epoch
    job = _core.engine.Replay(
        records=events.data,
        spec=artifact.spec._native(),
        instruments=events.instruments._native(),
        model=artifact._native(),
        strategy=strategy._native(up_class, down_class),
        limits=risk._native(),
        fees=execution._native(),
        config_epoch=epoch,
        header_json=_canonical({**settings, "config_epoch": epoch}),
        changes=[change._native(up_class, down_class) for change in changes],
        journal_path=None if journal is None else str(journal),
        overwrite=overwrite,
        feed=feed,
        wait=wait,
        rate_hz=rate_hz or 0.0,
        timed=timed,
    )
    result = _run_to_end(job, progress, Path(journal) if journal is not None else None)
    journal_bytes = result["journal"] if journal is None else Path(journal).read_bytes()
    figures = {
        "source": events.source,
        "n_records": len(events),
        "feed": feed,
        "wait": wait,
        "rate_hz": rate_hz,
        "elapsed_s": result["elapsed_ns"] / 1e9,
        "throughput_hz": len(events) * 1e9 / max(result["elapsed_ns"], 1),
        "latency_ns": result["stages"],
        "latency_from": "due" if rate_hz else "taken up",
        "assumptions": list(execution.assumptions),
    }
    return Run(journal_bytes, figures, equity_of(events, parse_journal(journal_bytes, "journal").fills))


def _check_parameters(rate_hz: float | None, feed: str, wait: str, config_epoch: int | None) -> None:
    # A slot of the schedule is a whole number of nanoseconds at best, so 1e9 is the fastest there is.
    if rate_hz is not None and not (math.isfinite(rate_hz) and 1e-3 <= rate_hz <= 1e9):
        raise ParameterError(f"replay: rate_hz must be in [0.001, 1e9], was {rate_hz!r}")
    for name, value, known in (("feed", feed, get_args(Feed)), ("wait", wait, get_args(Wait))):
        if value not in known:
            raise ParameterError(f"replay: {name} must be one of {', '.join(known)}, was {value!r}")
    if config_epoch is not None and not 0 <= config_epoch < 2**32:
        raise ParameterError(f"replay: config_epoch must be 0 to 2**32 - 1, was {config_epoch!r}")


def trading_classes(artifact: Model) -> tuple[int, int]:
    """Where the scores of "up" and "down" stand. Raises ModelMismatchError where a model cannot trade."""
    classes, n_features = artifact.classes, artifact._native().n_features
    if _UP not in classes or _DOWN not in classes:
        raise ModelMismatchError(f"a model that trades must have the classes +1 and -1, had {classes}")
    if n_features != len(artifact.spec.names):
        raise ModelMismatchError(f"the model takes {n_features} features, its spec has {len(artifact.spec.names)}")
    return classes.index(_UP), classes.index(_DOWN)


def _check_changes(artifact: Model, changes: Sequence[SettingsChange]) -> None:
    for i, change in enumerate(changes):
        if i > 0 and change.n_records_before < changes[i - 1].n_records_before:
            raise ParameterError(
                f"replay: changes[{i}] comes at record {change.n_records_before}, before the change ahead of it "
                f"({changes[i - 1].n_records_before})"
            )
        other = change.artifact
        if other is None:
            continue
        if other.spec.sha256 != artifact.spec.sha256:
            raise ModelMismatchError(
                f"replay: changes[{i}]: its model must be of spec {artifact.spec.sha256[:12]}, was of "
                f"{other.spec.sha256[:12]}"
            )
        if tuple(other.classes) != tuple(artifact.classes):
            raise ModelMismatchError(
                f"replay: changes[{i}]: its model must have the classes {artifact.classes}, had {other.classes}"
            )


def _settings(
    artifact: Model, events: Events, strategy: Threshold, risk: RiskLimits, execution: SimulatedExchange
) -> dict[str, Any]:
    """The journal's run header without its epoch: all that decides the journal's bytes; no clock, no path."""
    return {
        "schema": 1,
        "tape_sha256": hashlib.sha256(events.data.view(np.uint8).data).hexdigest(),
        "spec_sha256": artifact.spec.sha256,
        "model_id": artifact.model_id,
        "classes": list(artifact.classes),
        "strategy": strategy.to_dict(),
        "risk": risk.to_dict(),
        "execution": execution.to_dict(),
        "instruments": [_plain(instrument) for instrument in events.instruments],
    }


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _epoch_of(settings: Mapping[str, Any]) -> int:
    return int.from_bytes(hashlib.sha256(_canonical(settings).encode()).digest()[:4], "little")


def _plain(instrument: Instrument) -> dict[str, Any]:
    names = ("tick_num", "tick_den", "lot_num", "lot_den")
    return {"symbol": instrument.symbol, **dict(zip(names, instrument.tick + instrument.lot, strict=True))}


def _run_to_end(job: Any, progress: Callable[[int, int], None] | None, journal: Path | None) -> dict[str, Any]:
    """Run in a thread of its own, so that this one can report, and can abort on Ctrl-C."""
    results: list[dict[str, Any]] = []
    errors: list[BaseException] = []
    ended = threading.Event()  # an interrupted Thread.join may take a running thread for a finished one

    def work() -> None:
        try:
            results.append(job.run())
        except BaseException as error:  # carried to the caller's thread below
            errors.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=work, name="hftcore-replay")
    thread.start()
    try:
        while not ended.wait(_POLL_S):
            if progress is not None:
                progress(job.n_done, job.n_records)
    except BaseException:
        job.abort()
        ended.wait()
        raise
    finally:
        thread.join()
    for error in errors:
        if isinstance(error, RuntimeError):
            raise JournalError(str(error)) from error
        raise error
    if results[0]["journal_failed"]:
        raise JournalError(
            f"{journal or 'journal in memory'}: stopped taking records; trading stopped, and the last orders before "
            "may be missing"
        )
    if progress is not None:
        progress(job.n_records, job.n_records)
    return results[0]
