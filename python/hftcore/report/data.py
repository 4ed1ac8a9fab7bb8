"""What a report knows: plain values, every part optional but the title and where the data came from.

``report.json`` is this tree and nothing else, so whatever a page shows can be computed from the file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from hftcore.errors import ParameterError, ReportError
from hftcore.metrics import Classification, Reliability
from hftcore.report.codec import decode, encode

STAGES = ("decode", "ring", "features", "model", "decision", "risk", "journal", "tick_to_decision")
_MONEY_SLACK = 1e-6  # relative: what summing doubles may lose, and no more


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """Which model spoke, and how it came to be."""

    spec_name: str = ""
    spec_sha256: str = ""
    model_id: str = ""
    trainer: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    target: str = ""  # the label in words: "direction of the mean mid over the next 50 rows, dead band 0 ticks"
    train_rows: int | None = None
    train_period: str = ""  # the split in words: "7 and 8 Oct 2013"
    test_period: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Scores on the test part, over all symbols and for each.

    ``in_sample_rows`` counts rows from the period that the model was trained on: such rows test nothing.
    """

    overall: Classification
    by_symbol: dict[str, Classification] = field(default_factory=dict)
    in_sample_rows: int = 0

    @classmethod
    def of(
        cls, y_true: ArrayLike, y_pred: ArrayLike, symbols: ArrayLike | None = None, proba: ArrayLike | None = None
    ) -> Quality:
        """Score the test part; ``symbols`` (text, shape (n,)) also splits it. See :meth:`Classification.of`."""
        true, predicted = np.asarray(y_true), np.asarray(y_pred)
        p = None if proba is None else np.asarray(proba)
        overall = Classification.of(true, predicted, proba=p)
        names = np.asarray([] if symbols is None else symbols)
        split = {
            str(name): Classification.of(true[rows], predicted[rows], proba=None if p is None else p[rows])
            for name, rows in ((name, names == name) for name in np.unique(names))
        }
        return cls(overall=overall, by_symbol=split)


