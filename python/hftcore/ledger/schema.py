"""The ledger's tables, and the rows that a journal's records become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from hftcore import _core
from hftcore.instruments import Instrument, decimal_text
from hftcore.ledger.deciders import model_ids
from hftcore.ledger.journal import OFFSET_BITS, OFFSET_MASK, JournalRun, Records

APPLICATION_ID = 0x4846544C  # "HFTL" in the file's header: this database is a ledger
VERSION = 3  # 2: table controls; 3: decisions.model_id

_ID_COLUMNS = """
  config_epoch INTEGER NOT NULL, source_partition INTEGER NOT NULL, source_offset INTEGER NOT NULL,
  ordinal INTEGER NOT NULL, run INTEGER NOT NULL REFERENCES runs,
  id TEXT GENERATED ALWAYS AS
    (config_epoch || ':' || source_partition || ':' || source_offset || ':' || ordinal) VIRTUAL,
  symbol TEXT NOT NULL, ts_event_ns INTEGER NOT NULL, side TEXT NOT NULL, qty_lots INTEGER NOT NULL,"""
_ID_KEY = "PRIMARY KEY (config_epoch, source_partition, source_offset, ordinal)"

# Prices stand twice: in ticks, which add up, and as exact decimal text, which people read.
DDL = f"""
CREATE TABLE runs (
  run INTEGER PRIMARY KEY, header_sha256 TEXT NOT NULL UNIQUE, spec_sha256 TEXT, model_id TEXT,
  header_json TEXT NOT NULL, end_json TEXT);
CREATE TABLE instruments (
  run INTEGER NOT NULL REFERENCES runs, symbol_id INTEGER NOT NULL, symbol TEXT NOT NULL,
  tick_num INTEGER NOT NULL, tick_den INTEGER NOT NULL, lot_num INTEGER NOT NULL, lot_den INTEGER NOT NULL,
  PRIMARY KEY (run, symbol_id), UNIQUE (run, symbol)) WITHOUT ROWID;
CREATE TABLE decisions ({_ID_COLUMNS}
  limit_px_ticks INTEGER NOT NULL, limit_px TEXT NOT NULL, reason TEXT NOT NULL, refusal TEXT NOT NULL,
  up_frac REAL, down_frac REAL, model_id TEXT, {_ID_KEY}) WITHOUT ROWID;
CREATE TABLE orders ({_ID_COLUMNS}
  limit_px_ticks INTEGER NOT NULL, limit_px TEXT NOT NULL, reason TEXT NOT NULL, {_ID_KEY}) WITHOUT ROWID;
CREATE TABLE fills ({_ID_COLUMNS}
  px_ticks INTEGER NOT NULL, px TEXT NOT NULL, fee_nano INTEGER NOT NULL, {_ID_KEY}) WITHOUT ROWID;
CREATE TABLE marks (
  run INTEGER NOT NULL REFERENCES runs, symbol TEXT NOT NULL, ts_event_ns INTEGER NOT NULL,
  mid_half_ticks INTEGER NOT NULL, mid_px TEXT NOT NULL, PRIMARY KEY (run, symbol, ts_event_ns, mid_half_ticks))
  WITHOUT ROWID;
CREATE TABLE controls (
  run INTEGER NOT NULL REFERENCES runs, place INTEGER NOT NULL, n_decisions_before INTEGER NOT NULL,
  control_json TEXT NOT NULL, PRIMARY KEY (run, place)) WITHOUT ROWID;
CREATE VIEW positions AS
  SELECT symbol, tick_num, tick_den, lot_num, lot_den, count(*) AS n_fills,
    sum(CASE side WHEN 'buy' THEN qty_lots ELSE 0 END) AS bought_lots,
    sum(CASE side WHEN 'sell' THEN qty_lots ELSE 0 END) AS sold_lots,
    sum(CASE side WHEN 'buy' THEN qty_lots ELSE -qty_lots END) AS position_lots,
    sum(fee_nano) AS fees_nano
  FROM fills JOIN instruments USING (run, symbol) GROUP BY symbol, tick_num, tick_den, lot_num, lot_den;
"""

KEY = ("config_epoch", "source_partition", "source_offset", "ordinal")
_COMMON = (*KEY, "run", "symbol", "ts_event_ns", "side", "qty_lots")
_SIDES: tuple[str, ...] = _core.ledger.SIDES
_REASONS: tuple[str, ...] = _core.ledger.REASONS
_REFUSALS: tuple[str, ...] = _core.ledger.REFUSALS


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows are records with a decision id. ``content`` must agree where an id is met again."""

    name: str
    columns: tuple[str, ...]

    @property
    def content(self) -> tuple[str, ...]:
        """Columns besides the id, and the run and the model that brought it."""
        return tuple(column for column in self.columns if column not in (*KEY, "run", "model_id"))

    def rows(self, run: JournalRun, run_key: int, start: int, stop: int) -> Iterator[tuple[Any, ...]]:
        """Rows of the run's records start..stop-1, in the order of ``columns``."""
        records: Records = getattr(run, self.name)[start:stop]
        seq = records["source_seq"]
        made: dict[str, list[Any]] = {
            "source_partition": (seq >> np.uint64(OFFSET_BITS)).tolist(),
            "source_offset": (seq & np.uint64(OFFSET_MASK)).tolist(),
            "run": [run_key] * len(records),
            "symbol": [run.instruments[i].symbol for i in records["symbol_id"].tolist()],
            "side": _words(records["side"], _SIDES),
        }
        names = records.dtype.names or ()
        if "reason" in names:
            made["reason"] = _words(records["reason"], _REASONS)
        if "refusal" in names:
            made["refusal"] = _words(records["refusal"], _REFUSALS)
            made["model_id"] = [model or None for model in model_ids(run)[start:stop].tolist()]
        for text, ticks in (("limit_px", "limit_px_ticks"), ("px", "px_ticks")):
            if ticks in names:
                made[text] = price_texts(records[ticks], records["symbol_id"], run.instruments, half=False)
        return zip(*(made[c] if c in made else records[c].tolist() for c in self.columns), strict=True)


TABLES = (
    Table(
        "decisions", (*_COMMON, "limit_px_ticks", "limit_px", "reason", "refusal", "up_frac", "down_frac", "model_id")
    ),
    Table("orders", (*_COMMON, "limit_px_ticks", "limit_px", "reason")),
    Table("fills", (*_COMMON, "px_ticks", "px", "fee_nano")),
)


def price_texts(ticks: Any, symbol_ids: Any, instruments: Any, *, half: bool) -> list[str]:
    """Exact decimal text of each price; each distinct price is worked out once."""
    seen: dict[tuple[int, int], str] = {}
    texts = []
    for key in zip(symbol_ids.tolist(), ticks.tolist(), strict=True):
        text = seen.get(key)
        if text is None:
            instrument: Instrument = instruments[key[0]]
            text = seen[key] = decimal_text(key[1] * instrument.tick_size / (2 if half else 1))
        texts.append(text)
    return texts


def _words(codes: Any, names: tuple[str, ...]) -> list[str]:
    return [names[code] if code < len(names) else str(code) for code in codes.tolist()]
