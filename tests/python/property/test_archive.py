"""The bytes of a .hft file: what is packed comes back, and no other byte is taken; in Python and in C++ alike."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftcore import _core
from hftcore.archive import MAX_MEMBERS, ModelFiles, pack, read_files, unpack
from hftcore.errors import ModelMismatchError

HERE = Path("up.hft")
names = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
members = st.dictionaries(names, st.binary(max_size=60), min_size=1, max_size=5)


def python_takes(data: bytes) -> dict[str, bytes] | None:
    try:
        return unpack(data, HERE)
    except ModelMismatchError:
        return None


def native_takes(data: bytes) -> dict[str, bytes] | None:
    try:
        return _core.artifact.unpack(data)
    except ValueError:
        return None


@given(members)
def test_what_is_packed_comes_back(files: dict[str, bytes]) -> None:
    data = pack(files)
    assert python_takes(data) == native_takes(data) == files
    assert _core.artifact.pack(files) == data == pack(dict(reversed(files.items())))


@given(members)
def test_any_tool_can_open_it(files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(pack(files))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_every_flipped_bit_is_caught() -> None:
    data = pack({"a.json": b"{}", "b.bin": bytes(40), "c-1.md": b""})
    for at in range(len(data)):
        for bit in range(8):
            other = bytearray(data)
            other[at] ^= 1 << bit
            assert python_takes(bytes(other)) is None, (at, bit)
            assert native_takes(bytes(other)) is None, (at, bit)


@given(members, st.data())
def test_damaged_bytes_are_refused_by_both(files: dict[str, bytes], data: st.DataObject) -> None:
    whole = pack(files)
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 40))
    changed = whole[:at] + data.draw(st.binary(max_size=40)) + whole[at + cut :]
    if changed != whole:
        found = python_takes(changed)
        assert found == native_takes(changed)
        assert found is None or pack(found) == changed  # another archive, as good as any


@given(st.binary(max_size=200))
def test_bytes_of_any_origin_are_safe(data: bytes) -> None:
    for given_bytes in (data, b"PK\3\4" + data):
        assert python_takes(given_bytes) == native_takes(given_bytes)


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive, warnings.catch_warnings(action="ignore"):  # of a name twice
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compress_type=method)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "does not begin as one"),
        (b"PK\3\4", "ends too soon"),
        (zipped(("a", b"1")), "was altered: its directory is not that of its files"),
        (zipped(("a", b"1"), ("b", b"1"), ("a", b"1")), "plain names, each once"),
        (zipped(("../a", b"1")), "plain names, each once and sorted"),
        (zipped(("/etc/a", b"1")), "plain names"),
        (zipped((".a", b"1")), "plain names"),
        (zipped(("a" * 101, b"1")), "plain names"),
        (zipped(("a", b"1" * 100), method=zipfile.ZIP_DEFLATED), "no model file: it ends too soon"),
        (pack({"a": b"1"}) + b"\0", "its directory is not that of its files"),
        (pack({"b": b"1"})[:32] + pack({"a": b"1"}), "plain names, each once and sorted"),
        (pack({"a": b"1"})[:32] + pack({"a": b"1"}), "plain names, each once and sorted"),
    ],
)
def test_what_is_no_model_file_is_named(data: bytes, words: str) -> None:
    with pytest.raises(ModelMismatchError, match=f"^up.hft: .*{words}"):
        unpack(data, HERE)
    with pytest.raises(ValueError, match=words):
        _core.artifact.unpack(data)


def test_a_length_that_lies_asks_for_no_memory() -> None:
    data = bytearray(pack({"a": b"1"}))
    data[18:26] = b"\xff" * 8
    assert python_takes(bytes(data)) is native_takes(bytes(data)) is None


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    many = {f"{i:02}": b"" for i in range(MAX_MEMBERS + 1)}
    with pytest.raises(ModelMismatchError, match=f"at most {MAX_MEMBERS} files"):
        pack(many)
    for name in many:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelMismatchError, match=f"at most {MAX_MEMBERS} files"):
        read_files(tmp_path, "00")


def test_a_folder_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b"{}")
    assert read_files(tmp_path, "manifest.json") == ModelFiles(tmp_path, {"manifest.json": b"{}"})
    (tmp_path / "inner").mkdir()
    with pytest.raises(ModelMismatchError, match="inner: is not part of this model: it is no file"):
        read_files(tmp_path, "manifest.json")
    with pytest.raises(ModelMismatchError, match="nowhere: no model: there is no such file or folder"):
        read_files(tmp_path / "nowhere", "manifest.json")
