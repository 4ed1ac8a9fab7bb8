"""
Events, instruments and their codecs.
"""
from __future__ import annotations
import collections.abc
import numpy
import numpy.dtypes
import typing
__all__: list[str] = ['EVENT_DTYPE', 'FLAG_GAP_BEFORE', 'FLAG_SEQUENCE_RESET', 'FLAG_SNAPSHOT', 'FLAG_STALE', 'FLAG_SUSPICIOUS', 'FLAG_UNFINISHED', 'Instrument', 'KIND_BOOK_LEVEL', 'KIND_CONTROL', 'KIND_QUOTE', 'KIND_TRADE', 'OFFSET_BITS', 'SIDE_BUY', 'SIDE_SELL', 'SIDE_UNKNOWN', 'WireDecoder', 'empty_events', 'encode', 'encode_messages', 'read_packed', 'write_events', 'write_packed']
class Instrument:
    """
    What a symbol's integers mean: tick, lot and price bounds. Immutable.
    """
    def __eq__(self, arg0: Instrument) -> bool:
        ...
    def __hash__(self) -> int:
        ...
    def __init__(self, symbol: str, tick_num: typing.SupportsInt | typing.SupportsIndex = 1, tick_den: typing.SupportsInt | typing.SupportsIndex = 100, lot_num: typing.SupportsInt | typing.SupportsIndex = 1, lot_den: typing.SupportsInt | typing.SupportsIndex = 1, min_px_ticks: typing.SupportsInt | typing.SupportsIndex = 1, max_px_ticks: typing.SupportsInt | typing.SupportsIndex = 2147483647) -> None:
        ...
    def __repr__(self) -> str:
        ...
    @property
    def lot_den(self) -> int:
        ...
    @property
    def lot_num(self) -> int:
        ...
    @property
    def max_px_ticks(self) -> int:
        ...
    @property
    def min_px_ticks(self) -> int:
        ...
    @property
    def symbol(self) -> str:
        ...
    @property
    def tick_den(self) -> int:
        ...
    @property
    def tick_num(self) -> int:
        ...
class WireDecoder:
    """
    Messages of one shard to events. Threads may share one.
    """
    def __init__(self, format: str, instruments: collections.abc.Sequence[Instrument], global_ids: collections.abc.Sequence[typing.SupportsInt | typing.SupportsIndex], schemas: collections.abc.Mapping[typing.SupportsInt | typing.SupportsIndex, str] = {}) -> None:
        """
        `global_ids`: the packed symbol_id of each instrument. `schemas`: by id, the Avro schemas of the writers.
        """
    def decode(self, messages: collections.abc.Sequence[bytes]) -> tuple:
        """
        (events, the place of each among the messages, [(place, reason)] of those that are no event).
        """
def empty_events(n: typing.SupportsInt | typing.SupportsIndex) -> numpy.ndarray:
    """
    A zeroed array of n events (dtype EVENT_DTYPE) that starts at a 64-byte boundary.
    """
def encode(events: numpy.ndarray, instruments: collections.abc.Sequence[Instrument], format: str) -> bytes:
    """
    Events as bytes: "packed", "json" (lines) or "avro" (object container).
    """
def encode_messages(format: str, events: numpy.ndarray, instruments: collections.abc.Sequence[Instrument], schema_id: typing.SupportsInt | typing.SupportsIndex = 1) -> list:
    """
    The value of one message per event: a packed record, a JSON object, or an Avro record behind Confluent's header with that schema id.
    """
def read_packed(path: str) -> tuple:
    """
    (events, instruments) of a packed file. ValueError says how a torn or altered file differs from a whole one.
    """
def write_events(path: str, events: numpy.ndarray, instruments: collections.abc.Sequence[Instrument], format: str) -> None:
    """
    Write what encode() returns to a file that appears under its name only when it is whole.
    """
def write_packed(path: str, events: numpy.ndarray, instruments: collections.abc.Sequence[Instrument]) -> None:
    """
    write_events with the format packed.
    """
EVENT_DTYPE: numpy.dtypes.VoidDType
FLAG_GAP_BEFORE: int = 4
FLAG_SEQUENCE_RESET: int = 8
FLAG_SNAPSHOT: int = 2
FLAG_STALE: int = 16
FLAG_SUSPICIOUS: int = 1
FLAG_UNFINISHED: int = 32
KIND_BOOK_LEVEL: int = 3
KIND_CONTROL: int = 4
KIND_QUOTE: int = 2
KIND_TRADE: int = 1
OFFSET_BITS: int = 48
SIDE_BUY: int = 1
SIDE_SELL: int = 2
SIDE_UNKNOWN: int = 0
