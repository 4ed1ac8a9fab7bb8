"""What runs in a worker: batches of events in, batches of features out, state carried from one to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hftcore import _core
from hftcore.errors import EventError, OutOfOrderError, ParameterError, SpecError
from hftcore.instruments import InstrumentTable
from hftcore.spark.event_columns import CODE, PAYLOAD
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

STATE: Final = "state"
_ROW: Final = "_row"
Batch = pa.RecordBatch


@dataclass(frozen=True, slots=True)
class Worker:
    """The fold over one partition. Travels to the executors; makes its native half there, once per partition.

    Parameters
    ----------
    spec : FeatureSpec
    instruments : str
        ``InstrumentTable.to_json()``.
    order : tuple of str
    stateless : bool
        Every event on its own, in any order.
    reads_state, writes_state : bool
        Do the batches carry the column ``state``?
    packed : bool
        Do they come as :meth:`pack` makes them?
    """

    spec: FeatureSpec
    instruments: str
    order: tuple[str, ...]
    stateless: bool = False
    reads_state: bool = False
    writes_state: bool = False
    packed: bool = False

    def arrow(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """``mapInArrow``."""
        return self.rows(batches)

    def pandas(self, frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """``mapInPandas``: the same by way of pandas."""
        schema = self._input_schema()
        batches = (pa.RecordBatch.from_pandas(frame, schema=schema, preserve_index=False) for frame in frames)
        for batch in self.rows(batches):
            yield batch.to_pandas()

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns before the features: symbol, ts_event_ns and those of the order."""
        return ("symbol", *dict.fromkeys(("ts_event_ns", *self.order)))

    def output_schema(self) -> str:
        """Return the DataFrame's schema in Spark's words."""
        columns = ["`symbol` string", *(f"`{name}` bigint" for name in self.keys[1:])]
        columns += [f"`{name}` double" for name in self.spec.names]
        return ", ".join(columns + ([f"`{STATE}` binary"] if self.writes_state else []))

    def pack(self, events: DataFrame) -> DataFrame:
        """Return narrow events with their integers in one array: a cell in place of seven on the way to the worker."""
        from pyspark.sql import functions as sf

        cells = [sf.col(name).cast("long") for name in self._cells]
        return events.select("symbol", sf.array(*cells).alias(_ROW), *([STATE] if self.reads_state else []))

    @property
    def _cells(self) -> tuple[str, ...]:
        return (*self.keys[1:], CODE, *PAYLOAD)

    def _unpacked(self, batch: Batch) -> Batch:
        cells: Any = batch.column(_ROW)
        values = cells.flatten()
        columns: list[Any]
        if values.null_count:  # rare, and an error soon
            columns = [pc.list_element(cells, i) for i in range(len(self._cells))]
        else:
            matrix = np.ascontiguousarray(_numbers(values, np.int64).reshape(-1, len(self._cells)).T)
            columns = [pa.array(row) for row in matrix]
        columns[self._cells.index(CODE)] = columns[self._cells.index(CODE)].cast(pa.int32())
        columns.insert(0, batch.column("symbol"))
        state = [batch.column(STATE)] if self.reads_state else []
        return _batch([*columns, *state], ["symbol", *self._cells, *([STATE] if state else [])])

    def _input_schema(self) -> pa.Schema:
        fields: list[tuple[str, Any]] = [
            ("symbol", pa.string()),
            *((name, pa.int64()) for name in self.keys[1:]),
            (CODE, pa.int32()),
        ]
        fields += [(name, pa.int64()) for name in PAYLOAD] + ([(STATE, pa.binary())] if self.reads_state else [])
        return pa.schema(fields)

    def rows(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Features of batches in their order; the states last, where they are asked for."""
        instruments = InstrumentTable.from_json(self.instruments)
        fold = _core.feature.KeyedPipelines(self.spec._native(), instruments._native(), stateless=self.stateless)
        for given in batches:
            batch = self._unpacked(given) if self.packed else given
            events = _take_states(fold, batch, self.order) if self.reads_state else batch
            if events.num_rows:
                yield self._transform(fold, events, instruments)
        if self.writes_state:
            states = fold.snapshots()
            yield self._states(states)

    def _transform(self, fold: Any, batch: Batch, instruments: InstrumentTable) -> Batch:
        for name in self.keys:
            if batch.column(name).null_count:
                row = int(np.argmax(batch.column(name).is_null().to_numpy(zero_copy_only=False)))
                raise EventError(f"{_place(batch, row, self.order)}: {name} must not be null")
        offsets, text = _text(batch.column("symbol"))
        columns, index, problem = fold.transform(
            offsets,
            text,
            _numbers(batch.column("ts_event_ns"), np.int64),
            _numbers(batch.column(CODE), np.int32),
            [_numbers(batch.column(name), np.int64) for name in PAYLOAD],
            [_numbers(batch.column(name), np.int64) for name in self.order],
        )
        if problem is not None:
            raise self._error(problem[0], batch, problem[1], instruments)
        n = len(index)
        kept = batch.select(list(self.keys))
        if n < batch.num_rows:
            kept = kept.take(pa.array(index))
        features = [_doubles(column[:n]) for column in columns]
        state = [pa.nulls(n, pa.binary())] if self.writes_state else []
        return _batch([*kept.columns, *features, *state], self._names())

    def _states(self, states: dict[str, bytes]) -> Batch:
        """One row per symbol, its features and times null."""
        n = len(states)
        columns: list[Any] = [pa.array(list(states), pa.string())]
        columns += [pa.nulls(n, pa.int64()) for _ in self.keys[1:]]
        columns += [pa.nulls(n, pa.float64()) for _ in self.spec.names]
        return _batch([*columns, pa.array(list(states.values()), pa.binary())], self._names())

    def _names(self) -> list[str]:
        return [*self.keys, *self.spec.names, *([STATE] if self.writes_state else [])]

    def _error(self, why: int, batch: Batch, row: int, instruments: InstrumentTable) -> Exception:
        core = _core.feature
        place = _place(batch, row, self.order)
        order = ", ".join(self.order)
        if why == core.REFUSED_UNKNOWN_SYMBOL:
            some = ", ".join(instruments.symbols[:5]) + (", ..." if len(instruments) > 5 else "")
            return EventError(f"{place}: no instrument for this symbol; there are {some or 'none'}")
        if why == core.REFUSED_UNSORTED:
            return OutOfOrderError(
                f"{place}: {order} falls within the symbol: the rows are not sorted, or were shuffled after the sort"
            )
        if why == core.REFUSED_TWICE:
            return OutOfOrderError(
                f"{place}: two events of the symbol have the same {order}: name columns that tell them apart, "
                "order=('ts_event_ns', 'source_seq') where files number their events from 0"
            )
        if why == core.REFUSED_OUT_OF_ORDER:
            ts = batch.column("ts_event_ns")[row].as_py()
            return OutOfOrderError(
                f"{place}: ts_event_ns {ts} is older than the symbol's last event, in the order of {order}"
            )
        if why == core.REFUSED_NULL:
            return EventError(f"{place}: a price or quantity that this kind of event needs is null")
        return EventError(f"{place}: kind must be trade, quote, book_level or control")


def _take_states(fold: Any, batch: Batch, order: tuple[str, ...]) -> Batch:
    """Hand the states over, return the events: states are sorted before every event."""
    states = batch.column(STATE)
    n_states = len(states) - states.null_count
    for row in range(n_states):
        symbol = batch.column("symbol")[row].as_py()
        try:
            fold.restore(symbol, states[row].as_py())
        except ValueError as error:
            raise SpecError(f"{symbol}: state: {error}") from None
    return batch.slice(n_states)


def _place(batch: Batch, row: int, order: tuple[str, ...]) -> str:
    """Name a row by what finds it in the DataFrame."""
    where = ", ".join(f"{name} {batch.column(name)[row].as_py()}" for name in order)
    return f"{batch.column('symbol')[row].as_py()}, row with {where}"


def _numbers(column: Any, kind: type[np.generic]) -> npt.NDArray[Any]:
    """Look at a column without nulls; no copy."""
    buffer = column.buffers()[1]
    if buffer is None:
        return np.empty(0, kind)
    return np.frombuffer(buffer, kind, len(column), column.offset * np.dtype(kind).itemsize)


def _text(column: Any) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Look at offsets and bytes of a text column without nulls; no copy."""
    if not pa.types.is_string(column.type):
        column = column.cast(pa.string())
    _, offsets, data = column.buffers()
    places = np.frombuffer(offsets, np.int32, len(column) + 1, column.offset * 4)
    return places, np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)


