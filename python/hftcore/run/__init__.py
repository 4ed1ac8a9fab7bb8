"""A replay of a tape through the hot path: what it is told, how it runs, what it leaves behind."""

from __future__ import annotations

from hftcore.run.config import RiskLimits, SettingsChange, SimulatedExchange, Threshold
from hftcore.run.equity import Equity
from hftcore.run.replaying import replay
from hftcore.run.result import Run

__all__ = ["Equity", "RiskLimits", "Run", "SettingsChange", "SimulatedExchange", "Threshold", "replay"]
