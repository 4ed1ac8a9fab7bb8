"""What a spec file may hold, and the errors that say what it should."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from hftcore import _core
from hftcore.errors import SpecError
from hftcore.registry import ParamValue, as_text, did_you_mean, operation, series
from hftcore.spec.builders import Feature

_KEYS: Final = ("name", "version", "origin", "rows", "drop", "clean", "session", "features", "bars")
_TICKS: Final = {"none": "event", "book": "level"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is: name and parameters complete.

    ``lookback`` counts the ticks of ``clock`` (quote, trade, book, none, or the name of bars) before the first value,
    its inputs' included.
    ``fading``: by which factor the seeds of its recursions lose weight with each tick, and how many stages they have.
    """

    name: str
    op: str
    rev: int
    input: str
    params: Mapping[str, ParamValue]
    unit: str
    lookback: int
    clock: str
    fading: tuple[float, int] = (0.0, 0)

    @property
    def tick(self) -> str:
        """What ``lookback`` counts: ``quote``, ``trade``, ``level``, ``m1 bar``; ``event`` where there is no clock."""
        if self.clock in _TICKS:
            return _TICKS[self.clock]
        return self.clock if self.clock in {s.clock for s in series().values()} else f"{self.clock} bar"

    def warm_up(self, tolerance: float = 1e-9) -> int:
        """Ticks of ``clock`` until a value is there and the seeds of its recursions weigh at most ``tolerance``.

        Raises
        ------
        SpecError
            Unless 0 < tolerance < 1.
        """
        try:
            return self.lookback + 1 + int(_core.feature.inputs_until(self.fading, tolerance))
        except ValueError as error:
            raise SpecError(str(error)) from None


def one_of(what: str, value: Any, choices: tuple[str, ...]) -> str:
    """Return the value if it is one of the choices. Raises SpecError with a suggestion."""
    if value not in choices:
        hint = did_you_mean(value, choices) if isinstance(value, str) else ""
        raise SpecError(f"{what} must be one of {', '.join(choices)}, was {value!r}{hint}")
    return str(value)


def known_keys(what: str, data: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise SpecError for the first key that is not known, with a suggestion."""
    for key in data:
        if key not in known:
            raise SpecError(f"{what}: unknown key {key!r}{did_you_mean(str(key), known)}; it takes {', '.join(known)}")


def checked(feature: Feature) -> dict[str, ParamValue]:
    """Return the parameters of a feature as C++ takes them: numbers of 64 bits and text."""
    params = {key: as_text(value) for key, value in feature.params.items()}
    for key, value in params.items():
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise SpecError(f"feature {feature.name or feature.op!r}: {key} must be a number or text, was {value!r}")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise SpecError(f"feature {feature.name or feature.op!r}: {key} must fit 64 bits, was {value}")
    return params


def clean_rules(table: Any) -> list[tuple[str, str, dict[str, ParamValue]]]:
    """Return a [clean] table as C++ takes it: rule, policy, parameters; in the order of the rules, complete."""
    if not isinstance(table, Mapping | None):
        raise SpecError(f"clean is a table of rules, was {table!r}")
    rows = []
    for rule, value in (table or {}).items():
        params = dict(value) if isinstance(value, Mapping) else {"policy": value}
        policy = params.pop("policy", None)
        if not isinstance(policy, str):
            raise SpecError(f"clean: {rule} is a policy, or a table with policy, was {value!r}")
        rows.append((str(rule), policy, checked(Feature(f"clean: {rule}", params=params))))
    try:
        return list(_core.feature.resolve_clean(rows))
    except ValueError as error:
        raise SpecError(str(error)) from None


def feature_of(number: int, row: Any) -> Feature:
    """Make a feature of a table of a spec file: parameters beside ``op``, or under ``params``."""
    if not isinstance(row, Mapping) or not isinstance(row.get("op"), str):
        raise SpecError(f"feature #{number}: a feature is a table with op, was {row!r}")
    row = dict(row)
    op, name, source, rev = row.pop("op"), row.pop("name", ""), row.pop("input", ""), row.pop("rev", None)
    params = row.pop("params", {})
    if not isinstance(params, Mapping):
        raise SpecError(f"feature #{number} ({op}): params is a table, was {params!r}")
    for key, value in (("name", name), ("input", source)):
        if not isinstance(value, str):
            raise SpecError(f"feature #{number} ({op}): {key} must be text, was {value!r}")
    if rev is not None and rev != operation(op).rev:
        raise SpecError(
            f"feature {name or f'#{number}'!r}: written for {op} rev {rev}, this library has rev {operation(op).rev}; "
            "values differ between revs"
        )
    return Feature(op, source, {**params, **row}, name)


def session_of(table: Any) -> tuple[Any, Any] | None:
    """Return opening and closing time of a spec file's table, None where there is none."""
    if table is None:
        return None
    if not isinstance(table, Mapping):
        raise SpecError(f"session is a table with open and close, was {table!r}")
    known_keys("session", table, ("open", "close"))
    if set(table) != {"open", "close"}:
        raise SpecError("session needs both open and close")
    return table["open"], table["close"]


def arguments_of(data: Any) -> dict[str, Any]:
    """Return the arguments of FeatureSpec that plain data stands for."""
    if not isinstance(data, Mapping):
        raise SpecError(f"a spec is a table of keys, was {type(data).__name__}")
    known_keys("spec", data, _KEYS)
    for key in ("name", "features"):
        if key not in data:
            raise SpecError(f"spec: {key!r} is missing")
    if not isinstance(data["features"], (list, tuple)):
        raise SpecError(f"features must be a list of tables, was {data['features']!r}")
    features = [feature_of(i, row) for i, row in enumerate(data["features"], 1)]
    return {**data, "session": session_of(data.get("session")), "features": features}
