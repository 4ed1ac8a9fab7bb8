"""Packed, JSON and Avro bytes against independent readers: struct offsets, json with Decimal, fastavro."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import fastavro
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore import _core

KINDS = {1: "trade", 2: "quote", 3: "book_level", 4: "control"}
SIDES = {0: "unknown", 1: "buy", 2: "sell"}
FIELDS = {
    1: ("px_ticks", "qty_lots"),
    2: ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots"),
    3: ("px_ticks", "qty_lots", "update_id"),
    4: ("px_ticks",),  # Control::code lies where a price would
}
AVRO_NAME = {4: {"px_ticks": "code"}}
TABLE = hc.InstrumentTable(
    [
        hc.Instrument("AAA"),
        hc.Instrument("BTC-USD", (1, 2), (1, 100_000_000), -(2**52), 2**52),
        hc.Instrument("FINE", (1, 10**9), (1000, 1), 1, 2**53),
    ]
)

int64s = st.integers(-(2**63), 2**63 - 1)


@st.composite
def records(draw: st.DrawFn) -> dict[str, int]:
    kind = draw(st.sampled_from([1, 2, 3, 4]))
    symbol_id = draw(st.integers(0, len(TABLE) - 1))
    instrument = TABLE[symbol_id]
    px = st.integers(instrument.min_px_ticks, instrument.max_px_ticks)
    qty = st.integers(0, 2**53 // instrument.lot[0])
    record = {
        "ts_event_ns": draw(st.integers(0, 2**62)),
        "ts_recv_ns": draw(st.integers(0, 2**62)),
        "source_seq": draw(st.integers(0, 2**64 - 1)),
        "symbol_id": symbol_id,
        "kind": kind,
        "flags": draw(st.sampled_from([*range(16), 32, 34, 47])),
    }
    if kind == 1:
        record["side"] = draw(st.integers(0, 2))
    if kind == 3:
        record["side"] = draw(st.integers(1, 2))
        record["update_id"] = draw(int64s)
    if kind == 4:
        record["px_ticks"] = draw(int64s)
    elif kind == 2:
        record |= {"bid_px_ticks": draw(px), "ask_px_ticks": draw(px)}
        record |= {"bid_qty_lots": draw(qty), "ask_qty_lots": draw(qty)}
    else:
        record |= {"px_ticks": draw(px), "qty_lots": draw(qty)}
    return record


def as_events(rows: list[dict[str, int]]) -> npt.NDArray[np.void]:
    events: npt.NDArray[np.void] = _core.event.empty_events(len(rows))
    for i, row in enumerate(rows):
        for name, value in row.items():
            events[name][i] = value
    return events


def encode(events: npt.NDArray[np.void], form: str) -> bytes:
    encoded: bytes = _core.event.encode(events, TABLE._native(), form)
    return encoded


@given(st.lists(records(), max_size=20))
@settings(deadline=None)
def test_json_reads_back_exactly(rows: list[dict[str, int]]) -> None:
    lines = encode(as_events(rows), "json").splitlines()
    assert len(lines) == len(rows)
    for row, line in zip(rows, lines, strict=True):
        found = json.loads(line, parse_float=Decimal)
        instrument = TABLE[row["symbol_id"]]
        assert found["symbol"] == instrument.symbol
        assert found["kind"] == KINDS[row["kind"]]
        for name in ("ts_event_ns", "ts_recv_ns", "source_seq", "flags"):
            assert found[name] == row[name]
        if row["kind"] in (1, 3):
            assert found["side"] == SIDES[row["side"]]
        for name in FIELDS[row["kind"]]:
            if row["kind"] == 4:
                assert found["code"] == row[name]
            elif name == "update_id":
                assert found[name] == row[name]
            else:
                text, unit = (name[:-6], instrument.tick) if name.endswith("_ticks") else (name[:-5], instrument.lot)
                assert Fraction(found[text]) / Fraction(*unit) == row[name]


@given(st.lists(records(), max_size=20))
@settings(deadline=None)
def test_fastavro_reads_what_was_written(rows: list[dict[str, int]]) -> None:
    reader = fastavro.reader(io.BytesIO(encode(as_events(rows), "avro")))
    assert hc.InstrumentTable.from_json(reader.metadata["hft.instruments"]).to_json() == TABLE.to_json()
    found = list(reader)
    assert len(found) == len(rows)
    for row, record in zip(rows, found, strict=True):
        assert isinstance(record, dict)
        expected: dict[str, Any] = dict.fromkeys((*FIELDS[2], "px_ticks", "qty_lots", "update_id", "code"), None)
        for name in FIELDS[row["kind"]]:
            expected[AVRO_NAME.get(row["kind"], {}).get(name, name)] = row[name]
        expected |= {name: row[name] for name in ("ts_event_ns", "ts_recv_ns", "flags")}
        expected["symbol"] = TABLE[row["symbol_id"]].symbol
        expected["kind"] = KINDS[row["kind"]]
        expected["side"] = SIDES[row.get("side", 0)]
        expected["source_seq"] = (row["source_seq"] + 2**63) % 2**64 - 2**63
        assert record == expected


@given(st.lists(records(), max_size=20))
@settings(deadline=None)
def test_packed_holds_the_records_as_they_are(rows: list[dict[str, int]]) -> None:
    events = as_events(rows)
    encoded = encode(events, "packed")
    assert len(encoded) % 64 == 0
    assert encoded.startswith(b"HFTEVNT1")
    assert encoded[-64 * (len(rows) + 1) : -64] == events.tobytes()
    assert encoded[-64:].startswith(b"HFTEVEND")


def test_the_container_carries_the_schema_of_the_package() -> None:
    shipped = json.loads(resources.files("hftcore").joinpath("schema/event.avsc").read_text())
    reader = fastavro.reader(io.BytesIO(encode(as_events([]), "avro")))
    assert json.loads(reader.metadata["avro.schema"]) == shipped
    fastavro.parse_schema(shipped)


def test_a_packed_file_comes_back_with_its_instruments(tmp_path: Path) -> None:
    events = hc.generate(symbols=[TABLE[1], "AAA"], seconds=0.2)
    path = tmp_path / "day.hft"
    _core.event.write_packed(str(path), events.data, events.instruments._native())
    data, instruments = _core.event.read_packed(str(path))
    assert data.tobytes() == events.data.tobytes()
    assert instruments == events.instruments._native()
    assert data.ctypes.data % 64 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["day.hft"]


def test_a_torn_or_altered_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "day.hft"
    whole = encode(as_events([{"kind": 2, "symbol_id": 0, "bid_px_ticks": 5, "ask_px_ticks": 6}]), "packed")
    header, end = whole[:64], whole[-64:]
    for content, reason in [
        (b"", "not a packed event file: only 0 bytes"),
        (b"x" * 100, "does not begin with HFTEVNT1"),
        (header, "torn: it ends inside the instrument table"),
        (whole[:-64], "torn: no end mark after 1 whole records"),
        (whole[:-70], "torn: no end mark after 0 whole records"),
        (whole[:20] + b"\xff" + whole[21:], "altered: the header's checksum"),
        (whole[:70] + b"\xff" + whole[71:], "altered: the instrument table's checksum"),
        (whole[:-100] + b"\xff" + whole[-99:], "altered: the events' checksum"),
        (whole[:-128] + end, "altered: the end mark counts 1 events, the file holds 0"),
    ]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match=reason):
            _core.event.read_packed(str(path))


def test_a_bad_event_is_refused_by_its_index_in_every_format() -> None:
    good = {"kind": 1, "symbol_id": 0, "px_ticks": 5}
    for bad, reason in [
        ({"kind": 9, "symbol_id": 0}, "unknown kind"),
        ({"kind": 1, "symbol_id": 3}, "unknown symbol"),
        ({"kind": 1, "symbol_id": 0, "px_ticks": 0}, "bad price"),
        ({"kind": 1, "symbol_id": 0, "px_ticks": 5, "qty_lots": -1}, "bad quantity"),
    ]:
        for form in ("packed", "json", "avro"):
            with pytest.raises(ValueError, match=f"event 1 cannot be written: {reason}"):
                encode(as_events([good, bad]), form)


def test_a_missing_file_is_an_os_error_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        _core.event.read_packed(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(3), "dtype EVENT_DTYPE"),
        (_core.event.empty_events(4).reshape(2, 2), "shape"),
        (_core.event.empty_events(4)[::2], "contiguous"),
        (np.zeros(65, np.uint8)[1:].view(np.uint8), "dtype EVENT_DTYPE"),
    ],
)
def test_an_array_that_holds_no_events_is_refused(array: npt.NDArray[Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        _core.event.encode(array, TABLE._native(), "packed")


def test_an_array_off_the_cache_line_is_refused() -> None:
    room = np.zeros(64 * 3, np.uint8)
    offset = 8 if room.ctypes.data % 64 != 56 else 16
    shifted = room[offset : offset + 64].view(hc.EVENT_DTYPE)
    with pytest.raises(ValueError, match="64-byte aligned"):
        _core.event.encode(shifted, TABLE._native(), "packed")
