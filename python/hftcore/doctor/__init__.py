"""Examines a feature spec on events: is the tape long enough, is each column worth its place, does every path agree."""

from __future__ import annotations

from hftcore.doctor.diagnosis import ColumnHealth, Diagnosis, Finding
from hftcore.doctor.examine import examine

__all__ = ["ColumnHealth", "Diagnosis", "Finding", "examine"]
