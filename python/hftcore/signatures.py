"""What operations take, as Python's signatures: for builders and standalone classes alike."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

from hftcore.errors import SpecError
from hftcore.registry import Operation, as_text, did_you_mean

KEYWORD = inspect.Parameter.KEYWORD_ONLY
POSITION = inspect.Parameter.POSITIONAL_OR_KEYWORD


def parameters_of(op: Operation, *, by_position: bool) -> list[inspect.Parameter]:
    """An operation's parameters; what is required, and formulas, may stand at a position."""
    return [
        inspect.Parameter(
            p.name,
            POSITION if p.type == "formula" or (by_position and p.required) else KEYWORD,
            default=p.default if not p.required else inspect.Parameter.empty,
        )
        for p in op.params
    ]


def bind(name: str, signature: inspect.Signature, args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given, by parameter. Raises SpecError that shows the signature and suggests the nearest name."""
    call = f"{name}{signature.replace(return_annotation=inspect.Signature.empty)}"
    for key in kwargs:
        if key not in signature.parameters:
            hint = did_you_mean(key, signature.parameters)
            raise SpecError(f"{call}: got an unexpected keyword argument {key!r}{hint}")
    try:
        given = signature.bind(*args, **kwargs).arguments
        return {key: as_text(value) for key, value in given.items()}
    except TypeError as error:
        raise SpecError(f"{call}: {error}") from None
