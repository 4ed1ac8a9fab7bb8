"""Labels on Spark, and what keeps them out of the features: the join, the purge and two checks.

Looking forward lives here alone: nothing in this module computes a feature, and no feature module imports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from hftcore import _core
from hftcore.errors import EventError, TrainingDataError
from hftcore.events import Events
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.labels import Session, Ticks, direction
from hftcore.spark.event_columns import CODE, NULL_CELL, PAYLOAD, check_order, narrow

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

LABEL: Final = "label"
LABEL_END: Final = "label_end_ns"
_FIELDS: Final = ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")


def labels(
    events: DataFrame,
    rows: DataFrame,
    *,
    instruments: InstrumentTable | Iterable[Instrument],
    horizon: int = 50,
    deadband: Ticks | Mapping[str, Ticks] = 0.0,
    session: Session | None = None,
    smoothing: str = "mean",
    order: str | Sequence[str] = "source_seq",
) -> DataFrame:
    """Label rows with the direction of the mid price over their symbol's next ``horizon`` rows.

    The rule is :func:`hftcore.labels.direction`, computed by it: one call per symbol, in its worker.

    Parameters
    ----------
    events : DataFrame
        Events, as :func:`hftcore.spark.features` takes them.
    rows : DataFrame
        The rows to label: ``symbol`` and the columns of ``order``, as features have them.
    instruments : InstrumentTable
    horizon, deadband, session, smoothing
        See :func:`hftcore.labels.direction`.
    order : str or sequence of str
        The columns that name an event of a symbol.

    Returns
    -------
    labels : DataFrame
        ``symbol, <order>, label, label_end_ns``: -1, 0 or 1, and the time of the last event that the label saw.
        Rows without a label (the last ``horizon`` of a session) are absent.

    Raises
    ------
    ValueError, EventError
        As ``direction`` raises them; in the worker, for what only the rows show.

    Notes
    -----
    Holds one symbol's events in memory at a time, as whoever looks forward must.
    """
    from pyspark.sql import functions as sf

    table = instruments if isinstance(instruments, InstrumentTable) else InstrumentTable(instruments)
    columns = check_order(order)
    worker = _Labeller(table.to_json(), columns, horizon, deadband, session, smoothing)
    wanted = rows.select(
        sf.col("symbol").alias("row_symbol"), *(sf.col(c).cast("long").alias(f"row_{c}") for c in columns)
    )
    tape = narrow(events, columns)
    same = [tape["symbol"] == wanted["row_symbol"], *(tape[c] == wanted[f"row_{c}"] for c in columns)]
    marked = tape.join(wanted, on=same, how="left").withColumn("_row", sf.col("row_symbol").isNotNull())
    keys = dict.fromkeys(("symbol", "ts_event_ns", *columns))
    marked = marked.select(*keys, CODE, *PAYLOAD, "_row")
    schema = ", ".join(["`symbol` string", *(f"`{c}` bigint" for c in columns), "`label` int", "`label_end_ns` bigint"])
    return marked.groupBy("symbol").applyInArrow(lambda table: worker.label(table), schema)  # Spark counts arguments


@dataclass(frozen=True, slots=True)
class _Labeller:
    instruments: str
    order: tuple[str, ...]
    horizon: int
    deadband: Any
    session: Session | None
    smoothing: str

    def label(self, table: pa.Table) -> pa.Table:
        table = table.sort_by([(name, "ascending") for name in self.order])
        cells = {name: table[name].to_numpy() for name in table.column_names if name != "symbol"}
        symbol = table["symbol"][0].as_py()
        instruments = InstrumentTable.from_json(self.instruments)
        data = _core.event.empty_events(table.num_rows)
        codes = cells[CODE].astype(np.int64)
        data["kind"], data["side"], data["flags"] = codes & 0xFF, (codes >> 8) & 0xFF, (codes >> 16) & 0xFFFF
        data["ts_event_ns"] = cells["ts_event_ns"]
        for field, name in zip(_FIELDS, PAYLOAD, strict=True):
            data[field] = np.where(cells[name] == NULL_CELL, 0, cells[name])
        events = Events(data, [instruments[instruments.index(symbol)]], "a partition")
        deadband = self.deadband.get(symbol, 0) if isinstance(self.deadband, Mapping) else self.deadband
        found = direction(
            events,
            self.horizon,
            deadband=deadband,
            rows=np.flatnonzero(cells["_row"]),
            session=self.session,
            smoothing=self.smoothing,
        )
        columns: dict[str, Any] = {"symbol": pa.array([symbol] * len(found), pa.string())}
        columns |= {name: cells[name][found.rows] for name in self.order}
        columns[LABEL] = found.values.astype(np.int32)
        columns[LABEL_END] = cells["ts_event_ns"][found.ends]
        return pa.table(columns)


def join_labels(features: DataFrame, labels: DataFrame, order: str | Sequence[str] = "source_seq") -> DataFrame:
    """Return the features that have a label, with ``label`` and ``label_end_ns``: the same event, never a near one."""
    return features.join(labels, on=["symbol", *check_order(order)], how="inner")


def purged_split(
    rows: DataFrame, test_start_ns: int, test_end_ns: int, embargo_ns: int = 0
) -> tuple[DataFrame, DataFrame]:
    """Split labelled rows by time into train and test, without the rows that know both.

    Test is ``test_start_ns <= ts_event_ns < test_end_ns``. Train is every row whose window, from its event to the end
    of its label, lies wholly before the test, or begins ``embargo_ns`` or more after its last label ends.

    Raises
    ------
    ValueError
        If the test is empty by its bounds, or the embargo negative.
    """
    from pyspark.sql import functions as sf

    if test_end_ns <= test_start_ns:
        raise ValueError(f"test_end_ns must be > test_start_ns ({test_start_ns}), was {test_end_ns}")
    if embargo_ns < 0:
        raise ValueError(f"embargo_ns must be >= 0, was {embargo_ns}")
    ts = sf.col("ts_event_ns")
    test = rows.where((ts >= test_start_ns) & (ts < test_end_ns))
    last = test.agg(sf.max(LABEL_END).alias("end")).first()
    end = max(test_end_ns, (last["end"] or 0) + 1 if last is not None else 0)
    train = rows.where((sf.col(LABEL_END) < test_start_ns) | (ts >= end + embargo_ns))
    return train, test


def check_no_overlap(train: DataFrame, test: DataFrame) -> None:
    """Raise unless no training row's window touches the time of the test rows' windows.

    Raises
    ------
    TrainingDataError
        Names the first training row that shares time with the test, and the test's bounds.
    """
    from pyspark.sql import functions as sf

    bounds = test.agg(sf.min("ts_event_ns").alias("start"), sf.max(LABEL_END).alias("end")).first()
    if bounds is None or bounds["start"] is None:
        raise TrainingDataError("the test has no rows: nothing can be said about leakage")
    start, end = bounds["start"], bounds["end"]
    touching = train.where((sf.col(LABEL_END) >= start) & (sf.col("ts_event_ns") <= end)).orderBy("ts_event_ns").first()
    if touching is not None:
        raise TrainingDataError(
            f"{touching['symbol']}: the training row at {touching['ts_event_ns']} ns has a label that sees until "
            f"{touching[LABEL_END]} ns; the test lies in {start} .. {end}: purge it (purged_split)"
        )


def check_no_future(
    whole: DataFrame, until_cut: DataFrame, names: Sequence[str], order: str | Sequence[str] = "source_seq"
) -> None:
    """Raise unless features of a tape that was cut off equal those of the whole tape, in bytes.

    A feature that looks ahead sees other events once the tape ends sooner.

    Parameters
    ----------
    whole : DataFrame
        Features made from all events.
    until_cut : DataFrame
        Features made the same way from the events before some time.
    names : sequence of str
        The features' columns.

    Raises
    ------
    TrainingDataError
        Names the first column that differs, and its first row.
    EventError
        If there is nothing to compare.
    """
    from pyspark.sql import functions as sf

    keys = ["symbol", *check_order(order)]
    after = until_cut.select(*keys, *(sf.col(f"`{name}`").alias(f"cut_{i}") for i, name in enumerate(names)))
    both = whole.select(*keys, *(sf.col(f"`{name}`").alias(f"all_{i}") for i, name in enumerate(names)))
    joined = after.join(both, on=keys, how="left")
    # Spark holds NaN equal to NaN, and <=> null to null: two tapes that are not ready agree.
    differ = [~sf.col(f"cut_{i}").eqNullSafe(sf.col(f"all_{i}")) for i in range(len(names))]
    sums = joined.agg(sf.count("*").alias("n"), *(sf.sum(d.cast("long")).alias(f"d{i}") for i, d in enumerate(differ)))
    counts = sums.first()
    if counts is None or not counts["n"]:
        raise EventError("no row lies before the cut: nothing can be compared")
    for i, name in enumerate(names):
        if counts[f"d{i}"]:
            first = joined.where(differ[i]).orderBy(*keys).first()
            place = ", ".join(f"{key} {first[key]}" for key in keys) if first is not None else ""
            raise TrainingDataError(
                f"column {name!r} knows the future: {counts[f'd{i}']} of {counts['n']} rows change when later events "
                f"are taken away, the first at {place}"
            )
