"""
The feature library: registry, operations, pipeline.
"""
from __future__ import annotations
import collections.abc
import hftcore._core.event
import numpy
import numpy.typing
import typing
__all__: list[str] = ['BarsDef', 'FeatureDef', 'KeyedPipelines', 'NULL_CELL', 'Pipeline', 'REFUSED_BAD_KIND', 'REFUSED_NULL', 'REFUSED_OUT_OF_ORDER', 'REFUSED_TWICE', 'REFUSED_UNKNOWN_SYMBOL', 'REFUSED_UNSORTED', 'STEP_DROPPED', 'STEP_NO_ROW', 'STEP_OUT_OF_ORDER', 'STEP_ROW', 'STEP_UNKNOWN_SYMBOL', 'SeriesOperation', 'Spec', 'Ticker', 'bar_series', 'bar_table', 'describe', 'describe_bars', 'did_you_mean', 'inputs_until', 'make_ticker', 'operations', 'resolve_clean', 'series']
class FeatureDef:
    def __init__(self, name: str, op: str, input: str, params: collections.abc.Mapping[str, typing.SupportsInt | typing.SupportsIndex | typing.SupportsFloat | typing.SupportsIndex | str]) -> None:
        ...
class BarsDef:
    def __init__(self, name: str, kind: str, every: typing.SupportsInt | typing.SupportsIndex | typing.SupportsFloat | typing.SupportsIndex | str, price: str) -> None:
        ...
class Spec:
    """
    What the compiled pipeline is made from; hftcore.FeatureSpec makes it.
    """
    def __init__(self, *, name: str, sha256: str, continuous: bool, rows: typing.SupportsInt | typing.SupportsIndex, drop: typing.SupportsInt | typing.SupportsIndex, open_ns: typing.SupportsInt | typing.SupportsIndex, close_ns: typing.SupportsInt | typing.SupportsIndex, features: collections.abc.Sequence[FeatureDef], bars: collections.abc.Sequence[BarsDef] = [], clean: collections.abc.Sequence[tuple[str, str, collections.abc.Mapping[str, typing.SupportsInt | typing.SupportsIndex | typing.SupportsFloat | typing.SupportsIndex | str]]] = []) -> None:
        ...
    @property
    def name(self) -> str:
        ...
    @property
    def reads_book(self) -> bool:
        ...
    @property
    def sha256(self) -> str:
        ...
class Pipeline:
    """
    The compiled pipeline. One thread at a time.
    """
    @staticmethod
    def restore(spec: Spec, blob: bytes) -> Pipeline:
        ...
    def __init__(self, spec: Spec, instruments: collections.abc.Sequence[hftcore._core.event.Instrument]) -> None:
        ...
    def counters(self) -> dict[str, int]:
        ...
    def find_out_of_order(self, events: numpy.ndarray) -> int | None:
        ...
    def reset(self) -> None:
        ...
    def snapshot(self) -> bytes:
        ...
    def transform(self, events: numpy.ndarray) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.int64]]:
        ...
    def update(self, event: numpy.ndarray, row: numpy.typing.NDArray[numpy.float64]) -> int:
        ...
    @property
    def instruments(self) -> list[hftcore._core.event.Instrument]:
        ...
class Ticker:
    def quote(self, ts_ns: int, bid_px_ticks: int, bid_qty_lots: int, ask_px_ticks: int, ask_qty_lots: int) -> typing.Any:
        """
        Take a quote; the row, or None where it gives none.
        """
    def trade(self, ts_ns: int, px_ticks: int, qty_lots: int, side: int = 0) -> typing.Any:
        """
        Take a trade; the row, or None where it gives none.
        """
