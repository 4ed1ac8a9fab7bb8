"""The shared tape: one market that every explanation and every library is shown, the same on each machine."""

from __future__ import annotations

import functools
from typing import Final

import numpy as np

from hftcore.events import EventKind, Events
from hftcore.generator import generate

N_QUOTES: Final = 4_000
N_TRADES: Final = 1_000
_FASTER: Final = 40  # what was left out leaves gaps: with this, eight quotes and two trades come in a second
N_LEVELS: Final = 4_000
TAPE_WORDS: Final = "the shared tape (hftcore.explain.tape: a generated market, each quote moves a price)"

BOOK_TAPE_WORDS: Final = "the shared tape of levels (hftcore.explain.tape: a generated order book)"


@functools.cache
def book_tape() -> Events:
    """Return one generated symbol up to its 4,000th level of the order book: what columns on the book are shown."""
    market = generate(seed=11, symbols=["AAA"], seconds=60.0, rate=200.0, book_levels=5)
    levels = np.flatnonzero(market.data["kind"] == EventKind.BOOK_LEVEL)[:N_LEVELS]
    return Events(market[: int(levels[-1]) + 1].data.copy(), market.instruments, "shared tape of levels")


@functools.cache
def shared_tape() -> Events:
    """Return 4,000 quotes that each move a price, and 1,000 trades spread between them, of one generated symbol."""
    market = generate(seed=11, symbols=["AAA"], seconds=23_400.0, rate=10.0, book_levels=0)
    data = market.data
    quotes, trades = (np.flatnonzero(data["kind"] == kind) for kind in (EventKind.QUOTE, EventKind.TRADE))
    prices = np.stack([data["bid_px_ticks"][quotes], data["ask_px_ticks"][quotes]])
    moved = quotes[1:][(np.diff(prices) != 0).any(axis=0)][:N_QUOTES]
    between = trades[trades < moved[-1]]
    spread = between[np.linspace(0, len(between) - 1, N_TRADES).astype(np.int64)]
    picked = market[np.sort(np.concatenate([moved, spread]))].data.copy()
    for name in ("ts_event_ns", "ts_recv_ns"):
        picked[name] = picked[name][0] + (picked[name] - picked[name][0]) // _FASTER
    return Events(picked, market.instruments, "shared tape")
