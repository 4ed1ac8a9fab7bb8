"""Events as an Arrow table and as pandas. The reading half is in ``_columns``, which knows these names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hftcore.events import EventKind, Events, Side
from hftcore.instruments import InstrumentTable
from hftcore.reading.grid import Bools, Floats, Ints, from_steps

if TYPE_CHECKING:
    import pandas as pd

INSTRUMENTS_KEY = b"hftcore.instruments"

KIND_NAMES = {
    EventKind.TRADE: "trade",
    EventKind.QUOTE: "quote",
    EventKind.BOOK_LEVEL: "book_level",
    EventKind.CONTROL: "control",
}
# (integer column and field, decimal column, is a price)
QUOTE_MEASURES = (
    ("bid_px_ticks", "bid_px", True),
    ("bid_qty_lots", "bid_qty", False),
    ("ask_px_ticks", "ask_px", True),
    ("ask_qty_lots", "ask_qty", False),
)
PRINT_MEASURES = (("px_ticks", "px", True), ("qty_lots", "qty", False))


def to_arrow(events: Events) -> pa.Table:
    """See :meth:`hftcore.Events.to_arrow`."""
    data = events.data
    kind = data["kind"]
    quote, trade, level, control = (kind == k for k in (2, 1, 3, 4))
    printed = trade | level
    columns: dict[str, Any] = {name: pa.array(data[name]) for name in ("ts_event_ns", "ts_recv_ns", "source_seq")}
    columns["symbol"] = _words(data["symbol_id"].astype(np.int32), list(events.instruments.symbols))
    names = [None, *KIND_NAMES.values()]
    columns["kind"] = _words(kind.astype(np.int32), names)
    letters = np.where(level & (data["side"] == Side.SELL), 3, data["side"]).astype(np.int32)
    columns["side"] = _words(letters, [None, "B", "S", "A"])
    columns["flags"] = pa.array(data["flags"])
    decimals: dict[str, Any] = {}
    for measures, rows in ((PRINT_MEASURES, printed), (QUOTE_MEASURES, quote)):
        for field, name, is_price in measures:
            columns[field] = _present(data[field], rows)
            shown = rows
            if is_price and rows is quote:  # an absent side has no price
                shown = rows & ((data[field] != 0) | (data[field.replace("px_ticks", "qty_lots")] != 0))
            decimals[name] = _present(_decimals(events, data[field], is_price), shown)
    columns["update_id"] = _present(data["update_id"], level)
    columns["code"] = _present(data["px_ticks"], control)
    table = pa.table(columns | decimals)
    return table.replace_schema_metadata({INSTRUMENTS_KEY: events.instruments.to_json().encode()})


def to_pandas(events: Events) -> pd.DataFrame:
    """See :meth:`hftcore.Events.to_pandas`."""
    import pandas as pd

    frame: pd.DataFrame = to_arrow(events).to_pandas(
        types_mapper=lambda t: pd.Int64Dtype() if t == pa.int64() else None
    )
    frame.attrs[INSTRUMENTS_KEY.decode()] = events.instruments.to_json()
    return frame


def step_columns(instruments: InstrumentTable, is_price: bool) -> tuple[Floats, Floats]:
    """Return numerators and denominators of all ticks (or lots), indexed by symbol_id."""
    steps = np.array([i.tick if is_price else i.lot for i in instruments], np.float64).reshape(-1, 2)
    return steps[:, 0], steps[:, 1]


def _decimals(events: Events, steps: Ints, is_price: bool) -> Floats:
    if not len(steps):
        return np.empty(0)
    num, den = step_columns(events.instruments, is_price)
    ids = events.data["symbol_id"]
    return from_steps(steps, num[ids], den[ids])


def _present(values: Any, rows: Bools) -> Any:
    return pa.array(values, mask=~rows)


def _words(codes: Any, words: list[str | None]) -> Any:
    """Dictionary-encode; a word that is None is null."""
    places = np.cumsum([word is not None for word in words]) - 1
    null = np.array([word is None for word in words], np.bool_)
    if not len(words):
        return pa.array([], pa.dictionary(pa.int32(), pa.string()))
    indices = pa.array(places[codes].astype(np.int32), mask=null[codes])
    return pa.DictionaryArray.from_arrays(indices, pa.array([w for w in words if w is not None], pa.string()))
