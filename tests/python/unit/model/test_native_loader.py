"""The daemon's loader of models, written in C++, held against the Python one: what one takes, both take."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hftcore as hc
from hftcore import _core
from hftcore.errors import ModelMismatchError, SpecError
from hftcore.files import sha256_of
from hftcore.manifest import model_id, render_manifest

FILES = ("manifest.json", "spec.json", "forest.bin", "probes.npz", "training.json", "model_card.md")
N_DAMAGED = 150  # a file, for each of FILES


@pytest.fixture
def copy(artifact: hc.Artifact, tmp_path: Path) -> Path:
    return artifact.save(tmp_path / "copy").path


def python_refuses(folder: Path) -> str:
    try:
        hc.Artifact.load(folder)
    except ModelMismatchError as error:
        return str(error)
    return ""


def native_refuses(folder: Path) -> str:
    try:
        _core.artifact.load_check(str(folder))
    except ValueError as error:
        return str(error)
    return ""


def reseal(folder: Path, **changes: Any) -> None:
    """Make manifest, model id and file hashes fit what the folder holds now: what no hash can catch any more."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    manifest["files"] = {name: sha256_of(folder / name) for name in manifest["files"]}
    (folder / "manifest.json").write_bytes(render_manifest({**manifest, "model_id": model_id(manifest)}))


