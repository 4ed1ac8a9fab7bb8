"""What is done to a scored stream, by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hftcore.errors import ChaosError
from hftcore.proof.stream.job import CLUSTER, LOCAL, Process, hurt

if TYPE_CHECKING:
    from hftcore.proof.stream.campaign import StreamRound

_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class StreamFault:
    """A fault by name. ``act`` hurts, and says what it hurt; ``fatal``: the job must end of it."""

    name: str
    what: str
    act: Callable[[StreamRound], str]
    fatal: bool
    master: str = LOCAL


def _driver_jvm(round_: StreamRound) -> str:
    return _killed(round_.job.driver_jvm(), "the driver's JVM")


def _driver_python(round_: StreamRound) -> str:
    return _killed(round_.job.driver_python(), "the driver's Python")


def _worker(round_: StreamRound) -> str:
    """Workers come and go with their tasks' stages: take one that is there."""
    workers = _wait_for(round_.job.workers, "a Python worker")
    return _killed(round_.draw.choice(workers), f"one of {len(workers)} Python workers")


def _executor(round_: StreamRound) -> str:
    executors = _wait_for(round_.job.executors, "an executor")
    return _killed(round_.draw.choice(executors), f"one of {len(executors)} executors")


def _group(round_: StreamRound) -> str:
    n = len(round_.job.processes())
    round_.job.kill()
    return f"kill -9 of all {n} processes"


def _broker(round_: StreamRound) -> str:
    partition = round_.draw.randrange(2)
    node = round_.cluster.leader(round_.outputs["decision"], partition)
    round_.cluster.kill(node)
    return f"kill -9 of broker {node}, the leader of decisions {partition}"


def _killed(process: Process, what: str) -> str:
    hurt(process)
    return f"kill -9 of {what}, process {process.pid}"


def _wait_for(look: Callable[[], list[Process]], what: str) -> list[Process]:
    deadline = time.monotonic() + _PATIENCE_S
    while not (found := look()):
        if time.monotonic() > deadline:
            raise ChaosError(f"{what} is not there")
        time.sleep(0.01)
    return found


FAULTS: tuple[StreamFault, ...] = (
    StreamFault("executor", "kill -9 of one of two executors", _executor, fatal=False, master=CLUSTER),
    StreamFault("driver JVM", "kill -9 of the driver's JVM", _driver_jvm, fatal=True, master=CLUSTER),
    StreamFault("worker", "kill -9 of a Python worker in local mode", _worker, fatal=False),
    StreamFault("broker", "kill -9 of the leader of an output; it comes back", _broker, fatal=False),
    StreamFault("whole job", "kill -9 of every process of the job", _group, fatal=True),
    StreamFault("driver Python", "kill -9 of the driver's Python", _driver_python, fatal=True),
)

"""In the order of the rounds: the master changes only behind a fault that ends the job."""
