"""How other libraries are asked for the same value: a table of one line per call.

The text that is shown is the code that runs: Python over these names, with the column's parameters in braces.

============================== ======================================================================================
``x, y, z``                    the operation's series, float64 (n,); ``d`` is ``pd.Series(x).diff()``
``mid_px, bid_px, ...``        the series of the market at the same rows
``t``                          times of the rows, a pandas DatetimeIndex
``talib, pd, talipp, wickra``  the libraries; ``np`` is NumPy
``{window}``                   a parameter; a time window reads as pandas has it: ``5000000000ns``
============================== ======================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from hftcore.registry import ParamValue

LIBRARIES: Final = {  # the name of people -> of the module, and of the distribution
    "TA-Lib": ("talib", "TA-Lib"),
    "pandas": ("pandas", "pandas"),
    "talipp": ("talipp", "talipp"),
    "wickra": ("wickra", "wickra"),
}


@dataclass(frozen=True, slots=True)
class Adapter:
    """One call of one library. ``window`` is the kind it takes: a ``count`` or a ``time``; ``where`` choices it needs.

    ``note`` says in words what differs by definition.
    """

    library: str
    call: str
    note: str = ""
    window: str = "count"
    where: Mapping[str, ParamValue] = field(default_factory=dict)

    def fits(self, params: Mapping[str, ParamValue]) -> bool:
        """Can it be asked for a column with these parameters?"""
        timed = isinstance(params.get("window", 1), str)
        return timed == (self.window == "time") and all(params.get(key) == value for key, value in self.where.items())


A = Adapter
_PX: Final = {"unit": "px"}
_BOOK: Final = "[([a], [b], [c], [d]) for a, b, c, d in zip(bid_px, bid_qty, ask_px, ask_qty)]"
_TOP: Final = "[([(a, b)], [(c, d)]) for a, b, c, d in zip(bid_px, bid_qty, ask_px, ask_qty)]"
_RSI: Final = "100 - 100 / (1 + d.clip(lower=0).ewm({0}).mean() / -d.clip(upper=0).ewm({0}).mean())"
_POPULATION: Final = "divides by n, hence the factor"


def _rolling(method: str, after: str = "") -> tuple[Adapter, Adapter]:
    """pandas over a count window and over a time window."""
    return (
        A("pandas", f"pd.Series(x).rolling({{window}}).{method}{after}"),
        A("pandas", f'pd.Series(x, t).rolling("{{window}}").{method}{after}', window="time"),
    )


ADAPTERS: Final[Mapping[str, tuple[Adapter, ...]]] = {
    "ema": (
        A("TA-Lib", "talib.EMA(x, {period})"),
        A("pandas", "pd.Series(x).ewm(span={period}, adjust=False).mean()", "seed: the first input"),
        A("pandas", "pd.Series(x).ewm(span={period}).mean()", "weights adjusted while it begins"),
        A("talipp", "talipp.indicators.EMA({period}, x.tolist())"),
        A("wickra", "wickra.EMA({period}).batch(x)"),
    ),
    "ema_deviation": (
        A("TA-Lib", "1e4 * (x / talib.EMA(x, {period}) - 1)"),
        A("pandas", "1e4 * (x / pd.Series(x).ewm(span={period}, adjust=False).mean() - 1)", "seed: the first input"),
    ),
    "rsi": (
        A("TA-Lib", "talib.RSI(x, {period})", "0 while nothing has moved"),
        A("pandas", _RSI.format("alpha=1 / {period}, adjust=False"), "seed: the first change"),
        A("pandas", _RSI.format("alpha=1 / {period}"), "weights adjusted while it begins"),
        A("talipp", "talipp.indicators.RSI({period}, x.tolist())", "100 while nothing has moved"),
        A("wickra", "wickra.RSI({period}).batch(x)"),
    ),
    "log_return": (
        A("pandas", "np.log(pd.Series(x)).diff({lag})"),
        A("wickra", "wickra.LogReturn({lag}).batch(x)"),
    ),
    "rolling_mean": (
        A("TA-Lib", "talib.SMA(x, {window})"),
        *_rolling("mean()"),
        A("talipp", "talipp.indicators.SMA({window}, x.tolist())"),
        A("wickra", "wickra.SMA({window}).batch(x)"),
    ),
    "rolling_std": (
        A("TA-Lib", "talib.STDDEV(x, {window}) * ({window} / ({window} - 1)) ** 0.5", _POPULATION),
        *_rolling("std()"),
        A("talipp", "np.float64(talipp.indicators.StdDev({window}, x.tolist())) * ({window} / ({window} - 1)) ** 0.5",
          _POPULATION),
        A("wickra", "np.float64(wickra.StdDev({window}).batch(x)) * ({window} / ({window} - 1)) ** 0.5", _POPULATION),
    ),
    "zscore": (
        A("pandas", "(x - pd.Series(x).rolling({window}).mean()) / pd.Series(x).rolling({window}).std()"),
        A("pandas", '(x - pd.Series(x, t).rolling("{window}").mean()) / pd.Series(x, t).rolling("{window}").std()',
          window="time"),
        A("wickra", "np.float64(wickra.ZScore({window}).batch(x)) / ({window} / ({window} - 1)) ** 0.5", _POPULATION),
    ),
    "rolling_min": (A("TA-Lib", "talib.MIN(x, {window})"), *_rolling("min()")),
    "rolling_max": (A("TA-Lib", "talib.MAX(x, {window})"), *_rolling("max()")),
    "microprice": (A("wickra", f"wickra.Microprice().batch({_BOOK})", where=_PX),),
    "queue_imbalance": (A("wickra", f"wickra.OrderBookImbalanceTop1().batch({_BOOK})"),),
    "vwap": (
        A("pandas", "pd.Series(trade_px * trade_qty).rolling({window}).sum() / "
          "pd.Series(trade_qty).rolling({window}).sum()", where=_PX),
        A("pandas", 'pd.Series(trade_px * trade_qty, t).rolling("{window}").sum() / '
          'pd.Series(trade_qty, t).rolling("{window}").sum()', window="time", where=_PX),
        A("wickra", "wickra.RollingVWAP({window}).batch(trade_px, trade_px, trade_px, trade_qty)", where=_PX),
    ),
}  # fmt: skip
"""By operation. One that is not here has no rival whose call is known: its explanation says so."""
