"""Write the seeds of the fuzz targets: python tests/fuzz/make_corpus.py tests/fuzz/corpus."""

from __future__ import annotations

import struct
import sys
from importlib import resources
from pathlib import Path

import numpy as np

from hftcore import _core

# Those of fuzz_messages.hpp.
INSTRUMENTS = [
    _core.event.Instrument("AAA", 1, 100, 1, 1, 1, 1_000_000),
    _core.event.Instrument("BTC-USD", 5, 1000, 1, 100_000_000, -500, 40_000_000),
]
HEAD = {"ts_event_ns": 1_700_000_000_000_000_000, "ts_recv_ns": 1_700_000_000_000_000_123, "source_seq": 77}
EVENTS = {
    "quote": {"kind": 2, "bid_px_ticks": 2735, "bid_qty_lots": 100, "ask_px_ticks": 2736, "ask_qty_lots": 300},
    "one_sided": {"kind": 2, "ask_px_ticks": 2736, "ask_qty_lots": 300, "flags": 8},
    "trade": {"kind": 1, "side": 1, "px_ticks": 2736, "qty_lots": 50},
    "btc": {"kind": 1, "side": 2, "symbol_id": 1, "px_ticks": -101, "qty_lots": 123_456_789},
    "level": {"kind": 3, "side": 2, "px_ticks": 2740, "update_id": -77, "flags": 2},
    "control": {"kind": 4, "px_ticks": 2},
}
JSON = {
    "any_order": '{ "px" : 2.736e1 , "venue": {"a":[1,null,"\\u00e9"]}, "qty":50, "kind":"tr\\u0061de",'
    '"ts_recv_ns":6,"ts_event_ns":5,"side":null,"symbol":"AAA" }\n',
    "spaced": '{"symbol": "AAA", "kind": "quote", "ts_event_ns": 1700000000000000000,'
    ' "ts_recv_ns": 1700000000000000001, "source_seq": 5, "flags": 0, "bid_px": 27.35, "bid_qty": 1,'
    ' "ask_px": 27.36, "ask_qty": 2}',
    "many_digits": '{"symbol":"BTC-USD","kind":"trade","ts_event_ns":5,"ts_recv_ns":6,'
    '"source_seq":18446744073709551615,"px":-0.50500000000000000000000000000,"qty":1e-8}',
    "not_json": '{"symbol":"AAA","kind":NaN,}',
}
OTHER_AVRO = bytes.fromhex("00 00000002 00 04 02026b040408000000 0006414141 040a 020161626300 0c 00e02a 0264 00 00")
SMALL_SCHEMA = """{"type":"record","name":"T","fields":[{"name":"symbol","type":"string"},
{"name":"kind","type":{"type":"enum","name":"K","symbols":["trade","quote"]}},{"name":"ts_event_ns","type":"long"},
{"name":"ts_recv_ns","type":["null","int"]},{"name":"px_ticks","type":"int"},{"name":"qty_lots","type":["long"]},
{"name":"x","type":{"type":"array","items":{"type":"map","values":"K"}}}]}"""
SMALL_MESSAGE = bytes.fromhex("00 00000001 06414141 00 0a 020c e02a 0064 00")

# Flags and side, px, qty, id and a scale of each level: a snapshot, two updates, a gap, a snapshot that overflows.
BOOK = {
    "levels": bytes.fromhex("0905010100 0a07020100 0106030200 0200000200 1104010300")
    + b"".join(bytes([9, px, 1, 4, 0]) for px in range(12)),
    "far": bytes.fromhex("0905010100 010a0102ff 0906010500 0207010600"),
}

TOML = {
    "kinds": "a.b = 1_000\n'q'.s = 0x1F\nf = [1.5, -2e3, inf] # c\ni = {p = true, q.r = [[]]}\n[[y]]\n[y.k]\n[[y]]\n",
    "texts": "a = \"\"\"\nl \\\n  m \\u00e9\"\"\"\nb = '''x'''\r\n[t]\nd = 1979-05-27\n",
}


