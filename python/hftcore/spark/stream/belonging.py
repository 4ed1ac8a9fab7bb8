"""What a checkpoint belongs to: a file beside Spark's own, written at the first start, compared at each later one.

A bucket's state names what made it too; but a bucket that has none yet would be taken by anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hftcore.errors import ParameterError
from hftcore.spark.dataset.hadoop import HadoopFiles

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

FILE: Final = "hftcore.json"
_KEY: Final = "hftcore"
_LONG: Final = 200  # characters; what is longer (a table of symbols) is told by its hash


def stamped(schema: StructType, identity: Iterable[tuple[str, str]]) -> StructType:
    """The schema of scored rows with what they belong to, as metadata of its first column."""
    schema.fields[0].metadata = {_KEY: json.dumps({name: _short(value) for name, value in identity})}
    return schema


def settle(rows: DataFrame, checkpoint: str) -> None:
    """Write what the rows belong to into a new checkpoint, or compare it with what an old one says.

    Raises
    ------
    ParameterError
        If the checkpoint belongs to something else: names the first difference.
    """
    own = rows.schema.fields[0].metadata.get(_KEY)
    if own is None:
        return  # not of hs.score: nothing is known
    files = HadoopFiles(checkpoint, rows.sparkSession)
    file = f"{checkpoint.rstrip('/')}/{FILE}"
    stored = files.read(file)
    if stored is None:
        files.write(f"{file}.new", own.encode())
        files.rename_over(f"{file}.new", file)
        return
    here, there = json.loads(own), json.loads(stored)
    for name in (*here, *there):
        if here.get(name) != there.get(name):
            raise ParameterError(
                f"checkpoint {checkpoint}: {name} is {there.get(name)} in the checkpoint and {here.get(name)} here; "
                "another setting needs a checkpoint, a config_epoch and output topics of its own"
            )


def _short(value: str) -> str:
    return value if len(value) <= _LONG else f"sha256 {hashlib.sha256(value.encode()).hexdigest()}"
