"""Forests beside their rivals, in one run: one row and a hundred thousand, from Python and from C++.

    python bench/python/models.py                          # the tables
    python bench/python/models.py --cpp build/bench        # and one row from C++, by the program that make bench builds
    python bench/python/models.py --json out.json          # and their numbers

Rivals take turns on the same fresh rows, so that a slow second of the machine hits all of them and no branch is learnt.
Shown are p50 and p99 of a call and how many times faster than the best rival hftcore is; every answer is checked.
Rivals that are not installed are left out: pip install lleaves onnxruntime onnxmltools skl2onnx.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

import hftcore as hc

N_TRAIN, N_ROWS, N_BATCH = 50_000, 8192, 100_000
OURS = "hftcore"
Predict = Callable[[Any], Any]


@dataclass(frozen=True)
class Case:
    """A forest as LightGBM trains it, and rows that it has not seen."""

    name: str
    booster: lightgbm.Booster
    rows: Any
    folder: Path


def train(name: str, folder: Path, n_trees: int, n_features: int, **params: Any) -> Case:
    rng = np.random.default_rng(7)
    x = rng.normal(size=(N_TRAIN, n_features))
    signal = x @ rng.normal(size=n_features) + 2.0 * np.sin(3.0 * x[:, 0] * x[:, 1]) + rng.normal(size=N_TRAIN)
    data = lightgbm.Dataset(x, (signal > 0).astype(int))
    params |= {"objective": "binary", "min_data_in_leaf": 20, "max_bin": 255, "verbosity": -1, "seed": 7}
    booster = lightgbm.train(params, data, n_trees)
    folder.mkdir()
    return Case(name, booster, rng.normal(size=(N_BATCH, n_features)), folder)


def spec_of(booster: lightgbm.Booster) -> hc.FeatureSpec:
    lags = range(1, booster.num_feature() + 1)
    names = booster.feature_name()
    return hc.FeatureSpec("bench", [hc.log_return("mid_px", lag=n, name=names[n - 1]) for n in lags])


def compiled_of(case: Case) -> tuple[hc.Artifact, dict[str, float]]:
    """Our artefact with both engines, and what each part of it cost."""
    cost = {}
    for kind in (False, True):
        path = case.folder / f"compiled-{kind}"
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        hc.compile_model(case.booster, spec_of(case.booster), path, compiled=kind)
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        cost[f"compile_s, {'compiled' if kind else 'kernel'}"] = time.perf_counter() - start
        if kind:
            cost["compiler_peak_MiB"] = max(after, before) / 1024
            cost["library_KiB"] = sum(f.stat().st_size for f in path.glob("*.so")) / 1024
    cost["forest_KiB"] = (path / "forest.bin").stat().st_size / 1024
    loads = []
    for _ in range(20):
        start = time.perf_counter()
        hc.Artifact.load(case.folder / "compiled-False")
        loads.append(time.perf_counter() - start)
    cost["load_ms"] = float(np.median(loads)) * 1e3
    return hc.Artifact.load(path, allow_compiled=True, engine="compiled"), cost


def of_hftcore(case: Case) -> dict[str, Predict]:
    kernel, compiled = (
        hc.Artifact.load(case.folder / "compiled-False"),
        hc.Artifact.load(case.folder / "compiled-True", allow_compiled=True, engine="compiled"),
    )
    return {OURS: kernel.predict_margin, "hftcore compiled": compiled.predict_margin}


def single_row_of(case: Case) -> dict[str, Predict]:
    one = hc.Artifact.load(case.folder / "compiled-False").single_row()
    found = [float(one.predict_margin(row)[0]) for row in case.rows[:500]]
    np.testing.assert_array_equal(found, case.booster.predict(case.rows[:500], raw_score=True))
    return {f"{OURS} single_row": one.predict_margin}


def of_lightgbm(case: Case) -> dict[str, Predict]:
    booster = case.booster
    return {"lightgbm": lambda x: booster.predict(np.atleast_2d(x), raw_score=True, num_threads=1)}


def of_tl2cgen(case: Case) -> dict[str, Predict]:
    import tl2cgen
    import treelite

    model = treelite.frontend.from_lightgbm(case.booster)
    path = case.folder / "stock.so"
    tl2cgen.export_lib(model, toolchain="gcc", libpath=path, params={"parallel_comp": 8})
    predictor = tl2cgen.Predictor(path, nthread=1)
    return {
        "tl2cgen": lambda x: predictor.predict(tl2cgen.DMatrix(np.atleast_2d(x), dtype="float64"), pred_margin=True)
    }


def of_lleaves(case: Case) -> dict[str, Predict]:
    import lleaves

    text = case.folder / "model.txt"
    case.booster.save_model(text)
    model = lleaves.Model(str(text))
    start = time.perf_counter()
    model.compile(cache=str(case.folder / "lleaves.o"), raw_score=True)
    print(f"{case.name}: lleaves compiled in {time.perf_counter() - start:.1f} s")
    return {"lleaves": lambda x: model.predict(np.atleast_2d(x), n_jobs=1)}


def of_onnx(case: Case) -> dict[str, Predict]:
    import onnxmltools
    import onnxruntime
    from onnxmltools.convert.common.data_types import FloatTensorType

    kind = [("x", FloatTensorType([None, case.booster.num_feature()]))]
    model = onnxmltools.convert_lightgbm(case.booster, initial_types=kind, zipmap=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    name = session.get_outputs()[1].name
    # float32 in, probabilities out: what it cannot be asked for is neither checked nor charged.
    return {"onnxruntime": lambda x: session.run([name], {"x": np.atleast_2d(x).astype(np.float32)})[0]}


def rivals(case: Case) -> Iterator[dict[str, Predict]]:
    for make in (of_lleaves, of_onnx, of_tl2cgen, of_lightgbm):
        try:
            yield make(case)
        except ImportError as error:
            print(f"{make.__name__.removeprefix('of_')}: left out ({error})")


def check(case: Case, runners: dict[str, Predict]) -> None:
    expected = np.ravel(case.booster.predict(case.rows[:500], raw_score=True))
    for who, run in runners.items():
        if who != "onnxruntime":
            found = np.ravel(run(np.ascontiguousarray(case.rows[:500])))
            tolerance = 0.0 if who.startswith((OURS, "lightgbm")) else 1e-9
            np.testing.assert_allclose(found, expected, rtol=0.0, atol=tolerance, err_msg=who)


def one_row(case: Case, runners: dict[str, Predict], rounds: int) -> dict[str, Any]:
    rows = [np.ascontiguousarray(row) for row in case.rows[:N_ROWS]]
    times: dict[str, list[int]] = {who: [] for who in runners}
    for turn in range(rounds):
        first = turn % len(runners)  # whoever is first in a turn finds its rows in no cache
        for who, run in [*runners.items()][first:] + [*runners.items()][:first]:
            for row in rows[turn % 8 :: 8]:
                start = time.perf_counter_ns()
                run(row)
                times[who].append(time.perf_counter_ns() - start)
    clock = float(np.median([-time.perf_counter_ns() + time.perf_counter_ns() for _ in range(10_000)]))
    return {
        "case": f"{case.name}: one row from Python, ns",
        "p50": {who: float(np.percentile(t, 50)) - clock for who, t in times.items()},
        "p99": {who: float(np.percentile(t, 99)) - clock for who, t in times.items()},
    }


def batch(case: Case, runners: dict[str, Predict], rounds: int) -> dict[str, Any]:
    times: dict[str, list[float]] = {who: [] for who in runners}
    for _ in range(rounds):
        for who, run in runners.items():
            start = time.perf_counter_ns()
            run(case.rows)
            times[who].append((time.perf_counter_ns() - start) / len(case.rows))
    return {
        "case": f"{case.name}: {len(case.rows):,} rows, one thread, ns a row",
        "p50": {who: float(np.median(t)) for who, t in times.items()},
    }


def from_cpp(case: Case, program: Path) -> None:
    """One row after the other from C++: the folder gets what the program asks for."""
    folder, rows = case.folder, case.rows[:N_ROWS]
    shutil.copy(folder / "compiled-False" / "forest.bin", folder)
    shutil.copy(next((folder / "compiled-True").glob("*.so")), folder / "compiled.so")
    rows.tofile(folder / "rows.bin")
    np.ravel(case.booster.predict(rows, raw_score=True)).tofile(folder / "margins.bin")
    case.booster.save_model(folder / "model.txt")
    if (folder / "lleaves.o").exists():
        subprocess.run(["cc", "-shared", "-o", folder / "lleaves.so", folder / "lleaves.o", "-lm"], check=True)
    library = next(Path(lightgbm.__file__).parent.rglob("lib_lightgbm.so"))
    print(f"{case.name}: from C++", flush=True)
    settings = {"HFT_FOREST": str(folder), "HFT_LIGHTGBM": str(library)}
    subprocess.run([program], check=True, env={**os.environ, **settings})


def show(line: dict[str, Any]) -> None:
    p50 = line["p50"]
    others = {who: t for who, t in p50.items() if not who.startswith(OURS)}
    best = min(others, key=lambda who: others[who]) if others else ""
    print(line["case"])
    for who, t in p50.items():
        p99 = f"   p99 {line['p99'][who]:10.0f}" if "p99" in line else ""
        ratio = f"   {others[best] / t:.1f}x {best}" if best and who.startswith(OURS) else ""
        print(f"    {who:<18} p50 {t:10.0f}{p99}{ratio}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8, help="turns of each rival (8)")
    parser.add_argument("--cpp", type=Path, help="build folder of the C++ benchmarks")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    args = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory(prefix="hftcore-bench-") as made:
        cases = [
            train("100 trees x depth 5, 32 features", Path(made, "a"), 100, 32, num_leaves=32, max_depth=5),
            train("500 trees x 64 leaves, 64 features", Path(made, "b"), 500, 64, num_leaves=64),
        ]
        for case in cases:
            _, cost = compiled_of(case)
            runners = of_hftcore(case)
            for table in rivals(case):
                runners |= table
            check(case, runners)
            lines.append(one_row(case, single_row_of(case) | runners, args.rounds))
            lines.append(batch(case, runners, max(2, args.rounds // 2)))
            for line in lines[-2:]:
                show(line)
            print("    " + ", ".join(f"{what} {value:.1f}" for what, value in cost.items()))
            lines.append({"case": f"{case.name}: cost", "cost": cost})
            if args.cpp:
                from_cpp(case, args.cpp / "bench/cpp/forest_rivals")
    if args.json:
        args.json.write_text(json.dumps(lines, indent=1) + "\n")


if __name__ == "__main__":
    main()
