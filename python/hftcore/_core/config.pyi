"""
The configuration of hftcored: its TOML, its checks, its schema.
"""
from __future__ import annotations
import typing
__all__: list[str] = ['check', 'json_schema', 'parse_toml', 'same_settings']
def check(path: str) -> dict[str, typing.Any]:
    """
    errors and warnings (file, line, column, key, text), the effective configuration without secrets, and the model's path.
    """
def json_schema() -> str:
    """
    JSON schema (draft 2020-12) of a configuration file, as text.
    """
def parse_toml(text: bytes) -> str:
    """
    A TOML document as JSON text. Raises ValueError with line and column.
    """
def same_settings(text: str) -> str:
    """
    Read the settings that a control frame carries and write them again: the same text. Raises ValueError for what is missing, unknown or out of range.
    """
