"""Waiting for servers, which does everything a moment later than it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable

from hftcore.errors import ClusterError


def wait_until(condition: Callable[[], bool], timeout_s: float, problem: str, every_s: float = 0.05) -> None:
    """Return when the condition holds.

    Raises
    ------
    ClusterError
        If it does not hold in time; begins with ``problem``.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise ClusterError(f"{problem} after {timeout_s:g} s")
        time.sleep(every_s)
