"""A registry of models in a folder or a bucket: immutable files named by content, and a log that only grows.

models/<id>.hft                  one model; the id is of its bytes, so a key is written once
names/<name>/<number>-<hash>.json  one record: a model was pushed under a name, or an alias moved to one

An alias is where the last record of the log says it is. Each promotion is one new object, never an overwritten one: a
reader sees it whole or not at all, two promotions at once are both in the log, and every reader orders them alike.
"""

from __future__ import annotations

from hftcore.models.reference import fetch
from hftcore.models.registry import ModelRegistry

__all__ = ["ModelRegistry", "fetch"]
