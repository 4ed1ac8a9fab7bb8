"""A second writer of journals, in NumPy, from the format's description: what it writes must be what C++ reads."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from hftcore import ledger

KIND_OF = {ledger.DECISION_DTYPE: 2, ledger.ORDER_DTYPE: 3, ledger.FILL_DTYPE: 4, ledger.MARK_DTYPE: 5}
INSTRUMENTS = [
    {"symbol": "AAA", "tick_num": 1, "tick_den": 100, "lot_num": 1, "lot_den": 1},
    {"symbol": "BBB", "tick_num": 1, "tick_den": 8, "lot_num": 100, "lot_den": 1},
    {"symbol": "CCC", "tick_num": 1, "tick_den": 3, "lot_num": 1, "lot_den": 1000},
]


def _crc_table() -> np.ndarray:
    crc = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = (crc >> 1) ^ np.where(crc & 1, np.uint32(0x82F63B78), np.uint32(0))
    return crc


_TABLE = _crc_table()


def crc32c(rows: np.ndarray) -> np.ndarray:
    """CRC-32C of each row of a uint8 matrix (RFC 3720, B.4)."""
    crc = np.full(len(rows), 0xFFFFFFFF, dtype=np.uint32)
    for column in rows.T:
        crc = (crc >> 8) ^ _TABLE[(crc ^ column) & 0xFF]
    return ~crc


def frames(kind: int, payloads: np.ndarray, version: int = 1) -> np.ndarray:
    """One frame per row of a uint8 matrix of payloads."""
    n, n_bytes = payloads.shape
    tail = np.frombuffer(struct.pack("<HHI", kind, version, 0), np.uint8)
    checked = np.hstack([np.tile(tail, (n, 1)), payloads])
    size = np.tile(np.frombuffer(struct.pack("<I", n_bytes), np.uint8), (n, 1))
    return np.hstack([size, crc32c(checked).astype("<u4").view(np.uint8).reshape(n, 4), checked])


def text_frame(kind: int, value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 8)
    return frames(kind, np.frombuffer(text, np.uint8).reshape(1, -1)).tobytes()


def file_header() -> bytes:
    head = b"HFTJRNL1" + struct.pack("<II", 1, 64) + bytes(44)
    return head + struct.pack("<I", int(crc32c(np.frombuffer(head, np.uint8).reshape(1, -1))[0]))


def record_frames(records: np.ndarray) -> np.ndarray:
    return frames(KIND_OF[records.dtype], records.view(np.uint8).reshape(len(records), records.dtype.itemsize))


def run_bytes(*records: np.ndarray, header: dict[str, Any] | None = None, end: dict[str, Any] | None = None) -> bytes:
    """One run: header, records kind by kind, end (None leaves it open)."""
    values = {"schema": 1, "spec_sha256": "5" * 64, "model_id": "m1", "instruments": INSTRUMENTS, "config": {}}
    out = text_frame(1, values | (header or {}))
    out += b"".join(record_frames(part).tobytes() for part in records if len(part))
    return out + (text_frame(6, end) if end is not None else b"")


@pytest.fixture
def journal_of(tmp_path: Path) -> Callable[..., Path]:
    """Write runs (bytes) to a journal file of that name."""

    def write(*runs: bytes, name: str = "run.jrnl") -> Path:
        path = tmp_path / name
        path.write_bytes(file_header() + b"".join(runs))
        return path

    return write


def ids_into(records: np.ndarray, offsets: Any, epoch: int = 1, partition: int = 0) -> np.ndarray:
    records["source_seq"] = (np.uint64(partition) << np.uint64(48)) | np.asarray(offsets, dtype=np.uint64)
    records["config_epoch"] = epoch
    records["ts_event_ns"] = np.asarray(offsets, dtype=np.int64) * 1_000
    return records


def sample(n: int, start: int = 0, seed: int = 7, epoch: int = 1, partition: int = 0) -> dict[str, np.ndarray]:
    """n decisions, the accepted ones with an order, most orders with a fill, marks of all symbols behind them."""
    random = np.random.default_rng([seed, start])
    offsets = np.arange(start, start + n)
    decisions = ids_into(np.zeros(n, ledger.DECISION_DTYPE), offsets, epoch, partition)
    decisions["limit_px_ticks"] = random.integers(1_000, 1_010, n)
    decisions["qty_lots"] = random.integers(1, 50, n)
    decisions["up_frac"] = np.where(random.random(n) < 0.1, np.nan, random.random(n))
    decisions["down_frac"] = 0.25
    decisions["symbol_id"] = random.integers(0, 3, n)
    decisions["side"] = random.integers(1, 3, n)
    decisions["reason"] = random.integers(1, 5, n)
    decisions["refusal"] = np.where(random.random(n) < 0.3, random.integers(1, 10, n), 0)
    accepted = decisions[decisions["refusal"] == 0]
    orders = np.zeros(len(accepted), ledger.ORDER_DTYPE)
    for name in ledger.ORDER_DTYPE.names:
        orders[name] = accepted[name]
    filled = orders[random.random(len(orders)) < 0.9]
    fills = np.zeros(len(filled), ledger.FILL_DTYPE)
    for name in set(ledger.FILL_DTYPE.names) & set(ledger.ORDER_DTYPE.names):
        fills[name] = filled[name]
    fills["px_ticks"] = filled["limit_px_ticks"]
    fills["fee_nano"] = random.integers(-500, 2_000, len(fills))
    marks = np.zeros(3, ledger.MARK_DTYPE)
    marks["ts_event_ns"] = (start + n) * 1_000
    marks["mid_half_ticks"] = random.integers(2_000, 2_020, 3)
    marks["symbol_id"] = [0, 1, 2]
    return {"decisions": decisions, "orders": orders, "fills": fills, "marks": marks}


@pytest.fixture
def sample_run() -> Callable[..., tuple[dict[str, np.ndarray], bytes]]:
    """``sample`` and its bytes as a finished run; keyword arguments of ``sample``, plus ``header``."""

    def make(n: int, header: dict[str, Any] | None = None, **options: Any) -> tuple[dict[str, np.ndarray], bytes]:
        records = sample(n, **options)
        return records, run_bytes(*records.values(), header=header, end={"n": n})

    return make


@pytest.fixture
def encode() -> Callable[..., bytes]:
    """``run_bytes`` for tests that make their own records."""
    return run_bytes


@pytest.fixture(scope="session")
def journal_bytes() -> Callable[..., bytes]:
    """A whole journal of one run from arrays of records; of the session, so that hypothesis may use it."""
    return lambda *records: file_header() + run_bytes(*records)


@pytest.fixture(scope="session")
def format_writer() -> SimpleNamespace:
    """The pieces of the format, for tests that put together what no run writes."""
    parts = (file_header, frames, record_frames, run_bytes, sample, text_frame)
    return SimpleNamespace(**{part.__name__: part for part in parts})