@dataclass(frozen=True, slots=True, kw_only=True)
class PnlCurve:
    """Net worth of all positions after fees, over event time (ns since 1970, UTC).

    ``max_drawdown`` is that of the whole run, also where the curve was thinned; quote currency, >= 0.
    """

    ts_ns: tuple[int, ...]
    equity: tuple[float, ...]
    max_drawdown: float
    by_symbol: dict[str, tuple[float, ...]] = field(default_factory=dict)  # each as long as ts_ns
    buy_ts_ns: tuple[int, ...] = ()
    sell_ts_ns: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, series in (("equity", self.equity), *self.by_symbol.items()):
            if len(series) != len(self.ts_ns):
                raise ParameterError(f"{name} must have {len(self.ts_ns)} points, had {len(series)}")
        if not self.ts_ns:
            raise ParameterError("a curve must have at least one point")

    @classmethod
    def of(
        cls,
        ts_ns: ArrayLike,
        equity: ArrayLike,
        *,
        by_symbol: Mapping[str, ArrayLike] | None = None,
        buy_ts_ns: ArrayLike = (),
        sell_ts_ns: ArrayLike = (),
        max_points: int = 2000,
    ) -> PnlCurve:
        """Thin a full curve (shape (n,)) to about ``max_points``, keeping both ends and each bucket's extremes."""
        ts, worth = np.asarray(ts_ns, dtype=np.int64), np.asarray(equity, dtype=np.float64)
        if worth.size == 0 or ts.shape != worth.shape:
            raise ParameterError(
                f"ts_ns and equity must have the same shape (n,) with n >= 1, were {ts.shape}, {worth.shape}"
            )
        keep = envelope(worth, max_points)
        drawdown = float(np.max(np.maximum.accumulate(np.maximum(worth, 0.0)) - worth))
        return cls(
            ts_ns=tuple(ts[keep].tolist()),
            equity=tuple(worth[keep].tolist()),
            max_drawdown=drawdown,
            by_symbol={s: tuple(np.asarray(y, dtype=np.float64)[keep].tolist()) for s, y in (by_symbol or {}).items()},
            buy_ts_ns=tuple(np.asarray(buy_ts_ns, dtype=np.int64).tolist()),
            sell_ts_ns=tuple(np.asarray(sell_ts_ns, dtype=np.int64).tolist()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolTrading:
    """One line of the per-symbol trading table; money in quote currency."""

    orders: int
    fills: int
    fees: float
    realised_pnl: float
    unrealised_pnl: float | None  # None, as net: a position is open and has no mark to value it by
    net_pnl: float | None
    n_rows: int | None = None
    n_decisions: int | None = None

    def __post_init__(self) -> None:
        _check_net(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trading:
    """What the decisions led to, in the simulated exchange; money in ``currency``.

    Realised and unrealised P&L are before fees: net = realised + unrealised - fees, and that is checked. Unrealised and
    net are None where an open position has no mark.
    """

    n_rows: int
    n_decisions: int
    orders: int
    fills: int
    fees: float
    realised_pnl: float
    unrealised_pnl: float | None
    net_pnl: float | None
    currency: str = "USD"
    refusals: dict[str, int] = field(default_factory=dict)  # reason -> decisions that risk refused
    threshold_frac: float | None = None  # a class must score at least this to be acted on
    by_symbol: dict[str, SymbolTrading] = field(default_factory=dict)
    curve: PnlCurve | None = None
    in_sample: bool = False  # the tape has events of the period that the model was trained on
    settings: dict[str, Any] = field(default_factory=dict)  # strategy and risk limits, in words and units
    assumptions: tuple[str, ...] = ()  # of the simulated exchange: what real trading would not grant

    def __post_init__(self) -> None:
        _check_net(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """One stage's time per event, ns."""

    count: int
    p50: float
    p90: float
    p99: float
    p99_9: float
    max: float

    def __post_init__(self) -> None:
        steps = (0.0, self.p50, self.p90, self.p99, self.p99_9, self.max)
        if list(steps) != sorted(steps):
            raise ParameterError(f"percentiles must be >= 0 and must not fall, were {steps[1:]}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Time per stage (see ``STAGES``), and how many events a second went through."""

    stages: dict[str, Percentiles] = field(default_factory=dict)
    rate_hz: float | None = None  # tick to decision: events offered per second, open loop; None: as fast as they go
    throughput_hz: float | None = None
    notes: tuple[str, ...] = ()  # how it was measured: clock, pinning, what a figure includes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """All that one report shows. Build it field by field, or from plain values with :meth:`from_dict`."""

    title: str
    data_source: str  # in words, real or generated: "us_equities_taq: AIG, BAC, IBM; 9 Oct 2013"
    real_data: bool | None = None
    created_utc: str = ""
    machine: dict[str, str] = field(default_factory=dict)  # cpu, cores, compiler, flags
    versions: dict[str, str] = field(default_factory=dict)
    model: ModelCard | None = None
    quality: Quality | None = None
    importance: dict[str, float] = field(default_factory=dict)  # feature -> share of gain, 0..1
    calibration: dict[str, Reliability] = field(default_factory=dict)  # "up", "down" -> promised against happened
    trading: Trading | None = None
    latency: Latency | None = None
    timings_s: dict[str, float] = field(default_factory=dict)  # step of the run -> seconds

    def to_dict(self) -> dict[str, Any]:
        """Plain dicts, lists, text and numbers. Raises ReportError where a number is not finite."""
        plain: dict[str, Any] = encode(self)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ReportData:
        """Inverse of :meth:`to_dict`.

        Raises
        ------
        ReportError
            If a field is missing, unknown, of another type, or breaks its own rule; names its path.
        """
        data: ReportData = decode(cls, plain)
        return data

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ReportData:
        """Read ``report.json``; raises ReportError where the text is no JSON."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as fault:
            raise ReportError(f"report: not JSON: {fault}") from fault


def _check_net(part: Trading | SymbolTrading) -> None:
    if part.unrealised_pnl is None or part.net_pnl is None:
        if part.unrealised_pnl is not part.net_pnl:
            raise ParameterError(
                "unrealised_pnl and net_pnl must be both known or both unknown, "
                f"were {part.unrealised_pnl} and {part.net_pnl}"
            )
        return
    parts = (part.realised_pnl, part.unrealised_pnl, -part.fees)
    if abs(sum(parts) - part.net_pnl) > _MONEY_SLACK * max(1.0, *map(abs, parts)):
        raise ParameterError(f"net_pnl must be realised + unrealised - fees = {sum(parts)}, was {part.net_pnl}")


def envelope(y: np.ndarray[Any, np.dtype[np.float64]], max_points: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Indices of both ends and of every bucket's lowest and highest point, ascending."""
    if y.size <= max_points:
        return np.arange(y.size)
    edges = np.linspace(0, y.size, max(max_points // 2, 1) + 1).astype(np.int64)
    picks = [i for a, b in pairwise(edges.tolist()) for i in (a + y[a:b].argmin(), a + y[a:b].argmax())]
    return np.unique(np.array([0, *picks, y.size - 1], dtype=np.int64))
