"""Messages against independent readers and writers: json with Fraction, struct offsets, fastavro and its evolution."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from fractions import Fraction
from importlib import resources
from typing import Any

import fastavro
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore import _core

FORMATS = ("packed", "json", "avro")
OWN_SCHEMA = resources.files("hftcore").joinpath("schema/event.avsc").read_text()
OWN = fastavro.parse_schema(json.loads(OWN_SCHEMA))
KINDS = {1: "trade", 2: "quote", 3: "book_level", 4: "control"}
SIDES = {0: "unknown", 1: "buy", 2: "sell"}
QUOTE = ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")
FIELDS = {1: ("px_ticks", "qty_lots"), 2: QUOTE, 3: ("px_ticks", "qty_lots", "update_id"), 4: ("px_ticks",)}
AVRO_NAME = {4: {"px_ticks": "code"}}  # Control::code lies where a price would
TABLE = hc.InstrumentTable(
    [
        hc.Instrument("AAA"),
        hc.Instrument("BTC-USD", (1, 2), (1, 100_000_000), -(2**52), 2**52),
        hc.Instrument("A.SYMBOL-OF-THIRTY-TWO-BYTES.123", (25, 10**9), (1000, 1), 1, 2**48),
    ]
)
IDS = list(range(len(TABLE)))
Row = dict[str, int]


@st.composite
def records(draw: st.DrawFn) -> Row:
    kind = draw(st.sampled_from(list(KINDS)))
    row = {
        "kind": kind,
        "symbol_id": draw(st.sampled_from(IDS)),
        "flags": draw(st.sampled_from([*range(16), 32, 34, 47])),
    }
    row |= {"ts_event_ns": draw(st.integers(0, 2**62)), "ts_recv_ns": draw(st.integers(0, 2**62))}
    row["source_seq"] = draw(st.integers(0, 2**64 - 1))
    if kind in (1, 3):
        row["side"] = draw(st.integers(0 if kind == 1 else 1, 2))
    instrument = TABLE[row["symbol_id"]]
    for name in FIELDS[kind]:
        if kind == 4 or name == "update_id":
            row[name] = draw(st.integers(-(2**63), 2**63 - 1))
        elif name.endswith("_ticks"):
            row[name] = draw(st.integers(instrument.min_px_ticks, instrument.max_px_ticks))
        else:
            row[name] = draw(st.integers(0, 2**53 // instrument.lot[0]))
    return row


def as_events(rows: list[Row]) -> npt.NDArray[np.void]:
    events: npt.NDArray[np.void] = _core.event.empty_events(len(rows))
    for i, row in enumerate(rows):
        for name, value in row.items():
            events[name][i] = value
    return events


def decoder(form: str, schemas: dict[int, str] | None = None) -> Any:
    return _core.event.WireDecoder(form, TABLE._native(), IDS, schemas or {1: OWN_SCHEMA})


DECODERS = {form: decoder(form) for form in FORMATS}


def encode(rows: list[Row], form: str) -> list[bytes]:
    messages: list[bytes] = _core.event.encode_messages(form, as_events(rows), TABLE._native())
    return messages


def decode(form: str, messages: list[bytes]) -> tuple[npt.NDArray[np.void], list[int], list[tuple[int, str]]]:
    events, places, bad = DECODERS[form].decode(messages)
    return events, places.tolist(), bad


def status(form: str, message: bytes) -> str:
    _, _, bad = decode(form, [message])
    return bad[0][1] if bad else "ok"


@pytest.mark.parametrize("form", FORMATS)
@given(rows=st.lists(records(), max_size=20))
@settings(deadline=None)
def test_every_event_comes_back(form: str, rows: list[Row]) -> None:
    events, places, bad = decode(form, encode(rows, form))
    assert events.tobytes() == as_events(rows).tobytes()
    assert places == list(range(len(rows)))
    assert not bad


@pytest.mark.parametrize("form", ["json", "avro"])
@given(rows=st.lists(records(), min_size=1, max_size=5))
@settings(deadline=None)
def test_a_message_is_what_the_file_holds_for_the_event(form: str, rows: list[Row]) -> None:
    file: bytes = _core.event.encode(as_events(rows), TABLE._native(), form)
    for message in encode(rows, form):
        assert (message + b"\n" if form == "json" else message[5:]) in file


def named(row: Row) -> dict[str, Any]:
    """The record's fields by their names on the wire, in ticks and lots."""
    fields: dict[str, Any] = {name: row[name] for name in ("ts_event_ns", "ts_recv_ns", "source_seq", "flags")}
    fields |= {"symbol": TABLE[row["symbol_id"]].symbol, "kind": KINDS[row["kind"]], "side": SIDES[row.get("side", 0)]}
    return fields | {AVRO_NAME.get(row["kind"], {}).get(name, name): row[name] for name in FIELDS[row["kind"]]}


