"""From what a job left behind (artefact, feature table, runs) to the data of its report."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from hftcore.artifact import Artifact
from hftcore.errors import ReportError
from hftcore.ledger import SymbolPnl
from hftcore.metrics import Reliability
from hftcore.report.data import (
    Latency,
    ModelCard,
    Percentiles,
    PnlCurve,
    Quality,
    ReportData,
    SymbolTrading,
    Trading,
)
from hftcore.run import Run
from hftcore.table import FeatureTable

_PERCENTILES = ("p50", "p90", "p99", "p99_9", "max")
_LIBRARIES = ("hftcore", "numpy", "pyarrow", "pyspark", "lightgbm", "treelite", "tl2cgen")
_BUY = 1  # ledger::Side
_CLASSES = (-1, 0, 1)  # down, flat, up: the labels of a feature table


def assemble(
    *,
    title: str,
    data_source: str,
    real_data: bool | None,
    artifact: Artifact,
    table: FeatureTable | None = None,
    run: Run | None = None,
    paced: Run | None = None,
    timings_s: Mapping[str, float] | None = None,
) -> ReportData:
    """Gather a report. Parts that are not given stay out of it.

    Parameters
    ----------
    table : FeatureTable, optional
        The test part; the model is scored on its rows.
    run : Run, optional
        A replay as fast as it goes: trading, time per stage, throughput.
    paced : Run, optional
        A replay at a fixed rate: its ``tick_to_decision`` counts from the schedule and replaces that of ``run``.

    Raises
    ------
    ReportError
        If artefact, table and runs do not belong together, ``paced`` was not paced, or the model's classes are not
        those of a table; names both values.
    """
    _check_belonging(artifact, table, run, paced)
    proba = None if table is None else _scores_by_class(artifact, table)
    return ReportData(
        title=title,
        data_source=data_source,
        real_data=real_data,
        created_utc=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        machine=machine(),
        versions=_versions(),
        model=_model_card(artifact, table),
        quality=None if table is None or proba is None else _quality(artifact, table, proba),
        importance=dict(artifact.importance),
        calibration={} if table is None or proba is None else _calibration(table, proba),
        trading=None if run is None else _trading(artifact, run),
        latency=_latency(run, paced),
        timings_s=dict(timings_s or {}),
    )


def _check_belonging(artifact: Artifact, table: FeatureTable | None, run: Run | None, paced: Run | None) -> None:
    if table is not None and table.about["spec_sha256"] != artifact.spec.sha256:
        raise ReportError(
            f"table: made with spec {table.about['spec_sha256']}, the artefact has spec {artifact.spec.sha256}"
        )
    for name, replayed in (("run", run), ("paced", paced)):
        if replayed is None:
            continue
        model_id = replayed.journal.header.get("model_id")
        if model_id != artifact.model_id:
            raise ReportError(f"{name}: replayed model {model_id}, the artefact is model {artifact.model_id}")
        if not replayed.counters:
            raise ReportError(f"{name}: its journal has no end: the replay was stopped, so its counters are not known")
    if paced is not None and paced.rate_hz is None:
        raise ReportError("paced: must be a replay at a fixed rate (hftcore replay --rate), its rate_hz is None")


def _scores_by_class(artifact: Artifact, table: FeatureTable) -> np.ndarray[Any, Any]:
    """Scores with their columns in the order of ``_CLASSES``, whatever the order in the artefact."""
    if sorted(artifact.classes) != list(_CLASSES):
        raise ReportError(f"a table is labelled with the classes {_CLASSES}, the artefact has {artifact.classes}")
    scores = artifact.predict_proba(table.X)
    return scores[:, [artifact.classes.index(label) for label in _CLASSES]]


def _in_sample(artifact: Artifact, ts_ns: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Which times are of the period that the model was trained on; none where the two only touch, end to start."""
    inside = np.zeros(len(ts_ns), np.bool_)
    window = artifact.training.get("window_ns")
    if window is None or not len(ts_ns):
        return inside
    first_ns, last_ns = window
    if first_ns != last_ns and (ts_ns.min() >= last_ns or ts_ns.max() <= first_ns):
        return inside
    return np.asarray((ts_ns >= first_ns) & (ts_ns <= last_ns))


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = "unknown"
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu)
    except OSError:
        pass
    return {
        "cpu": cpu,
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _model_card(artifact: Artifact, table: FeatureTable | None) -> ModelCard:
    training = artifact.training
    target = ""
    if table is not None:
        rule = table.about["label"]
        target = (
            f"direction of the {'mean ' if rule['smoothing'] == 'mean' else ''}mid price over the symbol's next "
            f"{rule['horizon']} rows; a move of up to {rule['deadband_ticks']:g} ticks is flat"
        )
    return ModelCard(
        spec_name=artifact.spec.name,
        spec_sha256=artifact.spec.sha256,
        model_id=artifact.model_id,
        trainer=str(training.get("trainer", "")),
        parameters=dict(training.get("parameters", {})),
        target=target,
        train_rows=training.get("n_rows"),
        train_period=_period(training["window_ns"]) if "window_ns" in training else "",
        test_period="" if table is None else _test_period(artifact, table),
    )


def _test_period(artifact: Artifact, table: FeatureTable) -> str:
    period = _period((int(table.ts_event_ns.min()), int(table.ts_event_ns.max())))
    return f"{period} (in sample: overlaps the training)" if _in_sample(artifact, table.ts_event_ns).any() else period


def _period(window_ns: tuple[int, int] | list[int]) -> str:
    first, last = (datetime.fromtimestamp(ns / 1e9, UTC) for ns in window_ns)
    if first.date() == last.date():
        return f"{first:%-d %b %Y, %H:%M} to {last:%H:%M} UTC"
    return f"{first:%-d %b %Y} to {last:%-d %b %Y}"


def _quality(artifact: Artifact, table: FeatureTable, proba: np.ndarray[Any, Any]) -> Quality:
    predicted = np.asarray(_CLASSES)[proba.argmax(axis=1)]
    scored = Quality.of(table.y, predicted, table.symbol.astype(str), proba)
    return replace(scored, in_sample_rows=int(_in_sample(artifact, table.ts_event_ns).sum()))


def _calibration(table: FeatureTable, proba: np.ndarray[Any, Any]) -> dict[str, Reliability]:
    columns = {name: _CLASSES.index(label) for name, label in (("up", 1), ("down", -1))}
    return {name: Reliability.of(proba[:, i], table.y == _CLASSES[i]) for name, i in columns.items()}


def _trading(artifact: Artifact, run: Run) -> Trading:
    counters = run.counters
    rows = {row.symbol: row for row in run.profit.rows}
    decisions = dict(
        zip(run.symbols.tolist(), np.bincount(run.decisions["symbol_id"], minlength=len(run.symbols)), strict=True)
    )
    by_symbol = {name: _symbol(row, int(decisions[name])) for name, row in rows.items()}
    fills = run.fills
    buys = fills["side"] == _BUY
    strategy = run.settings["strategy"]
    return Trading(
        n_rows=int(counters["rows_scored"]),
        n_decisions=int(counters["decisions"]),
        orders=int(counters["orders"]),
        fills=int(counters["fills"]),
        fees=sum(row.fees for row in by_symbol.values()),
        realised_pnl=sum(row.realised_pnl for row in by_symbol.values()),
        unrealised_pnl=_sum_or_none(row.unrealised_pnl for row in by_symbol.values()),
        net_pnl=run.profit.net,
        refusals=run.refusals,
        threshold_frac=strategy["threshold_frac"],
        by_symbol=by_symbol,
        curve=PnlCurve.of(
            run.pnl.ts_ns,
            run.pnl.equity,
            by_symbol=run.pnl.by_symbol,
            buy_ts_ns=fills["ts_event_ns"][buys],
            sell_ts_ns=fills["ts_event_ns"][~buys],
        ),
        in_sample=bool(_in_sample(artifact, run.pnl.ts_ns).any()),
        settings=_words_of_settings(run.settings),
        assumptions=run.assumptions,
    )


def _symbol(row: SymbolPnl, n_decisions: int) -> SymbolTrading:
    return SymbolTrading(
        orders=row.n_orders,
        fills=row.n_fills,
        fees=row.fees,
        realised_pnl=row.realised,
        unrealised_pnl=row.unrealised,
        net_pnl=row.net,
        n_decisions=n_decisions,
    )


def _sum_or_none(amounts: Iterable[float | None]) -> float | None:
    """A sum with an unknown part is unknown."""
    total = 0.0
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total


def _words_of_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    strategy, risk, fees = settings["strategy"], settings["risk"], settings["execution"]
    return {
        "threshold": f"a class trades when its score is at least {strategy['threshold_frac']:.2f}",
        "order size": f"{strategy['order_qty_lots']:,} lots",
        "cooldown": f"{strategy['cooldown_ns'] / 1e9:g} s between two entries of a symbol",
        "holding time": f"{strategy['hold_ns'] / 1e9:g} s at most"
        if strategy["hold_ns"]
        else "until a signal closes it",
        "open positions": f"{risk['max_open_positions']} symbols at most",
        "order quantity": f"{risk['max_order_qty_lots']:,} lots at most",
        "position quantity": f"{risk['max_position_qty_lots']:,} lots at most",
        "stop-loss": f"{risk['stop_loss_milli_bps'] / 1000:g} bps" if risk["stop_loss_milli_bps"] else "none",
        "fee": f"{fees['milli_bps'] / 1000:g} bps and {fees['nano_per_unit'] / 1e9:g} per unit",
    }


def _latency(run: Run | None, paced: Run | None) -> Latency | None:
    timed = paced or run
    if timed is None or not timed.latency:
        return None
    stages = dict((run or timed).latency)
    if paced is not None:
        stages["ring"], stages["tick_to_decision"] = paced.latency["ring"], paced.latency["tick_to_decision"]
    notes = [
        "each stage's time includes one reading of the clock; threads were not pinned",
        "features count for every event, model and decision for every scored row, risk and journal per decision",
    ]
    if paced is not None:
        notes.append("ring and tick to decision: open loop from the schedule; the other stages: as fast as they go")
    return Latency(
        stages={
            name: Percentiles(count=int(row["count"]), **{key: row[key] for key in _PERCENTILES})
            for name, row in stages.items()
        },
        rate_hz=None if paced is None else paced.rate_hz,
        throughput_hz=None if run is None else run.throughput_hz,
        notes=tuple(notes),
    )
