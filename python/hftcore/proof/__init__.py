"""The proof of exactly-once: a daemon's outputs against its inputs, by other code than the daemon's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from hftcore.proof.chain import read_key as read_key
from hftcore.proof.controls import Models
from hftcore.proof.log import KafkaLog, Log
from hftcore.proof.prover import Prover
from hftcore.proof.prover import ShardProof as ShardProof
from hftcore.proof.report import CANNOT_TELL as CANNOT_TELL
from hftcore.proof.report import NOT_PROVEN as NOT_PROVEN
from hftcore.proof.report import PROVEN as PROVEN
from hftcore.proof.report import check_report as check_report
from hftcore.proof.report import make_report as make_report
from hftcore.proof.report import read_report as read_report
from hftcore.proof.report import verdict_of as verdict_of
from hftcore.proof.settings import DaemonSettings
from hftcore.proof.settings import load_settings as load_settings


@contextmanager
def open_log(settings: DaemonSettings) -> Iterator[Log]:
    """The cluster that a configuration names."""
    log = KafkaLog(settings.client)
    try:
        yield log
    finally:
        log.close()


def prove_shards(
    settings: DaemonSettings,
    shards: Sequence[int],
    *,
    start: str = "zero",
    complete: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> list[ShardProof]:
    """Prove some shards of a daemon against its cluster.

    Parameters
    ----------
    settings : DaemonSettings
    shards : sequence of int
        Partition numbers.
    start : {"zero", "snapshot"}
        From each shard's birth, or from the oldest snapshot that is kept: for topics that retention has cut.
    complete : bool
        Nothing may be missing up to the end that the input topics have now.
    progress : callable(done, total), optional
        Called with numbers of messages.

    Returns
    -------
    proofs : list of ShardProof
        One per shard. ``verdict_of`` sums them up.
    """
    done = 0
    with open_log(settings) as log:
        prover = Prover(settings, Models(settings), log, start=start, complete=complete)
        total = sum(prover.n_messages(shard) for shard in shards) if progress is not None else 0

        def report(n: int) -> None:
            nonlocal done
            done += n
            if progress is not None:
                progress(done, max(done, total))

        prover.progress = report
        return [prover.prove(shard) for shard in shards]
