"""The extra ``spark`` is enough for session, features, datasets and labels; training names the extra that it lacks."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, requires
from pathlib import Path

import pytest

pytest.importorskip("pyspark")

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def brought_by(extra: str) -> set[str]:
    """Distributions that installing this package with an extra brings along, as its pyproject.toml says."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    found: set[str] = set()
    left = [*project["dependencies"], *project["optional-dependencies"][extra]]
    while left:
        requirement, _, marker = left.pop().partition(";")
        match = _NAME.match(requirement.strip())
        assert match is not None, requirement
        name = canonical(match[0])
        if "extra ==" not in marker and name not in found and name in INSTALLED:
            found.add(name)
            left += requires(name) or []
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


INSTALLED = {canonical(one) for of in packages_distributions().values() for one in of}
_ALONE = """
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

class Without(MetaPathFinder):
    hidden = set(sys.argv[1].split(","))
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in self.hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Without())
import hftcore as hc, hftcore.spark as hs
from hftcore.errors import MissingExtraError
import pyarrow as pa

for name in ("session", "features", "publish_features", "labels", "join_labels", "purged_split", "read_events"):
    assert callable(getattr(hs, name)), name
dataset = hs.Dataset(Path(sys.argv[2]).as_uri())
events = hc.generate(seed=1, symbols=["A", "B"], seconds=2, rate=100)
dataset.publish("2024-01-02", events)
assert hc.read_events(dataset.to_arrow().sort_by("source_seq")) == events
assert len(dataset.to_pandas()) == len(events)
for name in ("train", "export", "train_mllib", "compare_with_spark"):
    try:
        getattr(hs, name)
    except MissingExtraError as error:
        assert "pip install 'hftcore[train]'" in str(error), error
        print(name, "names the extra")
"""


def test_what_needs_no_other_extra_works_without_it(tmp_path: Path) -> None:
    allowed = brought_by("spark")
    assert {"pyspark", "pandas", "pyarrow", "numpy", "protobuf"} <= allowed
    assert not allowed & {"lightgbm", "treelite", "scikit-learn", "confluent-kafka"}
    hidden = {
        module
        for module, of in packages_distributions().items()
        if not {canonical(one) for one in of} & allowed and canonical(module) not in ("hftcore", "-core")
    }
    assert {"lightgbm", "treelite", "sklearn"} <= hidden
    command = [sys.executable, "-c", _ALONE, ",".join(sorted(hidden)), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "train names the extra" in done.stdout
