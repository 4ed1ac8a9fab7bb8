"""Run every benchmark beside its rival, print one table of ratios, keep the figures: python bench/run.py.

C++ benchmarks must be built (`cmake --workflow --preset bench`; `make bench` does both). Results go to
bench/results/<machine>.json, so that figures of different machines stand side by side.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
OURS = "hftcore"


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement, in ns per item. A C++ figure is the mean of a run, so it has no percentiles."""

    group: str
    impl: str
    p50_ns: float
    p99_ns: float | None
    ratio: float | None = None  # of the group's own p50: above 1 the rival is slower


def cpp_rows() -> list[Row]:
    """Run the Google Benchmark binaries."""
    rows = []
    for binary in sorted((ROOT / "build/bench/bench/cpp").glob("bench_*")):
        command = [binary, "--benchmark_format=json", "--benchmark_min_time=0.2"]
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for run in report["benchmarks"]:
            name = re.sub(r"/(real_time|iterations:\d+)", "", run["name"].removeprefix("BM_"))
            items = run.get("items_per_second")
            rows.append(Row(binary.name.removeprefix("bench_"), name, 1e9 / items if items else run["cpu_time"], None))
    return rows


def python_rows() -> list[Row]:
    """Run the pytest benchmarks; each group holds hftcore and its rivals on the same task."""
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder, "bench.json")
        command = ["pytest", ROOT / "bench/python", "-q", "--benchmark-save-data", f"--benchmark-json={figures}"]
        options = ["-o", "python_files=bench_*.py", "--benchmark-disable-gc"]
        subprocess.run([sys.executable, "-m", *command, *options], check=True, cwd=ROOT)
        report = json.loads(figures.read_text())
    return with_ratios([_python_row(run) for run in report["benchmarks"]])


def _python_row(run: dict[str, Any]) -> Row:
    n_items = run["extra_info"].get("n_items", 1)
    times_ns = np.asarray(run["stats"]["data"]) * 1e9 / n_items
    impl = (run["params"] or {}).get("impl", OURS)
    return Row(run["group"], impl, float(np.median(times_ns)), float(np.percentile(times_ns, 99)))


def with_ratios(rows: list[Row]) -> list[Row]:
    """Add each rival's ratio to hftcore in its group."""
    ours = {row.group: row.p50_ns for row in rows if row.impl == OURS}
    return [replace(row, ratio=None if row.impl == OURS else row.p50_ns / ours[row.group]) for row in rows]


def cpu() -> str:
    """Name of the processor."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def show(rows: list[Row]) -> None:
    """Print one table."""
    table = Table("group", "implementation", "p50 or mean, ns", "p99, ns", "times hftcore")
    for row in rows:
        p99 = "" if row.p99_ns is None else f"{row.p99_ns:,.1f}"
        table.add_row(row.group, row.impl, f"{row.p50_ns:,.1f}", p99, "" if row.ratio is None else f"{row.ratio:.2f}")
    Console().print(table)


if __name__ == "__main__":
    found = [*cpp_rows(), *python_rows()]
    show(found)
    about = {"cpu": cpu(), "cores": os.cpu_count(), "python": platform.python_version()}
    slug = re.sub(r"[^a-z0-9]+", "-", f"{about['cpu']} {about['cores']} cores {platform.machine()}".lower()).strip("-")
    target = ROOT / "bench/results" / f"{slug}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"machine": about, "rows": [asdict(row) for row in found]}, indent=1) + "\n")
    print(f"kept in {target.relative_to(ROOT)}")
