"""Margins by every engine and every path of the kernel that this CPU has, against the reference and against one row."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from hftcore._core import model as native
from hftcore.artifact_engine import choose_engine, kernel_of
from hftcore.manifest import compiled_file, this_platform
from hftcore.parity.bits import FloatMatrix, compare_bits
from hftcore.parity.report import ParityCheck
from hftcore.parity.row_sets import RowSets
from hftcore.reference import Reference

if TYPE_CHECKING:
    from hftcore.artifact import Artifact

_MOST_ROWS = 1_000  # every number of rows up to this one is tried
_THREADS = (2, 3)

Engines = dict[str, native.ForestModel]
Progress = Callable[[int, int], None]


def engines_of(art: Artifact, allow_compiled: bool) -> Engines:
    """Every engine that can run here, by name: ``kernel avx2``, ``compiled``.

    A path that cannot hold the forest falls to another, which is there under its own name.
    """
    files, manifest = art.files, art.manifest
    found: Engines = {}
    for path in native.kernel_paths():
        model = kernel_of(files, manifest, path)
        found.setdefault(f"kernel {model.path}", model)
    if allow_compiled and compiled_file(manifest) and manifest["compiled"]["platform"] == this_platform():
        found["compiled"] = choose_engine(files, manifest, "compiled", True)
    return found


def margin_checks(
    engines: Engines, reference: Reference, sets: RowSets, progress: Progress | None
) -> list[ParityCheck]:
    """Each engine's margins against the reference's bits, over all sets; one line for each engine and set of rows."""
    found: dict[str, ParityCheck] = {}
    done = 0
    for block in sets.blocks():
        expected = reference.margins(block.rows)
        for engine, model in engines.items():
            name = f"margins: {engine} = {reference.name}, {block.set_name}"
            margins = model.predict_margin(block.rows)
            flips = np.count_nonzero(_classes(margins) != _classes(expected))
            check = compare_bits(name, margins, expected, int(flips))
            found[name] = found[name] + check if name in found else check
        done += len(block.rows)
        if progress is not None:
            progress(done, sets.n_rows)
    return [found[name] for engine in engines for name in found if name.startswith(f"margins: {engine} = ")]


def batch_checks(engines: Engines, rows: FloatMatrix) -> list[ParityCheck]:
    """One by one, in batches of 1 to 1,000 rows, and by several threads: the same bits, of margins and of scores."""
    rows = np.ascontiguousarray(rows[:_MOST_ROWS])
    checks = []
    for engine, model in engines.items():
        for what, predict in (("margins", model.predict_margin), ("scores", model.predict_proba)):
            whole = predict(rows)
            single = np.stack([predict(row) for row in rows])
            checks.append(compare_bits(f"{what}: {engine}, row by row = batch", single, whole))
        whole = model.predict_margin(rows)
        name = f"margins: {engine}, batches of 1 to {len(rows)} rows = batch"
        sizes = [compare_bits(name, model.predict_margin(rows[:n]), whole[:n]) for n in range(1, len(rows) + 1)]
        checks.append(_sum(sizes))
        name = f"margins: {engine}, {' and '.join(map(str, _THREADS))} threads = one"
        checks.append(_sum([compare_bits(name, model.predict_margin(rows, n_threads=n), whole) for n in _THREADS]))
    return checks


def _sum(checks: list[ParityCheck]) -> ParityCheck:
    total = checks[0]
    for check in checks[1:]:
        total = total + check
    return total


def _classes(margins: FloatMatrix) -> FloatMatrix:
    """What each row's margins choose: every output rule keeps their order."""
    return np.asarray(margins[:, 0] > 0.0 if margins.shape[1] == 1 else margins.argmax(axis=1))