def digits_of(value: Fraction, places: int) -> str:
    """The exact decimal with that many places; the value must have one."""
    scaled = value * 10**places
    assert scaled.denominator == 1
    sign, digits = "-" if scaled < 0 else "", str(abs(scaled.numerator)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits


@st.composite
def json_messages(draw: st.DrawFn) -> tuple[Row, bytes]:
    """A record as some other writer would put it: order, blanks, escapes, decimals' forms and unknown keys are free."""
    row = draw(records())
    tick, lot = (Fraction(*step) for step in (TABLE[row["symbol_id"]].tick, TABLE[row["symbol_id"]].lot))
    blank = st.sampled_from(["", "", " ", "\t", "\r\n  "])

    def text(value: str) -> str:
        return json.dumps(value) if draw(st.booleans()) else '"' + "".join(f"\\u{ord(c):04X}" for c in value) + '"'

    def decimal(units: int, step: Fraction) -> str:
        shift = draw(st.integers(-25, 25))
        plain = digits_of(units * step / Fraction(10) ** shift, 40 + abs(shift))
        return plain + (f"{draw(st.sampled_from('eE'))}{shift:+d}" if shift or draw(st.booleans()) else "")

    pairs: list[tuple[str, str]] = []
    for name, value in named(row).items():
        if name.endswith("_ticks"):
            pairs.append((name[:-6], decimal(value, tick)))
        elif name.endswith("_lots"):
            pairs.append((name[:-5], decimal(value, lot)))
        elif isinstance(value, str):
            pairs.append((name, text(value)))
        else:
            pairs.append((name, str(value)))
    others = st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    )
    for key, other in draw(st.dictionaries(st.sampled_from(["venue", "px_", "", "é", "Symbol"]), others)).items():
        pairs.append((key, json.dumps(other, ensure_ascii=draw(st.booleans()))))
    parts = [
        f"{draw(blank)}{text(key)}{draw(blank)}:{draw(blank)}{value}{draw(blank)}"
        for key, value in draw(st.permutations(pairs))
    ]
    return row, f"{draw(blank)}{{{','.join(parts)}}}{draw(blank)}".encode()


@given(json_messages())
@settings(deadline=None, max_examples=400)
def test_any_form_of_the_same_json_is_the_same_event(message: tuple[Row, bytes]) -> None:
    row, value = message
    json.loads(value)  # it is JSON
    events, _, bad = decode("json", [value])
    assert not bad, value
    assert events.tobytes() == as_events([row]).tobytes()


@given(json_messages())
@settings(deadline=None, max_examples=30)
def test_what_json_refuses_is_refused(message: tuple[Row, bytes]) -> None:
    """Every cut, and every byte replaced: where Python's json reads nothing, nor do we."""
    _, value = message
    variants = [value[:n] for n in range(len(value))]
    variants += [
        value[:i] + bytes([byte]) + value[i + 1 :] for i in range(len(value)) for byte in b'\0 "\\{}[],:.-+e0n\xff'
    ]
    _, accepted, _ = decode("json", variants)
    for place in accepted:
        json.loads(variants[place].decode())


numbers = st.from_regex(r"\A-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?([eE][+-]?[0-9]{1,2})?\Z")


