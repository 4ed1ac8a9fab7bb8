"""Run every benchmark beside its rival, print one table of ratios, keep the figures: python bench/run.py [--help].

C++ benchmarks must be built (`cmake --workflow --preset bench`; `make bench` does both). Results go to
bench/results/<machine>.json, so that figures of different machines stand side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
OURS = "hftcore"

# Repeats of all benchmarks of a binary are shuffled: a machine that slows down for a second slows ours and the rival.
REPEATS = ["--benchmark_repetitions=9", "--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.05"]

# C++ benchmark of a rival -> ours on the same task. Every other C++ benchmark stands alone.
RIVALS = {
    "codecs": {
        "rival_unchecked_copy": "decode_packed",
        "rival_json_by_printf": "encode/packed0_json1_avro2:1",
        **{f"rival_simdjson_ondemand/spaced:{n}": f"decode_message_json/spaced:{n}" for n in (0, 1)},
    },
    "feature": {f"std_of_drifting_doubles/window:{n}": f"std/window:{n}" for n in (20, 200)},
    "gen": {"rival_random_walk": "generate/book_levels:0"},
    "journal": {"fwrite_without_checksum": "append_decision"},
    "latency_histogram": {"push_back": "record", "steady_clock": "tick_clock"},
    "ring": {
        "one_thread_single<MutexQueue>": "one_thread_single<HftRing>",
        "one_thread_single<Rigtorp>": "one_thread_single<HftRing>",
        "two_threads_single<MutexQueue>": "two_threads_single<HftRing>",
        "two_threads_single<Rigtorp>": "two_threads_single<HftRing>",
        "two_threads_batch<Rigtorp>": "two_threads_batch<HftRing>",
        "round_trip<Rigtorp>": "round_trip<HftRing>",
        "round_trip<BareWord>": "round_trip<HftRing>",
    },
}


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement, in ns per item: the median over all repeats.

    A C++ figure is the mean of a repeat, so it has a p99 only where the benchmark keeps a histogram itself.
    """

    group: str
    impl: str
    p50_ns: float
    p99_ns: float | None
    ratio: float | None = None  # of the group's own p50: above 1 the rival is slower


def cpp_rows(build: Path, only: re.Pattern[str]) -> list[Row]:
    """Run the Google Benchmark binaries of a build folder."""
    binaries = sorted((build / "bench/cpp").glob("bench_*"))
    if not binaries:
        sys.exit(f"no C++ benchmarks under {build}: run cmake --workflow --preset bench, or name a folder with --build")
    rows = []
    for binary in binaries:
        component = binary.name.removeprefix("bench_")
        if not only.search(component):
            continue
        print(f"bench_{component}", flush=True)
        command = [binary, "--benchmark_format=json", *REPEATS]
        report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        rows += _cpp_rows_of(component, report["benchmarks"])
    return rows


def _cpp_rows_of(component: str, runs: list[dict[str, Any]]) -> list[Row]:
    repeats: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for run in runs:
        name = re.sub(r"/(real_time|repeats:\d+|iterations:\d+)", "", run["run_name"].removeprefix("BM_"))
        if run["run_type"] == "iteration":
            repeats[name].append(run)
    rows = []
    for name, found in repeats.items():
        failed = [run["error_message"] for run in found if run.get("error_occurred")]
        if failed:
            print(f"  {name}: left out, {failed[0]}")
            continue
        ours = RIVALS.get(component, {}).get(name, name)
        type_name = re.search(r"<(.+)>", name)
        impl = OURS if ours == name else type_name[1] if type_name else name
        p99s = [run["p99_ns"] for run in found if "p99_ns" in run]
        rows.append(
            Row(
                f"{component}: {ours.removesuffix('<HftRing>')}",
                impl,
                _median(map(_ns_per_item, found)),
                _median(p99s) if p99s else None,
            )
        )
    return with_ratios(rows)


def _ns_per_item(run: dict[str, Any]) -> float:
    if "p50_ns" in run:
        return float(run["p50_ns"])
    items = run.get("items_per_second")
    return 1e9 / items if items else float(run["cpu_time"])


