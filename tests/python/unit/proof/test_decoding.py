"""Schemas that the proof fetches from a registry."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import hftcore
from hftcore.errors import ProofError
from hftcore.proof.chaos.tape import TapeKind
from hftcore.proof.decoding import MessageDecoder
from hftcore.proof.reference import shard_instruments

KIND = TapeKind(5, 4000, "avro", 1, 1)


@pytest.fixture
def registry() -> Iterator[str]:
    """Has the event's schema as number 1, another record's as number 2."""
    event = (Path(hftcore.__file__).parent / "schema" / "event.avsc").read_text()
    other = json.dumps({"type": "record", "name": "Other", "fields": [{"name": "x", "type": "long"}]})
    answers = {"/schemas/ids/1": event, "/schemas/ids/2": other}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = answers.get(self.path)
            self.send_response(200 if text else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"schema": text}).encode() if text else b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_a_schema_of_the_registry_decodes_what_one_of_a_file_does(make_world, registry):
    world = make_world(KIND)
    parts = shard_instruments(world.settings, 0)
    values = [message.value for message in world.log.topics["in-0"][:50]]
    values[7] = b"\0\0\0\0\2" + values[7][5:]  # a schema of something else
    values[9] = b"\0\0\0\0\3" + values[9][5:]  # one that the registry has not
    from_file = MessageDecoder(world.settings, *parts).decode(values)
    fetched = MessageDecoder(replace(world.settings, schemas={}, registry=registry), *parts).decode(values)
    assert fetched[0].tobytes() == from_file[0].tobytes()
    assert [place for place, _ in fetched[2]] == [7, 9]


def test_a_registry_that_does_not_answer_leaves_it_open(make_world):
    world = make_world(KIND)
    decoder = MessageDecoder(
        replace(world.settings, schemas={}, registry="http://127.0.0.1:1"), *shard_instruments(world.settings, 0)
    )
    with pytest.raises(ProofError, match="/schemas/ids/1"):
        decoder.decode([world.log.topics["in-0"][0].value])
