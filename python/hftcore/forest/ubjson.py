"""UBJSON, the binary JSON that XGBoost saves models in, as Python objects; typed arrays come as NumPy arrays."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_NUMBERS: Final = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_CONSTANTS: Final = {b"Z": None, b"T": True, b"F": False}
_MAX_DEPTH: Final = 64


def parse_ubjson(data: bytes) -> Any:
    """Read one value that takes up all of ``data``; raises ValueError where the bytes are no UBJSON."""
    reader = _Reader(data)
    value = reader.value(reader.take(1), 0)
    if reader.at != len(data):
        raise ValueError(f"UBJSON: expected the end at byte {reader.at}, found {len(data) - reader.at} bytes more")
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def take(self, n: int) -> bytes:
        if not 0 <= n <= len(self._data) - self.at:
            raise ValueError(f"UBJSON: expected {n} bytes at byte {self.at}, found {len(self._data) - self.at}")
        self.at += n
        return self._data[self.at - n : self.at]

    def value(self, kind: bytes, depth: int) -> Any:
        if depth > _MAX_DEPTH:
            raise ValueError(f"UBJSON: nested deeper than {_MAX_DEPTH} at byte {self.at}")
        if kind in _NUMBERS:
            return self._number(kind)
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind == b"S":
            return self._text()
        if kind == b"[":
            return self._array(depth)
        if kind == b"{":
            return self._object(depth)
        raise ValueError(f"UBJSON: unknown type {kind!r} at byte {self.at - 1}")

    def _number(self, kind: bytes) -> Any:
        code = _NUMBERS[kind]
        return np.frombuffer(self.take(int(code[2])), code)[0].item()

    def _length(self) -> int:
        kind = self.take(1)
        if kind not in _NUMBERS or kind in b"dD":
            raise ValueError(f"UBJSON: a length must be a whole number, found type {kind!r} at byte {self.at - 1}")
        return int(self._number(kind))

    def _text(self) -> str:
        return self.take(self._length()).decode()

    def _array(self, depth: int) -> Any:
        kind = self.take(1)
        if kind == b"$":
            kind = self.take(1)
            if kind not in _NUMBERS or self.take(1) != b"#":
                raise ValueError(f"UBJSON: a typed array must hold numbers and a count, at byte {self.at}")
            code = _NUMBERS[kind]
            values = np.frombuffer(self.take(self._length() * int(code[2])), code)
            return values.astype(values.dtype.newbyteorder("="))
        if kind == b"#":
            n_values = self._length()
            if not 0 <= n_values <= len(self._data) - self.at:
                raise ValueError(f"UBJSON: an array of {n_values} values does not fit, at byte {self.at}")
            return [self.value(self.take(1), depth + 1) for _ in range(n_values)]
        found = []
        while kind != b"]":
            found.append(self.value(kind, depth + 1))
            kind = self.take(1)
        return found

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while self._data[self.at : self.at + 1] != b"}":
            key = self._text()
            found[key] = self.value(self.take(1), depth + 1)
        self.take(1)
        return found