def _median(values: Any) -> float:
    return float(np.median(list(values)))


def python_rows() -> list[Row]:
    """Run the pytest benchmarks; each group holds hftcore and its rivals on the same task."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "bench.json")
        command = ["pytest", ROOT / "bench/python", "-q", "--benchmark-save-data", f"--benchmark-json={figures}"]
        options = ["-o", "python_files=bench_*.py", "--benchmark-disable-gc", "--benchmark-columns=median"]
        subprocess.run([sys.executable, "-m", *command, *options], check=True, cwd=ROOT)
        report = json.loads(figures.read_text())
    return with_ratios([_python_row(run) for run in report["benchmarks"]])


def _python_row(run: dict[str, Any]) -> Row:
    n_items = run["extra_info"].get("n_items", 1)
    times_ns = np.asarray(run["stats"]["data"]) * 1e9 / n_items
    impl = (run["params"] or {}).get("impl", OURS)
    return Row(run["group"], impl, float(np.median(times_ns)), float(np.percentile(times_ns, 99)))


def with_ratios(rows: list[Row]) -> list[Row]:
    """Put each group together, ours first, and add each rival's ratio to ours."""
    ours = {row.group: row.p50_ns for row in rows if row.impl == OURS}
    order = {group: i for i, group in enumerate(dict.fromkeys(row.group for row in rows))}
    rows = sorted(rows, key=lambda row: (order[row.group], row.impl != OURS))
    return [
        replace(row, ratio=None if row.impl == OURS or row.group not in ours else row.p50_ns / ours[row.group])
        for row in rows
    ]


def machine(build: Path) -> dict[str, str | int]:
    """What the figures depend on: processor, compiler and the flags that change code."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
    commands = json.loads((build / "compile_commands.json").read_text())
    compiler, *words = shlex.split(next(c["command"] for c in commands if "bench_" in c["file"]))
    if "ccache" in Path(compiler).name:
        compiler, *words = words
    version = subprocess.run([compiler, "--version"], check=True, capture_output=True, text=True).stdout.splitlines()[0]
    flags = [word for word in words if re.match(r"-(O|f|m|std=|DNDEBUG)", word)]
    return {
        "cpu": cpu,
        "cores": os.cpu_count() or 0,
        "compiler": version,
        "flags": " ".join(flags),
        "python": platform.python_version(),
    }


def show(rows: list[Row], about: dict[str, str | int]) -> None:
    """Print one table."""
    title = f"{about['cpu']}, {about['cores']} cores; {about['compiler']} {about['flags']}"
    table = Table("group", "implementation", "p50 or mean, ns", "p99, ns", "times hftcore", title=title)
    for row in rows:
        p99 = "" if row.p99_ns is None else f"{row.p99_ns:,.1f}"
        table.add_row(row.group, row.impl, f"{row.p50_ns:,.1f}", p99, "" if row.ratio is None else f"{row.ratio:.2f}")
    Console(width=None if sys.stdout.isatty() else 140).print(table)  # a pipe has no width: no row may break


def keep(rows: list[Row], about: dict[str, str | int]) -> Path:
    """Write the figures under the machine's name, in place of its earlier ones."""
    slug = re.sub(r"[^a-z0-9]+", "-", f"{about['cpu']} {about['cores']} cores {platform.machine()}".lower()).strip("-")
    target = ROOT / "bench/results" / f"{slug}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"machine": about, "rows": [asdict(row) for row in rows]}, indent=1) + "\n")
    return target


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description="Every benchmark beside its rival: one table, one file of figures.")
    parser.add_argument("--build", type=Path, default=ROOT / "build/bench", help="build folder of the C++ benchmarks")
    parser.add_argument("--only", metavar="REGEX", help="C++ components to run, nothing else; figures are not kept")
    args = parser.parse_args()
    about = machine(args.build)
    rows = cpp_rows(args.build, re.compile(args.only or ""))
    if not args.only:
        rows += python_rows()
    show(rows, about)
    if not args.only:
        print(f"kept in {keep(rows, about).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
