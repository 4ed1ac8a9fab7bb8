"""The daemon beside bare Kafka, on a real cluster on the same cores: python bench/kafka/latency.py [--help].

A slower number here means that the daemon adds more to what Kafka costs anyway: every figure stands beside a bare loop
of the same run, and blocks of the two take turns, so that a machine that slows down slows both. The load is an open
loop, and latency counts from the moment at which a message was due.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from failover import lose_leader
from rich.console import Console
from rich.table import Table
from stand import (
    CONSUMER,
    FEED,
    PRODUCER,
    Stand,
    Tape,
    demo_artifact,
    machine,
    make_tape,
    page_of,
    stump_artifact,
    wait_for_count,
    write_results,
)

from hftcore.kafka import Cluster
from hftcore.kafka.hop import measure_hop
from hftcore.proof.chaos.model import busy_artifact
from hftcore.proof.chaos.process import DaemonProcess

console = Console(width=200)
_US = 1e-3
_GOALS = {"p50_ratio": 2.2, "p99_ratio": 2.0, "own_share_us": 20.0}


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured for how long."""

    rates: tuple[float, ...]
    seconds: float
    blocks: int
    drain_messages: int
    work: Path
    artifact: Path | None
    warm_up_s: float


def warm_up(stand: Stand, options: Options) -> None:
    """Let the brokers compile what they do most: a fresh one is several times slower."""
    tape = make_tape(int(20_000 * options.warm_up_s))
    topic = stand.topics()["ticks"]
    for _ in range(2):
        _hop(stand, topic, tape, slice(None), 20_000.0)


def hops(stand: Stand, options: Options) -> list[dict[str, Any]]:
    """One hop through Kafka, and two with the daemon between, block by block in turns."""
    artifact = _busy(options)
    rows = []
    for rate in options.rates:
        n = int(rate * options.seconds)
        bare, through, own = [], [], []
        topics = stand.topics()
        tape = make_tape(n * options.blocks, rate)  # event time runs as the clock does
        config = stand.config(topics, artifact, tape)
        with stand.daemon(config):
            for block in range(options.blocks):
                part = slice(block * n, (block + 1) * n)
                bare.append(_hop(stand, stand.topics()["ticks"], tape, part, rate))
                through.append(_hop(stand, topics["ticks"], tape, part, rate, decisions=topics["decisions"]))
            own.append(page_of(config)["histograms"]["publisher"]["publish"])
        rows.append(_hop_row(rate, bare, through, own[-1]))
        console.print(f"{rate:,.0f}/s: {rows[-1]}")
    return rows


def _busy(options: Options) -> Path:
    """A small forest that decides often: latency is measured on decisions, so there must be many."""
    path = options.work / "busy.hft"
    if not path.exists():
        busy_artifact(path)
    return path


def _hop(
    stand: Stand, topic: str, tape: Tape, part: slice, rate: float, decisions: str | None = None
) -> dict[str, Any]:
    figures = measure_hop(
        stand.cluster.bootstrap,
        topic,
        tape.values[part],
        rate,
        keys=tape.keys,
        key_of=tape.key_of[part],
        decisions=decisions,
        warm_up=int(rate / 2),
        producer=FEED,
        consumer=CONSUMER,
    )
    if figures["n_lost"] or figures["error"]:
        raise RuntimeError(f"{topic}: {figures['n_lost']} messages lost, {figures['error']}")
    return figures


def _hop_row(
    rate: float, bare: list[dict[str, Any]], through: list[dict[str, Any]], own: dict[str, Any]
) -> dict[str, Any]:
    """Medians over the blocks: one block that met a collection of a broker does not decide."""
    row: dict[str, Any] = {"rate_hz": rate, "decisions": sum(f["n_matched"] for f in through)}
    for name in ("p50", "p99", "p99_9"):
        one = statistics.median(f["latency_ns"][name] for f in bare) * _US
        two = statistics.median(f["latency_ns"][name] for f in through) * _US
        row |= {f"bare_{name}_us": one, f"daemon_{name}_us": two, f"{name}_ratio": two / one}
    row |= {f"own_{name}_us": own[f"{name}_ns"] * _US for name in ("p50", "p99", "p99_9")}
    row["rate_reached_hz"] = min(f["rate_hz"] for f in through)
    return row


def drain(stand: Stand, options: Options) -> list[dict[str, Any]]:
    """How fast a daemon that comes late takes a backlog: decode, features, forest, decision, journal, publishing."""
    rows = []
    tape = make_tape(options.drain_messages)
    choices = {
        "demo's forest": (
            options.artifact or demo_artifact(options.work),
            'threshold = 0.7\norder_qty = 1\ncooldown = "1s"\nhold = "60s"',
        ),
        "no forest": (stump_artifact(options.work), "threshold = 0.99"),
        "no forest, untimed": (stump_artifact(options.work), "threshold = 0.99"),
    }
    for name, (artifact, strategy) in choices.items():
        topics = stand.topics()
        config = stand.config(topics, artifact, tape, timed="untimed" not in name, strategy=strategy)
        measure_hop(
            stand.cluster.bootstrap, topics["ticks"], tape.values, 200_000, keys=tape.keys, key_of=tape.key_of,
            producer={**PRODUCER, "linger.ms": "5", "batch.size": "1000000"}, consumer=CONSUMER,
        )  # fmt: skip
        with stand.daemon(config):
            begin, first = _first_taken(config)
            wait_for_count(config, "hot", "inputs", len(tape.values))
            seconds = time.monotonic() - begin
            page = page_of(config)
            rows.append(
                {
                    "model": name,
                    "messages": len(tape.values) - first,
                    "rate_hz": (len(tape.values) - first) / seconds,
                    "decisions": page["counters"]["hot"]["decisions"],
                    "stages_ns": {
                        stage: {k: found[k] for k in ("p50_ns", "p99_ns", "p99_9_ns")}
                        for stage, found in page["histograms"]["hot"].items()
                        if found["count"]
                    },
                }
            )
        console.print(rows[-1])
    return rows