def damaged(data: bytes, rng: random.Random) -> bytes:
    """One to three bytes replaced, removed, doubled or cut off."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(out))
        match rng.randrange(5):
            case 0:
                out[at] ^= 1 << rng.randrange(8)
            case 1:
                out[at] = rng.randrange(256)
            case 2:
                del out[at]
            case 3:
                out.insert(at, out[at])
            case _:
                del out[at : at + rng.randrange(1, 40)]
    return bytes(out)


def test_both_take_a_whole_model(artifact: hc.Artifact) -> None:
    assert (python_refuses(artifact.path), native_refuses(artifact.path)) == ("", "")


@pytest.mark.parametrize("name", FILES)
def test_both_refuse_a_file_whose_hash_does_not_fit(copy: Path, name: str) -> None:
    file, rng = copy / name, random.Random(name)
    whole = file.read_bytes()
    for _ in range(N_DAMAGED // 5):
        data = damaged(whole, rng)
        if data == whole:
            continue
        file.write_bytes(data)
        assert python_refuses(copy)
        assert native_refuses(copy)


@pytest.mark.parametrize("name", FILES[1:])
def test_with_every_hash_recomputed_both_take_the_same_folders(copy: Path, name: str) -> None:
    file, rng = copy / name, random.Random(name)
    whole, manifest = file.read_bytes(), (copy / "manifest.json").read_bytes()
    for _ in range(N_DAMAGED):
        data = damaged(whole, rng)
        file.write_bytes(data)
        (copy / "manifest.json").write_bytes(manifest)
        reseal(copy)
        ours, theirs = native_refuses(copy), python_refuses(copy)
        assert bool(ours) == bool(theirs), (ours, theirs, data)


CHANGES: list[dict[str, Any]] = [
    {"output_rule": "one_vs_rest_normalised"},
    {"output_rule": "argmax"},
    {"classes": [1, 0, -1]},
    {"classes": [-1, 0]},
    {"classes": [0, 0, 1]},
    {"classes": ["down", "flat", "up"]},
    {"classes": []},
    {"n_trees": 14},
    {"n_trees": 15.0},
    {"n_probes": 0},
    {"n_probes": 3},
    {"importance": {}},
    {"importance": dict.fromkeys("abcde")},
    {"alpha": 1},
    {"alpha": 3.0},
    {"alpha": -1.0},
    {"seed": None},
    {"seed": "1"},
    {"seed": -(2**80)},
    {"trainer": {"é": [1e-7, 1e22, -0.0, 123456789.125, {"\x7f😀": None}]}},
    {"training_window_ns": None},
    {"data_fingerprint": None},
    {"versions": {}},
    {"format": "other"},
    {"format_version": 1},
    {"format_version": "2"},
    {"extra": 1},
    {"threshold_type": "float32"},
    {"sum_rule": "float32, base last"},
    {"compiled": {}},
    {"compiled": dict.fromkeys(("compiler", "compiler_flags", "file", "platform"), "x")},
    {"compiled": dict.fromkeys(("compiler", "compiler_flags", "file", "platform"), "spec.json")},
    {"compiled": dict.fromkeys(("compiler", "compiler_flags", "file", "platform"), 1)},
    {"compiled": "x"},
    {"spec_sha256": "0" * 64},
    {"feature_names": ["a", "b", "c", "d", "e"]},
    {"feature_names": []},
    {"library": "spec.json"},
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda c: str(next(iter(c.items()))))
def test_of_a_manifest_with_a_lie_both_say_the_same(copy: Path, changes: dict[str, Any]) -> None:
    reseal(copy, **changes)
    ours, theirs = native_refuses(copy), python_refuses(copy)
    assert bool(ours) == bool(theirs), (ours, theirs)
    assert ours.split(" must ")[0].split(": no ")[0] == theirs.split(" must ")[0].split(": no ")[0]


@pytest.mark.parametrize("changes", [{"n_trees": 2**70}, {"n_probes": -(2**70)}, {"classes": [2**70, 0]}])
def test_numbers_that_do_not_fit_are_refused_by_both(copy: Path, changes: dict[str, Any]) -> None:
    reseal(copy, **changes)
    assert native_refuses(copy)
    assert python_refuses(copy)


def npz_with(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[bytes], bytes]:
    def rewrite(data: bytes) -> bytes:
        with np.load(io.BytesIO(data)) as stored:
            arrays = change(dict(stored))
        out = io.BytesIO()
        np.savez(out, **arrays)
        return out.getvalue()

    return rewrite


def behind_other_bytes(data: bytes) -> bytes:
    return b"leading bytes" + data


def with_a_comment(data: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.comment = b"said nobody"
    return out.getvalue()


def compressed(data: bytes) -> bytes:
    out = io.BytesIO()
    with np.load(io.BytesIO(data)) as stored:
        np.savez_compressed(out, **stored)
    return out.getvalue()


def in_fortran_order(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: np.asfortranarray(array) for name, array in arrays.items()}


def one_bit_up(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(arrays: dict[str, Any]) -> dict[str, Any]:
        arrays[name][5, 1] = np.nextafter(arrays[name][5, 1], np.inf)
        return arrays

    return change


@pytest.mark.parametrize(
    ("rewrite", "taken"),
    [
        (behind_other_bytes, False),
        (with_a_comment, True),
        (compressed, False),
        (npz_with(in_fortran_order), True),
        (npz_with(one_bit_up("scores")), True),
        (npz_with(one_bit_up("margins")), False),
        (npz_with(lambda a: {**a, "more": np.zeros(1)}), False),
        (npz_with(lambda a: {**a, "rows": np.zeros_like(a["rows"], dtype=np.float32)}), False),
        (npz_with(lambda a: {**a, "rows": a["rows"].astype(">f8")}), False),
        (npz_with(lambda a: {**a, "classes": a["classes"].astype(object)}), False),
        (npz_with(lambda a: {**a, "rows": a["rows"][None]}), False),
        (npz_with(lambda a: {k: v for k, v in a.items() if k != "rows"}), False),
        (lambda data: b"", False),
        (lambda data: data[: len(data) // 2], False),
    ],
)
def test_both_read_probes_alike(copy: Path, rewrite: Callable[[bytes], bytes], taken: bool) -> None:
    (copy / "probes.npz").write_bytes(rewrite((copy / "probes.npz").read_bytes()))
    reseal(copy)
    ours, theirs = native_refuses(copy), python_refuses(copy)
    assert (not ours, not theirs) == (taken, taken), (ours, theirs)


def test_only_the_native_loader_refuses_a_key_that_occurs_twice(copy: Path) -> None:
    training = copy / "training.json"
    training.write_text('{"a": 1, "a": 2}')
    reseal(copy)
    assert not python_refuses(copy)
    assert 'key "a" occurs twice' in native_refuses(copy)


def test_files_that_are_missing_or_too_many_are_named(copy: Path) -> None:
    (copy / "notes.txt").write_text("mine")
    assert native_refuses(copy) == python_refuses(copy)
    (copy / "notes.txt").unlink()
    (copy / "training.json").unlink()
    assert native_refuses(copy) == python_refuses(copy)
    assert native_refuses(copy / "nowhere") == python_refuses(copy / "nowhere")
    (copy / "manifest.json").unlink()
    assert native_refuses(copy) == python_refuses(copy)
    assert "no model folder" in native_refuses(copy)


SPECS: list[dict[str, Any]] = [
    {"name": "one", "features": [{"op": "mid"}]},
    {
        "name": "zwölf",
        "version": 12,
        "origin": "continuous",
        "rows": "any",
        "drop": ["suspicious", "crossed", "crossed"],
        "session": {"open": "22:00", "close": "06:30:00.25"},
        "features": [
            {"op": "mid", "name": "m"},
            {"op": "ema", "input": "m", "params": {"period": 5}, "period": 9},
            {"op": "rolling_mean", "input": "mid_px", "window": "60s"},
            {"op": "rolling_std", "input": "mid_px", "window": 50, "rev": None},
            {"op": "rsi", "input": "mid_px", "period": 7, "flat": 50},
            {"op": "log_return", "input": "m", "lag": 3},
        ],
    },
]


@pytest.mark.parametrize("data", SPECS, ids=lambda d: d["name"])
def test_a_spec_means_the_same_to_both(data: dict[str, Any]) -> None:
    """Hash, columns with their parameters, and the rows of a tape."""
    spec = hc.FeatureSpec.from_dict(data)
    for text in (json.dumps(data), spec.canonical_json()):
        native = _core.artifact.read_spec(text.encode())
        assert native.sha256 == spec.sha256
        assert _core.feature.describe(native) == _core.feature.describe(spec._native())
        events = hc.generate(seed=3, symbols=["AAA", "BBB"], seconds=20, rate=500)
        rows = [
            _core.feature.Pipeline(s, events.instruments._native()).transform(events.data)
            for s in (native, spec._native())
        ]
        assert rows[0][0].tobytes() == rows[1][0].tobytes()
        assert rows[0][1].tobytes() == rows[1][1].tobytes()


WORDS = ("mid", "ema", "mid_px", "60s", "5s", "quote", "any", "session_open", "crossed", "13:30", "14:00", "")
PARTS = ("op", "input", "name", "params", "period", "open", "close")
leaves = st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.sampled_from(WORDS)
json_values = st.recursive(
    leaves | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PARTS), inner, max_size=4),
    max_leaves=6,
)
KEYS = ("name", "version", "origin", "rows", "drop", "session", "features", "nane")


@given(st.sampled_from(SPECS), st.dictionaries(st.sampled_from(KEYS), json_values, min_size=1, max_size=2))
def test_both_refuse_the_same_specs(data: dict[str, Any], changes: dict[str, Any]) -> None:
    text = json.dumps({**data, **changes})
    try:
        theirs = hc.FeatureSpec.from_json(text).sha256
    except SpecError:
        theirs = ""
    try:
        ours = _core.artifact.read_spec(text.encode()).sha256
    except ValueError:
        ours = ""
    assert ours == theirs


def test_instruments_read_back() -> None:
    table = hc.InstrumentTable([hc.Instrument("AAA"), hc.Instrument("BTC-EUR", (1, 3), (1, 10**8), -5, 7)])
    read = _core.artifact.parse_instruments(table.to_json().encode())
    assert [(i.symbol, i.tick_num, i.tick_den, i.min_px_ticks) for i in read] == [
        (i.symbol, *i.tick, i.min_px_ticks) for i in table
    ]
    for text, words in (
        (b"{", "no JSON"),
        (b"{}", "expected a JSON list"),
        (b'[{"symbol":"A"}]', r"instruments\[0\]: .*tick.* missing"),
        (b'[{"symbol":"A B","tick":[1,1],"lot":[1,1],"min_px_ticks":1,"max_px_ticks":2}]', "without blanks"),
        (b'[{"symbol":"A","tick":[1],"lot":[1,1],"min_px_ticks":1,"max_px_ticks":2}]', "pair"),
        (b"[" + table.to_json()[1:-1].encode() + b"," + table.to_json()[1:].encode(), r"'AAA' occurs twice"),
    ):
        with pytest.raises(ValueError, match=words):
            _core.artifact.parse_instruments(text)


@given(st.binary(max_size=300))
def test_sha256_is_that_of_hashlib(data: bytes) -> None:
    assert _core.artifact.sha256(data) == hashlib.sha256(data).hexdigest()
