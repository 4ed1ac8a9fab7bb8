"""What a replay is told: when to trade, what risk allows, what the exchange charges. Validated when it is made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from hftcore import _core
from hftcore.errors import ParameterError, RiskConfigError

_UNITS_NS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION = re.compile(r"(\d+)(ns|us|ms|s|m|h)")
_INT64_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Threshold:
    """Buys when the score of "up" reaches the threshold, sells when that of "down" does, else abstains.

    A signal against an open position closes it; the next row that still passes opens the other way. A signal with the
    position changes nothing. Of two classes that both pass, the larger counts; NaN and ties abstain.

    Parameters
    ----------
    threshold : float, in (0, 1]
        A class trades when its score is at least this.
    order_qty : int
        Size of each entry, in lots.
    cooldown : int or str
        Event time from one intent of a symbol to its next entry: ns, or text such as ``"250ms"``. Exits never wait.
    hold : int or str
        A position is closed after this much event time; 0: never.

    Raises
    ------
    ParameterError
        Names the parameter, the rule and the value.
    """

    threshold: float = 0.70
    order_qty: int = 1
    cooldown: int | str = 0
    hold: int | str = 0

    def __post_init__(self) -> None:
        with _own_errors():
            self._native(1, 0)

    def to_dict(self) -> dict[str, Any]:
        """Plain values with units in the names."""
        return {
            "kind": "threshold",
            "threshold_frac": float(self.threshold),
            "order_qty_lots": self.order_qty,
            "cooldown_ns": duration_ns("Threshold: cooldown", self.cooldown),
            "hold_ns": duration_ns("Threshold: hold", self.hold),
        }

    def _native(self, up_class: int, down_class: int) -> Any:
        _whole("Threshold: order_qty", self.order_qty)
        fields = {name: value for name, value in self.to_dict().items() if name != "kind"}
        return _core.engine.ThresholdParams(**fields, up_class=up_class, down_class=down_class)


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """What the gate before the exchange allows. It refuses by default: no two-sided, uncrossed quote, no order.

    Orders count from the moment they are sent. Those that only reduce a position are held back by no limit.

    Parameters
    ----------
    max_open_positions : int
        Symbols with a position, or with an order on its way to one.
    max_order_qty : int
        Largest order that opens or adds, in lots.
    max_position_qty : int
        Largest position of one symbol, long or short, in lots.
    stop_loss_bps : float
        Loss against the average entry at which a position is closed at the touch, in steps of 0.001; 0: no stop.
    stop_out_pause : int or str
        No entry into a symbol for this long after its stop: ns of event time, or text such as ``"1m"``.
    max_reference_age : int or str
        Entries need a quote no older than this; 0: any age.
    killed : bool
        Start with the kill switch on: only orders that reduce pass.

    Raises
    ------
    RiskConfigError
        Names the limit, the rule and the value.
    """

    max_open_positions: int = 5
    max_order_qty: int = 100
    max_position_qty: int = 100
    stop_loss_bps: float = 50.0
    stop_out_pause: int | str = "1m"
    max_reference_age: int | str = 0
    killed: bool = False

    def __post_init__(self) -> None:
        try:
            self._native()
        except ValueError as error:
            raise RiskConfigError(re.sub("^Limits: ", "RiskLimits: ", str(error))) from error

    def to_dict(self) -> dict[str, Any]:
        """Plain values with units in the names."""
        return {
            "max_open_positions": self.max_open_positions,
            "max_order_qty_lots": self.max_order_qty,
            "max_position_qty_lots": self.max_position_qty,
            "stop_loss_milli_bps": _steps("RiskLimits: stop_loss_bps", self.stop_loss_bps, 3),
            "stop_out_pause_ns": duration_ns("RiskLimits: stop_out_pause", self.stop_out_pause),
            "max_reference_age_ns": duration_ns("RiskLimits: max_reference_age", self.max_reference_age),
            "killed": bool(self.killed),
        }

    def _native(self) -> Any:
        for name in ("max_open_positions", "max_order_qty", "max_position_qty"):
            _whole(f"RiskLimits: {name}", getattr(self, name))
        if not 0 <= self.max_open_positions < 2**32:
            rule = ">= 0" if self.max_open_positions < 0 else "at most 2**32 - 1"
            raise ParameterError(f"RiskLimits: max_open_positions must be {rule}, was {self.max_open_positions}")
        return _core.engine.Limits(**self.to_dict())


@dataclass(frozen=True, slots=True)
class SimulatedExchange:
    """Fills at the touch: buys at the ask, sells at the bid, up to the quantity shown; the rest is cancelled.

    ``assumptions`` lists what that takes for granted. Fees add up and are rounded up to 1e-9 of the quote currency.

    Parameters
    ----------
    fee_bps : float
        Fee in basis points of the traded value, in steps of 0.001; negative is a rebate.
    fee_per_unit : float or str
        Fee in quote currency per base unit (share, coin), in steps of 1e-9.

    Raises
    ------
    ParameterError
        Names the parameter, the rule and the value.
    """

    fee_bps: float = 0.0
    fee_per_unit: float | str = 0.0

    def __post_init__(self) -> None:
        with _own_errors():
            self._native()

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What every fill takes for granted, one line each."""
        lines: tuple[str, ...] = _core.engine.ASSUMPTIONS
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Plain values with units in the names."""
        return {"kind": "simulated_exchange", **self._fees()}

    def _fees(self) -> dict[str, int]:
        return {
            "milli_bps": _steps("SimulatedExchange: fee_bps", self.fee_bps, 3),
            "nano_per_unit": _steps("SimulatedExchange: fee_per_unit", self.fee_per_unit, 9),
        }

    def _native(self) -> Any:
        return _core.engine.Fees(**self._fees())


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """Other settings, and perhaps another model, from one record of a tape on.

    What is open stays open, cooldowns and pauses run on; the exchange and the features stay as they are. The kill
    switch moves only where ``killed`` differs from the risk limits so far.

    Parameters
    ----------
    n_records_before : int
        Records of the tape, bad ones too, that the settings before still hold for.
    strategy, risk : Threshold, RiskLimits
    artifact : Artifact, optional
        Scores from here on. Of the same feature spec and classes as the first one. None: the model stays.

    Raises
    ------
    ParameterError
        If ``n_records_before`` is negative.
    """

    n_records_before: int
    strategy: Threshold
    risk: RiskLimits
    artifact: Any = None

    def __post_init__(self) -> None:
        _whole("SettingsChange: n_records_before", self.n_records_before)
        if self.n_records_before < 0:
            raise ParameterError(f"SettingsChange: n_records_before must be >= 0, was {self.n_records_before}")

    def to_dict(self) -> dict[str, Any]:
        """Plain values with units in the names."""
        return {
            "n_records_before": self.n_records_before,
            "strategy": self.strategy.to_dict(),
            "risk": self.risk.to_dict(),
            "model_id": None if self.artifact is None else self.artifact.model_id,
        }

    def _native(self, up_class: int, down_class: int) -> Any:
        model = None if self.artifact is None else self.artifact._native()
        return self.n_records_before, self.strategy._native(up_class, down_class), self.risk._native(), model


def duration_ns(what: str, value: int | str) -> int:
    """Nanoseconds of an integer, or of text such as ``"250ms"`` (ns, us, ms, s, m, h).

    Raises
    ------
    ParameterError
        Names what, the rule and the value.
    """
    span = value
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        span = int(match[1]) * _UNITS_NS[match[2]]
    if isinstance(span, int) and not isinstance(span, bool) and 0 <= span <= _INT64_MAX:
        return span
    raise ParameterError(
        f"{what} must be >= 0 nanoseconds or text such as '250ms' (ns, us, ms, s, m, h), within 64 bits, was {value!r}"
    )


@contextmanager
def _own_errors() -> Iterator[None]:
    """The rules live in C++, which knows ValueError; here it becomes one of ours, with the same words."""
    try:
        yield
    except ParameterError:
        raise
    except ValueError as error:
        raise ParameterError(str(error)) from error


def _whole(what: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _INT64_MAX:
        raise ParameterError(f"{what} must be a whole number of at most 64 bits, was {value!r}")


def _steps(what: str, value: float | str, digits: int) -> int:
    """The value in units of 10**-digits, which must be exact: nothing is rounded behind one's back."""
    try:
        scaled = Decimal(str(value)).scaleb(digits)
        whole = int(scaled)
    except (InvalidOperation, ValueError, OverflowError):
        raise ParameterError(f"{what} must be a finite number, was {value!r}") from None
    if whole != scaled or abs(whole) > _INT64_MAX:
        raise ParameterError(f"{what} must be a multiple of 1e-{digits} within 64 bits, was {value!r}")
    return whole