def _doubles(column: Any) -> Any:
    """Make an Arrow column over NumPy's memory."""
    return pa.Array.from_buffers(pa.float64(), len(column), [None, pa.py_buffer(column)])


def _batch(columns: list[Any], names: list[str]) -> Batch:
    return pa.RecordBatch.from_arrays(columns, names=names)


def check_spec(spec: object) -> FeatureSpec:
    """Return a spec that can be computed symbol by symbol. Raises SpecError for anything else."""
    if not isinstance(spec, FeatureSpec):
        raise SpecError(f"spec must be a FeatureSpec, was {type(spec).__name__}")
    try:
        _core.feature.KeyedPipelines(spec._native(), [])
    except ValueError as error:
        raise SpecError(f"{spec.name}: {error}") from None
    return spec


def check_stateless(spec: FeatureSpec) -> None:
    """Raise SpecError unless each row of the spec depends on its own event alone; names what remembers."""
    remembers = [
        f"{column.name} ({column.op})" for column in spec.columns if column.op not in STATELESS or column.lookback
    ]
    if spec.rows != "quote":
        remembers.append(f"rows = {spec.rows!r} (a trade's row shows the quote before it)")
    if "unchanged" in spec.drop:
        remembers.append("drop 'unchanged' (it compares with the quote before)")
    remembers += [
        f"clean {rule} = {how['policy']!r}"
        for rule, how in spec.clean.items()
        if rule in REMEMBERS or how["policy"] == "hold"
    ]
    if remembers:
        raise SpecError(
            f"{spec.name}: keyed=False maps each event on its own, but these need the events before: "
            f"{', '.join(remembers)}; use keyed=True"
        )


REMEMBERS: Final = ("duplicate", "stale", "outlier", "out_of_order")  # cleansing rules that compare with events before
STATELESS: Final = frozenset({"mid", "spread", "microprice", "queue_imbalance"})


def check_instruments(instruments: object) -> InstrumentTable:
    """Return an InstrumentTable. Raises ParameterError for anything that is none and cannot become one."""
    if isinstance(instruments, InstrumentTable):
        return instruments
    try:
        return InstrumentTable(instruments)  # type: ignore[arg-type]
    except TypeError:
        raise ParameterError(
            f"instruments must be the InstrumentTable of the events (Events.instruments), was {instruments!r}"
        ) from None
