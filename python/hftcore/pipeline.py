"""A feature spec over a stream of events: batch and event by event give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.containers import give, kind_of, output_kind, take
from hftcore.errors import EventError, OutOfOrderError, SpecError
from hftcore.events import Event, Events
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.registry import did_you_mean
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    from hftcore._core.feature import Ticker

FloatMatrix = npt.NDArray[np.float64]
FloatRow = npt.NDArray[np.float64]
IndexArray = npt.NDArray[np.int64]


class FeaturePipeline:
    """Compute a spec's features; state is kept per symbol.

    Parameters
    ----------
    spec : FeatureSpec
    instruments : InstrumentTable, iterable of Instrument, or None
        What ``symbol_id`` means. None: taken from the first events that :meth:`transform` gets.

    Notes
    -----
    One object belongs to one thread at a time; ``transform`` releases the GIL.

    An event flagged ``GAP_BEFORE`` or ``SEQUENCE_RESET`` begins its symbol anew, whatever becomes of the event itself:
    its columns are NaN until they are warm again. A spec that reads the order book (``spec.reads_book``) takes levels
    in, too; docs/explanation/order-book.md says what loses the book and when a message of it is whole.
    """

    __slots__ = ("_copies", "_instruments", "_native_pipeline", "_rows", "_spec", "_symbols")

    def __init__(self, spec: FeatureSpec, instruments: Iterable[Instrument] | None = None) -> None:
        if not isinstance(spec, FeatureSpec):
            raise SpecError(f"spec must be a FeatureSpec, was {type(spec).__name__}")
        self._spec = spec
        self._rows: IndexArray = np.empty(0, np.int64)
        self._copies: tuple[str, ...] = ()
        self._instruments: InstrumentTable | None = None
        self._symbols: tuple[str, ...] = ()  # of the instruments, at hand for every event
        self._native_pipeline: Any = None
        if instruments is not None:
            self._bind(instruments if isinstance(instruments, InstrumentTable) else InstrumentTable(instruments))

    @property
    def spec(self) -> FeatureSpec:
        """The spec it computes."""
        return self._spec

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return self._spec.names

    @property
    def instruments(self) -> InstrumentTable | None:
        """What ``symbol_id`` means; None before the first events."""
        return self._instruments

    @property
    def rows(self) -> IndexArray:
        """Index of the event of each row of the last :meth:`transform`, shape (n_rows,)."""
        return self._rows

    @property
    def counters(self) -> dict[str, int]:
        """Events by fate: rows, each reason for leaving one out, those that broke each rule of the spec's ``clean``
        table (whatever its policy), and ``early_leaves`` (inputs that a time window lost
        because ``max_events`` was too small)."""
        return dict(self._native_pipeline.counters()) if self._native_pipeline is not None else {}

    @property
    def copies(self) -> tuple[str, ...]:
        """What the last :meth:`transform` copied on the way in and out, in words with bytes; empty where it did not."""
        return self._copies

    @overload
    def transform(self, events: Any, *, output: Literal["numpy"] = ..., copy: bool | None = ...) -> FloatMatrix: ...
    @overload
    def transform(self, events: Any, *, output: str, copy: bool | None = ...) -> Any: ...
    def transform(self, events: Any, *, output: str = "numpy", copy: bool | None = None) -> Any:
        """Compute the rows of a batch, in event order, and go on from there.

        Parameters
        ----------
        events : Events, Arrow table or record batch, pandas or polars frame, or structured array
            Sorted by ``ts_event_ns`` within each symbol. A table has the columns of ``Events.to_arrow()`` (or those of
            trades, quotes or levels that :func:`hftcore.read_events` names); ticks and lots are those of the pipeline's
            instruments, or those the table carries. An array has the dtype ``EVENT_DTYPE``.
        output : {"numpy", "arrow", "pandas", "polars", "same"}
            What the rows come in. A pandas frame has the index of the frame that came in, else the events' positions.
        copy : bool, optional
            Tables are converted and an array that cannot be read in place is refused; True copies such an array too,
            False refuses whatever would need a copy. ``self.copies`` says what was copied.

        Returns
        -------
        rows : float64 array, shape (n_rows, n_features), or a table of that many rows and columns
            Columns follow ``spec.names``; units are in ``spec.columns``. NaN until a feature's ``lookback`` is met.
            ``self.rows`` says which event each row belongs to.

        Raises
        ------
        OutOfOrderError
            If ``ts_event_ns`` decreases within a symbol; names symbol and index. Nothing has been taken in then.
        EventError
            If the events come with other instruments than those before, a cell of a table breaks a rule, the
            instruments are not known, or ``copy`` forbids what is needed.
        ParameterError
            If ``output`` is none of the above, or ``copy`` forbids it.

        Notes
        -----
        Any split of ``events`` into consecutive calls returns the same bytes.
        """
        if isinstance(events, Events) and output == "numpy":  # the common way: nothing to convert
            self._copies = ()
            return self._rows_of(events)
        kind = kind_of(events)
        wanted = output_kind(output, kind, len(self.names), copy)
        taken, copied = take(events, kind, self._instruments, copy)
        matrix = self._rows_of(taken)
        index = events.index[self._rows] if kind == "pandas" else self._rows
        rows, more = give(matrix, self.names, wanted, index)
        self._copies = (*copied, *more)
        return rows

    def update(self, event: Event) -> FloatRow | None:
        """Take one event; return its row (float64, shape (n_features,)), or None where it gives none.

        Raises
        ------
        OutOfOrderError
            If the event is older than its symbol's last; it has not been taken in.
        EventError
            If the event's ``symbol_id`` means another symbol here; it has not been taken in.
        SpecError
            If the pipeline knows no instruments yet.
        """
        if self._native_pipeline is None:
            raise SpecError("update needs the instruments: FeaturePipeline(spec, instruments=events.instruments)")
        if self._symbols[event.symbol_id : event.symbol_id + 1] != (event.symbol,):
            raise EventError(
                f"{event.symbol}: symbol_id {event.symbol_id} is not this symbol's among the pipeline's instruments: "
                f"{', '.join(self._symbols)}"
            )
        row = np.empty(len(self._spec.columns))
        step = self._native_pipeline.update(event.record, row)
        if step == _core.feature.STEP_ROW:
            return row
        if step == _core.feature.STEP_OUT_OF_ORDER:
            raise OutOfOrderError(f"{event.symbol}: {event.ts_event_ns} ns is older than the symbol's last event")
        return None

    def ticker(self, symbol: str) -> Ticker:
        """Return the fastest way in from Python for one symbol: its ``quote`` and ``trade`` take integers.

        ``quote(ts_ns, bid_px_ticks, bid_qty_lots, ask_px_ticks, ask_qty_lots)`` and ``trade(ts_ns, px_ticks, qty_lots,
        side=0)`` (0 unknown, 1 buy, 2 sell) return the row (float64, shape (n_features,)), or None where there is
        none. It is one array, written anew by each event of this ticker: copy what is to stay. An event older than the
        symbol's last raises OutOfOrderError and has not been taken in.

        Raises
        ------
        SpecError
            If the pipeline knows no instruments yet, or none of that name.
        """
        if self._native_pipeline is None:
            raise SpecError("ticker needs the instruments: FeaturePipeline(spec, instruments=events.instruments)")
        if symbol not in self._symbols:
            raise SpecError(f"no instrument {symbol!r}{did_you_mean(str(symbol), self._symbols)}")
        row = np.full(len(self._spec.columns), np.nan)
        at = self._symbols.index(symbol)
        ticker: Ticker = _core.feature.make_ticker(self._native_pipeline, at, symbol, row, OutOfOrderError)
        return ticker

    def reset(self) -> None:
        """Forget every event; instruments stay."""
        self._rows = np.empty(0, np.int64)
        if self._native_pipeline is not None:
            self._native_pipeline.reset()

    def snapshot(self) -> bytes:
        """Return the whole state: versioned, checksummed, with the spec's hash and the instruments.

        The same state gives the same bytes.

        Raises
        ------
        SpecError
            If the pipeline knows no instruments yet.
        """
        if self._native_pipeline is None:
            raise SpecError("nothing to snapshot: the pipeline has seen no events and was given no instruments")
        return bytes(self._native_pipeline.snapshot())

    @classmethod
    def restore(cls, spec: FeatureSpec, blob: bytes) -> FeaturePipeline:
        """Return a pipeline that goes on where :meth:`snapshot` was taken, in this process or another.

        Raises
        ------
        SpecError
            If the bytes were altered, or belong to another spec or library version; names the first difference.
        """
        pipeline = cls(spec)
        try:
            pipeline._native_pipeline = _core.feature.Pipeline.restore(spec._native(), blob)
            pipeline._instruments = InstrumentTable._from_native(pipeline._native_pipeline.instruments)
            pipeline._symbols = pipeline._instruments.symbols
        except ValueError as error:
            raise SpecError(str(error)) from None
        return pipeline

    def __repr__(self) -> str:
        where = "no instruments yet" if self._instruments is None else ", ".join(self._instruments.symbols[:5])
        return f"<FeaturePipeline {self._spec.name!r}: {len(self.names)} features of {where}>"

    def _rows_of(self, events: Events) -> FloatMatrix:
        self._accept(events.instruments)
        at = self._native_pipeline.find_out_of_order(events.data)
        if at is not None:
            raise OutOfOrderError(self._late(events, at))
        matrix, self._rows = self._native_pipeline.transform(events.data)
        return np.asarray(matrix, np.float64)

    def _bind(self, instruments: InstrumentTable) -> None:
        try:
            self._native_pipeline = _core.feature.Pipeline(self._spec._native(), instruments._native())
        except ValueError as error:
            raise SpecError(str(error)) from None
        self._instruments = instruments
        self._symbols = instruments.symbols

    def _accept(self, instruments: InstrumentTable) -> None:
        mine = self._instruments
        if mine is None:
            self._bind(instruments)
        elif mine is not instruments and mine != instruments:
            pairs = zip(mine, instruments, strict=False)
            first = next((f"{a} became {b}" for a, b in pairs if a != b), f"{len(mine)} became {len(instruments)}")
            raise EventError(f"the events come with other instruments than before: {first}")

    def _late(self, events: Events, at: int) -> str:
        record = events.data[at]
        symbol = events.instruments[int(record["symbol_id"])].symbol
        return f"{symbol}: event {at} of this batch ({record['ts_event_ns']} ns) is older than the symbol's last event"
