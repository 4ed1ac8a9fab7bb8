"""The operations and series of the feature library, as its one table in C++ has them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from hftcore import _core
from hftcore.errors import SpecError

ParamValue = int | float | str


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of an operation.

    ``type`` is ``integer``, ``real``, ``choice``, ``window`` (an integer, or a time such as ``"5s"``), ``formula``,
    ``numbers`` (a list of them, or text such as ``"1 2.5 4"``) or ``policy`` (one of the choices, with a time behind it
    where it ends in a colon: ``"hold:2s"``). ``min`` and ``max`` bound integers, reals, count windows and how many
    numbers there are; ``default`` is None where the parameter is required.
    """

    name: str
    type: str
    required: bool
    default: ParamValue | None
    min: float
    max: float
    choices: tuple[str, ...]
    doc: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the registry.

    ``rev`` rises when a value changes for equal input. ``clock`` says what steps the operation: ``quote``, ``trade``,
    ``input`` (it takes ``n_series`` series and steps when the first does) or ``none`` (its value depends on the time
    alone). ``seed`` is empty where there is none that fades: the value depends on its window alone, or forgets by rule.
    """

    name: str
    rev: int
    clock: str
    summary: str
    formula: str
    inputs: str
    params: tuple[Param, ...]
    lookback: str
    unit: str
    seed: str
    missing: str
    flat: str
    cost: str
    reference: str
    oracle: str
    standalone: str
    n_series: int

    @property
    def takes_series(self) -> bool:
        """Does the operation need an ``input``?"""
        return self.clock == "input"

    @property
    def page(self) -> str:
        """Where the documentation is, from the repository's root."""
        return f"docs/features/{self.name}.md"


@dataclass(frozen=True, slots=True)
class Series:
    """A series that operations take as ``input``."""

    name: str
    clock: str
    unit: str
    doc: str


@functools.cache
def operations() -> dict[str, Operation]:
    """Return every operation by name, in the registry's order."""
    return {row["name"]: _operation(row) for row in _core.feature.operations()}


@functools.cache
def series() -> dict[str, Series]:
    """Return every input series by name."""
    return {row["name"]: Series(**row) for row in _core.feature.series()}


@functools.cache
def bar_series() -> dict[str, Series]:
    """Return the series of bars by what follows the point: ``close`` of ``m1.close``."""
    return {row["name"]: Series(**row) for row in _core.feature.bar_series()}


def operation(name: str) -> Operation:
    """Return one operation.

    Raises
    ------
    SpecError
        If there is none of that name; suggests the nearest.
    """
    found = operations().get(name)
    if found is None:
        raise SpecError(f"unknown operation {name!r}{did_you_mean(name, operations())}")
    return found


def as_text(value: Any) -> Any:
    """Return a list, tuple or array of numbers as the text that parameters hold it in; anything else as it is."""
    if isinstance(value, (str, int, float)) or not isinstance(value, Iterable) or isinstance(value, Mapping):
        return value
    numbers = list(value)
    if any(isinstance(x, (str, bool)) or not isinstance(x, Real) for x in numbers):
        return value  # whoever checks it refuses it
    return " ".join(repr(float(x)) for x in numbers)


def did_you_mean(wrong: str, known: Any) -> str:
    """Return `` (did you mean 'x'?)`` for the nearest of the known names, or nothing where none is near."""
    return str(_core.feature.did_you_mean(wrong, list(known)))


def explain(name: str) -> str:
    """Return what the registry knows of an operation, as text for a terminal."""
    op = operation(name)
    lines = [
        f"{op.name} (rev {op.rev}): {op.summary}",
        f"  formula   {op.formula}",
        f"  inputs    {op.inputs}",
        f"  unit      {op.unit}",
        f"  lookback  {op.lookback}",
        f"  seed      {op.seed or 'none'}",
        f"  NaN       {op.missing}",
        f"  flat      {op.flat}",
        f"  cost      {op.cost}",
        f"  agrees    {op.oracle}",
        f"  reference {op.reference}",
    ]
    lines += [f"  {param.name:<9} {_rule(param)}: {param.doc}" for param in op.params]
    lines += [f"  alone     hftcore.features.{op.standalone}", f"  page      {op.page}"]
    return "\n".join(lines)


def _rule(param: Param) -> str:
    if param.type == "choice":
        return f"one of {', '.join(param.choices)}; default {param.default}"
    if param.type == "policy":
        return f"one of {', '.join(choice + 'TIME' if choice.endswith(':') else choice for choice in param.choices)}"
    if param.type == "numbers":
        return f"{param.min:.0f}..{param.max:.0f} numbers"
    if param.type == "window" and not param.max:
        return "a time such as '5s'"
    span = f"{param.min:.15g}..{param.max:.15g}" if param.max > param.min else "any"
    return f"{param.type} in {span}" + ("" if param.required else f"; default {param.default}")


def _operation(row: dict[str, Any]) -> Operation:
    return Operation(**{**row, "params": tuple(Param(**param) for param in row["params"])})
