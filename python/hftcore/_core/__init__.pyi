"""
The compiled core of hftcore. Use the public names of the package hftcore.
"""
from __future__ import annotations
from . import event
from . import gen
from . import ledger
from . import feature
from . import model
from . import engine
__all__: list[str] = ['engine', 'event', 'feature', 'gen', 'ledger', 'model']
__version__: str = '0.1.0'
