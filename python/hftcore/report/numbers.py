"""Numbers as people read them: thousands separators, three figures of latency, a true minus sign, the unit beside."""

from __future__ import annotations

_MINUS = "\N{MINUS SIGN}"
_THIN = "\N{NO-BREAK SPACE}"
_STEPS_NS = ((1e9, "s"), (1e6, "ms"), (1e3, "\N{MICRO SIGN}s"))


def count(n: int) -> str:
    """1234567 -> 1,234,567."""
    return f"{n:,}".replace("-", _MINUS)


def percent(frac: float, digits: int = 1) -> str:
    """0.4731 -> 47.3 %."""
    return f"{100.0 * frac:.{digits}f}{_THIN}%".replace("-", _MINUS)


def ratio(x: float, digits: int = 3) -> str:
    """0.20649 -> 0.206."""
    return f"{x:.{digits}f}".replace("-", _MINUS)


def points(frac: float) -> str:
    """A difference of two shares, signed: 0.023 -> +2.3 points."""
    return f"{100.0 * frac:+.1f}{_THIN}points".replace("-", _MINUS)


def money(amount: float | None, currency: str = "", *, signed: bool = False) -> str:
    """-1234.5 -> 1,234.50 behind a minus sign, the currency after it; None -> "no mark"."""
    if amount is None:
        return "no mark"
    sign = "+" if signed else ""
    text = f"{amount:{sign},.2f}".replace("-", _MINUS)
    return f"{text}{_THIN}{currency}" if currency else text


def nanoseconds(ns: float) -> str:
    """Three figures in the unit that suits: 87 ns, 1.23 us, 45.6 us, 7.89 ms (with a micro sign)."""
    for size, unit in _STEPS_NS:
        if ns >= size * 0.9995:
            return f"{_three(ns / size)}{_THIN}{unit}"
    return f"{ns:.0f}{_THIN}ns"


def seconds(s: float) -> str:
    """0.0421 -> 42 ms; 3.456 -> 3.5 s; 125 -> 2 min 05 s."""
    if s < 0.9995:
        return f"{1e3 * s:.0f}{_THIN}ms"
    if s < 99.95:
        return f"{s:.1f}{_THIN}s"
    return f"{round(s) // 60}{_THIN}min{_THIN}{round(s) % 60:02d}{_THIN}s"


def rate(hz: float) -> str:
    """Events per second: 1234567 -> 1.23 M/s; 20000 -> 20,000/s."""
    return f"{hz / 1e6:.2f}{_THIN}M/s" if hz >= 999_500 else f"{hz:,.0f}/s"


def _three(x: float) -> str:
    return f"{x:.2f}" if x < 9.995 else f"{x:.1f}" if x < 99.95 else f"{x:.0f}"
