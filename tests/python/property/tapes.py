"""Tapes with what goes wrong: sides that are empty, trades without side, gaps, and a night."""

from __future__ import annotations

import numpy as np

import hftcore as hc


def uneven(tape: hc.Events) -> hc.Events:
    """The tape with what operations leave out: trades without side or quantity, books without a bid."""
    data = tape.data.copy()
    trades, quotes = (np.flatnonzero(data["kind"] == kind) for kind in (1, 2))
    data["side"][trades[::2]] = 0
    data["qty_lots"][trades[::5]] = 0
    quiet = quotes[(np.arange(len(quotes)) // 400) % 3 == 1]  # for longer than a window
    data["bid_qty_lots"][quiet] = 0
    return hc.Events(data, tape.instruments)


def torn(tape: hc.Events) -> hc.Events:
    """The tape with gaps, on events of every kind, two snapshots of the book behind them, and a night in the middle."""
    data = tape.data.copy()
    data["flags"][[900, 1100, 2500]] |= int(hc.Flag.GAP_BEFORE)
    for at in (1400, 2700):
        levels = at + np.flatnonzero((data["kind"][at:] == 3) & (data["symbol_id"][at:] == 0))[:20]
        data["flags"][levels] |= int(hc.Flag.SNAPSHOT)
    for name in ("ts_event_ns", "ts_recv_ns"):
        data[name][2000:] += 86_400 * 10**9
    return hc.Events(data, tape.instruments)