@given(numbers, numbers)
@settings(deadline=None, max_examples=500)
def test_numbers_are_fractions_and_nothing_is_rounded(px: str, qty: str) -> None:
    value = f'{{"symbol":"BTC-USD","kind":"trade","ts_event_ns":1,"ts_recv_ns":2,"px":{px},"qty":{qty}}}'
    events, _, bad = decode("json", [value.encode()])
    instrument = TABLE[1]
    ticks, lots = Fraction(px) / Fraction(*instrument.tick), Fraction(qty) / Fraction(*instrument.lot)
    sound = ticks.denominator == lots.denominator == 1 and 0 <= lots <= 2**53
    assert bool(bad) != (sound and instrument.min_px_ticks <= ticks <= instrument.max_px_ticks), bad
    if not bad:
        assert (events["px_ticks"][0], events["qty_lots"][0]) == (ticks, lots)


def fastavro_message(schema: Any, record: dict[str, Any], schema_id: int = 1) -> bytes:
    out = io.BytesIO()
    fastavro.schemaless_writer(out, schema, record)
    return b"\0" + schema_id.to_bytes(4, "big") + out.getvalue()


def signed(seq: int) -> int:
    return (seq + 2**63) % 2**64 - 2**63


@given(st.lists(records(), min_size=1, max_size=20))
@settings(deadline=None)
def test_fastavro_writes_the_same_bytes(rows: list[Row]) -> None:
    for row, message in zip(rows, encode(rows, "avro"), strict=True):
        record = named(row) | {"source_seq": signed(row["source_seq"])}
        assert message == fastavro_message(OWN, record)
        assert fastavro.schemaless_reader(io.BytesIO(message[5:]), OWN, None)["symbol"] == record["symbol"]


EXTRAS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ("string", st.text(max_size=8)),
    ("bytes", st.binary(max_size=8)),
    ("boolean", st.booleans()),
    ("double", st.floats(allow_nan=False)),
    ("float", st.just(1.5)),
    ("int", st.integers(-(2**31), 2**31 - 1)),
    (["null", "long", "string"], st.none() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=3)),
    ({"type": "array", "items": "long"}, st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4)),
    (
        {"type": "map", "values": ["null", "string"]},
        st.dictionaries(st.text(max_size=3), st.none() | st.text(max_size=3)),
    ),
    ({"type": "fixed", "name": "Four", "size": 4}, st.binary(min_size=4, max_size=4)),
    ({"type": "record", "name": "Inner", "fields": [{"name": "symbol", "type": "int"}]}, st.just({"symbol": 5})),
]


