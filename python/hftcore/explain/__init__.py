"""Explanations of operations and columns: the registry's rules, a live column, and who agrees with it.

:func:`explain_operation` for an operation, ``spec.explain("name")`` for a column of a spec.
"""

from __future__ import annotations

from hftcore.explain.agreement import Agreement
from hftcore.explain.explanation import Explanation, explain_column, explain_operation

__all__ = ["Agreement", "Explanation", "explain_column", "explain_operation"]
