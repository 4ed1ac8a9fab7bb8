"""
Models as the daemon loads them, for tests that hold it against the Python loader.
"""
from __future__ import annotations
import collections.abc
import hftcore._core.event
import hftcore._core.feature
__all__: list[str] = ['load_check', 'pack', 'parse_instruments', 'read_spec', 'sha256', 'unpack']
def load_check(path: str, engine: str = 'kernel') -> str:
    """
    Load a model with every check, say what would predict, and let it go. Raises ValueError naming the difference.
    """
def pack(members: collections.abc.Mapping[str, bytes]) -> bytes:
    """
    The bytes of a .hft file.
    """
def parse_instruments(json_text: bytes) -> list[hftcore._core.event.Instrument]:
    """
    The instruments of a JSON list. Raises ValueError naming the entry that is none.
    """
def read_spec(json_text: bytes) -> hftcore._core.feature.Spec:
    """
    The feature spec that a spec.json holds. Raises ValueError naming what is wrong.
    """
def sha256(data: bytes) -> str:
    """
    SHA-256 in hex.
    """
def unpack(data: bytes) -> dict[str, bytes]:
    """
    The files in the bytes of a .hft file. Raises ValueError naming what is wrong.
    """
