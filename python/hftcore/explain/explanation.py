"""What is known of an operation or a column, as text, as plain data, and as a page for a notebook."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from hftcore.errors import SpecError
from hftcore.explain.agreement import TOLERANCE, Agreement, compare
from hftcore.explain.sample import Sample, input_texts, take_sample
from hftcore.explain.tape import BOOK_TAPE_WORDS, TAPE_WORDS, book_tape, shared_tape
from hftcore.registry import Operation, Param, ParamValue, operation
from hftcore.spec import Column, Feature, FeatureSpec

_EXAMPLES: Final[Mapping[str, ParamValue]] = {
    "period": 14,
    "window": 20,
    "lag": 1,
    "fast": 12,
    "slow": 26,
    "signal": 9,
    "k": 14,
    "smoothing": 3,
    "d": 3,
    "q": 0.25,
    "omega": 1e-6,
    "alpha": 0.1,
    "beta": 0.85,
    "initial_variance": 1e-4,
}
_SERIES: Final = {1: "mid_px", 2: "mid_px, microprice_px", 3: "ask_px, bid_px, mid_px"}  # three: high, low, close
_FORMULA: Final = "(ema(mid_px, 20) - ema(mid_px, 100)) / rolling_std(mid_px, 100)"
NO_ADAPTER: Final = "no call of another library is known for this column: see the page"


@dataclass(frozen=True, eq=False)
class Explanation:
    """A column, what it is made of, and how it behaves on the shared tape.

    ``str()`` of it is for a terminal; in a notebook it is a page with a plot.
    """

    spec: FeatureSpec
    column: Column
    tolerance: float = TOLERANCE

    @property
    def operation(self) -> Operation:
        """The registry's row."""
        return operation(self.column.op)

    @property
    def warm_up(self) -> int:
        """Ticks until there is a value and the seeds of recursions weigh at most ``tolerance``."""
        return self.column.warm_up(self.tolerance)

    @functools.cached_property
    def _taken(self) -> tuple[Sample | None, str]:
        try:
            return take_sample(self.spec, self.column, book_tape() if self.on_book else shared_tape()), ""
        except SpecError as error:
            return None, f"not compared, the shared tape does not do: {error}"

    @property
    def sample(self) -> Sample | None:
        """The column over the shared tape; None where the tape does not do, as for values of other symbols."""
        return self._taken[0]

    @functools.cached_property
    def agreements(self) -> list[Agreement]:
        """Each library that can be asked for the same value, beside ours."""
        return [] if self.sample is None else compare(self.sample)

    @property
    def on_book(self) -> bool:
        """Does it step on the levels of the order book?"""
        return self.column.clock == "book"

    @property
    def tape_words(self) -> str:
        """What it is shown on."""
        return BOOK_TAPE_WORDS if self.on_book else TAPE_WORDS

    @property
    def inputs(self) -> list[tuple[str, str]]:
        """What the column steps on: text and unit (with where it comes from) of each."""
        units = {c.name: f"{c.unit}, an earlier feature" for c in self.spec.columns}
        units |= {s.name: f"{s.unit}, {s.doc}" for s in self.spec.series.values()}
        if not self.operation.takes_series:
            return [(self.operation.inputs, "")]
        return [(text, units.get(text, "a formula")) for text in input_texts(self.column.input)]

    @property
    def facts(self) -> list[tuple[str, str]]:
        """Name and text of each rule, in the order people ask for them."""
        op, column = self.operation, self.column
        tick = f"{column.tick}(s)"
        return [
            ("formula", op.formula),
            ("inputs", "; ".join(f"{text} ({unit})" if unit else text for text, unit in self.inputs)),
            *self._clock,
            ("unit", column.unit),
            ("lookback", f"{column.lookback:,} {tick} without a value ({op.lookback})"),
            ("warm-up", f"{self.warm_up:,} {tick}, until the seed weighs at most {self.tolerance:g}"
             if column.fading[1] else f"{self.warm_up:,} {tick}: over with the first value, nothing has to fade"),
            ("seed", op.seed or "none: the value depends on its window alone"),
            ("NaN", op.missing),
            ("flat", op.flat),
            ("cost", op.cost),
            ("agrees", op.oracle),
            ("reference", op.reference),
            ("alone", f"hftcore.features.{op.standalone}"),
            ("page", op.page),
        ]  # fmt: skip

    @property
    def _clock(self) -> list[tuple[str, str]]:
        """The bars that a column steps on; columns on quotes and trades say it in other facts."""
        bars = self.spec.bars.get(self.column.clock)
        if bars is None:
            return []
        text = (
            f"bars {self.column.clock}: {bars.kind}, every {bars.every}, price {bars.price}; closed bars alone are seen"
        )
        return [("steps on", text)]

    @property
    def parameters(self) -> list[tuple[str, str, str]]:
        """Name, value and rule of each parameter."""
        given = self.column.params
        return [(p.name, str(given[p.name]), rule(p)) for p in self.operation.params if p.name in given]

    @property
    def title(self) -> str:
        """Name of the column and what it is."""
        op = self.operation
        return f"{self.column.name}: {op.name} (rev {op.rev}). {op.summary}"

    def to_dict(self) -> dict[str, Any]:
        """Plain data: what the text says."""
        return {
            "name": self.column.name,
            "operation": asdict(self.operation),
            "column": asdict(self.column) | {"params": dict(self.column.params)},
            "tolerance": self.tolerance,
            "warm_up": self.warm_up,
            "tape": self.tape_words,
            "n_rows": 0 if self.sample is None else len(self.sample),
            "agreements": [a.to_dict() for a in self.agreements],
            "agreement_note": self.agreement_note,
        }

    @property
    def agreement_note(self) -> str:
        """Why there is no table, or on what it was made."""
        if self.sample is None:
            return self._taken[1]
        if not self.agreements:
            return NO_ADAPTER
        told = f"{len(self.sample):,} rows of {self.tape_words}; a row differs beyond {TOLERANCE:g}"
        longer = f"; the warm-up of {self.warm_up:,} is longer than the tape: other seeds show to its end"
        return told + (longer if self.warm_up > len(self.sample) else "")

    def __str__(self) -> str:
        lines = [self.title, *(f"  {name:<10} {text}" for name, text in self.facts)]
        lines += [f"  {name:<10} = {value}   ({text})" for name, value, text in self.parameters]
        lines += [f"  who agrees: {self.agreement_note}"]
        lines += [f"    {a.library:<7} {a.version or '-':<8} {a.verdict:<52} {a.call}" for a in self.agreements]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from hftcore.report.explanation import explanation_html  # here: it loads the template engine

        return explanation_html(self)


