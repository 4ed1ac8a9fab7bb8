"""A model's files in memory, read from a folder or from one ``.hft`` file, which hold the same bytes.

A ``.hft`` file is a ZIP archive that any tool opens, in the one spelling that its members have: stored, sorted by name,
without times, modes, comments or extra fields. So the same files give the same bytes, and any other byte is an error.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hftcore.errors import ModelMismatchError

MAX_MEMBERS = 16
MAX_BYTES = 2**31  # of all members, so that every offset fits a ZIP archive without extensions
MAX_NAME = 100

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_LOCAL = struct.Struct("<4s5H3I2H")  # mark, version, flags, method, time, date, crc, stored, size, name, extra
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_VERSION = 20
_SOME_DAY = 33  # 1980-01-01, the first that ZIP knows


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """The files of a model: ``path`` is where they were read, or will be written."""

    path: Path
    members: Mapping[str, bytes]

    def where(self, name: str) -> Path:
        """What errors call a member."""
        return self.path / name

    def __getitem__(self, name: str) -> bytes:
        return self.members[name]


def read_files(path: Path, needed: str) -> ModelFiles:
    """Read a model's folder or ``.hft`` file whole; nothing in it is believed yet.

    Parameters
    ----------
    path : Path
    needed : str
        The member without which it is no model.

    Raises
    ------
    ModelMismatchError
        If there is nothing, something cannot be read, or it is larger or more than a model is.
    """
    try:
        if path.is_dir():
            return ModelFiles(path, _read_folder(path, needed))
        if path.is_file():
            if path.stat().st_size > MAX_BYTES + MAX_MEMBERS * 4 * MAX_NAME:
                raise ModelMismatchError(f"{path}: a model holds at most {MAX_BYTES} bytes")
            return ModelFiles(path, unpack(path.read_bytes(), path))
    except OSError as error:
        raise ModelMismatchError(f"{error.filename or path}: cannot be read: {error.strerror}") from error
    raise ModelMismatchError(f"{path}: no model: there is no such file or folder")


def pack(members: Mapping[str, bytes]) -> bytes:
    """The bytes of the ``.hft`` file of these members; the same members give the same bytes, whoever packs them.

    Raises
    ------
    ModelMismatchError
        If there are too many, they are too large, or a name is no plain file name.
    """
    if len(members) > MAX_MEMBERS or sum(map(len, members.values())) > MAX_BYTES:
        raise ModelMismatchError(f"a model holds at most {MAX_MEMBERS} files and {MAX_BYTES} bytes")
    parts: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for name, data in sorted(members.items()):
        if not is_plain(name):
            raise ModelMismatchError(f"a file of a model must have a plain name, was {name!r}")
        local, record = _headers(name.encode(), data, offset)
        parts += [local, data]
        central.append(record)
        offset += len(local) + len(data)
    return b"".join([*parts, *_directory(central, offset)])


def unpack(raw: bytes, path: Path) -> dict[str, bytes]:
    """The members of a ``.hft`` file; ``path`` is what errors call it.

    Raises
    ------
    ModelMismatchError
        If a single byte is another than :func:`pack` writes for these members.
    """
    members: dict[str, bytes] = {}
    central: list[bytes] = []
    at, last = 0, ""
    while raw[at : at + 4] == _LOCAL_MARK:
        if len(raw) - at < _LOCAL.size:
            raise ModelMismatchError(f"{path}: no model file: it ends too soon")
        size, n_name = _LOCAL.unpack_from(raw, at)[8:10]
        begin = at + _LOCAL.size + n_name
        if len(raw) - begin < size:
            raise ModelMismatchError(f"{path}: no model file: it ends too soon")
        name = raw[at + _LOCAL.size : begin].decode("latin-1")
        if not is_plain(name) or name <= last:
            raise ModelMismatchError(f"{path}: no model file: its files must have plain names, each once and sorted")
        if len(members) == MAX_MEMBERS:
            raise ModelMismatchError(f"{path}: a model holds at most {MAX_MEMBERS} files")
        data = raw[begin : begin + size]
        local, record = _headers(name.encode(), data, at)
        if raw[at:begin] != local:
            raise ModelMismatchError(f"{path}: was altered: {name} does not have the header that its bytes have")
        members[name] = data
        central.append(record)
        at, last = begin + size, name
    if not members:
        raise ModelMismatchError(f"{path}: no model file: it does not begin as one")
    if raw[at:] != b"".join(_directory(central, at)):
        raise ModelMismatchError(f"{path}: was altered: its directory is not that of its files")
    return members


def looks_packed(path: Path) -> bool:
    """Whether a file begins as a ``.hft`` file does."""
    with path.open("rb") as stream:
        return stream.read(len(_LOCAL_MARK)) == _LOCAL_MARK


def is_plain(name: str) -> bool:
    """Whether a name can be a file's in a model: letters, digits, dot, dash and underscore, no dot first."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def _read_folder(path: Path, needed: str) -> dict[str, bytes]:
    if not (path / needed).is_file():
        raise ModelMismatchError(f"{path}: no model folder: there is no file {path / needed}")
    found = sorted(path.iterdir())
    if len(found) > MAX_MEMBERS:
        raise ModelMismatchError(f"{path}: a model holds at most {MAX_MEMBERS} files")
    for entry in found:
        if not entry.is_file():
            raise ModelMismatchError(f"{entry}: is not part of this model: it is no file")
    n_bytes = sum(entry.stat().st_size for entry in found)
    if n_bytes > MAX_BYTES:
        raise ModelMismatchError(f"{path}: a model holds at most {MAX_BYTES} bytes")
    return {entry.name: entry.read_bytes() for entry in found}


def _headers(name: bytes, data: bytes, offset: int) -> tuple[bytes, bytes]:
    """A member's header before its bytes, and its record in the directory."""
    crc, n = zlib.crc32(data), len(data)
    common = (_VERSION, 0, 0, 0, _SOME_DAY, crc, n, n, len(name), 0)
    local = _LOCAL.pack(_LOCAL_MARK, *common) + name
    return local, _CENTRAL.pack(_CENTRAL_MARK, _VERSION, *common, 0, 0, 0, 0, offset) + name


def _directory(records: list[bytes], offset: int) -> list[bytes]:
    n = len(records)
    return [*records, _END.pack(_END_MARK, 0, 0, n, n, sum(map(len, records)), offset, 0)]
