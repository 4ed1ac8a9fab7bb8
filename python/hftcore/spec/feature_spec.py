"""The feature spec: which columns there are, over which events. Data, ordered, versioned, hashable."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hftcore import _core
from hftcore.errors import SpecError
from hftcore.registry import ParamValue, Series, did_you_mean
from hftcore.registry import series as registry_series
from hftcore.spec.bars import Bars, bars_of, native_bars, series_of
from hftcore.spec.builders import Feature
from hftcore.spec.files import read_table, write_table
from hftcore.spec.rules import Column, arguments_of, checked, clean_rules, one_of
from hftcore.spec.text import time_ns, time_text

if TYPE_CHECKING:
    from hftcore.explain import Explanation

_ROWS: Final = ("quote", "trade", "any", "book")
_ORIGINS: Final = ("session_open", "continuous")
_DROPS: Final = ("crossed", "locked", "one_sided", "unchanged", "suspicious")  # in the order of the C++ bits


class FeatureSpec:
    """Which features, over which events.

    Parameters
    ----------
    name : str
        For people.
    features : iterable of Feature
        The columns, in order. ``input`` is a series of the registry or the name of an earlier feature.
    version : int
        The author's own count.
    origin : {"session_open", "continuous"}
        Where state begins: anew at each session (each UTC day where ``session`` is None), or once.
    rows : {"quote", "trade", "any", "book"}
        Which events give a row. ``book``: levels of the order book; they are among ``any`` where a column reads it.
    drop : iterable of {"crossed", "locked", "one_sided", "unchanged", "suspicious"}
        Quotes that no feature sees; they are counted. ``suspicious`` (the venue's or vendor's mark) drops trades too.
    clean : mapping of rule to policy
        What becomes of events that break a rule, as in ``{"crossed": "hold", "outlier": {"policy": "nan",
        "band_bps": 300}}``. Rules, and the policies drop, hold, nan and flag: docs/explanation/cleansing.md.
    session : (str, str) or None
        Opening and closing time, UTC, ``"13:35:00"``; events outside are dropped. If close comes first: past midnight.
    bars : mapping of str to Bars, or None
        ``{"m1": hc.time_bars("1m")}`` makes series ``m1.open``, ``m1.high`` and so on, which step as a bar closes.

    Raises
    ------
    SpecError
        Names the feature, the parameter, the rule and the value; suggests the name that was probably meant.

    Notes
    -----
    Two specs are equal when their canonical JSON is: the order of keys, whitespace, ``60s`` for ``1m``, ``50`` for
    ``50.0`` and parameters that repeat a default make no difference. The order of features does. Immutable.
    """

    __slots__ = (
        "_bars",
        "_clean",
        "_columns",
        "_drop",
        "_name",
        "_native_spec",
        "_origin",
        "_rows",
        "_session",
        "_sha256",
        "_version",
    )

    def __init__(
        self,
        name: str,
        features: Iterable[Feature],
        *,
        version: int = 1,
        origin: str = "session_open",
        rows: str = "quote",
        drop: Iterable[str] = (),
        clean: Mapping[str, str | Mapping[str, ParamValue]] | None = None,
        session: tuple[str, str] | None = None,
        bars: Mapping[str, Bars | Mapping[str, Any]] | None = None,
    ) -> None:
        if not isinstance(name, str) or not name:
            raise SpecError(f"name must be text, was {name!r}")
        if isinstance(version, bool) or not isinstance(version, int):
            raise SpecError(f"version must be an integer, was {version!r}")
        self._name = name
        self._version = version
        self._origin = one_of("origin", origin, _ORIGINS)
        self._rows = one_of("rows", rows, _ROWS)
        if isinstance(drop, (str, Mapping)) or not isinstance(drop, Iterable):
            raise SpecError(f"drop must be a list, was {drop!r}")
        wanted = {one_of("drop", rule, _DROPS) for rule in drop}
        self._drop = tuple(rule for rule in _DROPS if rule in wanted)
        self._clean = clean_rules(clean)
        self._session = None if session is None else (time_ns(session[0]), time_ns(session[1]))
        if self._session is not None and self._session[0] == self._session[1]:
            raise SpecError(f"session: open and close must differ, both were {session and session[0]!r}")
        if not isinstance(features, Iterable):
            raise SpecError(f"features must be a list, was {features!r}")
        defs = [_core.feature.FeatureDef(f.name, f.op, f.input, checked(f)) for f in features]
        bar_defs = native_bars(bars)
        try:
            native = self._make_native(defs, "", bar_defs)
            self._columns = tuple(Column(**row) for row in _core.feature.describe(native))
            self._bars = bars_of(_core.feature.describe_bars(native))
        except ValueError as error:
            raise SpecError(f"spec {name!r}: {error}") from None
        self._sha256 = hashlib.sha256(self.canonical_json().encode()).hexdigest()
        complete = [_core.feature.FeatureDef(c.name, c.op, c.input, c.params) for c in self._columns]
        self._native_spec = self._make_native(complete, self._sha256, native_bars(self._bars))

    @property
    def name(self) -> str:
        """For people."""
        return self._name

    @property
    def version(self) -> int:
        """The author's own count."""
        return self._version

    @property
    def origin(self) -> str:
        """Where state begins: ``session_open`` or ``continuous``."""
        return self._origin

    @property
    def rows(self) -> str:
        """Which events give a row: ``quote``, ``trade``, ``any`` or ``book``."""
        return self._rows

    @property
    def drop(self) -> tuple[str, ...]:
        """Quotes that no feature sees."""
        return self._drop

    @property
    def clean(self) -> dict[str, dict[str, ParamValue]]:
        """What becomes of events that break a rule: ``policy`` and the other parameters, by rule, complete."""
        return {rule: {"policy": policy, **params} for rule, policy, params in self._clean}

    @property
    def session(self) -> tuple[int, int] | None:
        """Opening and closing time in nanoseconds after midnight UTC, or None."""
        return self._session

    @property
    def bars(self) -> dict[str, Bars]:
        """The bars by name, complete; those that close first at one moment come first."""
        return dict(self._bars)

    @property
    def series(self) -> dict[str, Series]:
        """What a feature may step on, by name: the registry's series, then those of the bars."""
        return {**registry_series(), **series_of(self._bars)}

    @property
    def reads_book(self) -> bool:
        """Does it need the levels of the order book?"""
        return bool(self._native_spec.reads_book)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns, complete, in order."""
        return self._columns

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self._columns)

    def column(self, name: str) -> Column:
        """Return a column by name. Raises SpecError with the nearest name where there is none."""
        for column in self._columns:
            if column.name == name:
                return column
        raise SpecError(f"spec {self._name!r} has no column {name!r}{did_you_mean(name, self.names)}")

    def explain(self, name: str, *, tolerance: float = 1e-9) -> Explanation:
        """Explain a column: formula, inputs, seed, warm-up, rules, and which libraries agree on a shared tape.

        Printed it is text; in a notebook a page with a plot. ``tolerance``: what a seed may weigh after the warm-up.

        Raises
        ------
        SpecError
            If there is no such column, or the tolerance is not between 0 and 1.
        """
        explain = importlib.import_module("hftcore.explain")  # by name: what explains a spec stands above it
        explained: Explanation = explain.explain_column(self, name, tolerance=tolerance)
        return explained

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON, in hex. Snapshots and models carry it."""
        return self._sha256

    def canonical_json(self) -> str:
        """Return the one form of the spec: sorted keys, no whitespace, every parameter and each operation's ``rev``."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain data, every parameter spelled out; :meth:`from_dict` reads it back."""
        features = []
        for c in self._columns:
            row: dict[str, Any] = {"name": c.name, "op": c.op, "rev": c.rev, "params": dict(c.params)}
            if c.input:
                row["input"] = c.input
            features.append(row)
        data: dict[str, Any] = {
            "name": self._name,
            "version": self._version,
            "origin": self._origin,
            "rows": self._rows,
            "drop": list(self._drop),
            "features": features,
        }
        if self._clean:
            data["clean"] = self.clean
        if self._session is not None:
            data["session"] = dict(zip(("open", "close"), map(time_text, self._session), strict=True))
        if self._bars:
            data["bars"] = {name: asdict(bars) for name, bars in self._bars.items()}
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FeatureSpec:
        """Make a spec from plain data: parameters beside ``op``, or under ``params``.

        Raises
        ------
        SpecError
            If a key is unknown or missing, a value breaks a rule, or a feature was written for another ``rev``.
        """
        return cls(**arguments_of(data))

    @classmethod
    def from_json(cls, text: str) -> FeatureSpec:
        """Make a spec from JSON text."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as error:
            raise SpecError(f"not JSON: {error}") from None

    @classmethod
    def load(cls, path: str | Path) -> FeatureSpec:
        """Read a spec from a ``.toml`` or ``.json`` file. Raises SpecError naming the file."""
        data = read_table(Path(path))
        try:
            return cls.from_dict(data)
        except SpecError as error:
            raise SpecError(f"{path}: {error}") from None

    def save(self, path: str | Path) -> None:
        """Write the spec as ``.toml`` or ``.json``; :meth:`load` returns an equal one."""
        write_table(Path(path), self.to_dict())

    def _make_native(self, defs: list[Any], sha256: str, bars: list[Any]) -> Any:
        open_ns, close_ns = self._session or (0, 0)
        return _core.feature.Spec(
            name=self._name,
            sha256=sha256,
            continuous=self._origin == "continuous",
            rows=_ROWS.index(self._rows),
            drop=sum(1 << _DROPS.index(rule) for rule in self._drop),
            open_ns=open_ns,
            close_ns=close_ns,
            features=defs,
            bars=bars,
            clean=self._clean,
        )

    def _native(self) -> Any:
        return self._native_spec

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FeatureSpec) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[Callable[[str], FeatureSpec], tuple[str]]:
        return FeatureSpec.from_json, (self.canonical_json(),)

    def __repr__(self) -> str:
        return (
            f"<FeatureSpec {self._name!r} version {self._version}: {len(self._columns)} features, {self.sha256[:12]}>"
        )