def _first_taken(config: Path) -> tuple[float, int]:
    """When the first inputs had been taken, and how many."""
    while True:
        n = page_of(config)["counters"]["hot"]["inputs"]
        if n:
            return time.monotonic(), n
        time.sleep(0.0005)


def leader_loss(stand: Stand, options: Options) -> list[dict[str, Any]]:
    """The gap in decisions when the leader of input and decisions goes: from the new leader's election on."""
    artifact = _busy(options)
    rows = []
    for how in ("kill -9", "SIGTERM"):
        for _ in range(options.blocks):
            rows.append(lose_leader(stand, artifact, how))
            console.print(rows[-1])
            stand.cluster.heal()
    return rows


def recovery(stand: Stand, options: Options) -> list[dict[str, Any]]:
    """From kill -9 of the daemon to live again, with 5 s snapshots, at 20,000 messages a second."""
    artifact = _busy(options)
    rate, seconds = 20_000.0, 8.0 + 3.0 * options.blocks
    tape = make_tape(int(rate * seconds))
    topics = stand.topics()
    config = stand.config(topics, artifact, tape)
    feeding = threading.Thread(
        target=lambda: measure_hop(
            stand.cluster.bootstrap, topics["ticks"], tape.values, rate, keys=tape.keys, key_of=tape.key_of,
            producer={**PRODUCER, "linger.ms": "1"}, consumer=CONSUMER,
        )
    )  # fmt: skip
    rows = []
    with stand.daemon(config) as daemon:
        feeding.start()
        time.sleep(8.0)
        for _ in range(options.blocks):
            daemon.kill()
            killed = time.monotonic()
            daemon = DaemonProcess(config, config.with_name("daemon.log"))
            rows.append({"kill_to_live_s": daemon.wait_for("live", 60.0) - killed})
            console.print(rows[-1])
            time.sleep(2.0)
        feeding.join()
        daemon.stop()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", default="1000,5000,20000,50000")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a block")
    parser.add_argument("--blocks", type=int, default=5, help="blocks of each kind, taking turns")
    parser.add_argument("--warm-up", type=float, default=10.0, help="seconds of load on the brokers before, twice")
    parser.add_argument("--drain-messages", type=int, default=2_000_000)
    parser.add_argument("--artifact", type=Path, help="model of the drain; default: the demo's, which takes a minute")
    parser.add_argument("--threads", default='wait = "block"', help="lines of [threads], separated by semicolons")
    parser.add_argument("--only", default="hops,drain,leader_loss,recovery")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "results" / "kafka.json")
    given = parser.parse_args()
    parts = {"hops": hops, "drain": drain, "leader_loss": leader_loss, "recovery": recovery}
    wanted = given.only.split(",")
    if unknown := sorted(set(wanted) - set(parts)):
        sys.exit(f"--only: must be of {', '.join(parts)}, had {', '.join(unknown)}")
    rates = tuple(float(rate) for rate in given.rates.split(","))
    with (
        tempfile.TemporaryDirectory(prefix="hftcore-bench-") as work,
        Cluster(failover="fast") as cluster,
    ):
        options = Options(
            rates, given.seconds, given.blocks, given.drain_messages, Path(work), given.artifact, given.warm_up
        )
        stand = Stand(cluster, Path(work), given.threads.replace(";", "\n"))
        warm_up(stand, options)
        results: dict[str, Any] = {"machine": machine(), "method": __doc__, "goals": _GOALS, "threads": given.threads}
        for name in wanted:
            results[name] = parts[name](stand, options)
            write_results(given.out, results)
    for name in wanted:
        _print(name, results[name])


_COLUMNS = {
    "hops": ("rate_hz", "bare_p50_us", "daemon_p50_us", "p50_ratio", "bare_p99_us", "daemon_p99_us", "p99_ratio",
             "bare_p99_9_us", "daemon_p99_9_us", "p99_9_ratio", "own_p50_us", "own_p99_us", "decisions"),
    "drain": ("model", "messages", "rate_hz", "decisions"),
    "leader_loss": ("how", "leads_decisions_too", "new_leader_after_s", "gap_s", "added_s", "decisions"),
    "recovery": ("kill_to_live_s",),
}  # fmt: skip


def _print(name: str, rows: list[dict[str, Any]]) -> None:
    shown = Table(*_COLUMNS[name], title=name)
    for row in rows:
        shown.add_row(*(f"{row[c]:,.2f}" if isinstance(row[c], float) else str(row[c]) for c in _COLUMNS[name]))
    console.print(shown)


if __name__ == "__main__":
    main()
