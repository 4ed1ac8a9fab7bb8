"""The sentences and names a report is made of, shared by the page and the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hftcore.metrics import Classification
from hftcore.report import numbers
from hftcore.report.data import STAGES, Latency, Percentiles, Quality, ReportData, Trading

TICK_TO_DECISION = "tick_to_decision"
FIGURES = {  # attribute of Classification -> its name on paper
    "accuracy": "accuracy",
    "precision_macro": "precision, macro",
    "recall_macro": "recall, macro",
    "f1_macro": "F1, macro",
    "mcc": "MCC",
}
_DIRECTIONS = {-1: "down", 0: "flat", 1: "up"}


@dataclass(frozen=True, slots=True)
class Absence:
    """A part this report does not have, and what would bring it."""

    part: str
    remedy: str


def class_name(label: int) -> str:
    return _DIRECTIONS.get(label, str(label))


def plain_name(code: str) -> str:
    """``max_order_qty`` -> ``max order qty``."""
    return code.replace("_", " ")


def stages(latency: Latency) -> Iterator[tuple[str, Percentiles]]:
    """Stages in the order an event meets them; any the list does not know come before the whole path."""
    known = [s for s in STAGES[:-1] if s in latency.stages]
    other = [s for s in latency.stages if s not in STAGES]
    for name in (*known, *other, *(s for s in STAGES[-1:] if s in latency.stages)):
        yield name, latency.stages[name]


def data_kind(data: ReportData) -> str:
    return {True: "real data", False: "generated data", None: "these data"}[data.real_data]


def load(latency: Latency) -> str:
    """How events were offered while tick to decision was measured."""
    return "as fast as they go" if latency.rate_hz is None else f"at {numbers.rate(latency.rate_hz)}, open loop"


def verdict(data: ReportData) -> str:
    """The whole report in one sentence; what is not known is left out here and named by :func:`absences`."""
    clauses = []
    if data.quality is not None:
        clauses.append(_skill(data.quality))
    if data.trading is not None:
        clauses.append(_profit(data.trading))
    if data.latency is not None and TICK_TO_DECISION in data.latency.stages:
        clauses.append(_speed(data.latency.stages[TICK_TO_DECISION], data.latency))
    if not clauses:
        return f"Nothing was measured on {data_kind(data)}."
    return f"On {data_kind(data)}, {'; '.join(clauses)}."


def absences(data: ReportData) -> list[Absence]:
    """What is missing, in the order of the page."""
    speed = data.latency is not None and bool(data.latency.stages)
    curve = data.trading is not None and data.trading.curve is not None
    no_table = "no table of labelled rows was given: hftcore report --table"
    parts = (
        (data.model is not None, "Model card", "the run did not say which model spoke"),
        (data.quality is not None, "Prediction quality", no_table),
        (bool(data.importance), "Feature importance", "the artefact carries no shares of gain"),
        (
            any(r.n for r in data.calibration.values()),
            "Calibration",
            no_table if data.quality is None else "no probabilities were kept beside the labels",
        ),
        (data.trading is not None, "Trading", "nothing was replayed: hftcore replay"),
        (curve or data.trading is None, "P&L curve", "the replay kept no equity over time"),
        (speed, "Latency", "nothing was timed: hftcore replay times each stage unless told not to"),
    )
    return [Absence(part, remedy) for present, part, remedy in parts if not present]


def edge(c: Classification) -> float:
    """Accuracy over that of always naming the majority class, as a difference of shares."""
    return c.accuracy - c.majority.accuracy


def rows_scored(quality: Quality) -> str:
    """How many rows, and whether they test anything: "60,000 test rows", or what is in sample among them."""
    n, known = quality.overall.n_rows, quality.in_sample_rows
    if known == 0:
        return f"{numbers.count(n)} test rows"
    period = "of the period the model was trained on"
    if known >= n:
        return f"{numbers.count(n)} in-sample rows ({period})"
    return f"{numbers.count(n)} rows, {numbers.count(known)} of them in sample ({period}),"


def _skill(quality: Quality) -> str:
    c = quality.overall
    base = c.majority
    stand = "above" if edge(c) > 0 else "below" if edge(c) < 0 else "level with"
    return (
        f"the model names {numbers.percent(c.accuracy)} of {rows_scored(quality)} right, {stand} the "
        f"{numbers.percent(base.accuracy)} of always saying \N{LEFT DOUBLE QUOTATION MARK}"
        f"{class_name(c.majority_class)}\N{RIGHT DOUBLE QUOTATION MARK} (MCC {numbers.ratio(c.mcc)})"
    )


def _profit(t: Trading) -> str:
    if t.fills == 0:
        return "acted on, it filled no order"
    acted = "acted on in sample" if t.in_sample else "acted on"
    fills = f"{numbers.count(t.fills)} simulated fill{'' if t.fills == 1 else 's'}"
    if t.net_pnl is None:
        return f"{acted}, its net P&L over {fills} is not known: an open position has no mark to value it by"
    verb = "earns" if t.net_pnl > 0 else "loses" if t.net_pnl < 0 else "ends at"
    return f"{acted}, it {verb} {numbers.money(abs(t.net_pnl), t.currency)} net of fees over {fills}"


def _speed(p: Percentiles, latency: Latency) -> str:
    return (
        f"from tick to decision it takes {numbers.nanoseconds(p.p50)} at p50 and {numbers.nanoseconds(p.p99)} at p99 "
        f"({load(latency)})"
    )
