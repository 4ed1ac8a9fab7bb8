"""Reports of a run: plain data in; a terminal summary, one HTML page and a JSON file out."""

from hftcore.report.data import (
    STAGES,
    Latency,
    ModelCard,
    Percentiles,
    PnlCurve,
    Quality,
    ReportData,
    SymbolTrading,
    Trading,
)
from hftcore.report.output import render
from hftcore.report.terminal import print_report

__all__ = [
    "STAGES",
    "Latency",
    "ModelCard",
    "Percentiles",
    "PnlCurve",
    "Quality",
    "ReportData",
    "SymbolTrading",
    "Trading",
    "print_report",
    "render",
]
