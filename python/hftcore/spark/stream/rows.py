"""What the native scorer gives, as the columns of `hftcore.spark.stream.schema`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hftcore import _core
from hftcore.spark.stream.schema import COUNTS, DEAD_LETTER, DECISION, FILL, ORDER, SCORED_ARROW

_OFFSET_BITS: Final[int] = _core.event.OFFSET_BITS
_KIND_NAMES: Final = {
    0: DEAD_LETTER,
    _core.ledger.FRAME_DECISION: DECISION,
    _core.ledger.FRAME_ORDER: ORDER,
    _core.ledger.FRAME_FILL: FILL,
}


def scored_table(
    rows: npt.NDArray[np.void],
    ends: npt.NDArray[np.uint64],
    data: bytes,
    symbols: Sequence[str],
    keys: Any,
    topic: str,
) -> pa.RecordBatch:
    """Rows of one call.

    Parameters
    ----------
    rows : structured array, shape (n,)
        Of ``StreamScorer.take``.
    ends : uint64 array, shape (n,)
        Where the bytes of each row end in ``data``; the first begins at 0.
    symbols : sequence of str
        By ``symbol_id``.
    keys : Arrow binary array
        The keys of the messages of the call.
    topic : str
        Where the messages came from.
    """
    kind = rows["kind"]
    dead = kind == 0
    decision, fill = kind == _core.ledger.FRAME_DECISION, kind == _core.ledger.FRAME_FILL
    source = rows["source_seq"]
    reason = _words(np.where(dead, 0, rows["reason"]), _core.ledger.REASONS)
    reason[fill] = None
    reason[dead] = _words(rows["reason"][dead], _core.engine.DEAD_LETTER_REASONS)
    symbol = np.asarray(symbols, object)[np.where(dead, 0, rows["symbol_id"])] if symbols else np.full(len(rows), None)
    symbol[dead] = [_text(key) for key in keys.take(pa.array(rows["message"][dead])).to_pylist()]
    has_no_score = ~decision
    columns = {
        "kind": _words(kind, _KIND_NAMES),
        "symbol": symbol,
        "partition": (source >> np.uint64(_OFFSET_BITS)).astype(np.int32),
        "offset": (source & np.uint64((1 << _OFFSET_BITS) - 1)).astype(np.int64),
        "ordinal": _nullable(rows["ordinal"].astype(np.int32), dead),
        "ts_event_ns": _nullable(rows["ts_event_ns"], dead),
        "side": _blank(_words(rows["side"], _core.ledger.SIDES), dead),
        "reason": reason,
        "refusal": _blank(_words(rows["refusal"], _core.ledger.REFUSALS), ~decision),
        "qty_lots": _nullable(rows["qty_lots"], dead),
        "px_ticks": _nullable(rows["px_ticks"], dead),
        "fee_nano": _nullable(rows["fee_nano"], ~fill),
        "up_frac": _nullable(rows["up_frac"], has_no_score | np.isnan(rows["up_frac"])),
        "down_frac": _nullable(rows["down_frac"], has_no_score | np.isnan(rows["down_frac"])),
        "value": _binary(ends, data),
        "topic": _blank(np.full(len(rows), topic, object), ~dead),
    }
    return _batch(columns)


def counts_table(counts: dict[str, int], engines: Sequence[str], partition: int, offset: int) -> pa.RecordBatch:
    """The one row of counts of a bucket's turn, at the last message that it took; ``engines`` holds JSON objects."""
    total: dict[str, Any] = dict(counts)
    for text in engines:
        _add(total, json.loads(text))
    row: dict[str, Any] = dict.fromkeys(SCORED_ARROW.names)
    row |= {"kind": COUNTS, "partition": partition, "offset": offset}
    row["value"] = json.dumps(total, sort_keys=True, separators=(",", ":")).encode()
    return pa.RecordBatch.from_pylist([row], SCORED_ARROW)


def _add(total: dict[str, Any], more: dict[str, Any]) -> None:
    for name, n in more.items():
        if isinstance(n, dict):
            _add(total.setdefault(name, {}), n)
        else:
            total[name] = total.get(name, 0) + n


def _batch(columns: dict[str, Any]) -> pa.RecordBatch:
    arrays = [
        column if isinstance(column, pa.Array) else pa.array(column, type=field.type)
        for field, column in zip(SCORED_ARROW, (columns[name] for name in SCORED_ARROW.names), strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=SCORED_ARROW)


def _words(codes: npt.NDArray[Any], names: Any) -> npt.NDArray[Any]:
    """Codes as text: ``names`` is a sequence by code, or a mapping."""
    most = int(codes.max(initial=0)) + 1
    table = [names.get(i) if isinstance(names, dict) else names[i] for i in range(most)]
    found: npt.NDArray[Any] = np.asarray(table, object)[codes]
    return found


def _blank(words: npt.NDArray[Any], where: npt.NDArray[np.bool_]) -> npt.NDArray[Any]:
    words[where] = None
    return words


def _nullable(values: npt.NDArray[Any], null: npt.NDArray[np.bool_]) -> Any:
    return pa.array(np.ascontiguousarray(values), mask=null)


def _binary(ends: npt.NDArray[np.uint64], data: bytes) -> Any:
    if len(data) >= 2**31:
        return pa.array([bytes(memoryview(data)[a:b]) for a, b in _pairs(ends)], pa.binary())
    places = np.concatenate(([0], ends)).astype(np.int32)
    return pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(places.data), pa.py_buffer(data)])


def _pairs(ends: npt.NDArray[np.uint64]) -> list[tuple[int, int]]:
    stops = ends.tolist()
    return list(zip([0, *stops[:-1]], stops, strict=True))


def _text(key: bytes | None) -> str | None:
    try:
        return None if key is None else key.decode()
    except UnicodeDecodeError:
        return None
