"""Generated C: stock TL2cgen against ours, on the values that tell them apart."""

from __future__ import annotations

import ctypes
import math
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
import tl2cgen
import treelite
from hypothesis import given
from hypothesis import strategies as st
from treelite.model_builder import Metadata, ModelBuilder, PostProcessorFunc, TreeAnnotation

from hftcore._core.model import ForestModel
from hftcore.errors import CompileError
from hftcore.forest.adversarial import adversarial_rows, with_low_word_of_ones
from hftcore.forest.codegen import generate_c
from hftcore.forest.forest import reference_margins
from hftcore.forest.host_compiler import compile_library, find_compiler
from hftcore.forest.lightgbm_reader import read_lightgbm
from hftcore.forest.treelite_reader import flat_of_treelite


def stump(op: str, threshold: float, default_left: bool, categories: list[int] | None = None) -> treelite.Model:
    builder = ModelBuilder(
        threshold_type="float64",
        leaf_output_type="float64",
        metadata=Metadata(1, "kBinaryClf", False, 1, [1], (1, 1)),
        tree_annotation=TreeAnnotation(1, [0], [0]),
        postprocessor=PostProcessorFunc("identity"),
        base_scores=[0.0],
    )
    builder.start_tree()
    builder.start_node(0)
    if categories is None:
        builder.numerical_test(
            feature_id=0, threshold=threshold, default_left=default_left, opname=op, left_child_key=1, right_child_key=2
        )
    else:
        builder.categorical_test(
            feature_id=0,
            default_left=default_left,
            category_list=categories,
            category_list_right_child=False,
            left_child_key=1,
            right_child_key=2,
        )
    builder.end_node()
    for node, value in ((1, -1.0), (2, 1.0)):
        builder.start_node(node)
        builder.leaf(value)
        builder.end_node()
    builder.end_tree()
    return builder.commit()


def compiled(model: treelite.Model, folder: Path) -> ForestModel:
    library = compile_library(generate_c(flat_of_treelite(model)), find_compiler())
    path = folder / f"forest-{abs(hash(library))}.so"
    path.write_bytes(library)
    n_margins = len(np.atleast_1d(model.get_header_accessor().get_field("base_scores")))
    return ForestModel.from_library(str(path), model.num_feature, n_margins, "identity")


def stock_margins(model: treelite.Model, rows: np.ndarray, folder: Path) -> np.ndarray:
    """Margins by TL2cgen's own C, unpatched, called as its runtime would for float64."""
    tl2cgen.generate_c_code(model, dirpath=folder, params={"parallel_comp": 1})
    sources = sorted(str(f) for f in folder.glob("*.c"))
    library = folder / "stock.so"
    subprocess.run(["cc", "-O2", "-fPIC", "-shared", "-std=c99", *sources, "-o", library, "-lm"], check=True)
    predict = ctypes.CDLL(str(library)).predict
    pointer = ctypes.POINTER(ctypes.c_double)
    predict.argtypes, predict.restype = [pointer, ctypes.c_int, pointer], None
    n_margins = len(np.atleast_1d(model.get_header_accessor().get_field("base_scores")))
    out = np.zeros((len(rows), n_margins))
    rows = rows.copy()  # the stock code may write into its input
    nan_is_missing = np.isnan(rows)
    rows[nan_is_missing] = struct.unpack("<d", struct.pack("<q", -1))[0]  # its own mark: all bits one
    for row, margins in zip(rows, out, strict=True):
        predict(row.ctypes.data_as(pointer), 1, margins.ctypes.data_as(pointer))
    return out


def test_stock_tl2cgen_mispredicts_adversarial_rows_and_ours_does_not(
    booster: lightgbm.Booster, tmp_path: Path
) -> None:
    model = treelite.frontend.from_lightgbm(booster)
    rows = adversarial_rows(flat_of_treelite(model), 5000, seed=1)
    expected = reference_margins(model, rows)
    stock = stock_margins(model, rows, tmp_path / "stock")
    wrong = (stock != expected).any(axis=1)
    assert wrong.mean() > 0.01
    low_words = np.ascontiguousarray(rows).view(np.uint64) & np.uint64(0xFFFFFFFF)
    assert (low_words[wrong] == 0xFFFFFFFF).any(axis=1).all(), "stock TL2cgen fails for another reason than is known"
    assert compiled(model, tmp_path).predict_margin(rows).tobytes() == expected.tobytes()


def test_the_smallest_case_is_one_split_and_one_neighbour(tmp_path: Path) -> None:
    model = stump("<=", 0.5, default_left=False)
    row = np.array([[math.nextafter(0.5, 0.0)]])
    assert with_low_word_of_ones(np.array([0.25]))[0] != 0.25
    assert stock_margins(model, row, tmp_path / "stock")[0, 0] == 1.0, "stock TL2cgen was mended: drop the patch"
    assert compiled(model, tmp_path).predict_margin(row)[0, 0] == reference_margins(model, row)[0, 0] == -1.0