@st.composite
def evolved(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A writer's schema that resolves with ours, and a record of it."""
    row = draw(records())
    record = named(row) | {"source_seq": signed(row["source_seq"])}
    kinds = draw(st.permutations([*KINDS.values(), "auction"]))
    sides = draw(st.permutations([*SIDES.values(), "cross"]))
    fields: list[dict[str, Any]] = []
    for ours in json.loads(OWN_SCHEMA)["fields"]:
        name, form = ours["name"], ours["type"]
        value = record.get(name)
        if name == "kind":
            form = {"type": "enum", "name": "Kinds", "symbols": kinds}
        elif name == "side":
            if value == "unknown" and draw(st.booleans()):
                continue
            form = {"type": "enum", "name": "Sides", "symbols": sides}
        elif name == "symbol":
            form = draw(st.sampled_from(["string", ["string"], ["null", "string"]]))
        elif "default" in ours and value == ours["default"] and draw(st.booleans()):
            continue  # the writer does not have it
        elif name == "flags":
            form = draw(st.sampled_from(["int", ["null", "int"]]))
        else:
            small = value is not None and -(2**31) <= value < 2**31
            longs = ["long", "int"] if small else ["long"]
            number = draw(st.sampled_from(longs))
            form = draw(st.sampled_from([number, [number, "null"], ["null", number], ["string", number, "null"]]))
            if value is None:
                form = ["long", "null"] if form == number else form
        fields.append({"name": name, "type": form})
    for i, (form, values) in enumerate(draw(st.lists(st.sampled_from(EXTRAS), max_size=3, unique_by=id))):
        fields.append({"name": f"extra{i}", "type": form})
        record[f"extra{i}"] = draw(values)
    fields = draw(st.permutations(fields))
    return json.dumps({"type": "record", "name": "Event", "namespace": "hftcore", "fields": fields}), record


@given(evolved())
@settings(deadline=None, max_examples=300)
def test_an_evolved_schema_resolves_as_fastavro_resolves_it(case: tuple[str, dict[str, Any]]) -> None:
    text, record = case
    schema = fastavro.parse_schema(json.loads(text))
    message = fastavro_message(schema, record, 7)
    events, _, bad = decoder("avro", {1: OWN_SCHEMA, 7: text}).decode([message])
    assert not bad
    expected = fastavro_message(OWN, {k: v for k, v in record.items() if not k.startswith("extra")})
    assert events.tobytes() == decode("avro", [expected])[0].tobytes()
    variants = [message[:n] for n in range(5, len(message))] + [message + b"\0"]
    _, places, _ = decoder("avro", {7: text}).decode(variants)
    assert not len(places)


def flips(message: bytes) -> list[bytes]:
    return [message[:i] + bytes([byte]) + message[i + 1 :] for i in range(len(message)) for byte in range(256)]


def cuts(message: bytes) -> list[bytes]:
    return [message[:n] for n in range(len(message))] + [message + b"}"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("change", [flips, cuts])
@given(row=records())
@settings(deadline=None, max_examples=10)
def test_no_mutation_gives_an_event_that_breaks_a_rule(
    form: str, change: Callable[[bytes], list[bytes]], row: Row
) -> None:
    variants = change(encode([row], form)[0])
    events, places, bad = decode(form, variants)
    assert len(events) + len(bad) == len(variants)
    assert change is flips or not places
    # The encoder refuses whatever breaks a rule, so what it takes kept them all.
    again = _core.event.encode_messages("packed", events, TABLE._native())
    assert b"".join(again) == events.tobytes()


def test_each_refusal_has_its_name() -> None:
    good = b'{"symbol":"AAA","kind":"trade","ts_event_ns":1,"ts_recv_ns":2,"px":1.5,"qty":3}'
    assert status("json", good) == "ok"
    for old, new, reason in [
        (b"1.5", b"1.505", "off grid"),
        (b"1.5", b"NaN", "bad syntax"),
        (b"1.5", b'"1.5"', "bad value"),
        (b'"px"', b'"qty"', "duplicate field"),
        (b'"px"', b'"py"', "missing field"),
        (b'"px"', b'"code":1,"px"', "unexpected field"),
        (b"}", b"}}", "trailing bytes"),
        (b"}", b"", "truncated"),
        (b"AAA", b"AAB", "unknown symbol"),
        (b"trade", b"Trade", "unknown kind"),
        (b'"px"', b'"flags":16,"px"', "unknown flag"),
    ]:
        assert status("json", good.replace(old, new, 1)) == reason
    assert status("avro", b"\0\0\0\0\2rest") == "unknown schema"


def test_a_shard_sees_its_own_symbols_under_its_own_ids() -> None:
    rows: list[Row] = [{"kind": 1, "symbol_id": i, "px_ticks": 5} for i in range(3)]
    for form in FORMATS:
        shard = _core.event.WireDecoder(form, TABLE._native()[1:], [1, 2], {1: OWN_SCHEMA})
        events, places, bad = shard.decode(encode(rows, form))
        assert events["symbol_id"].tolist() == [0, 1]
        assert places.tolist() == [1, 2]
        assert bad == [(0, "unknown symbol")]


def test_what_cannot_be_set_up_says_why() -> None:
    for schemas, reason in [
        ({}, "at least one schema"),
        ({3: "{"}, "Avro schema 3: line 1"),
        ({3: '{"type":"record","name":"T","fields":[]}'}, "field 'symbol' is missing"),
    ]:
        with pytest.raises(ValueError, match=reason):
            _core.event.WireDecoder("avro", TABLE._native(), IDS, schemas)
    with pytest.raises(ValueError, match="one id per instrument"):
        _core.event.WireDecoder("json", TABLE._native(), [0])
    with pytest.raises(ValueError, match="format must be"):
        _core.event.WireDecoder("xml", TABLE._native(), IDS)
