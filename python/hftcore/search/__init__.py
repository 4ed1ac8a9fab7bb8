"""Cross-validation and grid search over time folds, resumable, and the report of a training; needs no Spark."""

from __future__ import annotations
