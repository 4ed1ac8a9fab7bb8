"""
Replays of packed events through features, model, decision, risk and simulated exchange.
"""
from __future__ import annotations
import collections.abc
import hftcore._core.event
import hftcore._core.feature
import hftcore._core.model
import numpy
import os
import typing
__all__: list[str] = ['ASSUMPTIONS', 'Fees', 'Limits', 'Replay', 'ThresholdParams']
class ThresholdParams:
    def __init__(self, *, threshold_frac: typing.SupportsFloat | typing.SupportsIndex, order_qty_lots: typing.SupportsInt | typing.SupportsIndex, cooldown_ns: typing.SupportsInt | typing.SupportsIndex, hold_ns: typing.SupportsInt | typing.SupportsIndex, up_class: typing.SupportsInt | typing.SupportsIndex, down_class: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class Limits:
    def __init__(self, *, max_open_positions: typing.SupportsInt | typing.SupportsIndex, max_order_qty_lots: typing.SupportsInt | typing.SupportsIndex, max_position_qty_lots: typing.SupportsInt | typing.SupportsIndex, stop_loss_milli_bps: typing.SupportsInt | typing.SupportsIndex, stop_out_pause_ns: typing.SupportsInt | typing.SupportsIndex, max_reference_age_ns: typing.SupportsInt | typing.SupportsIndex, killed: bool) -> None:
        ...
class Fees:
    def __init__(self, *, milli_bps: typing.SupportsInt | typing.SupportsIndex, nano_per_unit: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class Replay:
    """
    One replay; hftcore.replay makes it. n_done and abort() may be used meanwhile.
    """
    def __init__(self, *, records: numpy.ndarray, spec: hftcore._core.feature.Spec, instruments: collections.abc.Sequence[hftcore._core.event.Instrument], model: hftcore._core.model.CompiledModel, strategy: ThresholdParams, limits: Limits, fees: Fees, config_epoch: typing.SupportsInt | typing.SupportsIndex, header_json: str, changes: collections.abc.Sequence[tuple[typing.SupportsInt | typing.SupportsIndex, ThresholdParams, Limits, hftcore._core.model.CompiledModel]], journal_path: os.PathLike | str | bytes | None, overwrite: bool, feed: str, wait: str, rate_hz: typing.SupportsFloat | typing.SupportsIndex, timed: bool, state: bytes = b'') -> None:
        ...
    def abort(self) -> None:
        """
        Ask a running replay to end soon.
        """
    def run(self) -> dict:
        """
        Run to the end, without the GIL. Once only.
        """
    @property
    def n_done(self) -> int:
        """
        Records done so far.
        """
    @property
    def n_records(self) -> int:
        ...
ASSUMPTIONS: tuple = ('zero latency: an order meets the book that its decision saw', "no market impact: a symbol's next quote is what the tape says, whatever our fills took from the one before", 'no queue: orders only take liquidity, at the touch, up to the quantity shown; the rest is cancelled', 'no rejects, halts or auctions: the exchange answers every order at once')
