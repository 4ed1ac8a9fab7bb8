"""Events as a DataFrame: which columns it has, and the narrow form of them that goes through a shuffle.

The schema is that of :meth:`hftcore.Events.to_arrow`, so a Parquet file of events is read as it is. Needed are
``symbol, ts_event_ns, kind, side, flags``, the six columns of ticks and lots, and those of the order (``source_seq``);
the rest (receive time, decimal prices, update ids) is left behind before the shuffle.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import pyarrow.parquet as pq

from hftcore import _core
from hftcore.errors import EventError, ParameterError
from hftcore.instruments import InstrumentTable
from hftcore.reading.arrow import INSTRUMENTS_KEY
from hftcore.records import EventKind, Flag, Side

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

EVENT_SCHEMA: Final = (
    "ts_event_ns bigint, ts_recv_ns bigint, source_seq bigint, symbol string, kind string, side string, flags int, "
    "px_ticks bigint, qty_lots bigint, bid_px_ticks bigint, bid_qty_lots bigint, ask_px_ticks bigint, "
    "ask_qty_lots bigint, update_id bigint, code bigint"
)
"""Events in Spark's words, without the decimal prices."""

NULL_CELL: Final[int] = _core.feature.NULL_CELL
CODE: Final = "_code"  # kind | side << 8 | flags << 16
# Bid, its quantity, ask, its quantity; or price, quantity, update_id of a level, 0.
PAYLOAD: Final = ("_a", "_b", "_c", "_d")
_QUOTE: Final = ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")
_PRINT: Final = ("px_ticks", "qty_lots")
REQUIRED: Final = ("symbol", "ts_event_ns", "kind", "side", "flags", *_PRINT, *_QUOTE)
_KINDS: Final = {
    "trade": EventKind.TRADE,
    "quote": EventKind.QUOTE,
    "book_level": EventKind.BOOK_LEVEL,
    "control": EventKind.CONTROL,
}
_INTEGERS: Final = ("tinyint", "smallint", "int", "bigint", "decimal(20,0)")  # the last: Spark's word for uint64


def read_events(spark: SparkSession, *paths: str) -> DataFrame:
    """Read Parquet files or folders of events, as ``pyarrow.parquet.write_table(events.to_arrow(), path)`` makes them.

    Parameters
    ----------
    spark : SparkSession
    *paths : str
        Hadoop URLs or paths.

    Returns
    -------
    events : DataFrame
        Columns of ``EVENT_SCHEMA``; those without a value are null.

    Notes
    -----
    ``source_seq`` is a uint64 in these files. Spark reads that as a decimal, and fails on dictionary pages where it is
    told to read a bigint; so it is cast. Files that hold it as int64 are read faster.
    """
    from pyspark.sql.types import StructType

    if not paths:
        raise ParameterError("read_events needs a path")
    return spark.read.parquet(*paths).to(cast(StructType, StructType.fromDDL(EVENT_SCHEMA)))


def read_instruments(path: str | Path) -> InstrumentTable:
    """Return what the integers of a Parquet file, or of a local folder of them, mean: from the files' footers.

    Raises
    ------
    EventError
        If a file carries no instruments, there is no file, or two files disagree on a symbol's tick or lot.
    """
    files = [Path(path)] if Path(path).is_file() else sorted(Path(path).rglob("*.parquet"))
    table = InstrumentTable()
    for file in files:
        text = (pq.read_schema(file).metadata or {}).get(INSTRUMENTS_KEY)
        if text is None:
            raise EventError(f"{file}: carries no instruments: written by something else than Events.to_arrow()")
        table = table.merged(InstrumentTable.from_json(text))
    if not files:
        raise EventError(f"{path}: holds no Parquet file")
    return table


def check_order(order: str | Sequence[str]) -> tuple[str, ...]:
    """Return the columns of an order as a tuple. Raises ParameterError for none, or one named twice."""
    columns = (order,) if isinstance(order, str) else tuple(order)
    if not columns or len(set(columns)) != len(columns) or "symbol" in columns:
        raise ParameterError(
            f"order must name one or more columns of the events, each once and not symbol, was {order!r}"
        )
    return columns


def narrow(df: DataFrame, order: tuple[str, ...], *, levels: bool = False) -> DataFrame:
    """Return what the feature pipeline reads: symbol, ts_event_ns, the order, one code and four integers.

    ``levels``: the spec reads the order book, so its levels come along, with their ``update_id``.

    Raises
    ------
    EventError
        If a column is missing or has another type; names it.
    """
    from pyspark.sql import functions as sf

    types = dict(df.dtypes)
    required = (*REQUIRED, "update_id") if levels else REQUIRED
    missing = [name for name in (*required, *order) if name not in types]
    if missing:
        raise EventError(
            f"the DataFrame lacks {', '.join(dict.fromkeys(missing))}: events have the columns of Events.to_arrow()"
        )
    wanted = dict.fromkeys(("symbol", "kind", "side"), "string")
    for name in dict.fromkeys((*required, *order)):
        allowed = (wanted[name],) if name in wanted else _INTEGERS
        if types[name] not in allowed:
            raise EventError(f"column {name!r} must be {' or '.join(allowed)}, was {types[name]}")

    kind = sf.col("kind")
    code = sf.lit(0)
    for text, value in _KINDS.items():
        code = sf.when(kind == text, sf.lit(int(value))).otherwise(code)
    side = (
        sf.when(sf.col("side") == "B", int(Side.BUY)).when(sf.col("side").isin("S", "A"), int(Side.SELL)).otherwise(0)
    )
    flags = sf.coalesce(sf.col("flags").cast("int"), sf.lit(0))
    packed = code.bitwiseOR(sf.shiftleft(side, 8)).bitwiseOR(sf.shiftleft(flags, 16))

    def cell(name: str) -> Column:
        return sf.coalesce(sf.col(name).cast("long"), sf.lit(NULL_CELL))

    is_quote = kind == "quote"
    zero = sf.lit(0).cast("long")
    payload = [
        sf.when(is_quote, cell(quote)).otherwise(cell(plain)) for quote, plain in zip(_QUOTE, _PRINT, strict=False)
    ]
    third = sf.coalesce(sf.col("update_id").cast("long"), zero) if levels else zero  # no id is 0
    rests = zip(_QUOTE[2:], (third, zero), strict=True)
    payload += [sf.when(is_quote, cell(quote)).otherwise(rest) for quote, rest in rests]
    # A control event, or a level that no column reads, changes no feature, unless it says that events were lost before.
    gap = sf.col("flags").cast("int").bitwiseAND(sf.lit(int(Flag.GAP_BEFORE | Flag.SEQUENCE_RESET))) != 0
    silent = kind.isin("control", *(() if levels else ("book_level",))) & ~sf.coalesce(gap, sf.lit(False))
    keys = dict.fromkeys(("ts_event_ns", *order))
    return df.where(~sf.coalesce(silent, sf.lit(False))).select(
        "symbol",
        *(sf.col(name).cast("long").alias(name) for name in keys),
        packed.alias(CODE),
        *(column.alias(name) for name, column in zip(PAYLOAD, payload, strict=True)),
    )
