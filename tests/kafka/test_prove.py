"""``hftcore prove`` on a real cluster: an honest run is proven, and what was tampered with is found."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hftcore.cli import app
from hftcore.proof import load_settings, open_log
from hftcore.proof.chaos.round import Round
from hftcore.proof.chaos.tape import TapeKind, make_tape
from hftcore.proof.frames import Kind, sealed
from hftcore.proof.log import LogMessage

KIND = TapeKind(3, 6_000, "json", 2, 2, ("poison", "duplicates"))
Spoil = Callable[[list[LogMessage]], None]


@pytest.fixture(scope="module")
def honest(place) -> Iterator[Round]:
    """A daemon's life without any fault but two kills: what it left is proven again and again."""
    with Round(place, make_tape(KIND), random.Random(2)) as made:
        made.start()
        made.feed.start()
        for fraction in (0.3, 0.6):
            made.feed.wait_until(fraction)
            made.kill()
            made.start()
        made.drain()
        made.stop()
        yield made
        place.cluster.delete_topics(*made.inputs, *made.outputs)


@pytest.fixture
def prove(honest):
    """Run the command on the honest configuration, with some text of it replaced."""

    def run(*options: str, swap: tuple[str, str] = ("", "")) -> tuple[int, str]:
        config = honest.folder / "asked.toml"
        text = honest.config.read_text()
        config.write_text(text.replace(f'"{swap[0]}"', f'"{swap[1]}"') if swap[0] else text)
        result = CliRunner().invoke(app, ["prove", "--config", str(config), "--complete", *options])
        return result.exit_code, result.output

    return run


@pytest.fixture
def retold(honest, kafka, topics):
    """A copy of one of the outputs, spoiled in shard 0; returns its name beside the original's."""
    from confluent_kafka import Producer

    def tell(output: int, spoil: Spoil) -> tuple[str, str]:
        original = honest.outputs[output]
        copy = topics(partitions=KIND.n_partitions, name="retold")
        producer = Producer({"bootstrap.servers": kafka.bootstrap, "enable.idempotence": True})
        with open_log(load_settings(honest.config)) as log:
            for partition in range(KIND.n_partitions):
                messages = [
                    m for part in log.read(original, partition, *log.watermarks(original, partition)) for m in part
                ]
                if partition == 0:
                    spoil(messages)
                for m in messages:
                    producer.produce(copy, m.value, m.key, partition=partition, headers=list(m.headers))
        assert producer.flush(30.0) == 0
        return original, copy

    return tell


def test_an_honest_run_is_proven_and_its_report_holds(honest, prove, tmp_path):
    key, report = tmp_path / "key", tmp_path / "report.json"
    key.write_text("correct horse battery staple")
    code, text = prove("--report", str(report), "--key", str(key))
    assert code == 0, text
    told = json.loads(report.read_text())
    assert told["verdict"] == "proven"
    assert told["signature"]["kind"] == "hmac-sha256"
    assert sum(row["n_records"] for shard in told["shards"] for row in shard["outputs"]) > 500
    assert all(row["n_records"] == row["n_equal"] for shard in told["shards"] for row in shard["outputs"])
    assert CliRunner().invoke(app, ["prove", "--verify", str(report), "--key", str(key)]).exit_code == 0


def test_without_a_key_it_says_what_the_chain_is_worth(prove):
    code, text = prove()
    assert code == 0
    assert "no key was given" in text


@pytest.mark.parametrize("tamper", ["verdict", "head", "n_records", "signature", "other key"])
def test_a_forged_report_does_not_hold(prove, tmp_path, tamper):
    key, report = tmp_path / "key", tmp_path / "report.json"
    key.write_text("correct horse battery staple")
    assert prove("--report", str(report), "--key", str(key))[0] == 0
    told = json.loads(report.read_text())
    if tamper == "verdict":
        told["verdict"] = "not proven"
    elif tamper == "head":
        told["shards"][0]["outputs"][0]["head"] = "00" * 32
    elif tamper == "n_records":
        told["shards"][0]["outputs"][0]["n_records"] -= 1
    elif tamper == "signature":
        told["signature"] = {"kind": "none", "note": ""}
    else:
        key.write_text("a key that somebody else has")
    report.write_text(json.dumps(told))
    result = CliRunner().invoke(app, ["prove", "--verify", str(report), "--key", str(key)])
    assert result.exit_code == 1, result.output


def drop(messages: list[LogMessage]) -> None:
    del messages[40]


def double(messages: list[LogMessage]) -> None:
    messages.insert(41, messages[40])


def swap(messages: list[LogMessage]) -> None:
    messages[40], messages[41] = messages[41], messages[40]


def alter(messages: list[LogMessage]) -> None:
    value = bytearray(messages[40].value)
    value[-1] ^= 1
    messages[40] = replace(messages[40], value=bytes(value))


def reseal(messages: list[LogMessage]) -> None:
    payload = bytearray(messages[40].value[16:])
    payload[24] ^= 1
    messages[40] = replace(
        messages[40], value=sealed(Kind(struct.unpack_from("<H", messages[40].value, 8)[0]), bytes(payload))
    )


@pytest.mark.parametrize(
    ("spoil", "word"),
    [(drop, "gap"), (double, "double"), (swap, "reordered"), (alter, "damaged"), (reseal, "difference")],
)
@pytest.mark.parametrize("output", [0, 1, 2])
def test_tampering_with_an_output_is_found(prove, retold, output, spoil, word):
    code, text = prove(swap=retold(output, spoil))
    assert code == 1, text
    assert word in text


def test_a_dead_letter_that_was_dropped_is_found(prove, retold):
    code, text = prove(swap=retold(3, drop))
    assert code == 1, text
    assert "gap" in text


def test_a_wrong_journal_byte_is_found(honest, prove):
    journal = load_settings(honest.config).journal_path(0)
    data = journal.read_bytes()
    try:
        journal.write_bytes(data[:-100] + bytes([data[-100] ^ 1]) + data[-99:])
        code, text = prove()
    finally:
        journal.write_bytes(data)
    assert code == 1, text
    assert "journal" in text


def test_another_instrument_table_proves_nothing(honest, prove):
    table: Path = honest.folder / "instruments.json"
    text = table.read_text()
    try:
        table.write_text(text.replace('"lot":[1,1]', '"lot":[2,1]'))
        code, told = prove()
    finally:
        table.write_text(text)
    assert code in (1, 2), told


def test_from_a_snapshot_the_rest_is_proven(prove, tmp_path):
    report = tmp_path / "report.json"
    code, text = prove("--from", "snapshot", "--report", str(report))
    assert code == 0, text
    told = json.loads(report.read_text())
    assert all(shard["from"]["name"].startswith("snapshot-") for shard in told["shards"])
    assert CliRunner().invoke(app, ["prove", "--verify", str(report)]).exit_code == 0


def test_inputs_gone_by_retention_leave_it_open_and_say_which(honest, prove, kafka):
    from confluent_kafka import TopicPartition
    from confluent_kafka.admin import AdminClient

    topic = honest.inputs[1]
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.delete_records([TopicPartition(topic, 0, 5)]).values():
        future.result()
    code, text = prove("--shard", "0")
    assert code == 2, text
    assert "offsets 0 to 4 are gone by retention" in text
    code, text = prove("--from", "snapshot")  # its inputs are behind what was deleted
    assert code == 0, text
