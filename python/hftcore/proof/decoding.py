"""Messages to events: the core's decoder, and the schemas that it asks for on the way."""

from __future__ import annotations

import json
import struct
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import ProofError
from hftcore.proof.settings import DaemonSettings
from hftcore.records import EventArray

Decoded = tuple[EventArray, npt.NDArray[np.int64], list[tuple[int, str]]]
_AVRO_HEAD = struct.Struct(">bI")  # 0, schema id
_PATIENCE_S = 5.0


class MessageDecoder:
    """Decodes one shard's messages; a schema that no file holds is fetched from the registry, where there is one."""

    def __init__(self, settings: DaemonSettings, instruments: Sequence[Any], ids: Sequence[int]) -> None:
        self._settings = settings
        self._parts = list(instruments), list(ids)
        self._schemas: dict[Any, str] = dict(settings.schemas)
        self._no_events: set[int] = set()  # ids of schemas of something else: their messages are poison
        self._decoder = self._made(self._schemas) if self._schemas or settings.wire_format != "avro" else None

    def decode(self, values: Sequence[bytes]) -> Decoded:
        """Events, the place of each among the values, and (place, reason) of those that are none."""
        if self._settings.registry:
            for number in sorted(_schema_ids(values) - self._schemas.keys() - self._no_events):
                self._learn(number)
        if self._decoder is None:
            raise ProofError("no Avro schema is known: neither a file nor the registry has one")
        decoded: Decoded = self._decoder.decode(list(values))
        return decoded

    def _learn(self, number: int) -> None:
        text = fetch_schema(self._settings.registry, number)
        try:
            self._decoder = self._made({**self._schemas, number: text}) if text else self._decoder
        except ValueError:
            text = ""
        if text:
            self._schemas[number] = text
        else:
            self._no_events.add(number)

    def _made(self, schemas: dict[Any, str]) -> Any:
        return _core.event.WireDecoder(self._settings.wire_format, *self._parts, schemas)


def fetch_schema(registry: str, number: int) -> str:
    """A schema's text, empty where the registry has none of that id. Raises ProofError where it does not answer."""
    url = f"{registry.rstrip('/')}/schemas/ids/{number}"
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE_S) as answer:
            return str(json.load(answer)["schema"])
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return ""
        raise ProofError(f"{url}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ProofError(f"{url}: {error}") from error


def _schema_ids(values: Sequence[bytes]) -> set[int]:
    heads = (_AVRO_HEAD.unpack_from(value) for value in values if len(value) >= _AVRO_HEAD.size)
    return {number for magic, number in heads if magic == 0}
