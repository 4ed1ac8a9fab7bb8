"""Every operation on its own: the same compiled code that a pipeline runs.

Operations on series take numbers: ``Ema(period=20).update(x)``, ``.transform(array)``; one on two series takes
``(x, y)``, and a time window the time behind them: ``(x, ts_ns)``. Operations on the market take events of one symbol:
``QueueImbalance().transform(events)``. All have ``value``, ``ready``, ``lookback`` and ``reset()``. One object belongs
to one thread at a time.
"""

from __future__ import annotations

from typing import Final

from hftcore.standalone import MarketFeature, SeriesFeature, market_feature, series_feature

Adwin = series_feature("adwin")
Adx = series_feature("adx")
Atr = series_feature("atr")
Autocorrelation = series_feature("autocorrelation")
BipowerVariation = series_feature("bipower_variation")
Bollinger = series_feature("bollinger")
Cusum = series_feature("cusum")
DecayEma = series_feature("decay_ema")
Ema = series_feature("ema")
EmaDeviation = series_feature("ema_deviation")
EwmaVolatility = series_feature("ewma_volatility")
Fill = series_feature("fill")
Garch = series_feature("garch")
LogReturn = series_feature("log_return")
Macd = series_feature("macd")
PageHinkley = series_feature("page_hinkley")
QuantileMap = series_feature("quantile_map")
RealisedVolatility = series_feature("realised_volatility")
RobustZScore = series_feature("robust_zscore")
Roc = series_feature("roc")
RollingBeta = series_feature("rolling_beta")
RollingCorr = series_feature("rolling_corr")
RollingCov = series_feature("rolling_cov")
RollingMax = series_feature("rolling_max")
RollingMean = series_feature("rolling_mean")
RollingMedian = series_feature("rolling_median")
RollingMin = series_feature("rolling_min")
RollingQuantile = series_feature("rolling_quantile")
RollingRank = series_feature("rolling_rank")
RollingSkew = series_feature("rolling_skew")
RollingStd = series_feature("rolling_std")
RollingSum = series_feature("rolling_sum")
RollingVar = series_feature("rolling_var")
Rsi = series_feature("rsi")
RunningZScore = series_feature("running_zscore")
Scale = series_feature("scale")
Slope = series_feature("slope")
Stochastic = series_feature("stochastic")
Wilder = series_feature("wilder")
ZScore = series_feature("zscore")

BookDepth = market_feature("book_depth")
BookImbalance = market_feature("book_imbalance")
BookOrderFlow = market_feature("book_order_flow")
BookSlope = market_feature("book_slope")
CleanFlag = market_feature("clean_flag")
Expr = market_feature("expr")
KyleLambda = market_feature("kyle_lambda")
Microprice = market_feature("microprice")
Mid = market_feature("mid")
OrderFlowImbalance = market_feature("order_flow_imbalance")
QueueImbalance = market_feature("queue_imbalance")
QuoteIntensity = market_feature("quote_intensity")
SignedFlow = market_feature("signed_flow")
Spread = market_feature("spread")
TimeSinceMidChange = market_feature("time_since_mid_change")
TimeSinceQuote = market_feature("time_since_quote")
TimeSinceTrade = market_feature("time_since_trade")
TradeImbalance = market_feature("trade_imbalance")
TradeIntensity = market_feature("trade_intensity")
TradeSide = market_feature("trade_side")
Vwap = market_feature("vwap")
WeightedMid = market_feature("weighted_mid")

__all__: Final = [
    "Adwin",
    "Adx",
    "Atr",
    "Autocorrelation",
    "BipowerVariation",
    "Bollinger",
    "BookDepth",
    "BookImbalance",
    "BookOrderFlow",
    "BookSlope",
    "CleanFlag",
    "Cusum",
    "DecayEma",
    "Ema",
    "EmaDeviation",
    "EwmaVolatility",
    "Expr",
    "Fill",
    "Garch",
    "KyleLambda",
    "LogReturn",
    "Macd",
    "MarketFeature",
    "Microprice",
    "Mid",
    "OrderFlowImbalance",
    "PageHinkley",
    "QuantileMap",
    "QueueImbalance",
    "QuoteIntensity",
    "RealisedVolatility",
    "RobustZScore",
    "Roc",
    "RollingBeta",
    "RollingCorr",
    "RollingCov",
    "RollingMax",
    "RollingMean",
    "RollingMedian",
    "RollingMin",
    "RollingQuantile",
    "RollingRank",
    "RollingSkew",
    "RollingStd",
    "RollingSum",
    "RollingVar",
    "Rsi",
    "RunningZScore",
    "Scale",
    "SeriesFeature",
    "SignedFlow",
    "Slope",
    "Spread",
    "Stochastic",
    "TimeSinceMidChange",
    "TimeSinceQuote",
    "TimeSinceTrade",
    "TradeImbalance",
    "TradeIntensity",
    "TradeSide",
    "Vwap",
    "WeightedMid",
    "Wilder",
    "ZScore",
]
