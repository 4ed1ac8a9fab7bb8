"""A report whose every figure is invented: plausible in size, true of nothing."""

from __future__ import annotations

import numpy as np
import pytest

from hftcore.metrics import Reliability
from hftcore.report import (
    STAGES,
    Latency,
    ModelCard,
    Percentiles,
    PnlCurve,
    Quality,
    ReportData,
    SymbolTrading,
    Trading,
)

SYMBOLS = ("AIG", "BAC", "IBM")
DAY_NS = 1381325700 * 10**9  # 9 Oct 2013, 13:35 UTC


@pytest.fixture(scope="session")
def invented() -> ReportData:
    """Every part filled."""
    rng = np.random.default_rng(5)
    y, p, symbols = _predictions(rng)
    return ReportData(
        title="Invented run, for tests",
        data_source="us_equities_taq: AIG, BAC, IBM; quotes and trades of 7 to 9 Oct 2013 (figures invented)",
        real_data=True,
        created_utc="2026-01-05 09:30",
        machine={
            "cpu": "Invented Xeon 8275CL, 3.0 GHz",
            "cores": "2",
            "compiler": "g++ 12.2.0",
            "flags": "-O3 -march=x86-64-v2 -ffp-contract=off",
        },
        versions={"hftcore": "0.1.0", "python": "3.11.2", "pyspark": "4.2.0", "treelite": "4.8.1", "numpy": "2.4.6"},
        model=ModelCard(
            spec_name="demo",
            spec_sha256="9f2c" * 16,
            model_id="51d0" * 16,
            trainer="Spark MLlib 4.2.0, one-vs-rest of GBTClassifier",
            parameters={"max_iter": 20, "max_depth": 5, "step_size": 0.1, "seed": 7},
            target="direction of the mean mid price over the symbol's next 50 rows, dead band 0 ticks",
            train_rows=812_345,
            train_period="7 and 8 Oct 2013",
            test_period="9 Oct 2013, 13:35 to 19:55 UTC",
        ),
        quality=Quality.of(y, np.argmax(p, axis=1) - 1, symbols, p),
        importance=_importance(rng),
        calibration={"down": Reliability.of(p[:, 0], y == -1), "up": Reliability.of(p[:, 2], y == 1)},
        trading=_trading(rng),
        latency=_latency(),
        timings_s={"read": 4.21, "features": 1.93, "train": 96.4, "compile": 8.02, "verify": 3.3, "replay": 5.17},
    )


def _predictions(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = 60_000
    y = rng.choice([-1, 0, 1], n, p=[0.31, 0.4, 0.29])
    score = rng.normal(0.0, 0.9, (n, 3)) + 0.75 * (y[:, None] == np.array([-1, 0, 1])) + np.array([0.0, 0.25, 0.0])
    p = np.exp(score)
    return y, p / p.sum(axis=1, keepdims=True), rng.choice(SYMBOLS, n, p=[0.3, 0.25, 0.45])


def _importance(rng: np.random.Generator) -> dict[str, float]:
    names = (
        *("queue_imbalance", "order_flow_imbalance_20", "microprice_minus_mid", "zscore_mid_px_50", "rsi_mid_px_14"),
        *("log_return_10", "trade_imbalance_5s", "rolling_std_mid_px_5s", "vwap_30s", "spread_bps", "ema_mid_px_20"),
        *("time_since_trade", "rolling_max_mid_px_200", "rolling_min_mid_px_200", "rolling_mean_mid_px_200", "ema_200"),
        *("log_return_200", "constant"),
    )
    share = np.sort(rng.exponential(1.0, len(names)) ** 1.5)[::-1]
    share[-1] = 0.0
    return dict(zip(names, (share / share.sum()).tolist(), strict=True))


def _trading(rng: np.random.Generator) -> Trading:
    n = 6000
    ts = DAY_NS + np.sort(rng.integers(0, 380 * 60 * 10**9, n))
    parts = {s: np.cumsum(rng.normal(-0.012, 1.4 - 0.3 * i, n)).round(2) for i, s in enumerate(SYMBOLS)}
    equity = np.sum(list(parts.values()), axis=0)
    lines, n_fills = {}, (412, 198, 631)
    for fills, (symbol, worth) in zip(n_fills, parts.items(), strict=True):
        net, fees = float(worth[-1]), round(0.31 * fills, 2)
        lines[symbol] = SymbolTrading(
            n_rows=20_000,
            n_decisions=fills + 50,
            orders=fills + 12,
            fills=fills,
            fees=fees,
            realised_pnl=net + fees - 1.5,
            unrealised_pnl=1.5,
            net_pnl=net,
        )
    fees, unrealised = sum(s.fees for s in lines.values()), 4.5
    side = rng.random(sum(n_fills)) < 0.5
    at = np.sort(rng.choice(ts, sum(n_fills), replace=False))
    return Trading(
        n_rows=60_000,
        n_decisions=1391,
        orders=1277,
        fills=sum(n_fills),
        fees=fees,
        realised_pnl=float(equity[-1]) + fees - unrealised,
        unrealised_pnl=unrealised,
        net_pnl=float(equity[-1]),
        refusals={"max_open_positions": 71, "max_position_qty": 28, "stopped_out": 13, "max_order_qty": 2},
        threshold_frac=0.7,
        by_symbol=lines,
        curve=PnlCurve.of(ts, equity, by_symbol=parts, buy_ts_ns=at[side], sell_ts_ns=at[~side]),
        settings={
            "threshold": "0.70 of a class score",
            "hold": "50 rows of the symbol",
            "max_open_positions": "2",
            "max_position_qty": "500 shares",
            "stop_loss": "50.00 USD per symbol",
            "fee": "0.003 USD per share",
        },
        assumptions=(
            "an order fills at once, whole, at the touch it saw: no queue, no latency to the venue, no market impact;",
            "never more than the quantity shown at the touch;",
            "positions are closed at the end of the session.",
        ),
    )


def _latency() -> Latency:
    p50 = (0.0, 61.0, 318.0, 742.0, 21.0, 18.0, 84.0, 1310.0)
    stages = {
        name: Percentiles(
            count=61_204, p50=m, p90=1.2 * m + 4, p99=1.9 * m + 20, p99_9=4.0 * m + 90, max=30.0 * m + 9000
        )
        for name, m in zip(STAGES, p50, strict=True)
    }
    return Latency(
        stages=stages,
        rate_hz=50_000.0,
        throughput_hz=812_345.0,
        notes=("Stage times include one reading of the clock (about 20 ns each); threads were not pinned.",),
    )
