"""
The feature library: registry, operations, pipeline.
"""
from __future__ import annotations
import collections.abc
import hftcore._core.event
import numpy
import numpy.typing
import typing
__all__: list[str] = ['Ema', 'EmaDeviation', 'FeatureDef', 'KeyedPipelines', 'LogReturn', 'NULL_CELL', 'Pipeline', 'REFUSED_BAD_KIND', 'REFUSED_NULL', 'REFUSED_OUT_OF_ORDER', 'REFUSED_TWICE', 'REFUSED_UNKNOWN_SYMBOL', 'REFUSED_UNSORTED', 'RollingMax', 'RollingMean', 'RollingMin', 'RollingStd', 'Rsi', 'STEP_DROPPED', 'STEP_NO_ROW', 'STEP_OUT_OF_ORDER', 'STEP_ROW', 'STEP_UNKNOWN_SYMBOL', 'Spec', 'ZScore', 'describe', 'did_you_mean', 'operations', 'series']
class FeatureDef:
    def __init__(self, name: str, op: str, input: str, params: collections.abc.Mapping[str, typing.SupportsInt | typing.SupportsIndex | typing.SupportsFloat | typing.SupportsIndex | str]) -> None:
        ...
class Spec:
    """
    What the compiled pipeline is made from; hftcore.FeatureSpec makes it.
    """
    def __init__(self, *, name: str, sha256: str, continuous: bool, rows: typing.SupportsInt | typing.SupportsIndex, drop: typing.SupportsInt | typing.SupportsIndex, open_ns: typing.SupportsInt | typing.SupportsIndex, close_ns: typing.SupportsInt | typing.SupportsIndex, features: collections.abc.Sequence[FeatureDef]) -> None:
        ...
    @property
    def name(self) -> str:
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
class Ema:
    """
    Exponential moving average.
    
        y = y += 2 / (period + 1) (x - y); seed: mean of the first period
    
    Lookback: period - 1. Unit: that of the input. Agrees with TA-Lib EMA; pandas ewm seeds with the first input.
    One thread at a time; docs/features/ema.md says the rest.
    """
    def __init__(self, period: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,)), return the value after each. Any split gives the same bytes.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex) -> float:
        """
        Take one input, return the value.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class EmaDeviation:
    """
    Distance of the newest input from its exponential moving average.
    
        y = 1e4 (x - ema) / ema
    
    Lookback: period - 1. Unit: bps. Agrees with TA-Lib EMA.
    One thread at a time; docs/features/ema_deviation.md says the rest.
    """
    def __init__(self, period: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,)), return the value after each. Any split gives the same bytes.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex) -> float:
        """
        Take one input, return the value.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class Rsi:
    """
    Wilder's relative strength index.
    
        y = 100 U / (U + D), Wilder's averages of ups and downs
    
    Lookback: period. Unit: pct. Agrees with TA-Lib RSI with flat = 0.
    One thread at a time; docs/features/rsi.md says the rest.
    """
    def __init__(self, period: typing.SupportsInt | typing.SupportsIndex, flat: typing.SupportsFloat | typing.SupportsIndex = 50.0) -> None:
        ...
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,)), return the value after each. Any split gives the same bytes.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex) -> float:
        """
        Take one input, return the value.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class LogReturn:
    """
    Log return over a lag.
    
        y = ln(x_t / x_{t-lag})
    
    Lookback: lag. Unit: 1. Agrees with numpy.log within a few ulp.
    One thread at a time; docs/features/log_return.md says the rest.
    """
    def __init__(self, lag: typing.SupportsInt | typing.SupportsIndex) -> None:
        ...
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64]) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,)), return the value after each. Any split gives the same bytes.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex) -> float:
        """
        Take one input, return the value.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class RollingMean:
    """
    Mean of a window.
    
        y = S1 / n
    
    Lookback: window - 1 inputs; a time window: 0. Unit: that of the input. Agrees with TA-Lib SMA; pandas rolling().mean().
    One thread at a time; docs/features/rolling_mean.md says the rest.
    """
    def __init__(self, window: typing.Any, *, max_events: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def advance(self, ts_ns: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Let the inputs go that a time window has outlived at ts_ns.
        """
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64], ts_ns: numpy.typing.NDArray[numpy.int64] | None = None) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,); times int64, not decreasing), return the value after each.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        """
        Take one input (a time window: with its time), return the value.
        """
    @property
    def early_leaves(self) -> int:
        """
        Inputs that left a time window early because max_events was too small.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class RollingStd:
    """
    Sample standard deviation of a window.
    
        y = sqrt((n S2 - S1^2) / (n (n - 1)))
    
    Lookback: window - 1 inputs; a time window: 1. Unit: that of the input. Agrees with pandas rolling().std(); TA-Lib STDDEV divides by n.
    One thread at a time; docs/features/rolling_std.md says the rest.
    """
    def __init__(self, window: typing.Any, *, max_events: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def advance(self, ts_ns: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Let the inputs go that a time window has outlived at ts_ns.
        """
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64], ts_ns: numpy.typing.NDArray[numpy.int64] | None = None) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,); times int64, not decreasing), return the value after each.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        """
        Take one input (a time window: with its time), return the value.
        """
    @property
    def early_leaves(self) -> int:
        """
        Inputs that left a time window early because max_events was too small.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class RollingMin:
    """
    Smallest input of a window.
    
        y = min(x)
    
    Lookback: window - 1 inputs; a time window: 0. Unit: that of the input. Agrees with TA-Lib MIN; pandas rolling().min().
    One thread at a time; docs/features/rolling_min.md says the rest.
    """
    def __init__(self, window: typing.Any, *, max_events: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def advance(self, ts_ns: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Let the inputs go that a time window has outlived at ts_ns.
        """
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64], ts_ns: numpy.typing.NDArray[numpy.int64] | None = None) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,); times int64, not decreasing), return the value after each.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        """
        Take one input (a time window: with its time), return the value.
        """
    @property
    def early_leaves(self) -> int:
        """
        Inputs that left a time window early because max_events was too small.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class RollingMax:
    """
    Largest input of a window.
    
        y = max(x)
    
    Lookback: window - 1 inputs; a time window: 0. Unit: that of the input. Agrees with TA-Lib MAX; pandas rolling().max().
    One thread at a time; docs/features/rolling_max.md says the rest.
    """
    def __init__(self, window: typing.Any, *, max_events: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def advance(self, ts_ns: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Let the inputs go that a time window has outlived at ts_ns.
        """
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64], ts_ns: numpy.typing.NDArray[numpy.int64] | None = None) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,); times int64, not decreasing), return the value after each.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        """
        Take one input (a time window: with its time), return the value.
        """
    @property
    def early_leaves(self) -> int:
        """
        Inputs that left a time window early because max_events was too small.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
class ZScore:
    """
    Standard deviations of the newest input above the mean of its window.
    
        y = (x - mean) / std
    
    Lookback: window - 1 inputs; a time window: 1. Unit: 1. Agrees with pandas (x - mean) / std.
    One thread at a time; docs/features/zscore.md says the rest.
    """
    def __init__(self, window: typing.Any, *, flat: typing.SupportsFloat | typing.SupportsIndex = 0.0, max_events: typing.SupportsInt | typing.SupportsIndex | None = None) -> None:
        ...
    def advance(self, ts_ns: typing.SupportsInt | typing.SupportsIndex) -> None:
        """
        Let the inputs go that a time window has outlived at ts_ns.
        """
    def reset(self) -> None:
        """
        Back to the state of a new object.
        """
    def transform(self, x: numpy.typing.NDArray[numpy.float64], ts_ns: numpy.typing.NDArray[numpy.int64] | None = None) -> numpy.typing.NDArray[numpy.float64]:
        """
        Take inputs (float64, shape (n,); times int64, not decreasing), return the value after each.
        """
    def update(self, x: typing.SupportsFloat | typing.SupportsIndex, ts_ns: typing.SupportsInt | typing.SupportsIndex | None = None) -> float:
        """
        Take one input (a time window: with its time), return the value.
        """
    @property
    def early_leaves(self) -> int:
        """
        Inputs that left a time window early because max_events was too small.
        """
    @property
    def lookback(self) -> int:
        """
        Inputs before the first value.
        """
    @property
    def ready(self) -> bool:
        """
        Has it seen its lookback?
        """
    @property
    def value(self) -> float:
        """
        The newest value; NaN until ready.
        """
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
def describe(spec: Spec) -> list[dict[str, typing.Any]]:
    """
    The columns of a spec, names and parameters complete.
    """
def did_you_mean(wrong: str, known: collections.abc.Sequence[str]) -> str:
    ...
def operations() -> list[dict[str, typing.Any]]:
    """
    The registry, one dict per operation.
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
