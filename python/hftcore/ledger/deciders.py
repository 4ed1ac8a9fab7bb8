"""Which model stood behind each decision of a run: the header's, until a change brought another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from hftcore.ledger.journal import JournalRun


def model_ids(run: JournalRun) -> npt.NDArray[np.str_]:
    """The id of the model that was in place at each decision of a run, shape (n_decisions,).

    A daemon writes its changes between the decisions, as control frames; a replay knows them before it begins, so they
    are in its header, and how many decisions came before each is in its end. Of a replay that changes its model and was
    stopped nothing tells which one decided: its ids are empty.
    """
    first = str(run.header.get("model_id", ""))
    changes = [(0, first), *_of_controls(run), *_of_header(run, first)]
    starts = np.array([n for n, _ in changes])
    at = np.searchsorted(starts, np.arange(len(run.decisions)), side="right") - 1
    return np.array([model for _, model in changes], dtype=np.str_)[at]


def _of_controls(run: JournalRun) -> list[tuple[int, str]]:
    found = []
    for control in run.controls:
        model: Any = control.value.get("settings", {}).get("model", {}).get("model_id")
        if model is not None:
            found.append((control.n_decisions_before, str(model)))
    return found


def _of_header(run: JournalRun, first: str) -> list[tuple[int, str]]:
    changes = run.header.get("changes", [])
    models = [change.get("model_id") for change in changes]
    if all(model in (None, first) for model in models):
        return []
    if run.end is None:
        return [(0, "")]
    starts = run.end.get("n_decisions_before_changes", [])  # a change behind the tape's end never came
    return [(int(n), str(model)) for n, model in zip(starts, models, strict=False) if model is not None]
