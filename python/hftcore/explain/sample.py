"""A column over the shared tape: its values, its inputs, and every series of the market at the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hftcore.bar_table import closed_bars
from hftcore.events import Events
from hftcore.pipeline import FeaturePipeline
from hftcore.registry import ParamValue, operation, series
from hftcore.spec import Column, Feature, FeatureSpec

Floats = npt.NDArray[np.float64]
_ROWS = {"quote": "quote", "trade": "trade", "none": "any", "book": "book"}
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row per tick of the column's clock.

    ``values`` (n,) of the column; ``inputs`` what it steps on, (n,) each, empty for operations on the market;
    ``market`` each series of the registry, (n,); ``ts_ns`` (n,) times.
    """

    op: str
    params: Mapping[str, ParamValue]
    values: Floats
    inputs: tuple[Floats, ...]
    market: Mapping[str, Floats]
    ts_ns: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)


def input_texts(text: str) -> list[str]:
    """Split what an operation on several series takes at the commas that stand outside of brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        depth += 0 if quote else (letter in _OPEN) - (letter in _CLOSE)
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def take_sample(spec: FeatureSpec, column: Column, tape: Events) -> Sample:
    """Run a column, with what it depends on, over the tape: continuously, without sessions and drop rules.

    Raises
    ------
    SpecError
        If the column reads a symbol that the tape has not.
    """
    at = spec.names.index(column.name)
    features = [Feature(c.op, c.input, c.params, c.name) for c in spec.columns[: at + 1]]
    texts = input_texts(column.input) if operation(column.op).takes_series else []
    probes = [*(f"`{text}`" if text in spec.names else text for text in texts), *series()]
    features += [Feature("expr", params={"formula": text}, name=f"_probe_{i}") for i, text in enumerate(probes)]
    rows = _ROWS.get(column.clock, "any")
    sampled = FeatureSpec("sample", features, rows=rows, origin="continuous", bars=spec.bars)
    run = FeaturePipeline(sampled)
    matrix, index = run.transform(tape), run.rows
    if column.clock in spec.bars:
        closed = np.isin(index, closed_bars(sampled, column.clock, tape)["event"])
        matrix, index = matrix[closed], index[closed]
    columns = [np.ascontiguousarray(x) for x in matrix[:, at:].T]
    return Sample(
        op=column.op,
        params=column.params,
        values=columns[0],
        inputs=tuple(columns[1 : 1 + len(texts)]),
        market=dict(zip(series(), columns[1 + len(texts) :], strict=True)),
        ts_ns=tape.data["ts_event_ns"][index],
    )
