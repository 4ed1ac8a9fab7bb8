"""
The order book: price levels of one symbol.
"""
from __future__ import annotations
import numpy
import numpy.typing
import typing
__all__: list[str] = ['DEFAULT_CAPACITY', 'OrderBook']
class OrderBook:
    """
    One symbol's price levels in ticks and lots. One thread at a time.
    """
    def __init__(self, capacity: typing.SupportsInt | typing.SupportsIndex = 8192, ids: str = 'rising') -> None:
        ...
    def apply(self, events: numpy.ndarray, symbol_id: typing.SupportsInt | typing.SupportsIndex = -1) -> int:
        """
        Take book levels in; how many changed it.
        """
    def counters(self) -> dict:
        ...
    def end_snapshot(self) -> None:
        ...
    def horizon(self, bids: bool) -> typing.Any:
        """
        None, or the price in ticks at and behind which nothing is kept.
        """
    def levels(self, bids: bool, n: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.int64]:
        ...
    def load(self, blob: bytes) -> None:
        ...
    def lose(self) -> None:
        ...
    def n_levels(self, bids: bool) -> int:
        ...
    def reset(self) -> None:
        ...
    def save(self) -> bytes:
        ...
    def snapshot(self, update_id: typing.SupportsInt | typing.SupportsIndex, side: numpy.typing.NDArray[numpy.uint8], px_ticks: numpy.typing.NDArray[numpy.int64], qty_lots: numpy.typing.NDArray[numpy.int64]) -> bool:
        ...
    def tops(self, events: numpy.ndarray, symbol_id: typing.SupportsInt | typing.SupportsIndex = -1) -> numpy.typing.NDArray[numpy.int64]:
        """
        The same, and the best bid and ask after each event: int64, shape (n, 4).
        """
    def update(self, before: typing.SupportsInt | typing.SupportsIndex, last: typing.SupportsInt | typing.SupportsIndex, side: numpy.typing.NDArray[numpy.uint8], px_ticks: numpy.typing.NDArray[numpy.int64], qty_lots: numpy.typing.NDArray[numpy.int64]) -> bool:
        ...
    @property
    def status(self) -> str:
        ...
    @property
    def update_id(self) -> int:
        ...
DEFAULT_CAPACITY: int = 8192
