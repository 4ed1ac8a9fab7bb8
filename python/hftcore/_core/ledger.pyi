"""
Journals of decisions, orders and fills, and the positions they add up to.
"""
from __future__ import annotations
import numpy
import numpy.dtypes
import os
import typing
__all__: list[str] = ['DECISION_DTYPE', 'FILL_DTYPE', 'FRAME_CONTROL', 'FRAME_DECISION', 'FRAME_FILL', 'FRAME_INPUT_ORDER', 'FRAME_LEASE', 'FRAME_MARK', 'FRAME_ORDER', 'FRAME_RUN_END', 'FRAME_RUN_HEADER', 'JournalRun', 'MARK_DTYPE', 'ORDER_DTYPE', 'Position', 'REASONS', 'REFUSALS', 'SIDES', 'fold_fills', 'parse_frame', 'parse_journal', 'read_journal']
class JournalRun:
    """
    One run of a journal. The array methods copy.
    """
    def decisions(self) -> numpy.ndarray:
        ...
    def fills(self) -> numpy.ndarray:
        ...
    def marks(self) -> numpy.ndarray:
        ...
    def orders(self) -> numpy.ndarray:
        ...
    @property
    def controls(self) -> list[tuple[int, str]]:
        """
        Of each control frame: how many decisions the run had made before, and its JSON text.
        """
    @property
    def end(self) -> str:
        """
        JSON text; empty where the run did not end.
        """
    @property
    def header(self) -> str:
        """
        JSON text.
        """
class Position:
    """
    What one symbol's fills add up to; money in tick-lots, exact.
    """
    def unrealised_half_tick_lots(self, mid_half_ticks: typing.SupportsInt | typing.SupportsIndex) -> int:
        """
        What closing at this mid price would earn.
        """
    @property
    def bought_lots(self) -> int:
        ...
    @property
    def cash_tick_lots(self) -> int:
        ...
    @property
    def fees_nano(self) -> int:
        ...
    @property
    def n_fills(self) -> int:
        ...
    @property
    def open_cost_tick_lots(self) -> int:
        ...
    @property
    def qty_lots(self) -> int:
        ...
    @property
    def realised_tick_lots(self) -> int:
        ...
    @property
    def sold_lots(self) -> int:
        ...
def fold_fills(fills: numpy.ndarray, n_symbols: typing.SupportsInt | typing.SupportsIndex) -> list[Position]:
    """
    Positions of symbols 0..n_symbols-1 after these fills, in order, at average cost.
    """
def parse_frame(message: bytes) -> tuple[int, bytes] | None:
    """
    Kind and payload of one output message, or None where it is not exactly one whole frame. Text comes without its padding.
    """
def parse_journal(data: bytes, name: str) -> tuple[list[JournalRun], int]:
    """
    Like read_journal, from memory.
    """
def read_journal(path: os.PathLike | str | bytes) -> tuple[list[JournalRun], int]:
    """
    The runs of a journal file, every frame checked, and the number of bytes behind the last whole frame. Raises RuntimeError naming file, offset and reason.
    """
DECISION_DTYPE: numpy.dtypes.VoidDType
FILL_DTYPE: numpy.dtypes.VoidDType
FRAME_CONTROL: int = 7
FRAME_DECISION: int = 2
FRAME_FILL: int = 4
FRAME_INPUT_ORDER: int = 9
FRAME_LEASE: int = 8
FRAME_MARK: int = 5
FRAME_ORDER: int = 3
FRAME_RUN_END: int = 6
FRAME_RUN_HEADER: int = 1
MARK_DTYPE: numpy.dtypes.VoidDType
ORDER_DTYPE: numpy.dtypes.VoidDType
REASONS: tuple = ('', 'signal', 'hold_expired', 'stop_loss', 'session_end')
REFUSALS: tuple = ('none', 'killed', 'no_reference', 'qty_not_positive', 'max_order_qty', 'max_position_qty', 'max_open_positions', 'stopped_out', 'journal_down', 'would_flip', 'stale')
SIDES: tuple = ('', 'buy', 'sell')
