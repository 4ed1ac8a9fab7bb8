"""Normalisation whose numbers are fitted once and live in the spec: the same bits wherever the spec runs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore.errors import ParameterError, SpecError
from hftcore.instruments import Instrument
from hftcore.pipeline import FeaturePipeline
from hftcore.spec import Column, FeatureSpec
from hftcore.spec.rules import one_of

MAX_KNOTS: Final = 256
_MAD_TO_STD: Final = 1.4826
_TOKEN: Final = re.compile(r"`[^`]*`|'[^']*'|\"[^\"]*\"|[A-Za-z_][A-Za-z0-9_.]*|\s+|.", re.DOTALL)
_Values = npt.NDArray[np.float64]


def fit_normalisation(
    spec: FeatureSpec,
    data: Any,
    *,
    columns: Iterable[str] | None = None,
    method: str = "zscore",
    clip: float = 0.0,
    n_knots: int = 129,
    min_values: int = 100,
    replace: bool = False,
    instruments: Iterable[Instrument] | None = None,
) -> FeatureSpec:
    """Fit columns on events or rows; return a spec that computes them normalised, with the fitted numbers in it.

    Parameters
    ----------
    spec : FeatureSpec
    data : events, or float64 array of shape (n_rows, n_features)
        What :meth:`FeaturePipeline.transform` takes, all symbols together; or rows that it gave. Fit on training days
        only: what is fitted on the days that are tested has seen them.
    columns : iterable of str, optional
        Which columns; all by default.
    method : {"zscore", "robust", "mad", "rank"}
        ``zscore``: mean and standard deviation (divisor n). ``robust``: median and interquartile range. ``mad``: median
        and 1.4826 times the median absolute deviation. ``rank``: the share of the sample below, by ``n_knots``
        quantiles.
    clip : float
        Largest normalised value on either side; 0: none. Not for ``rank``, whose values lie in [0, 1].
    n_knots : int
        Quantiles that ``rank`` keeps, 2 to 256; no more than there are values.
    min_values : int
        A column with fewer values that are neither NaN nor infinite is refused.
    replace : bool
        False: columns are added, named ``<column>_<method>``. True: the columns themselves become normalised; what
        other columns read of them stays as it was.
    instruments : iterable of Instrument, optional
        Those of the events, where the data does not carry them.

    Returns
    -------
    FeatureSpec
        With the columns ``scale`` or ``quantile_map``; equal data gives an equal spec.

    Raises
    ------
    SpecError
        If there is no such column; a column is constant, has no scale by this method, or too few values: all by name.
    ParameterError
        If a parameter breaks a rule, or the rows are not those of the spec.
    """
    fit = _FITS[one_of("method", method, tuple(_FITS))]
    if not 2 <= n_knots <= MAX_KNOTS:
        raise ParameterError(f"n_knots must be in 2..{MAX_KNOTS}, was {n_knots}")
    if min_values < 2:
        raise ParameterError(f"min_values must be at least 2, was {min_values}")
    if not (math.isfinite(clip) and clip >= 0.0) or (clip and method == "rank"):
        raise ParameterError(f"clip must be a number >= 0, and 0 for rank, was {clip}")
    if isinstance(columns, str):
        raise ParameterError(f"columns must be a list of names, was {columns!r}")
    wanted = spec.names if columns is None else tuple(dict.fromkeys(columns))
    for name in wanted:
        spec.column(name)
    rows = _rows_of(spec, data, instruments)
    fitted = {}
    for name in wanted:
        values = _values(name, rows[:, spec.names.index(name)], min_values)
        fitted[name] = fit(name, values, n_knots) | ({"clip": float(clip)} if clip else {})
    described = spec.to_dict()
    if replace:
        described["features"] = _replaced(spec, fitted)
    else:
        described["features"] += [
            {**numbers, "name": f"{name}_{method}", "input": name} for name, numbers in fitted.items()
        ]
    return FeatureSpec.from_dict(described)


def _rows_of(spec: FeatureSpec, data: Any, instruments: Iterable[Instrument] | None) -> _Values:
    if not (isinstance(data, np.ndarray) and data.dtype.names is None):
        return FeaturePipeline(spec, instruments).transform(data)
    if data.ndim != 2 or data.shape[1] != len(spec.names) or data.dtype != np.float64:
        raise ParameterError(
            f"rows must be float64 of shape (n, {len(spec.names)}), a column for each of the spec's; were {data.dtype} "
            f"of shape {data.shape}"
        )
    return data


def _values(name: str, column: _Values, min_values: int) -> _Values:
    values = column[np.isfinite(column)]
    if len(values) < min_values:
        raise SpecError(
            f"column {name!r} has {len(values)} values that are not NaN, fewer than min_values = {min_values}"
        )
    if values.min() == values.max():
        raise SpecError(f"column {name!r} is constant ({values[0]!r} in {len(values)} rows): it has no scale")
    return np.asarray(values, np.float64)


def _zscore(name: str, x: _Values, _: int) -> dict[str, Any]:
    mean = math.fsum(x) / len(x)  # rounded once: no order of adding, no machine matters
    return _scale(name, mean, math.sqrt(math.fsum((x - mean) ** 2) / len(x)), "its standard deviation")


def _robust(name: str, x: _Values, _: int) -> dict[str, Any]:
    low, median, high = np.quantile(x, (0.25, 0.5, 0.75))
    return _scale(name, median, high - low, "its interquartile range")


def _mad(name: str, x: _Values, _: int) -> dict[str, Any]:
    median = np.median(x)
    return _scale(name, median, _MAD_TO_STD * np.median(np.abs(x - median)), "its median absolute deviation")


def _scale(name: str, center: float, scale: float, what: str) -> dict[str, Any]:
    if not scale > 0.0:
        raise SpecError(f"column {name!r}: {what} is 0, so there is no scale; use another method, or leave it out")
    return {"op": "scale", "center": float(center), "scale": float(scale)}


def _rank(_: str, x: _Values, n_knots: int) -> dict[str, Any]:
    shares = np.linspace(0.0, 1.0, min(n_knots, len(x)))
    knots = np.maximum.accumulate(np.quantile(x, shares))  # interpolating may round a step downwards
    return {"op": "quantile_map", "knots": knots.tolist()}


_FITS: Final[Mapping[str, Callable[[str, _Values, int], dict[str, Any]]]] = {
    "zscore": _zscore,
    "robust": _robust,
    "mad": _mad,
    "rank": _rank,
}


def _replaced(spec: FeatureSpec, fitted: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the columns, those fitted normalised under their own name; what they are made of stands in the input."""
    raw: dict[str, str] = {}
    features = []
    for column in spec.columns:
        text = _call(column, raw)
        if column.name in fitted:
            features.append({**fitted[column.name], "name": column.name, "input": text})
            raw[column.name] = text
        elif column.op == "expr":
            features.append({"op": "expr", "name": column.name, "formula": text})
        else:
            own = {"op": column.op, "name": column.name, "params": dict(column.params)}
            features.append({**own, "input": _with(raw, column.input)} if column.input else own)
    return features


