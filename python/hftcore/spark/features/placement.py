"""Which symbol goes to which partition: a symbol stays whole, and the heaviest partition is as light as may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from hftcore.errors import ParameterError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_N_SALTS: Final = 64
_FEW: Final = 32  # symbols per partition: where there are more, any hash spreads them


def symbol_counts(df: DataFrame) -> dict[str, int]:
    """Return how many events each symbol has: one pass over one column, for ``features(weights=...)``."""
    return {row["symbol"]: int(row["count"]) for row in df.groupBy("symbol").count().collect()}


def placement_key(
    spark: SparkSession, symbols: Sequence[str], n_partitions: int, weights: Mapping[str, int] | None
) -> Column:
    """Return the expression to repartition by.

    Spark places a row by a hash, and a hash puts two busy symbols into one partition as readily as not. Of 64 salts
    for it the one is taken whose heaviest partition is the lightest: no column more, no join, the same rows together.

    Raises
    ------
    ParameterError
        If a weight is negative.
    """
    from pyspark.sql import functions as sf

    for symbol, weight in (weights or {}).items():
        if weight < 0:
            raise ParameterError(f"weights[{symbol!r}] must be >= 0, was {weight}")
    salted = sf.xxhash64(sf.lit(0), "symbol")
    if n_partitions < 2 or not symbols or (weights is None and len(symbols) > _FEW * n_partitions):
        return salted
    # The partition that HashPartitioning gives: murmur3 of the key, modulo.
    places = [sf.pmod(sf.hash(sf.xxhash64(sf.lit(s), "symbol")), sf.lit(n_partitions)) for s in range(_N_SALTS)]
    names = spark.createDataFrame([(symbol,) for symbol in symbols], "symbol string")
    table = names.select("symbol", sf.array(*places).alias("places")).collect()
    heaviest = []
    for salt in range(_N_SALTS):
        loads = [0.0] * n_partitions
        for row in table:
            loads[row["places"][salt]] += 1.0 if weights is None else weights.get(row["symbol"], 0)
        heaviest.append(max(loads))
    best = heaviest.index(min(heaviest))
    return sf.xxhash64(sf.lit(best), "symbol")
