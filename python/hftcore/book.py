"""The order book of one symbol: price levels, kept by snapshots and level updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import EventError, ParameterError
from hftcore.events import Events
from hftcore.instruments import Instrument

DEFAULT_CAPACITY: Final[int] = _core.book.DEFAULT_CAPACITY

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Status = Literal["empty", "filling", "valid", "lost"]


class Best(NamedTuple):
    """Best bid and ask in prices and quantities; NaN and 0 where a side is empty or the book is not valid."""

    bid_px: float
    bid_qty: float
    ask_px: float
    ask_qty: float


class Levels(NamedTuple):
    """The best levels of both sides, best first: float64, shape (m,), m <= n of that side."""

    bid_px: Floats
    bid_qty: Floats
    ask_px: Floats
    ask_qty: Floats


class LevelsTicks(NamedTuple):
    """The best levels of both sides, best first: int64, shape (m, 2), ticks and lots."""

    bids: Ints
    asks: Ints


class OrderBook:
    """Price levels of one symbol, in integer ticks and lots.

    Parameters
    ----------
    instrument : Instrument
        What ticks and lots mean, and whose events :meth:`apply` takes.
    capacity : int
        Levels per side, 1 to 2^20; room is taken once. What does not fit is left out from the far end, counted as
        ``overflows``, and :meth:`horizon` says from which price on.
    ids : {"rising", "consecutive"}
        For events: may the ids of messages skip (a gap then shows only as ``Flag.GAP_BEFORE``), or is that a gap?

    Raises
    ------
    ParameterError
        If a parameter breaks its rule.

    Notes
    -----
    A gap (ids that do not join, a flagged event, a level out of bounds) makes the book ``"lost"``: it shows nothing
    until the next snapshot. See docs/explanation/order-book.md. One thread at a time.
    """

    def __init__(
        self,
        instrument: Instrument,
        *,
        capacity: int = DEFAULT_CAPACITY,
        ids: Literal["rising", "consecutive"] = "rising",
    ) -> None:
        if capacity < 1:
            raise ParameterError(f"OrderBook: capacity must be >= 1, was {capacity}")
        try:
            self._native = _core.book.OrderBook(capacity, ids)
        except ValueError as error:
            raise ParameterError(str(error)) from None
        self._instrument = instrument
        self._tick, self._lot = instrument.tick, instrument.lot

    @property
    def instrument(self) -> Instrument:
        """What its ticks and lots mean."""
        return self._instrument

    @property
    def status(self) -> Status:
        """``empty`` before the first snapshot, ``filling`` in one, ``valid``, or ``lost`` since a gap."""
        return cast(Status, self._native.status)

    @property
    def valid(self) -> bool:
        """Is what it shows the book?"""
        return self.status == "valid"

    @property
    def update_id(self) -> int:
        """Id of the last message whose levels it holds."""
        return int(self._native.update_id)

    @property
    def counters(self) -> Mapping[str, int]:
        """Levels taken in, snapshots, gaps, what was stale, without a book, beyond its room or out of bounds."""
        return dict(self._native.counters())

    def apply(self, events: Events) -> int:
        """Take the book levels of the symbol among these events in; how many changed the book.

        Events of equal ``update_id`` are one message; consecutive ones flagged ``SNAPSHOT`` are one snapshot while
        their id stays or rises by one. It is over when the next message comes, or with :meth:`end_snapshot`.

        Raises
        ------
        EventError
            If the events' instrument of this symbol has another tick or lot, or there is none.
        """
        return int(self._native.apply(events.data, self._symbol_id(events)))

    def tops(self, events: Events) -> Ints:
        """Do the same as :meth:`apply`; return the best bid and ask after each event.

        Returns
        -------
        tops : int64 array, shape (n, 4)
            bid_px_ticks, bid_qty_lots, ask_px_ticks, ask_qty_lots; quantity 0 where a side is empty or the book is
            not valid.
        """
        tops: Ints = self._native.tops(events.data, self._symbol_id(events))
        return tops

    def snapshot(self, update_id: int, bids: npt.ArrayLike, asks: npt.ArrayLike) -> bool:
        """Begin anew from a whole book, as of message ``update_id`` (0: the feed has no ids).

        Parameters
        ----------
        update_id : int
            The last message that it holds.
        bids, asks : int64 array, shape (m, 2)
            Ticks and lots, in any order.

        Returns
        -------
        valid : bool
            False: a level was out of bounds, and the book is lost.
        """
        return bool(self._native.snapshot(update_id, *_columns(bids, asks)))

    def update(self, before: int, last: int, bids: npt.ArrayLike, asks: npt.ArrayLike) -> bool:
        """Take a message that leads from the state after ``before`` to that after ``last``.

        Binance futures send ``before`` as ``pu``; of a feed that numbers each change (Binance spot ``U``) it is
        ``first - 1``. Quantities are new totals, 0 removes the level, so a message may begin before the book's state.

        Returns
        -------
        taken : bool
            False: the book held it already (``counters["stale"]``), is not valid, or was lost just now.

        Raises
        ------
        ParameterError
            If ``before`` is not below ``last``, or an array has another shape.
        """
        if before >= last:
            raise ParameterError(f"update: before must be < last, was {before} and {last}")
        return bool(self._native.update(before, last, *_columns(bids, asks)))

    def end_snapshot(self) -> None:
        """Say that no more of the snapshot comes."""
        self._native.end_snapshot()

    def lose(self) -> None:
        """Say that changes were missed: the book shows nothing until the next snapshot."""
        self._native.lose()

    @property
    def best(self) -> Best:
        """Best bid and ask."""
        (bid_px, bid_qty), (ask_px, ask_qty) = (
            (float(px[0]), float(qty[0])) if len(px) else (float("nan"), 0.0)
            for px, qty in ((self._px_qty(rows)) for rows in self.levels_ticks(1))
        )
        return Best(bid_px, bid_qty, ask_px, ask_qty)

    @property
    def crossed(self) -> bool:
        """Is the best bid above the best ask?"""
        bids, asks = self.levels_ticks(1)
        return bool(len(bids) and len(asks) and bids[0, 0] > asks[0, 0])

    @property
    def locked(self) -> bool:
        """Are the best bid and ask equal?"""
        bids, asks = self.levels_ticks(1)
        return bool(len(bids) and len(asks) and bids[0, 0] == asks[0, 0])

    def levels(self, n: int) -> Levels:
        """Return the best ``n`` levels of each side, best first, in prices and quantities; fewer where fewer are."""
        bids, asks = self.levels_ticks(n)
        return Levels(*self._px_qty(bids), *self._px_qty(asks))

    def levels_ticks(self, n: int) -> LevelsTicks:
        """Return the same in ticks and lots, exact."""
        if n < 0:
            raise ParameterError(f"levels: n must be >= 0, was {n}")
        return LevelsTicks(self._native.levels(True, n), self._native.levels(False, n))

    def horizon(self, side: Literal["bid", "ask"]) -> int | None:
        """Return the price in ticks at and behind which levels of a side were left out; None: none was."""
        if side not in ("bid", "ask"):
            raise ParameterError(f"side must be bid or ask, was {side!r}")
        px: int | None = self._native.horizon(side == "bid")
        return px

    def save(self) -> bytes:
        """Return the whole state; the same state gives the same bytes."""
        return bytes(self._native.save())

    def load(self, blob: bytes) -> None:
        """Take a saved state.

        Raises
        ------
        ParameterError
            If the bytes are no such state, need more room or have another rule for ids; the book is then as new.
        """
        try:
            self._native.load(blob)
        except ValueError as error:
            raise ParameterError(str(error)) from None

    def reset(self) -> None:
        """Back to the state of a new object."""
        self._native.reset()

    def __repr__(self) -> str:
        n = f"{self._native.n_levels(True)} bids, {self._native.n_levels(False)} asks"
        return f"<OrderBook of {self._instrument.symbol}: {self.status}, {n}, update_id {self.update_id}>"

    def _px_qty(self, rows: Ints) -> tuple[Floats, Floats]:
        px, qty = rows.astype(np.float64).T  # exact: below 2^50
        return px * self._tick[0] / self._tick[1], qty * self._lot[0] / self._lot[1]

    def _symbol_id(self, events: Events) -> int:
        for i, instrument in enumerate(events.instruments):
            if instrument.symbol == self._instrument.symbol:
                if (instrument.tick, instrument.lot) != (self._tick, self._lot):
                    raise EventError(
                        f"{instrument.symbol}: the events' tick {instrument.tick} and lot {instrument.lot} are not the "
                        f"book's, {self._tick} and {self._lot}"
                    )
                return i
        raise EventError(f"the events have no instrument {self._instrument.symbol!r}")


def _columns(bids: npt.ArrayLike, asks: npt.ArrayLike) -> tuple[npt.NDArray[np.uint8], Ints, Ints]:
    """Side, ticks and lots of both sides' levels."""
    both = [np.asarray(rows) for rows in (bids, asks)]
    for name, rows in zip(("bids", "asks"), both, strict=True):
        if rows.size and (rows.ndim != 2 or rows.shape[1] != 2 or rows.dtype.kind not in "iu"):
            raise ParameterError(f"{name} must be integers of shape (m, 2), was {rows.dtype} of shape {rows.shape}")
    n_bids, n_asks = (len(rows) for rows in both)
    together: Ints = np.concatenate([rows.reshape(-1, 2).astype(np.int64) for rows in both])
    side = np.repeat(np.array([1, 2], np.uint8), [n_bids, n_asks])
    return side, np.ascontiguousarray(together[:, 0]), np.ascontiguousarray(together[:, 1])
