"""Whatever twins of a batch's attempts do to a topic, its reader sees each message once and in order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftcore.errors import KafkaError, ParameterError
from hftcore.kafka import Once
from hftcore.kafka.batch_headers import MessageId, batch_of, pack_batch

KEYS = (b"AAA", b"BBB")
Message = tuple[bytes, MessageId]


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[Message], list[Message]]:
    """What the engine said, and a log of it.

    A batch has several attempts, all alive at once, and any of them may write its next message at any time; those of
    earlier batches may still be writing. An attempt that begins may leave out what it found in the log. The next batch
    begins when one attempt is through.
    """
    said: list[Message] = []
    log: list[Message] = []
    alive: list[list[Message]] = []  # what each attempt has still to write
    offset = 0
    for _ in range(draw(st.integers(1, 4))):
        batch: list[Message] = []
        for _ in range(draw(st.integers(0, 5))):
            offset += draw(st.integers(0, 3))
            ordinal = batch[-1][1].ordinal + 1 if batch and batch[-1][1].offset == offset else 0
            if said and not batch and said[-1][1].offset == offset:
                offset += 1
            batch.append((draw(st.sampled_from(KEYS)), MessageId("7:0", offset, ordinal)))
        said += batch
        attempts: list[list[Message]] = []
        while not attempts or all(attempts):
            if not attempts or (len(attempts) < 4 and draw(st.booleans())):
                looked_back = draw(st.booleans())
                attempts.append([one for one in batch if not (looked_back and one in log)])
            writers = [one for one in (*alive, *attempts) if one]
            if writers:
                log.append(draw(st.sampled_from(writers)).pop(0))
        alive += attempts
    return said, log


@given(logs())
def test_each_message_once_and_in_order(drawn: tuple[list[Message], list[Message]]) -> None:
    said, log = drawn
    once = Once()
    assert [one for one in log if once.take("t", 0, *one)] == said
    assert once.n_dropped == len(log) - len(said)


@given(logs(), st.data())
def test_a_reader_that_is_restarted_anywhere_goes_on(
    drawn: tuple[list[Message], list[Message]], data: st.DataObject
) -> None:
    said, log = drawn
    at = data.draw(st.integers(0, len(log)))
    first = Once()
    seen = [one for one in log[:at] if first.take("t", 0, *one)]
    second = Once(first.state)
    again = data.draw(st.integers(0, at))  # it may read some messages again
    assert seen + [one for one in log[again:] if second.take("t", 0, *one)] == said


def test_lanes_are_apart() -> None:
    once = Once()
    name = MessageId("7:0", 5, 0)
    assert once.take("t", 0, b"A", name)
    assert not once.take("t", 0, b"A", name)
    assert once.take("u", 0, b"A", name)
    assert once.take("t", 1, b"A", name)
    assert once.take("t", 0, b"B", name)
    assert once.take("t", 0, None, name)
    assert once.take("t", 0, b"A", MessageId("8:0", 5, 0)), "another epoch"
    assert not once.take("t", 0, b"A", MessageId("7:0", 4, 9))


def test_headers_give_the_id() -> None:
    headers = [("kind", b"fill"), ("id", b"7:2:41:1"), ("batch", pack_batch(3))]
    assert MessageId.of_headers(headers, "t [0]") == MessageId("7:2", 41, 1)
    assert batch_of(headers) == 3
    assert MessageId.of_headers([("source", b"in:1:9")], "t [0]") == MessageId("in:1", 9, 0)
    assert Once().fresh("t", 0, b"A", headers)
    for bad in (None, [], [("id", b"7:2:41")], [("id", b"a:b:c:d")], [("source", b"x")]):
        with pytest.raises(KafkaError, match=r"t \[0\]: headers .* give no id: no message of hs.publish"):
            MessageId.of_headers(bad, "t [0]")
    frame = bytes(16) + (3 << 48 | 12).to_bytes(8, "little") + (7).to_bytes(4, "little") + (2).to_bytes(4, "little")
    assert str(MessageId.of_frame(frame)) == "7:3:12:2"


def test_a_state_that_is_none_is_refused() -> None:
    for bad in ("", "{}", "[]", '{"version": 2, "last": []}', '{"version": 1, "last": [[1]]}'):
        with pytest.raises(ParameterError, match="state must be"):
            Once(bad)
