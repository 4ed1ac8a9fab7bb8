"""Where events go, as one text."""

from __future__ import annotations

import pytest

from hftcore.errors import ParameterError
from hftcore.kafka import KafkaTarget
from hftcore.records import EventKind


def test_one_topic_takes_every_kind() -> None:
    target = KafkaTarget.parse("kafka:127.0.0.1:9092,localhost:9093/ticks")
    assert target.bootstrap == "127.0.0.1:9092,localhost:9093"
    assert target.names == ("ticks",)
    assert set(target.topics) == set(EventKind)


def test_topics_by_kind() -> None:
    target = KafkaTarget.parse("kafka:[::1]:9092/trades=t.trades,quotes=q,book=q")
    assert target.topics == {EventKind.TRADE: "t.trades", EventKind.QUOTE: "q", EventKind.BOOK_LEVEL: "q"}
    assert target.names == ("t.trades", "q")


@pytest.mark.parametrize(
    "text",
    [
        "ticks",
        "file:a/b",
        "kafka:127.0.0.1:9092",
        "kafka:127.0.0.1:9092/",
        "kafka:127.0.0.1/ticks",
        "kafka::9092/ticks",
        "kafka:127.0.0.1:99999/ticks",
        "kafka:127.0.0.1:9092,/ticks",
        "kafka:127.0.0.1:9092/trades=a,trades=b",
        "kafka:127.0.0.1:9092/trade=a",
        "kafka:127.0.0.1:9092/trades=",
        "kafka:127.0.0.1:9092/trades=a,b",
    ],
)
def test_anything_else_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ParameterError, match=r"to must read kafka:HOST:PORT"):
        KafkaTarget.parse(text)
