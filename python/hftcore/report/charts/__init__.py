"""The figures of a report, in the order of the page; only those whose data are there."""

from __future__ import annotations

from hftcore.report.charts.latency import latency_chart
from hftcore.report.charts.model import calibration_chart, confusion_chart, importance_chart, scores_chart
from hftcore.report.charts.trading import equity_chart, refusals_chart
from hftcore.report.data import ReportData
from hftcore.report.theme import Chart


def charts(data: ReportData) -> dict[str, Chart]:
    """Every chart that ``data`` can fill, by key."""
    drawn: list[Chart] = []
    if data.quality is not None:
        drawn += [scores_chart(data.quality.overall), confusion_chart(data.quality.overall)]
    if data.importance:
        drawn.append(importance_chart(data.importance))
    threshold_frac = data.trading.threshold_frac if data.trading is not None else None
    curves = {name: r for name, r in data.calibration.items() if r.n}
    if curves:
        drawn.append(calibration_chart(curves, threshold_frac))
    if data.trading is not None:
        if data.trading.curve is not None:
            drawn.append(equity_chart(data.trading.curve, data.trading.currency))
        if data.trading.refusals:
            drawn.append(refusals_chart(data.trading.refusals, data.trading.n_decisions))
    if data.latency is not None and data.latency.stages:
        drawn.append(latency_chart(data.latency))
    return {chart.key: chart for chart in drawn}
