"""Controls: a shard's birth and its later changes of settings, as the outputs tell of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hftcore import _core
from hftcore.artifact import Artifact
from hftcore.errors import ModelMismatchError, ProofError
from hftcore.proof.findings import Findings
from hftcore.proof.messages import OutputLog
from hftcore.proof.origin import Origin
from hftcore.proof.settings import DaemonSettings


@dataclass(frozen=True, slots=True)
class Control:
    """Settings from input ``n_inputs`` on. Control 0 is the birth: it also says where each lane began."""

    number: int
    n_inputs: int
    start: dict[str, int]
    strategy: dict[str, Any]
    limits: dict[str, Any]
    model_id: str
    model_path: str
    stale_after_ns: int


@dataclass(slots=True)
class Models:
    """The artefacts that a shard has run on, each loaded once, each the one that its id names."""

    settings: DaemonSettings
    by_id: dict[str, Artifact] = field(default_factory=dict)

    def get(self, control: Control) -> Artifact:
        """The model of a control. Raises ProofError where it is gone, or another one now."""
        found = self.by_id.get(control.model_id)
        if found is None:
            try:
                found = Artifact.load(self.settings.file_folder / control.model_path)
            except (ModelMismatchError, OSError) as error:
                raise ProofError(f"control {control.number}: its model is not to be had: {error}") from error
            if found.model_id != control.model_id:
                raise ProofError(
                    f"control {control.number}: {found.path} is model {found.model_id[:16]} now, it was "
                    f"{control.model_id[:16]}"
                )
            self.by_id[control.model_id] = found
        return found


def read_controls(outputs: Sequence[OutputLog], origin: Origin, findings: Findings) -> list[Control]:
    """Every control once, in order; the first one says how the proof begins: at the birth, or as the snapshot has it.

    An output may not have the last ones yet; what it has must be the same.

    Raises
    ------
    ProofError
        If there is no birth, or a control is none.
    """
    told: dict[int, Control] = {}
    for log in outputs:
        numbers = []
        for message in log.controls:
            control = _control(message.value[16:])
            if control.number < origin.n_controls:
                continue
            numbers.append(control.number)
            known = told.setdefault(control.number, control)
            if known != control or message.n_inputs != control.n_inputs:
                what = f"offset {message.offset}: control {control.number} is another one in another output"
                findings.add("order", log.topic, log.partition, what)
        if numbers != list(range(origin.n_controls, origin.n_controls + len(numbers))):
            what = f"controls must count up from {origin.n_controls}, were {numbers[:20]}"
            findings.add("order", log.topic, log.partition, what)
    if origin.settings is not None:
        number = origin.n_controls - 1
        told[number] = control_of(number, origin.n_inputs, origin.lane_starts, origin.settings)
    elif 0 not in told or not told[0].start:
        raise ProofError("no output tells of the shard's birth: it published nothing, or not to these topics")
    return [told[number] for number in sorted(told)]


def native_settings(control: Control) -> tuple[Any, Any]:
    """Strategy and limits for the engine."""
    try:
        return _core.engine.ThresholdParams(**control.strategy), _core.engine.Limits(**control.limits)
    except (ValueError, TypeError) as error:
        raise ProofError(f"control {control.number}: {error}") from error


def control_of(number: int, n_inputs: int, start: Mapping[str, int], settings: Mapping[str, Any]) -> Control:
    """A control from the settings that it, or a snapshot, holds."""
    model = settings["model"]
    return Control(
        number,
        n_inputs,
        dict(start),
        settings["strategy"],
        settings["risk"],
        model["model_id"],
        model["path"],
        settings["input"]["stale_after_ns"],
    )


def _control(text: bytes) -> Control:
    try:
        told = json.loads(text)
        start = {str(lane): int(offset) for lane, offset in told.get("start", {}).items()}
        return control_of(int(told["control"]), int(told["n_inputs"]), start, told["settings"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProofError(f"control frame: {type(error).__name__}: {error} in {text[:200]!r}") from error
