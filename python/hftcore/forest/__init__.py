"""Forests: read what a training library saved, hold it flat, hand it to an engine.

``importers`` picks the reader; ``lightgbm_reader``, ``xgboost_reader``, ``sklearn_reader``, ``treelite_reader`` and
``mllib_reader`` read; ``flat`` holds what the model computes, ``walk`` is its slow twin in NumPy; ``to_treelite``
rebuilds a Treelite model, for its interpreter and for ``codegen``, which writes C that ``host_compiler`` compiles.
"""

from __future__ import annotations

from hftcore.forest.flat import FlatForest
from hftcore.forest.forest import Forest
from hftcore.forest.importers import load_forest
from hftcore.forest.to_treelite import to_treelite
from hftcore.forest.walk import walk_margins

__all__ = ["FlatForest", "Forest", "load_forest", "to_treelite", "walk_margins"]
