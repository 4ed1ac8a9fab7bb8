"""Forests: read what a training library saved, hold it as Treelite, turn it into machine code.

``importers`` picks the reader; ``mllib_reader`` and ``lightgbm_reader`` read; ``tree_table`` builds the Treelite model;
``codegen`` writes C; ``host_compiler`` compiles it. Treelite's own interpreter (GTIL) is the reference for every bit.
"""

from __future__ import annotations

from hftcore.forest.forest import Forest
from hftcore.forest.importers import load_forest

__all__ = ["Forest", "load_forest"]
