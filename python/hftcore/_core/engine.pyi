"""
Replays of packed events and streams of messages through features, model, decision, risk and exchange.
"""
from __future__ import annotations
import collections.abc
import hftcore._core.event
import hftcore._core.feature
import hftcore._core.model
import numpy
import numpy.typing
import os
import typing
__all__: list[str] = ['ASSUMPTIONS', 'DEAD_LETTER_REASONS', 'Fees', 'Limits', 'Replay', 'StreamScorer', 'ThresholdParams', 'key_buckets']
class ThresholdParams:
    def __init__(self, *, threshold_frac: typing.SupportsFloat | typing.SupportsIndex, order_qty_lots: typing.SupportsInt | typing.SupportsIndex, cooldown_ns: typing.SupportsInt | typing.SupportsIndex, hold_ns: typing.SupportsInt | typing.SupportsIndex, up_class: typing.SupportsInt | typing.SupportsIndex, down_class: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class Limits:
    def __init__(self, *, max_open_positions: typing.SupportsInt | typing.SupportsIndex, max_order_qty_lots: typing.SupportsInt | typing.SupportsIndex, max_position_qty_lots: typing.SupportsInt | typing.SupportsIndex, stop_loss_milli_bps: typing.SupportsInt | typing.SupportsIndex, stop_out_pause_ns: typing.SupportsInt | typing.SupportsIndex, max_reference_age_ns: typing.SupportsInt | typing.SupportsIndex, killed: bool) -> None:
        ...
class Fees:
    def __init__(self, *, milli_bps: typing.SupportsInt | typing.SupportsIndex, nano_per_unit: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
class StreamScorer:
    """
    The engines of a stream's keys; hftcore.spark.stream makes it.
    """
    def __init__(self, *, spec: hftcore._core.feature.Spec, instruments: collections.abc.Sequence[hftcore._core.event.Instrument], table_ids: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], home_partitions: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], by_symbol: bool, numbered: bool, strategy: ThresholdParams, limits: Limits, fees: Fees, config_epoch: typing.SupportsInt | typing.SupportsIndex, model: hftcore._core.model.ForestModel, format: str, schemas: collections.abc.Mapping[typing.SupportsInt | typing.SupportsIndex, str], identity: collections.abc.Sequence[tuple[str, str]]) -> None:
        ...
    def come_from(self, topic: str) -> None:
        """
        Raises ValueError where it is another topic than before.
        """
    def reset(self) -> None:
        """
        As it was made.
        """
    def restore(self, blob: bytes) -> None:
        """
        Raises ValueError naming the difference; then nothing has changed.
        """
    def snapshot(self) -> bytes:
        """
        All keys as one blob: versioned, with a checksum and what it belongs to.
        """
    def take(self, value_places: numpy.typing.NDArray[numpy.int32], value_bytes: numpy.typing.NDArray[numpy.uint8], key_places: numpy.typing.NDArray[numpy.int32], key_bytes: numpy.typing.NDArray[numpy.uint8], partitions: numpy.typing.NDArray[numpy.int32], offsets: numpy.typing.NDArray[numpy.int64]) -> tuple:
        """
        (rows, where the bytes of each end, the bytes, counts of the stream, counts of the engines as JSON). Without the GIL.
        """
class Replay:
    """
    One replay; hftcore.replay makes it. n_done and abort() may be used meanwhile.
    """
    def __init__(self, *, records: numpy.ndarray, spec: hftcore._core.feature.Spec, instruments: collections.abc.Sequence[hftcore._core.event.Instrument], model: hftcore._core.model.ForestModel, strategy: ThresholdParams, limits: Limits, fees: Fees, config_epoch: typing.SupportsInt | typing.SupportsIndex, header_json: str, changes: collections.abc.Sequence[tuple[typing.SupportsInt | typing.SupportsIndex, ThresholdParams, Limits, hftcore._core.model.ForestModel]], journal_path: os.PathLike | str | bytes | None, overwrite: bool, feed: str, wait: str, rate_hz: typing.SupportsFloat | typing.SupportsIndex, timed: bool, state: bytes = b'') -> None:
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
def key_buckets(key_places: numpy.typing.NDArray[numpy.int32], key_bytes: numpy.typing.NDArray[numpy.uint8], n_buckets: typing.SupportsInt | typing.SupportsIndex) -> numpy.typing.NDArray[numpy.int32]:
    """
    The bucket of each key: CRC-32C modulo their number, the same on every host.
    """
ASSUMPTIONS: tuple = ('zero latency: an order meets the book that its decision saw', "no market impact: a symbol's next quote is what the tape says, whatever our fills took from the one before", 'no queue: orders only take liquidity, at the touch, up to the quantity shown; the rest is cancelled', 'no rejects, halts or auctions: the exchange answers every order at once')
DEAD_LETTER_REASONS: tuple = ('ok', 'truncated', 'unknown kind', 'unknown symbol', 'bad side', 'unknown flag', 'bad time', 'bad price', 'bad quantity', 'reserved bytes not zero', 'bad syntax', 'missing field', 'duplicate field', 'unexpected field', 'bad value', 'off grid', 'unknown schema', 'trailing bytes', 'key is not the symbol', "not in its key's partition")