def _saved_book() -> bytes:
    """Of the fuzz target's capacity; the length, odd here, decides the rule for ids."""
    book = _core.book.OrderBook(8, "consecutive")
    book.snapshot(7, np.array([1, 1, 2], np.uint8), np.array([5, 4, 6]), np.array([1, 2, 3]))
    return bytes(book.save())


def _forest(flags: int, n_margins: int, n_trees: int, *, deep: bool = False) -> bytes:
    """A forest.bin: every second tree splits a number, the others a category; deep: a chain of numbers."""
    none, categorical, default_left = 0xFFFFFFFF, 1 << 30, 1 << 31
    nodes: list[tuple[float, int, int, int, int]] = []
    firsts = [0]
    for tree in range(n_trees):
        splits = 12 if deep else 1
        for i in range(splits):
            last = tree % 2 == 1 and not deep
            feature = (tree + i) % 3 | (categorical if last else 0) | (default_left if tree % 3 else 0)
            nodes.append((0.0 if last else 0.5 * i - tree, 2 * i + 1, 2 * i + 2, feature, 0))
            nodes.append((0.25 * tree - i, none, none, 0, 0))
        nodes.append((1.5, none, none, 0, 0))
        firsts.append(len(nodes))
    sets = [2, 0b1011, 1] if n_trees > 1 and not deep else []

    def padded(kind: str, values: list[int]) -> bytes:
        return np.array(values, kind).tobytes() + bytes(-4 * len(values) % 8)

    counts = (3, n_margins, n_trees, flags, len(nodes), len(sets))
    head = struct.pack("<8s4I2Qd16x", b"HFTFRST1", *counts, 1.0 + n_margins % 2)
    arrays = np.full(n_margins, 0.5).tobytes() + padded("<u4", firsts)
    arrays += padded("<u4", [t % n_margins for t in range(n_trees)])
    return head + arrays + b"".join(struct.pack("<d4I", *node) for node in nodes) + padded("<u4", sets)


def seeds() -> dict[str, dict[str, bytes]]:
    """Every seed by target and name."""
    events = _core.event.empty_events(len(EVENTS))
    for i, fields in enumerate(EVENTS.values()):
        for name, value in (HEAD | fields).items():
            events[name][i] = value

    def messages(form: str) -> dict[str, bytes]:
        return dict(zip(EVENTS, _core.event.encode_messages(form, events, INSTRUMENTS), strict=True))

    file = _core.event.encode(events, INSTRUMENTS, "packed")
    empty = _core.event.encode(events[:0].copy(), [], "packed")
    own_schema = resources.files("hftcore").joinpath("schema/event.avsc").read_bytes()
    return {
        "json": messages("json") | {name: text.encode() for name, text in JSON.items()},
        "avro": messages("avro") | {"other_writer": OTHER_AVRO},
        "avro_schema": {
            "own": own_schema + messages("avro")["trade"],
            "small": SMALL_SCHEMA.encode() + SMALL_MESSAGE,
        },
        "json_dom": {"schema": own_schema, "values": b'{"a":[1,-2.5e-3,"\\u00e9\\ud83d\\ude00",true,null],"b":{}}'},
        "toml": {name: text.encode() for name, text in TOML.items()}
        | {"example": resources.files("hftcore").joinpath("specs/hftcored.toml").read_bytes()},
        "forest": {
            "numbers": _forest(0, 1, 1),
            "margins": _forest(2, 3, 6),
            "floats": _forest(1 | 4, 2, 4),
            "deep": _forest(0, 1, 1, deep=True),
            "none": _forest(0, 1, 0),
        },
        "order_book": BOOK | {"saved": _saved_book()},
        "packed": messages("packed"),
        "packed_file": {"whole": file, "mended": bytes([file[0] | 0x80]) + file[1:], "empty": empty},
    }


def main(folder: Path) -> None:
    for target, files in seeds().items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / target / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
