"""Infers instruments from the decimals of prices and sizes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np

from hftcore.instruments import Instrument
from hftcore.reading.grid import ENOUGH_DISTINCT, Floats, Ints, coarsest_multiple, distinct, fewest_decimals
from hftcore.reading.pieces import Part
from hftcore.records import EventKind

_HEADROOM: Final = 10  # an inferred price bound is this many times the highest price seen
_MAX_PX_PRODUCT: Final = 2**53

Pairs = tuple[Floats, Ints]  # distinct values of all symbols, and the symbol of each


def infer(symbols: list[str], parts: Iterable[Part]) -> tuple[list[Instrument], str]:
    """Return tick, lot and bounds of each symbol, and words that say what was found.

    The tick is that of quotes and book levels where they show enough distinct prices: trades may print between ticks.
    A lot is a power of ten, at most 1: whether round lots are all there is depends on which files are read.
    """
    n = len(symbols)
    book, trade, size = _gather(symbols, parts)
    from_book = np.bincount(book[1], minlength=n) >= ENOUGH_DISTINCT
    thin = ~from_book[trade[1]]
    px, px_of = distinct(*_join([book, (trade[0][thin], trade[1][thin])]))
    decimals = fewest_decimals(px, px_of, n)
    factors = coarsest_multiple(px, px_of, decimals)
    lot_decimals = fewest_decimals(*size, n)
    highest = np.zeros(n)
    for values, groups in (book, trade):
        np.maximum.at(highest, groups, values)
    found, words = [], []
    for i, symbol in enumerate(symbols):
        tick = int(factors[i]), 10 ** int(decimals[i])
        max_px_ticks = min(int(highest[i] * tick[1] / tick[0] * _HEADROOM) + 1, _MAX_PX_PRODUCT // tick[0])
        instrument = Instrument(symbol, tick, (1, 10 ** int(lot_decimals[i])), 1, max_px_ticks)
        found.append(instrument)
        of = "quotes" if from_book[i] else "all prices"
        words.append(f"{symbol} tick {instrument.tick_text} (from {of}), lot {instrument.lot_text}")
    return found, f"inferred: {'; '.join(words)}"


def _gather(symbols: list[str], parts: Iterable[Part]) -> tuple[Pairs, Pairs, Pairs]:
    """Return the distinct prices of quotes and levels, those of trades, and the distinct sizes."""
    place = {symbol: i for i, symbol in enumerate(symbols)}
    book: list[Pairs] = []
    trade: list[Pairs] = []
    size: list[Pairs] = []
    for part in parts:
        ids = np.array([place.get(symbol, -1) for symbol in part.symbols], np.int64)
        for piece in part.pieces:
            for measure in piece.measures:
                if measure.in_steps:
                    continue
                values, codes = distinct(measure.values.astype(np.float64, copy=False), piece.ids.astype(np.int64))
                groups = ids[codes]
                real = (groups >= 0) & (values != 0)  # an absent side has no price
                into = size if not measure.is_price else trade if piece.kind == EventKind.TRADE else book
                into.append((values[real], groups[real]))
    book_pairs, trade_pairs, size_pairs = (distinct(*_join(pairs)) for pairs in (book, trade, size))
    return book_pairs, trade_pairs, size_pairs


def _join(pairs: list[Pairs]) -> Pairs:
    if not pairs:
        return np.empty(0), np.empty(0, np.int64)
    return np.concatenate([values for values, _ in pairs]), np.concatenate([groups for _, groups in pairs])
