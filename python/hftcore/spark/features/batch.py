"""hs.features: the compiled pipeline over a DataFrame of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from hftcore.errors import OutOfOrderError, ParameterError
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.spark.event_columns import check_order, narrow
from hftcore.spark.features.placement import placement_key
from hftcore.spark.features.worker import STATE, Worker, check_instruments, check_spec, check_stateless
from hftcore.spec import FeatureSpec

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FORMS: Final = ("arrow", "pandas")
_DAY_NS: Final = 86_400_000_000_000


def features(
    df: DataFrame,
    spec: FeatureSpec,
    *,
    instruments: InstrumentTable | Iterable[Instrument],
    order: str | Sequence[str] = "source_seq",
    form: str = "arrow",
    n_partitions: int | None = None,
    keyed: bool = True,
    presorted: bool = False,
    by_session: bool = False,
    weights: Mapping[str, int] | None = None,
    state: DataFrame | None = None,
    with_state: bool = False,
) -> DataFrame:
    """Compute a spec's features on Spark: the bytes of ``FeaturePipeline.transform`` on the same tape.

    The events are repartitioned by symbol, sorted by ``order`` and folded by one compiled pipeline per symbol, which
    is carried across Arrow batches: partitions, batch sizes and executors change nothing.

    Parameters
    ----------
    df : DataFrame
        Events with the columns of :meth:`hftcore.Events.to_arrow` (see :mod:`hftcore.spark.event_columns`); columns
        that features do not need are left behind before the shuffle.
    spec : FeatureSpec
    instruments : InstrumentTable
        What the integers mean: ``Events.instruments``, or :func:`hftcore.spark.read_instruments` of a folder.
    order : str or sequence of str
        Integer columns that order a symbol's events and tell them apart. Where several files number their events from
        0 each: ``("ts_event_ns", "source_seq")``.
    form : {"arrow", "pandas"}
        ``mapInArrow``, or ``mapInPandas`` (slower, the same values).
    n_partitions : int, optional
        Default: ``spark.sql.shuffle.partitions``.
    keyed : bool
        False: a map without shuffle, for specs whose rows depend on their own event alone.
    presorted : bool
        True: ``df`` has each symbol in one partition, in order, so nothing is shuffled. Checked: by a pass over the
        column ``symbol`` now, and row by row when it runs.
    by_session : bool
        True: partition by symbol and session, for specs whose state begins anew at each session. Spreads a busy
        symbol over its days.
    weights : mapping of symbol to int, optional
        Events per symbol (:func:`symbol_counts`): the placement of symbols then balances them.
    state : DataFrame, optional
        Columns ``symbol, state``: where the tape before this one ended (:func:`end_state`).
    with_state : bool
        Add a column ``state``: null, except in one row more per symbol, whose other columns are null and whose state
        is the end of its tape. :func:`feature_rows` and :func:`end_state` tell them apart.

    Returns
    -------
    rows : DataFrame
        ``symbol, ts_event_ns, <order>, <spec.names>``: one row for each event that the spec gives a row; float64, NaN
        until a feature's lookback is met, as everywhere.

    Raises
    ------
    ParameterError, SpecError, EventError, OutOfOrderError
        At once for what can be seen now. What only the rows show is raised in the worker, names symbol and row, and
        arrives as these errors within :func:`worker_errors`.
    """
    check_spec(spec)
    if form not in FORMS:
        raise ParameterError(f"form must be one of {', '.join(FORMS)}, was {form!r}")
    if n_partitions is not None and n_partitions < 1:
        raise ParameterError(f"n_partitions must be >= 1, was {n_partitions}")
    if (not keyed or presorted) and (state is not None or by_session or weights is not None or n_partitions):
        raise ParameterError(
            "keyed=False and presorted=True shuffle nothing: no state, by_session, weights, n_partitions"
        )
    if not keyed and with_state:
        raise ParameterError("keyed=False has no state to return")
    if not keyed:
        check_stateless(spec)
    if by_session and (spec.origin != "session_open" or state is not None or with_state):
        raise ParameterError(
            f"by_session=True needs sessions that know nothing of each other: origin 'session_open' and no state; "
            f"{spec.name} has origin {spec.origin!r}"
        )
    if by_session and spec.reads_book:
        raise ParameterError(
            f"by_session=True needs sessions that know nothing of each other: {spec.name} reads the order book, which "
            "goes on from one to the next"
        )
    table = check_instruments(instruments)
    columns = check_order(order)
    worker = Worker(spec, table.to_json(), columns, not keyed, state is not None, with_state, form == "arrow")
    events = narrow(df, columns, levels=spec.reads_book)
    if keyed and presorted:
        _check_whole_symbols(df)
    elif keyed:
        events = _shuffled(events, spec, table, columns, n_partitions, weights, by_session, state)
    schema = worker.output_schema()
    if form == "pandas":
        return events.mapInPandas(worker.pandas, schema)
    return worker.pack(events).mapInArrow(worker.arrow, schema)


def feature_rows(rows: DataFrame) -> DataFrame:
    """Return the features of ``features(..., with_state=True)`` without its states."""
    return rows.where(rows[STATE].isNull()).drop(STATE)


def end_state(rows: DataFrame) -> DataFrame:
    """Return ``symbol, state`` of ``features(..., with_state=True)``: what the next tape begins with.

    A state is ``FeaturePipeline.snapshot`` of a pipeline with this one instrument, so ``FeaturePipeline.restore``
    takes it as well.
    """
    return rows.where(rows[STATE].isNotNull()).select("symbol", STATE)


def _shuffled(
    events: DataFrame,
    spec: FeatureSpec,
    table: InstrumentTable,
    order: tuple[str, ...],
    n_partitions: int | None,
    weights: Mapping[str, int] | None,
    by_session: bool,
    state: DataFrame | None,
) -> DataFrame:
    from pyspark.sql import functions as sf

    spark = events.sparkSession
    n = n_partitions or int(spark.conf.get("spark.sql.shuffle.partitions") or 200)
    if state is not None:
        events = with_states(events, state)
    keys = [placement_key(spark, table.symbols, n, weights)]
    if by_session:
        open_ns = spec.session[0] if spec.session else 0
        keys.append(sf.expr(f"(ts_event_ns - {open_ns}) div {_DAY_NS}"))  # integers: a double has 256 ns here
    return events.repartition(n, *keys).sortWithinPartitions(*order)


def with_states(events: DataFrame, state: DataFrame) -> DataFrame:
    """Return narrow events with the column ``state``, and before them a row per state."""
    from pyspark.sql import functions as sf

    missing = {"symbol", STATE} - set(state.columns)
    if missing:
        raise ParameterError(f"state must have the columns symbol and {STATE}, lacks {', '.join(sorted(missing))}")
    # Before every event in any order, and no nulls: pandas would turn the integers beside them into floats.
    first = {name: sf.lit(-(2**63) if kind == "bigint" else 0).cast(kind) for name, kind in events.dtypes[1:]}
    events = events.withColumn(STATE, sf.lit(None).cast("binary"))
    return events.union(state.select("symbol", *(value.alias(name) for name, value in first.items()), STATE))


def _check_whole_symbols(df: DataFrame) -> None:
    from pyspark.sql import functions as sf

    parts = df.select("symbol", sf.spark_partition_id().alias("part")).groupBy("symbol")
    torn = parts.agg(sf.sort_array(sf.collect_set("part")).alias("parts")).where(sf.size("parts") > 1).orderBy("symbol")
    first = torn.first()
    if first is not None:
        places = ", ".join(str(part) for part in first["parts"][:5])
        raise OutOfOrderError(
            f"presorted=True, but {first['symbol']} lies in partitions {places}: its windows would begin anew in each "
            "(was the DataFrame shuffled again after the sort?); leave presorted out"
        )
