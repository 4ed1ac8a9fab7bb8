"""What lies in a dataset and no reader follows: replaced days, crashed writers, tasks that ran twice."""

from __future__ import annotations

from collections.abc import Iterable

from hftcore.spark.dataset.manifest import PublishedDay
from hftcore.spark.dataset.store import StoredFile


def leftovers(files: Iterable[StoredFile], days: Iterable[PublishedDay], limit_ns: int) -> list[str]:
    """Return what was last written before ``limit_ns`` and is in no manifest: whole runs, files of followed ones."""
    followed = {f"date={day.day}/run={day.run}": {one.path for one in day.files} for day in days}
    last_write: dict[str, int] = {}
    found = []
    for one in files:
        parts = one.path.split("/")
        if not parts[0].startswith("date=") or len(parts) < 3:
            continue
        folder = "/".join(parts[:2])
        if folder not in followed:
            last_write[folder] = max(last_write.get(folder, 0), one.changed_ns)
        elif one.path.endswith(".parquet") and one.path not in followed[folder] and one.changed_ns < limit_ns:
            found.append(one.path)
    return sorted([folder for folder, at in last_write.items() if at < limit_ns] + found)
