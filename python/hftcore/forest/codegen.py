"""Forest to C: TL2cgen writes the trees, then its missing-value test is replaced.

TL2cgen 1.0.0 reads a feature through ``union {int missing; double fvalue;}`` and calls it missing when its low 32 bits
are all ones, so valid doubles take the wrong branch. Here a row is ``const double*`` and NaN is the missing value: a
comparison with NaN is false, which is "go right"; "go left" is the negated opposite comparison. The units' only
``main`` is ours: one exported symbol, base scores, no postprocessing. The same forest gives the same C, byte for byte.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tl2cgen
import treelite

from hftcore.errors import CompileError
from hftcore.forest.flat import FlatForest
from hftcore.forest.to_treelite import to_treelite, unlike_treelite

FOREST_ABI = 1
_NODES_PER_UNIT = 500  # gcc grows faster than its input: 4,000 nodes in one file take twice the CPU time
_MAX_UNITS = 256

_OPPOSITE = {"<=": ">", "<": ">=", ">=": "<", ">": "<="}
_GO_RIGHT = re.compile(r"\(data\[(\d+)\]\.missing != -1\) && \(data\[\1\]\.fvalue (<=|<|>=|>) ")
_GO_LEFT = re.compile(r"!\(data\[(\d+)\]\.missing != -1\) \|\| \(data\[\1\]\.fvalue (<=|<|>=|>) ([^)]*\)[^)]*)\)")

# A split at +inf is "not missing": LightGBM makes them where NaN alone carries information.
_ANY_NUMBER = re.compile(r"\(data\[(\d+)\]\.missing != -1\) && \(1\)")
_ANY_VALUE = re.compile(r"!\(data\[(\d+)\]\.missing != -1\) \|\| \(1\)")

_HEADER = """\
#include <stdint.h>
#if defined(__clang__) || defined(__GNUC__)
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define HFT_EXPORT __attribute__((visibility("default")))
#else
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#define HFT_EXPORT
#endif
"""

_MAIN = """\
#include "header.h"

static void add_margins(const double* data, double* result) {{
{body}}}

/* hft/model/compiled_library.hpp has this layout. */
struct hft_forest_table {{
  uint32_t abi, n_features, n_margins, reserved;
  void (*add_margins)(const double*, double*);
}};
extern HFT_EXPORT const struct hft_forest_table hft_forest;
const struct hft_forest_table hft_forest = {{{abi}u, {n_features}u, {n_margins}u, 0u, add_margins}};
"""


def generate_c(forest: FlatForest) -> dict[str, str]:
    """C99 sources of a forest: file name to text, ``header.h``, ``main.c`` and units of about 500 nodes.

    Raises
    ------
    CompileError
        If compiled C cannot do what the forest does, which the kernel can; says what. If TL2cgen fails.
    """
    _refuse_kernel_only(forest)
    model = to_treelite(forest)
    n_units = min(_MAX_UNITS, max(1, -(-forest.n_nodes // _NODES_PER_UNIT)))
    stock = _run_tl2cgen(model, n_units)
    units = {
        name: _patch(name, text).replace("predict_unit", "hft_forest_unit")
        for name, text in sorted(stock.items())
        if name.startswith("tu")
    }
    names = [f"hft_forest_unit{i}" for i in range(len(units))]
    if sorted(re.findall(r"void (hft_forest_unit\d+)\(", "".join(units.values()))) != sorted(names):
        raise CompileError(f"TL2cgen wrote other units than {', '.join(names)}")
    body = [f"  {name}(data, result);\n" for name in names]
    body += [f"  result[{k}] += {float(b).hex()};\n" for k, b in enumerate(forest.base) if b != 0.0]
    prototypes = "".join(f"void {name}(const double* data, double* result);\n" for name in names)
    main = _MAIN.format(body="".join(body), abi=FOREST_ABI, n_features=forest.n_features, n_margins=forest.n_margins)
    return {"header.h": _HEADER + prototypes, "main.c": main, **units}


def _refuse_kernel_only(forest: FlatForest) -> None:
    reason = unlike_treelite(forest)
    if reason is None and forest.divisor != 1.0:
        reason = "its margins are averages"
    if reason is None and bool(forest.is_categorical.any()):
        reason = f"tree {forest.tree_of_node[np.argmax(forest.is_categorical)]} splits by categories"
    endless = ~forest.is_leaf & np.isneginf(forest.nodes["value"])
    if reason is None and bool(endless.any()):
        reason = f"tree {forest.tree_of_node[np.argmax(endless)]} splits at -inf"
    if reason is not None:
        raise CompileError(f"the forest cannot be compiled: {reason}; use the kernel")


def _patch(name: str, text: str) -> str:
    text = text.replace("union Entry* data", "const double* data").replace("  unsigned int tmp;\n", "")
    text = _GO_LEFT.sub(lambda m: f"!(data[{m[1]}] {_OPPOSITE[m[2]]} {m[3]})", text)
    text = _GO_RIGHT.sub(lambda m: f"(data[{m[1]}] {m[2]} ", text)
    text = _ANY_VALUE.sub("(1)", text)
    text = _ANY_NUMBER.sub(lambda m: f"(data[{m[1]}] == data[{m[1]}])", text)
    for leftover in (".missing", ".fvalue", ".qvalue", "union "):
        if leftover in text:
            line = next(line.strip() for line in text.splitlines() if leftover in line)
            raise CompileError(f"TL2cgen wrote a test in {name} that is no comparison of a number: {line[:200]}")
    return text


def _run_tl2cgen(model: treelite.Model, n_units: int) -> dict[str, str]:
    """TL2cgen's own sources. Treelite 4.8 is newer than the 4.1 inside it, which it says on stderr for every model."""
    with tempfile.TemporaryDirectory(prefix="hftcore-c-") as folder:
        try:
            with _quiet() as said:
                tl2cgen.generate_c_code(model, dirpath=folder, params={"parallel_comp": n_units})
        except tl2cgen.TL2cgenError as error:
            raise CompileError(f"TL2cgen failed: {error}\n{''.join(said)}".rstrip()) from error
        return {file.name: file.read_text() for file in Path(folder).iterdir()}


@contextlib.contextmanager
def _quiet() -> Iterator[list[str]]:
    """Catch what Python prints and what C++ writes to file descriptor 2; the list holds it afterwards."""
    said: list[str] = []
    sys.stderr.flush()
    with tempfile.TemporaryFile() as sink, contextlib.redirect_stdout(io.StringIO()) as printed:
        stderr = os.dup(2)
        os.dup2(sink.fileno(), 2)
        try:
            yield said
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            sink.seek(0)
            said += [printed.getvalue(), sink.read().decode(errors="replace")]
