"""What compression and the size of row groups cost on real quotes: python bench/spark/storage.py [--json FILE].

A slower or larger row means that `hftcore.spark.Layout`'s defaults deserve another look. Seconds are CPU seconds of
this process, all threads (best of three): the host may be doing other things. Every table that is read is compared
with the one that was written. HFTCORE_DATA names the folder of the real market data.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Table

import hftcore as hc
import hftcore.spark as hs

DAY = "2013-10-07"
COMPRESSIONS = ("none", "snappy", "lz4", "zstd")
ROW_GROUPS = (50_000, 200_000, 1_000_000)
FEW = ["bid_px_ticks", "ask_px_ticks", "ts_event_ns"]
ONE = "IBM"


def cpu_s(work: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """CPU seconds of the best of some runs, and the last result."""
    times, result = [], None
    for _ in range(repeats):
        begun = time.process_time()
        result = work()
        times.append(time.process_time() - begun)
    return min(times), result


def measure(rows: pa.Table, compression: Any, row_group_rows: int, folder: Path) -> dict[str, Any]:
    """One layout: size, and what writing and three ways of reading cost."""
    layout = hs.Layout(n_buckets=1, compression=compression, row_group_rows=row_group_rows)
    dataset = hs.Dataset(f"file://{folder}", layout=layout)
    write_s, published = cpu_s(lambda: dataset.publish(DAY, rows))
    all_s, found = cpu_s(dataset.to_arrow)
    few_s, few = cpu_s(lambda: dataset.to_arrow(columns=FEW))
    one_s, one = cpu_s(lambda: dataset.to_arrow(symbols=ONE))
    assert found.num_rows == rows.num_rows
    assert few.equals(found.select(FEW))
    assert one.equals(found.filter(pa.compute.equal(found["symbol"], ONE)))
    return {
        "compression": compression,
        "row_group_rows": row_group_rows,
        "bytes_per_row": published.n_bytes / rows.num_rows,
        "write_s": write_s,
        "read_s": all_s,
        "read_three_columns_s": few_s,
        "read_one_symbol_s": one_s,
    }


def main() -> None:
    """Measure every layout, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="keep the figures here")
    arguments = parser.parse_args()
    source = Path(os.environ["HFTCORE_DATA"], "us_equities_taq")
    events = hc.read_events(sorted(source.glob("*quotes*")), off_tick="round")
    day_ns = 1_381_104_000_000_000_000  # 2013-10-07 00:00 UTC
    events = events.select(start_ns=day_ns, end_ns=day_ns + 86_400 * 10**9)
    rows = events.to_arrow()
    load = os.getloadavg()[0]
    found = []
    for compression in COMPRESSIONS:
        for row_group_rows in ROW_GROUPS:
            with tempfile.TemporaryDirectory() as folder:
                found.append(measure(rows, compression, row_group_rows, Path(folder)))
    shown = Table(
        "codec", "rows a group", "B/row", "write", "read all", "3 columns", "1 symbol of 3", title="CPU seconds"
    )
    for row in found:
        seconds = [f"{row[key]:.2f}" for key in ("write_s", "read_s", "read_three_columns_s", "read_one_symbol_s")]
        shown.add_row(row["compression"], f"{row['row_group_rows']:,}", f"{row['bytes_per_row']:.2f}", *seconds)
    console = Console(width=120)
    console.print(f"{rows.num_rows:,} quotes of {', '.join(events.instruments.symbols)}, {DAY}")
    console.print(shown)
    console.print(
        f"pyarrow {pa.__version__}, {platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps({"n_rows": rows.num_rows, "load": load, "rows": found}, indent=1))


if __name__ == "__main__":
    main()
