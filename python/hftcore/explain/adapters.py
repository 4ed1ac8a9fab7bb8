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


def _outputs(library: str, call: str, *names: str, **where: ParamValue) -> tuple[Adapter, ...]:
    """One call that returns several columns: column i is the output ``names[i]``; an empty name is left out."""
    return tuple(A(library, f"{call}[{i}]", where={"output": name, **where}) for i, name in enumerate(names) if name)


_LOG_RETURN: Final = "np.log(pd.Series(x)).diff()"
_EWM: Final = "pd.Series({0}).ewm(span={1}, adjust=False).mean()"
_MACD_LINE: Final = f"({_EWM.format('x', '{fast}')} - {_EWM.format('x', '{slow}')})"
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
    "rolling_sum": (A("TA-Lib", "talib.SUM(x, {window})"), *_rolling("sum()")),
    "rolling_var": (
        A("TA-Lib", "talib.VAR(x, {window}) * ({window} / ({window} - 1))", _POPULATION),
        *_rolling("var()"),
        A("wickra", "np.float64(wickra.Variance({window}).batch(x)) * ({window} / ({window} - 1))", _POPULATION),
    ),
    "rolling_skew": (
        *_rolling("skew()"),
        A("wickra", "np.float64(wickra.Skewness({window}).batch(x)) * "
          "({window} * ({window} - 1)) ** 0.5 / ({window} - 2)", "of the population, hence the factor"),
    ),
    "rolling_median": (
        *_rolling("median()"),
        A("wickra", "wickra.MedianMA({window}).batch(x)"),
    ),
    "rolling_quantile": (
        *_rolling("quantile({q})"),
        A("wickra", "wickra.RollingQuantile({window}, {q}).batch(x)"),
    ),
    "rolling_rank": _rolling("rank(pct=True)"),
    "robust_zscore": (
        A("pandas", "(x - pd.Series(x).rolling({window}).median()) / (1.4826 * "
          "pd.Series(x).rolling({window}).apply(lambda w: np.median(np.abs(w - np.median(w))), raw=True))"),
        A("wickra", "(x - wickra.MedianMA({window}).batch(x)) / (1.4826 * "
          "np.float64(wickra.MedianAbsoluteDeviation({window}).batch(x)))"),
    ),
    "running_zscore": (A("pandas", "(x - pd.Series(x).expanding().mean()) / pd.Series(x).expanding().std()"),),
    "rolling_cov": (A("pandas", "pd.Series(x).rolling({window}).cov(pd.Series(y))"),),
    "rolling_corr": (
        A("TA-Lib", "talib.CORREL(x, y, {window})"),
        A("pandas", "pd.Series(x).rolling({window}).corr(pd.Series(y))"),
    ),
    "rolling_beta": (
        A("pandas", "pd.Series(x).rolling({window}).cov(pd.Series(y)) / pd.Series(x).rolling({window}).var()"),
        A("wickra", "wickra.Beta({window}).batch(y, x)"),
    ),
    "autocorrelation": (A("pandas", "pd.Series(x).rolling({window} - {lag}).corr(pd.Series(x).shift({lag}))"),),
    "realised_volatility": (
        A("pandas", f"({_LOG_RETURN} ** 2).rolling({{window}} - 1).sum() ** 0.5"),
        A("wickra", "wickra.RealizedVolatility({window} - 1).batch(x)"),
    ),
    "bipower_variation": (
        A("pandas", f"np.pi / 2 * ({_LOG_RETURN} * {_LOG_RETURN}.shift()).abs().rolling({{window}} - 2).sum()"),
        A("wickra", "wickra.BipowerVariation({window} - 1).batch(x)"),
    ),
    "wilder": (
        A("pandas", "pd.Series(x).ewm(alpha=1 / {period}, adjust=False).mean()", "seed: the first input"),
        A("talipp", "talipp.indicators.SMMA({period}, x.tolist())"),
        A("wickra", "wickra.SMMA({period}).batch(x)"),
    ),
    "macd": (
        *_outputs("TA-Lib", "talib.MACD(x, {fast}, {slow}, {signal})", "line", "signal", "histogram"),
        A("pandas", _MACD_LINE, "seed: the first input", where={"output": "line"}),
        A("pandas", _EWM.format(_MACD_LINE, "{signal}"), "seed: the first input", where={"output": "signal"}),
    ),
    "roc": (
        A("TA-Lib", "talib.MOM(x, {lag})", where={"output": "px"}),
        A("TA-Lib", "talib.ROC(x, {lag})", where={"output": "pct"}),
        A("pandas", "pd.Series(x).diff({lag})", where={"output": "px"}),
        A("pandas", "100 * pd.Series(x).pct_change({lag})", where={"output": "pct"}),
        A("wickra", "wickra.MOM({lag}).batch(x)", where={"output": "px"}),
        A("wickra", "wickra.ROC({lag}).batch(x)", where={"output": "pct"}),
    ),
    "bollinger": (
        *_outputs("TA-Lib", "talib.BBANDS(x, {window}, {k}, {k})", "upper", "", "lower", std="population"),
        A("wickra", "wickra.PercentB({window}, {k}).batch(x)", where={"output": "pct_b", "std": "population"}),
    ),
    "slope": (
        A("TA-Lib", "talib.LINEARREG_SLOPE(x, {window})"),
        A("wickra", "wickra.LinRegSlope({window}).batch(x)"),
    ),
    "stochastic": _outputs("TA-Lib", "talib.STOCH(x, y, z, {k}, {smoothing}, 0, {d}, 0)", "k", "d"),
    "atr": (A("TA-Lib", "talib.ATR(x, y, z, {period})"), A("wickra", "wickra.ATR({period}).batch(x, y, z)")),
    "adx": tuple(
        A("TA-Lib", f"talib.{name.upper()}(x, y, z, {{period}})", where={"output": name})
        for name in ("adx", "plus_di", "minus_di")
    ),
    "decay_ema": (A("pandas", 'pd.Series(x).ewm(halflife="{half_life}", times=t).mean()'),),
    "ewma_volatility": (A("pandas", "(pd.Series(x) ** 2).ewm(alpha=1 - {decay}, adjust=False).mean() ** 0.5"),),
    "spread": (
        A("pandas", "pd.Series(ask_px) - pd.Series(bid_px)", where=_PX),
        A("wickra", f"wickra.QuotedSpread().batch({_BOOK})", where={"unit": "bps"}),
    ),
    "mid": (A("pandas", "(pd.Series(bid_px) + pd.Series(ask_px)) / 2"),),
    "order_flow_imbalance": (A("wickra", f"wickra.OrderFlowImbalance({{window}}).batch({_BOOK})"),),
}  # fmt: skip
"""By operation. One that is not here has no rival whose call is known: its explanation says so."""
