"""The prover against a shard in memory: what is right is proven, and every kind of tampering is found."""

from __future__ import annotations

import struct
from dataclasses import replace

import pytest

from hftcore.proof.chaos.tape import TapeKind
from hftcore.proof.frames import Kind, sealed
from hftcore.proof.messages import Run, pack_hft, pack_lease, pack_runs


def header(message, name="hft"):
    return dict(message.headers)[name]


def with_headers(message, **new):
    return replace(message, headers=tuple({**dict(message.headers), **new}.items()))


def renumbered(message, by):
    seq, rest = struct.unpack_from("<Q", header(message))[0], header(message)[8:]
    return with_headers(message, hft=struct.pack("<Q", seq + by) + rest)


@pytest.mark.parametrize("form", ["packed", "json", "avro"])
@pytest.mark.parametrize("n_topics", [1, 2])
def test_a_shard_that_did_everything_right_is_proven(make_world, form, n_topics):
    world = make_world(TapeKind(5, 4000, form, n_topics, 1, ("poison", "duplicates", "gaps")), stale=(1000, 1500))
    proof = world.prove()
    assert proof.proven, (proof.cannot_tell, proof.findings.first)
    assert len(proof.outputs[0].records) > 50
    assert proof.compared[0].n_equal == len(proof.outputs[0].records)
    assert proof.n_left_out > 0
    assert proof.n_gaps > 0
    assert proof.n_stale > 0
    assert proof.journal_compared.n_equal == sum(len(log.records) for log in proof.outputs[:3])


def test_changes_of_settings_count_from_their_place(make_world):
    world = make_world(changes={1500: {"threshold_frac": 0.9}, 3000: {"threshold_frac": 0.55}})
    assert world.prove().proven
    moved = [with_headers(m, hft=pack_hft(*struct.unpack_from("<QI", header(m)), 1400))
             if b'"control": 1' in m.value else m for m in world.log.topics["orders"]]  # fmt: skip
    world.log.topics["orders"] = moved
    assert world.counts()["order"] > 0


@pytest.mark.parametrize("topic", ["decisions", "orders", "fills", "dead-letter"])
def test_a_dropped_message_is_a_gap(make_world, topic):
    world = make_world(TapeKind(5, 4000, "packed", 1, 1, ("poison",)))
    del world.log.topics[topic][12]
    assert world.counts()["gap"] == 1


@pytest.mark.parametrize("topic", ["decisions", "orders", "fills", "dead-letter"])
def test_a_dropped_last_message_is_a_gap_once_the_input_ended(make_world, topic):
    world = make_world(TapeKind(5, 4000, "packed", 1, 1, ("poison",)))
    del world.log.topics[topic][-1]
    assert world.prove(complete=False).proven
    assert world.counts()["gap"] == 1


def test_a_doubled_message_is_a_double(make_world):
    world = make_world()
    messages = world.log.topics["orders"]
    messages.insert(31, messages[30])
    assert world.counts()["double"] == 1


def test_two_swapped_messages_are_found(make_world):
    world = make_world()
    messages = world.log.topics["decisions"]
    messages[20], messages[21] = messages[21], messages[20]
    assert world.counts()["reordered"] == 1


def test_an_altered_byte_breaks_the_checksum_and_is_shown_field_by_field(make_world):
    world = make_world()
    messages = world.log.topics["decisions"]
    value = bytearray(messages[20].value)
    value[16 + 24] ^= 1  # lowest byte of the limit price
    messages[20] = replace(messages[20], value=bytes(value))
    proof = world.prove()
    assert proof.findings.counts == {"damaged": 1, "difference": 1}
    ((name, expected, found),) = next(f for f in proof.findings.first if f.kind == "difference").fields
    assert name == "limit_px_ticks"
    assert abs(int(expected) - int(found)) == 1


def test_an_altered_byte_with_a_right_checksum_is_a_difference(make_world):
    world = make_world()
    messages = world.log.topics["fills"]
    payload = bytearray(messages[20].value[16:])
    payload[40] ^= 1
    messages[20] = replace(messages[20], value=sealed(Kind.FILL, bytes(payload)))
    assert world.counts() == {"difference": 1}


def test_an_altered_key_is_a_difference(make_world):
    world = make_world()
    world.log.topics["orders"][9] = replace(world.log.topics["orders"][9], key=b"ZZZ")
    assert world.counts() == {"difference": 1}


