"""Where events go: brokers and the topic of each kind of event, written as one text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from hftcore.errors import ParameterError
from hftcore.records import EventKind

KINDS: Final[Mapping[str, EventKind]] = {
    "trades": EventKind.TRADE,
    "quotes": EventKind.QUOTE,
    "book": EventKind.BOOK_LEVEL,
    "control": EventKind.CONTROL,
}

_FORM = "kafka:HOST:PORT[,HOST:PORT]/TOPIC, or /trades=TOPIC,quotes=TOPIC,book=TOPIC,control=TOPIC"


@dataclass(frozen=True, slots=True)
class KafkaTarget:
    """Brokers, and the topic of each kind of event; kinds that are not named have no topic."""

    bootstrap: str
    topics: Mapping[EventKind, str]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``kafka:HOST:PORT/TOPIC`` (all kinds) or ``kafka:HOST:PORT/trades=T,quotes=Q`` (by kind).

        Raises
        ------
        ParameterError
            If the text has another form, or names a kind that there is none of, or one twice.
        """
        scheme, _, rest = text.partition(":")
        bootstrap, slash, names = rest.partition("/")
        brokers = bootstrap.split(",")
        if scheme != "kafka" or not slash or not names or not all(_is_address(broker) for broker in brokers):
            raise ParameterError(f"to must read {_FORM}; was {text!r}")
        if "=" not in names:
            return cls(bootstrap, dict.fromkeys(KINDS.values(), names))
        topics: dict[EventKind, str] = {}
        for pair in names.split(","):
            kind, equals, topic = pair.partition("=")
            if kind not in KINDS or not equals or not topic or KINDS[kind] in topics:
                raise ParameterError(f"to must read {_FORM}; {pair!r} does not fit in {text!r}")
            topics[KINDS[kind]] = topic
        return cls(bootstrap, topics)

    @property
    def names(self) -> tuple[str, ...]:
        """The topics, each once."""
        return tuple(dict.fromkeys(self.topics.values()))


def _is_address(broker: str) -> bool:
    host, colon, port = broker.rpartition(":")
    return bool(host and colon) and port.isdecimal() and 0 < int(port) < 65_536
