"""What is done to a daemon and its brokers: each fault starts the daemon and the feed, hurts, and notes what happened.

A fault that did not happen raises, so that no round counts that showed nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hftcore.errors import ChaosError
from hftcore.proof.chaos.disks import own_disk
from hftcore.proof.chaos.round import Round

LOCKED, FENCED, INPUT_LOST, DISK = 4, 5, 6, 8  # exit codes of hftcored
_SNAPSHOTS = "snapshot-*.hfts"


def die_at(point: str, least: int, most: int) -> Callable[[Round], None]:
    """Die at the n-th visit of a point, n drawn between the two."""

    def act(r: Round) -> None:
        fault = f"{point}:{r.draw.randint(least, most)}"
        r.start(fault)
        r.feed.start()
        r.dies_of_fault(fault)
        r.start()

    return act


def _kill_in(r: Round, low: float, high: float) -> None:
    r.feed.wait_until(r.draw.uniform(low, high))
    r.kill()


def _begin(r: Round) -> None:
    r.start()
    r.feed.start()


def kill_anywhere(r: Round) -> None:
    _begin(r)
    for part in range(3):
        _kill_in(r, 0.3 * part + 0.05, 0.3 * part + 0.3)
        r.start()


def kill_during_recovery(r: Round) -> None:
    # Without snapshots the whole history is replayed, so there is a recovery to be hit.
    _begin(r)
    _kill_in(r, 0.5, 0.8)
    fault = f"during_recovery:{r.draw.randint(1, 400)}"
    r.start(fault, wait=False)
    r.dies_of_fault(fault)
    r.start()


def kill_twice(r: Round) -> None:
    fault = f"after_produce:{r.draw.randint(20, 200)}"
    r.start(fault)
    r.feed.start()
    r.dies_of_fault(fault)
    again = f"after_decision:{r.draw.randint(1, 20)}"
    r.start(again, wait=False)
    r.dies_of_fault(again)
    r.start()


def broker_kill(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.3)
    cluster, topic = r.place.hurtable, r.outputs[0]
    leader = cluster.leader(topic)
    cluster.kill(leader)
    successor = cluster.wait_for_leader(topic, other_than=leader)
    r.note(f"broker {leader} killed, broker {successor} leads decisions")
    cluster.restart(leader)
    r.note(f"broker {leader} is back")


def broker_pause(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.3)
    cluster = r.place.hurtable
    leader = cluster.leader(r.inputs[0])
    cluster.pause(leader)
    time.sleep(min(r.place.long_pause_s, 8.0))
    cluster.resume(leader)
    r.note(f"broker {leader}, leader of the input, paused for {min(r.place.long_pause_s, 8.0):g} s")


def leader_move(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.3)
    cluster, topic = r.place.hurtable, r.outputs[0]
    leader = cluster.leader(topic)
    cluster.terminate(leader)
    successor = cluster.wait_for_leader(topic, other_than=leader)
    cluster.restart(leader)
    cluster.wait_in_sync()
    r.note(f"lead of decisions moved from broker {leader} to {successor} in order")
    for output in r.outputs:
        for partition in range(r.tape.kind.n_partitions):
            cluster.admin().elect(output, partition)
    r.wait_until(lambda: cluster.leader(topic) == leader, "the lead's way back")
    r.note(f"and back to {leader}")


def daemon_pause(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.3)
    r.daemon.pause()
    time.sleep(r.place.long_pause_s)
    if r.daemon.state() != "T":
        raise ChaosError("hftcored did not stay frozen")
    r.daemon.resume()
    r.note(f"frozen for {r.place.long_pause_s:g} s")


def journal_full(r: Round) -> None:
    disk = own_disk(r, r.state)
    _begin(r)
    r.feed.wait_until(r.draw.uniform(0.2, 0.6))
    r.daemon.pause()  # or it may have written all of the tape before the disk is full
    r.note(disk.fill(r.daemon, 4096))
    r.daemon.resume()
    r.ends_with(DISK)
    disk.empty()
    r.start()


def snapshots_full(r: Round) -> None:
    _begin(r)
    r.wait_until(lambda: len(r.files(_SNAPSHOTS)) >= r.tape.kind.n_partitions, "a snapshot of each shard")
    r.kill()
    disks = [own_disk(r, folder) for folder in sorted({path.parent for path in r.files(_SNAPSHOTS)})]
    half = r.files(_SNAPSHOTS)[-1].stat().st_size // 2
    daemon = r.start()
    for disk in disks:
        r.note(disk.close_to_new_files(daemon, half))
    r.wait_until(lambda: daemon.said("cannot be"), "a word about a snapshot that failed")
    if daemon.running:
        r.feed.wait_until(0.8)
        r.kill()
    else:
        r.ends_with(DISK)
    for disk in disks:
        disk.empty()
    r.start()


def corrupt_snapshot(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.4)
    r.wait_until(lambda: len(r.files(_SNAPSHOTS)) >= 2 * r.tape.kind.n_partitions, "two snapshots of a shard")
    r.kill()
    folders = {path.parent for path in r.files(_SNAPSHOTS)}
    for folder in sorted(folders):
        newest = max(folder.glob(_SNAPSHOTS), key=lambda path: int(path.stem.split("-")[1]))
        data = bytearray(newest.read_bytes())
        at = r.draw.randrange(len(data) // 2, len(data))
        data[at] ^= 1 << r.draw.randrange(8)
        newest.write_bytes(data)
        r.note(f"one bit of {newest.parent.name}/{newest.name} turned, byte {at} of {len(data)}")
    daemon = r.start()
    if not daemon.said("hfts"):
        raise ChaosError("hftcored did not speak of the damaged snapshot")


def defects(r: Round) -> None:
    """What is wrong is on the tape; one kill on top."""
    if r.tape.n_defects == 0:
        raise ChaosError("the tape has no defects")
    r.note(f"{r.tape.n_defects} defects on the tape: {', '.join(r.tape.kind.defects)}")
    _begin(r)
    _kill_in(r, 0.3, 0.8)
    r.start()


def retention(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.4)
    r.wait_until(lambda: len(r.files(_SNAPSHOTS)) >= r.tape.kind.n_partitions, "a snapshot of each shard")
    r.kill()
    r.feed.finish()
    cut = _delete_records(r)
    r.note(f"inputs cut to {cut}")
    r.start(wait=False)
    r.ends_with(INPUT_LOST)
    r.finishes = False


def same_folder_twice(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.3)
    first = r.daemon
    begun = time.monotonic()
    second = r.start(wait=False)
    r.ends_with(LOCKED)
    r.note(f"the second daemon refused after {time.monotonic() - begun:.2f} s")
    if not first.running:
        raise ChaosError("the first daemon did not survive the second")
    r.daemons.remove(second)


def two_folders(r: Round) -> None:
    _begin(r)
    r.feed.wait_until(0.3)
    first = r.daemon
    other = r.write_config("other.toml", "other")
    r.start(config=other)
    r.ends_with(FENCED, first)
    r.note("the daemon of the other folder took over")
    r.config = other


def zombie(r: Round) -> None:
    """A daemon sleeps through its succession and wakes up with outputs in its hands."""
    _begin(r)
    r.feed.wait_until(0.25)
    first = r.daemon
    first.pause()
    other = r.write_config("other.toml", "other")
    r.start(config=other)
    r.note("another daemon took over while the first was frozen")
    r.feed.wait_until(0.6)
    first.resume()
    r.ends_with(FENCED, first)
    r.config = other


def _delete_records(r: Round) -> str:
    """Have the brokers delete the inputs, all but the last ten, as retention would."""
    from confluent_kafka import Consumer, TopicPartition
    from confluent_kafka.admin import AdminClient

    settings: dict[str, Any] = {"bootstrap.servers": r.place.cluster.bootstrap}
    consumer = Consumer({**settings, "group.id": "chaos"})
    wanted = []
    for topic in r.inputs:
        for partition in range(r.tape.kind.n_partitions):
            _, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10.0)
            wanted.append(TopicPartition(topic, partition, max(high - 10, 0)))
    consumer.close()
    admin = AdminClient(settings)  # a name of its own: an answer does not outlive its client
    for future in admin.delete_records(wanted).values():
        future.result()
    return ", ".join(f"{one.topic}:{one.partition} from {one.offset}" for one in wanted)