def rule(param: Param) -> str:
    """What a parameter may be, and what it is for."""
    if param.type in ("choice", "policy"):
        kind = f"one of {', '.join(param.choices)}"
    elif param.max > param.min:
        kind = f"{param.type} in {param.min:.15g}..{param.max:.15g}"
    else:
        kind = param.type
    return f"{kind}{'' if param.required else f', default {param.default}'}: {param.doc}"


def explain_operation(
    name: str, params: Mapping[str, ParamValue] | None = None, *, steps_on: str = "", tolerance: float = TOLERANCE
) -> Explanation:
    """Explain an operation.

    Parameters
    ----------
    name : str
        Of the registry: ``hftcore features list``.
    params : mapping, optional
        Of the column that is shown; what is missing and required is taken from examples (period 14, window 20, lag 1).
    steps_on : str, optional
        What the shown column steps on; default: ``mid_px``; of two also ``microprice_px``; as high, low and close
        the ask, the bid and the mid.
    tolerance : float
        What the seed of a recursion may still weigh when its warm-up is over.

    Raises
    ------
    SpecError
        If there is no such operation (suggests the nearest), or a parameter breaks a rule.
    """
    op = operation(name)
    given = {p.name: _example(p) for p in op.params if p.required} | dict(params or {})
    source = (steps_on or _SERIES[op.n_series]) if op.takes_series else ""
    if steps_on and not op.takes_series:
        raise SpecError(f"{name} takes no input, was given {steps_on!r}")
    spec = FeatureSpec(name, [Feature(name, source, given)], rows="any", origin="continuous")
    return explain_column(spec, spec.names[0], tolerance=tolerance)


def explain_column(spec: FeatureSpec, name: str, *, tolerance: float = TOLERANCE) -> Explanation:
    """See :meth:`hftcore.FeatureSpec.explain`."""
    found = Explanation(spec, spec.column(name), tolerance)
    _ = found.warm_up  # a tolerance that is none is refused here
    return found


def _example(param: Param) -> ParamValue:
    if param.type == "formula":
        return _FORMULA
    if param.type == "choice":
        return param.choices[0]
    if param.type == "policy":
        return f"{param.choices[0]}1s"
    if param.type == "numbers":
        return " ".join(str(i) for i in range(10))
    if param.type == "window" and param.max == 0:  # of time alone
        return "1s"
    shown = _EXAMPLES.get(param.name, 10 if param.type in ("integer", "window") else 0.5)
    if param.max > param.min and not isinstance(shown, str):
        shown = type(shown)(min(max(shown, param.min), param.max))
    return shown