def _call(column: Column, raw: Mapping[str, str]) -> str:
    """Return a column as a formula calls it, of what is not normalised."""
    if column.op == "expr":
        return _with(raw, str(column.params["formula"]))
    args = [_with(raw, column.input, in_formula=True)] if column.input else []
    args += [f"{key}={value!r}" for key, value in column.params.items()]
    return f"{column.op}({', '.join(args)})"


def _with(raw: Mapping[str, str], formula: str, *, in_formula: bool = False) -> str:
    """Return a formula or an input with the names that became normalised replaced by what they were."""
    if formula in raw:
        return raw[formula]
    if in_formula and re.fullmatch(r"[A-Za-z_][\w.-]*", formula) and "-" in formula:
        return f"`{formula}`"  # a column's name, which a formula would read as a difference
    tokens = _TOKEN.findall(formula)
    solid = [i for i, token in enumerate(tokens) if not token.isspace()]
    for place, i in enumerate(solid):
        name = tokens[i].strip("`")
        before = tokens[solid[place - 1]] if place else ""
        after = tokens[solid[place + 1]] if place + 1 < len(solid) else ""
        if name not in raw or tokens[i][0] in "'\"" or after in ("(", "=") or before in ("@", "="):
            continue
        if after == "@":
            raise SpecError(f"column {name!r} cannot be replaced: {formula!r} reads it of another symbol; add columns")
        tokens[i] = f"({raw[name]})"
    return "".join(tokens)
