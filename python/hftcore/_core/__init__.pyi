"""
The compiled core of hftcore. Use the public names of the package hftcore.
"""
from __future__ import annotations
from . import event
from . import gen
from . import book
from . import ledger
from . import feature
from . import model
from . import engine
from . import artifact
from . import config
from . import telemetry
from . import kafka
__all__: list[str] = ['artifact', 'book', 'config', 'engine', 'event', 'feature', 'gen', 'kafka', 'ledger', 'model', 'telemetry']
__version__: str = '0.1.0'
