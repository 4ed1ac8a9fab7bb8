"""Frozen dataclasses to plain JSON values and back, checked on the way in: a stranger's file names its first fault."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from hftcore.errors import ReportError
from hftcore.metrics import Classification


def encode(value: Any, where: str = "report") -> Any:
    """Turn a dataclass (or anything in one) into dicts, lists, text and numbers.

    NumPy scalars and arrays become Python's.

    Raises
    ------
    ReportError
        If a number is NaN or infinite (JSON has neither), or a value has no plain form; names its path.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ReportError(f"{where} must be finite, was {value}")
        return value
    if isinstance(value, Mapping):
        return {str(key): encode(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Classification):  # writes what follows from its fields too
            return encode(value.to_dict(), where)
        return {f.name: encode(getattr(value, f.name), f"{where}.{f.name}") for f in fields(value)}
    raise ReportError(f"{where} has no plain form, was {type(value).__name__}")


def decode(kind: Any, value: Any, where: str = "report") -> Any:
    """Build a value of type ``kind`` from plain ones.

    Raises
    ------
    ReportError
        If a field is missing, unknown, or of another type; names its path.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        inner = [part for part in get_args(kind) if part is not type(None)]
        return None if value is None else decode(inner[0], value, where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ReportError(f"{where} must be a list, was {type(value).__name__}")
        return tuple(decode(get_args(kind)[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is not None:  # the only other generic in use is a mapping from text
        if not isinstance(value, Mapping):
            raise ReportError(f"{where} must be an object, was {type(value).__name__}")
        return {str(key): decode(get_args(kind)[1], item, f"{where}.{key}") for key, item in value.items()}
    if is_dataclass(kind):
        return value if type(value) is kind else _dataclass(kind, value, where)
    return _scalar(kind, value, where)


def _dataclass(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ReportError(f"{where} must be an object, was {type(value).__name__}")
    try:
        if kind is Classification:
            return Classification.from_dict(value)
        return kind(**_arguments(kind, value, where))
    except ReportError:
        raise
    except (ValueError, TypeError, KeyError) as fault:
        raise ReportError(f"{where}: {fault}") from fault


def _arguments(kind: Any, value: Mapping[str, Any], where: str) -> dict[str, Any]:
    hints = _hints(kind)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise ReportError(f"{where} has no field {unknown[0]!r}; it has {', '.join(hints)}")
    for f in fields(kind):
        if f.name not in value and f.default is MISSING and f.default_factory is MISSING:
            raise ReportError(f"{where}.{f.name} is missing")
    return {name: decode(hints[name], item, f"{where}.{name}") for name, item in value.items()}


def _scalar(kind: Any, value: Any, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ReportError(f"{where} must be {kind.__name__}, was {value!r}")
    if kind is float and not math.isfinite(value):
        raise ReportError(f"{where} must be finite, was {value}")
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}