def test_a_record_too_many_is_found(make_world):
    world = make_world()
    messages = world.log.topics["fills"]
    n = struct.unpack_from("<Q", header(messages[-1]))[0]
    messages.append(renumbered(messages[-1], 1))
    messages[-1] = with_headers(messages[-1], order=b"")
    counts = world.counts()
    assert counts == {"extra": 1}, n


def test_void_messages_are_dropped_and_counted(make_world):
    world = make_world()
    for topic in ("decisions", "orders"):
        messages = world.log.topics[topic]
        lease = replace(messages[0], value=sealed(Kind.LEASE, pack_lease(2, b"other")))
        late = [messages[50], messages[51]]  # of the first writer, sent after its time
        successor = [with_headers(m, hft=header(m)[:8] + struct.pack("<I", 2) + header(m)[12:]) for m in messages[50:]]
        world.log.topics[topic] = [*messages[:50], lease, late[0], successor[0], late[1], *successor[1:]]
    proof = world.prove()
    assert proof.proven, proof.findings.first
    assert [log.n_void for log in proof.outputs] == [2, 2, 0, 0]
    assert [log.n_leases for log in proof.outputs] == [2, 2, 1, 1]


def test_a_message_without_a_lease_is_found(make_world):
    world = make_world()
    message = world.log.topics["fills"][-1]
    world.log.topics["fills"][-1] = with_headers(message, hft=header(message)[:8] + b"\x09" + header(message)[9:])
    assert world.counts() == {"unleased": 1}


def test_outputs_that_tell_different_orders_are_found(make_world):
    world = make_world(TapeKind(5, 4000, "packed", 2, 1))
    messages = world.log.topics["fills"]
    at, n = next((i, len(header(m, "order")) // 8) for i, m in enumerate(messages)
                 if i > 20 and len(dict(m.headers).get("order", b"")) >= 16)  # fmt: skip
    assert n >= 2
    runs = [
        Run(lane, bool(stale), count)
        for lane, stale, _, count in struct.iter_unpack("<HBBI", header(messages[at], "order"))
    ]
    messages[at] = with_headers(messages[at], order=pack_runs([runs[1], runs[0], *runs[2:]]))
    assert world.counts() == {"order": 1}


def test_runs_that_do_not_add_up_are_found(make_world):
    world = make_world()
    message = world.log.topics["orders"][40]
    world.log.topics["orders"][40] = with_headers(message, order=pack_runs([Run(0, False, 1_000)]))
    assert world.counts()["order"] == 1


def test_a_message_of_somebody_else_is_found(make_world):
    world = make_world()
    world.log.topics["orders"].insert(5, replace(world.log.topics["orders"][5], headers=()))
    world.log.topics["fills"].insert(5, world.log.topics["orders"][8])
    assert world.counts() == {"damaged": 2}


@pytest.mark.parametrize("name", ["key", "value", "source", "reason"])
def test_an_altered_dead_letter_is_a_difference(make_world, name):
    world = make_world(TapeKind(5, 4000, "json", 1, 1, ("poison",)))
    messages = world.log.topics["dead-letter"]
    message = messages[7]
    if name in ("key", "value"):
        messages[7] = replace(message, **{name: getattr(message, name) + b"x"})
    else:
        messages[7] = with_headers(message, **{name: header(message, name) + b"x"})
    assert world.counts() == {"difference": 1}


def test_a_wrong_journal_byte_is_found_at_its_place(make_world):
    world = make_world()
    data = bytearray(world.journal.read_bytes())
    data[-100] ^= 4
    world.journal.write_bytes(data)
    proof = world.prove()
    assert set(proof.findings.counts) == {"journal"}
    assert "byte" in proof.findings.first[0].what


def test_a_torn_journal_is_short_and_not_wrong(make_world):
    world = make_world()
    data = world.journal.read_bytes()
    world.journal.write_bytes(data[:-30])
    assert world.prove(complete=False).proven
    assert world.counts() == {"journal": 1}


def test_inputs_that_are_gone_leave_it_open(make_world):
    world = make_world()
    world.log.low["in-0"] = 17
    proof = world.prove()
    assert not proof.proven
    assert "in-0 [0]: offsets 0 to 16 are gone by retention" in proof.cannot_tell


def test_inputs_that_were_altered_are_found(make_world):
    world = make_world()
    messages = world.log.topics["in-0"]
    messages[1000:2000] = messages[1999:999:-1]
    assert world.counts()["difference"] > 0


def test_a_shard_without_a_birth_leaves_it_open(make_world):
    world = make_world()
    for topic in ("decisions", "orders", "fills", "dead-letter"):
        world.log.topics[topic].clear()
    assert "birth" in world.prove().cannot_tell