class SeriesOperation:
    """
    One operation over series on its own. One thread at a time.
    """
    def __init__(self, operation: str, params: collections.abc.Mapping[str, typing.SupportsInt | typing.SupportsIndex | typing.SupportsFloat | typing.SupportsIndex | str]) -> None:
        ...
    def advance(self, ts_ns: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Let the inputs go that a time window has outlived at ts_ns.
        """
    def reset(self) -> None:
        ...
    def transform(self, columns: collections.abc.Sequence[typing.Any], ts_ns: typing.Any = None) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,)), return the value after each.
        """
    def update_1(self, x: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        ...
    def update_2(self, x: typing.SupportsFloat | typing.SupportsIndex, y: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        ...
    def update_3(self, x: typing.SupportsFloat | typing.SupportsIndex, y: typing.SupportsFloat | typing.SupportsIndex, z: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        ...
    @property
    def early_leaves(self) -> int:
        ...
    @property
    def fading(self) -> tuple[float, int]:
        ...
    @property
    def lookback(self) -> int:
        ...
    @property
    def value(self) -> float:
        ...
class KeyedPipelines:
    """
    One pipeline per symbol over columns of events. One thread at a time.
    """
    def __init__(self, spec: Spec, instruments: collections.abc.Sequence[hftcore._core.event.Instrument], *, stateless: bool = False) -> None:
        ...
    def counters(self) -> dict[str, int]:
        ...
    def restore(self, symbol: str, blob: bytes) -> None:
        ...
    def snapshots(self) -> dict[str, bytes]:
        """
        State of every symbol seen, as FeaturePipeline.restore takes it.
        """
    def transform(self, symbol_offsets: numpy.typing.NDArray[numpy.int32], symbol_bytes: numpy.typing.NDArray[numpy.uint8], ts_event_ns: numpy.typing.NDArray[numpy.int64], codes: numpy.typing.NDArray[numpy.int32], payload: typing.Annotated[collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.int64]], "FixedSize(4)"], order: collections.abc.Sequence[typing.Annotated[numpy.typing.ArrayLike, numpy.int64]]) -> tuple[numpy.typing.NDArray[numpy.float64], numpy.typing.NDArray[numpy.int64], tuple[int, int] | None]:
        """
        Take rows in, in order. Returns columns (n_features, n), of which the first len(index) values count; the row of each value; and (why, row) where a row was refused: rows before it have been taken in.
        """
def bar_series() -> list[dict[str, typing.Any]]:
    """
    The series that each bars of a spec have: `m1.close` of bars m1.
    """
def bar_table(spec: Spec, instruments: collections.abc.Sequence[hftcore._core.event.Instrument], name: str, events: numpy.ndarray) -> numpy.ndarray:
    """
    The bars that the events close, one row each, in the order of the events.
    """
def describe(spec: Spec) -> list[dict[str, typing.Any]]:
    """
    The columns of a spec, names and parameters complete.
    """
def describe_bars(spec: Spec) -> list[dict[str, typing.Any]]:
    """
    The bars of a spec, complete.
    """
def did_you_mean(wrong: str, known: collections.abc.Sequence[str]) -> str:
    ...
def inputs_until(fading: tuple[typing.SupportsFloat | typing.SupportsIndex, typing.SupportsInt | typing.SupportsIndex], tolerance: typing.SupportsFloat | typing.SupportsIndex) -> int:
    """
    Inputs after the seed until its weight is at most the tolerance.
    """
def make_ticker(pipeline: typing.Any, symbol_id: typing.SupportsInt | typing.SupportsIndex, symbol: str, row: numpy.typing.NDArray[numpy.float64], late: typing.Any) -> typing.Any:
    """
    One symbol's ticks; an event out of order raises `late`.
    """
def operations() -> list[dict[str, typing.Any]]:
    """
    The registry, one dict per operation.
    """
def resolve_clean(rows: collections.abc.Sequence[tuple[str, str, collections.abc.Mapping[str, typing.SupportsInt | typing.SupportsIndex | typing.SupportsFloat | typing.SupportsIndex | str]]]) -> list[tuple[str, str, dict[str, int | float | str]]]:
    """
    Rows (rule, policy, parameters) of a [clean] table in their order, every parameter spelled out.
    """
def series() -> list[dict[str, typing.Any]]:
    """
    The series that operations take as input.
    """
NULL_CELL: int = -9223372036854775808
REFUSED_BAD_KIND: int = 6
REFUSED_NULL: int = 5
REFUSED_OUT_OF_ORDER: int = 4
REFUSED_TWICE: int = 3
REFUSED_UNKNOWN_SYMBOL: int = 1
REFUSED_UNSORTED: int = 2
STEP_DROPPED: int = 2
STEP_NO_ROW: int = 0
STEP_OUT_OF_ORDER: int = 3
STEP_ROW: int = 1
STEP_UNKNOWN_SYMBOL: int = 4
