"""The equity curve against a slow twin, and where it must end."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import hftcore as hc
from hftcore import _core


@pytest.fixture(scope="module")
def busy(imbalance_artifact, make_tape):
    """A lively tape of three symbols with one-sided, crossed, suspicious and late quotes, and its run."""
    random = np.random.default_rng(5)
    rows = []
    for i in range(4_000):
        px, spread = int(random.integers(990, 1010)), int(random.integers(-1, 3))
        bid_qty, ask_qty = (int(q) for q in random.integers(0, 100, 2))
        rows.append((i // 2, int(random.integers(3)), px, bid_qty, px + spread, ask_qty))
    tape = make_tape(rows)
    data = tape.data.copy()
    data["flags"][random.random(len(data)) < 0.05] = _core.event.FLAG_SUSPICIOUS
    data["ts_event_ns"][random.random(len(data)) < 0.05] -= 5_000_000
    events = hc.Events(data, tape.instruments)
    run = hc.replay(
        imbalance_artifact,
        events,
        strategy=hc.Threshold(0.7, order_qty=20, hold="100ms"),
        risk=hc.RiskLimits(max_open_positions=2, stop_loss_bps=30.0, stop_out_pause="50ms"),
        execution=hc.SimulatedExchange(fee_bps=0.3),
    )
    assert len(run.fills) > 100
    return events, run


def test_every_point_is_cash_plus_position_at_the_last_mid_minus_fees(busy):
    events, run = busy
    for at in np.linspace(0, len(run.pnl.ts_ns) - 1, 40).astype(int):
        ts_ns, expected = run.pnl.ts_ns[at], Fraction(0)
        for symbol_id in range(3):
            cash = qty = mid_half = latest = 0
            for fill in run.fills[run.fills["symbol_id"] == symbol_id]:
                if fill["ts_event_ns"] > ts_ns:
                    continue
                signed = int(fill["qty_lots"]) * (1 if fill["side"] == 1 else -1)
                qty, cash = qty + signed, cash - signed * int(fill["px_ticks"])
                expected -= Fraction(int(fill["fee_nano"]), 10**9)
            for event in events.data[events.data["symbol_id"] == symbol_id]:
                two_sided = event["bid_qty_lots"] > 0 and event["ask_qty_lots"] > 0
                if not two_sided or event["bid_px_ticks"] > event["ask_px_ticks"] or event["flags"] != 0:
                    continue
                latest = max(latest, event["ts_event_ns"])  # a late quote counts from the time reached
                if latest > ts_ns:
                    break
                mid_half = int(event["bid_px_ticks"] + event["ask_px_ticks"])
            expected += (cash + Fraction(qty * mid_half, 2)) / 100
        assert run.pnl.equity[at] == pytest.approx(float(expected), abs=1e-9)


def test_the_curve_ends_at_the_net_profit_of_the_ledger(busy):
    _, run = busy
    assert run.pnl.equity[-1] == pytest.approx(run.profit.net, abs=1e-9)
    assert run.pnl.equity[0] == 0.0


def test_the_curve_has_a_point_at_every_fill(busy):
    _, run = busy
    assert np.isin(run.fills["ts_event_ns"], run.pnl.ts_ns).all()


def test_symbols_add_up_to_the_whole(busy):
    _, run = busy
    np.testing.assert_allclose(np.sum(list(run.pnl.by_symbol.values()), axis=0), run.pnl.equity, atol=1e-9)


def test_drawdown_is_the_largest_fall_from_a_high():
    from hftcore.run import Equity

    curve = Equity(np.arange(5), np.array([0.0, 3.0, 1.0, 4.0, 3.5]))
    assert curve.max_drawdown == 2.0
    assert Equity(np.arange(2), np.array([-1.0, -4.0])).max_drawdown == 4.0