@pytest.mark.parametrize("op", ["<=", "<", ">=", ">"])
@pytest.mark.parametrize("default_left", [False, True])
@pytest.mark.parametrize("threshold", [0.5, -0.0, 1e-310, -1.7976931348623155e308, 0.1 + 0.2])
def test_each_kind_of_split_equals_the_reference(op: str, default_left: bool, threshold: float, tmp_path: Path) -> None:
    model = stump(op, threshold, default_left)
    rows = adversarial_rows(flat_of_treelite(model), 64, seed=2)
    assert compiled(model, tmp_path).predict_margin(rows).tobytes() == reference_margins(model, rows).tobytes()


@pytest.mark.parametrize("default_left", [False, True])
def test_a_split_at_infinity_separates_numbers_from_nan(default_left: bool, tmp_path: Path) -> None:
    model = stump("<=", math.inf, default_left)
    rows = np.array([[math.nan], [math.inf], [-math.inf], [0.0]])
    expected = [-1.0 if default_left else 1.0, -1.0, -1.0, -1.0]
    assert compiled(model, tmp_path).predict_margin(rows)[:, 0].tolist() == expected
    assert reference_margins(model, rows)[:, 0].tolist() == expected


@pytest.fixture(scope="module")
def third(tmp_path_factory: pytest.TempPathFactory) -> tuple[treelite.Model, ForestModel]:
    model = stump("<=", 0.3, default_left=True)
    return model, compiled(model, tmp_path_factory.mktemp("third"))


@given(values=st.lists(st.floats(width=64) | st.sampled_from([0.3, 0.25, 0.1 + 0.2]), min_size=1, max_size=50))
def test_any_double_is_routed_as_the_reference_does(
    third: tuple[treelite.Model, ForestModel], values: list[float]
) -> None:
    model, machine_code = third
    rows = np.concatenate([values, with_low_word_of_ones(np.array(values))])[:, None]
    assert machine_code.predict_margin(rows).tobytes() == reference_margins(model, rows).tobytes()


def test_the_same_forest_gives_the_same_c(booster: lightgbm.Booster) -> None:
    text = booster.model_to_string()
    first, second = (generate_c(read_lightgbm(text).flat) for _ in range(2))
    assert first == second


def test_no_trace_of_the_union_is_left(booster: lightgbm.Booster) -> None:
    sources = generate_c(read_lightgbm(booster.model_to_string()).flat)
    assert not [word for word in (".missing", "union", "Entry") for text in sources.values() if word in text]


def test_a_library_exports_one_symbol(booster: lightgbm.Booster, tmp_path: Path) -> None:
    path = tmp_path / "forest.so"
    path.write_bytes(compile_library(generate_c(read_lightgbm(booster.model_to_string()).flat), find_compiler()))
    listed = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
    assert [line.split()[-1] for line in listed.splitlines()] == ["hft_forest"]


def test_a_categorical_split_cannot_be_compiled() -> None:
    with pytest.raises(CompileError, match="cannot be compiled: tree 0 splits by categories; use the kernel"):
        generate_c(flat_of_treelite(stump("<=", 0.0, default_left=False, categories=[0, 2])))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"float32_sums": True}, "its margins are float32 sums"),
        ({"base": np.array([0.5]), "base_first": True}, "its sums begin at the base scores"),
        ({"divisor": 2.0}, "its margins are divided by 2, which is not their number of trees"),
        ({"nodes": "at -inf"}, "tree 0 splits at -inf"),
    ],
)
def test_what_only_the_kernel_computes_is_not_compiled(changes: dict[str, Any], words: str) -> None:
    threshold = -math.inf if changes.pop("nodes", None) else 0.5
    forest = flat_of_treelite(stump("<=", threshold, default_left=False))
    with pytest.raises(CompileError, match=f"cannot be compiled: {words}; use the kernel"):
        generate_c(replace(forest, **changes))


def test_tl2cgens_notice_about_versions_does_not_reach_the_terminal(
    booster: lightgbm.Booster, capfd: pytest.CaptureFixture[str]
) -> None:
    generate_c(read_lightgbm(booster.model_to_string()).flat)
    assert capfd.readouterr() == ("", "")


def test_a_large_forest_is_split_into_files_and_keeps_its_bits(
    rows: np.ndarray, labels: np.ndarray, tmp_path: Path
) -> None:
    data = lightgbm.Dataset(rows, labels + 1)
    booster = lightgbm.train(
        {
            "objective": "multiclass",
            "num_class": 3,
            "num_leaves": 127,
            "min_data_in_leaf": 3,
            "verbose": -1,
            "num_threads": 1,
        },
        data,
        8,
    )
    model = treelite.frontend.from_lightgbm(booster)
    assert len(generate_c(flat_of_treelite(model))) > 5
    assert compiled(model, tmp_path).predict_margin(rows).tobytes() == booster.predict(rows, raw_score=True).tobytes()
