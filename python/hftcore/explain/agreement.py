"""Which libraries agree with a column on the shared tape, where they begin to, and by how much they do not."""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.explain.adapters import ADAPTERS, LIBRARIES, Adapter
from hftcore.explain.sample import Floats, Sample

TOLERANCE: Final = 1e-9
_NS: Final = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_TIME: Final = re.compile(r"(\d+)(ns|us|ms|s|m|h)")


@dataclass(frozen=True, slots=True)
class Agreement:
    """One library beside ours, over the rows where both have a value.

    ``max_relative`` is the largest difference, relative to the larger of the two values and at least to the column's
    typical (mean absolute) size; ``n_differing`` rows exceed 1e-9. ``first_ours`` and ``first_theirs`` are the rows of
    the first values (0-based, -1: none). ``agrees_from`` is the row from which on none differs,
    where only the beginning does, else None: the mark of another seed, not of another formula.
    ``error`` says why there is no comparison: the library is not installed, or refused.
    """

    library: str
    version: str
    call: str
    note: str
    n_compared: int = 0
    n_differing: int = 0
    max_relative: float = 0.0
    first_ours: int = -1
    first_theirs: int = -1
    agrees_from: int | None = None
    error: str = ""

    @property
    def verdict(self) -> str:
        """The result in a few words."""
        if self.error:
            return self.error
        if not self.n_compared:
            return "no row where both have a value"
        if not self.n_differing:
            return "agrees"
        size = f"by up to {self.max_relative:.1e}"
        if self.agrees_from is None:
            return f"differs in {self.n_differing:,} of {self.n_compared:,} rows, {size}"
        return f"agrees from row {self.agrees_from:,}; before, {size}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**asdict(self), "verdict": self.verdict}


def compare(sample: Sample) -> list[Agreement]:
    """Ask every library of the table that can answer; those that are not installed say so. Empty: no adapter."""
    return [_one(adapter, sample) for adapter in ADAPTERS.get(sample.op, ()) if adapter.fits(sample.params)]


def _one(adapter: Adapter, sample: Sample) -> Agreement:
    module, distribution = LIBRARIES[adapter.library]
    call = adapter.call.format(**{key: _shown(value) for key, value in sample.params.items()})
    try:
        names = _names(module)
        version = metadata.version(distribution)
    except (ImportError, metadata.PackageNotFoundError):
        return Agreement(adapter.library, "", call, adapter.note, error="not installed")
    usable = np.isfinite(np.stack(sample.inputs)).all(axis=0) if sample.inputs else np.ones(len(sample), np.bool_)
    if not usable.any():
        return Agreement(adapter.library, version, call, adapter.note, error="the tape gives its input no value")
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            found = eval(call, names | _series(adapter, sample, usable))  # of our own table, with checked parameters
            theirs = np.asarray([np.nan if v is None else v for v in found], np.float64)
    except Exception as error:  # a stranger's library: whatever it raises is its answer
        why = (str(error).splitlines() or [""])[0]
        return Agreement(adapter.library, version, call, adapter.note, error=f"failed: {type(error).__name__}: {why}")
    if len(theirs) != int(usable.sum()):
        wrong = f"gave {len(theirs)} values for {int(usable.sum())} inputs"
        return Agreement(adapter.library, version, call, adapter.note, error=wrong)
    return _beside(Agreement(adapter.library, version, call, adapter.note), sample.values[usable], theirs)


def _beside(told: Agreement, ours: Floats, theirs: Floats) -> Agreement:
    both = np.isfinite(ours) & np.isfinite(theirs)
    rows = np.flatnonzero(both)
    a, b = ours[rows], theirs[rows]
    size = np.maximum(np.maximum(np.abs(a), np.abs(b)), np.abs(a).mean() if len(a) else 0.0)
    relative = np.divide(np.abs(a - b), size, out=np.zeros(len(a)), where=size > 0)
    bad = np.flatnonzero(relative > TOLERANCE)
    agrees_from: int | None = None
    if len(rows) and (not len(bad) or _only_begins_so(bad, len(rows))):
        agrees_from = int(rows[bad[-1] + 1] if len(bad) else rows[0])
    return Agreement(
        told.library,
        told.version,
        told.call,
        told.note,
        n_compared=len(rows),
        n_differing=len(bad),
        max_relative=float(relative.max(initial=0.0)),
        first_ours=_first(ours),
        first_theirs=_first(theirs),
        agrees_from=agrees_from,
    )


def _only_begins_so(bad: npt.NDArray[np.int64], n: int) -> bool:
    """Do the differing rows end in the first half, or fill nearly all of the rows up to their last?"""
    end = int(bad[-1]) + 1
    return end <= n // 2 or (end <= n - 10 and len(bad) >= 0.9 * end)


def _names(module: str) -> dict[str, Any]:
    """What the call may name beside the columns."""
    names: dict[str, Any] = {"np": np, module: importlib.import_module(module)}
    if module == "talipp":
        importlib.import_module("talipp.indicators")
    if module == "pandas":
        names["pd"] = names["pandas"]
    return names


def _series(adapter: Adapter, sample: Sample, usable: Any) -> dict[str, Any]:
    """The columns, without the rows where an input has no value: ours leaves those out."""
    given: dict[str, Any] = {name: x[usable] for name, x in zip("xyz", sample.inputs, strict=False)}
    given |= {name: x[usable] for name, x in sample.market.items()}
    if adapter.library == "pandas":
        import pandas as pd

        given["t"] = pd.to_datetime(sample.ts_ns[usable])
        if sample.inputs:
            given["d"] = pd.Series(given["x"]).diff()
    return given


def _first(values: Floats) -> int:
    found = np.flatnonzero(np.isfinite(values))
    return int(found[0]) if len(found) else -1


def _shown(value: Any) -> Any:
    timed = _TIME.fullmatch(value) if isinstance(value, str) else None
    return f"{int(timed[1]) * _NS[timed[2]]}ns" if timed else value
