"""What differs between two models, in the words of their manifests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hftcore.artifact import Artifact
from hftcore.artifact_checks import spec_difference
from hftcore.manifest import FOREST

_FIELDS = (
    "classes",
    "output_rule",
    "alpha",
    "sum_rule",
    "n_trees",
    "trainer",
    "seed",
    "training_window_ns",
    "data_fingerprint",
    "versions",
    "compiled",
)
_LEAST_SHARE = 0.01  # an importance that moved by less is not told


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs."""

    what: str
    old: Any
    new: Any

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def differences(old: Artifact, new: Artifact) -> list[Difference]:
    """What differs, that which decides a prediction first."""
    found = []
    if old.model_id != new.model_id:
        found.append(Difference("model id", old.model_id, new.model_id))
    if old.spec.sha256 != new.spec.sha256:
        found.append(Difference("feature spec", old.spec.sha256, new.spec.sha256))
        found.append(Difference("feature spec: first difference", "", spec_difference(old.spec, new.spec)))
    ours, theirs = (art.manifest["files"][FOREST] for art in (old, new))
    if ours != theirs:
        found.append(Difference(FOREST, ours, theirs))
    a, b = old.manifest, new.manifest
    found += [Difference(name, a[name], b[name]) for name in _FIELDS if a[name] != b[name]]
    for feature in sorted({*old.importance, *new.importance}):
        before, after = old.importance.get(feature), new.importance.get(feature)
        if before is None or after is None or abs(before - after) >= _LEAST_SHARE:
            found.append(Difference(f"importance of {feature}", before, after))
    return found
