"""A journal's follower: writes it to SQLite as often as one likes, each decision id once."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hftcore.errors import JournalError
from hftcore.instruments import Instrument
from hftcore.ledger.journal import FILL_DTYPE, MARK_DTYPE, OFFSET_BITS, Journal, JournalRun
from hftcore.ledger.pnl import LedgerRows, instrument_keys
from hftcore.ledger.schema import APPLICATION_ID, DDL, KEY, TABLES, VERSION, Table, price_texts

Progress = Callable[[int, int], None]
_CHUNK = 20_000  # rows per executemany: small enough for a moving bar


@dataclass(frozen=True, slots=True)
class Written:
    """Rows that a journal brought; what was there already counts nowhere."""

    runs: int
    decisions: int
    orders: int
    fills: int
    controls: int = 0

    def to_dict(self) -> dict[str, int]:
        """Plain values for JSON."""
        return asdict(self)


def write_journal(journal: Journal, db_path: Path, progress: Progress | None = None) -> Written:
    """Write a journal's runs in one transaction: all of it, or nothing. See ``hftcore.ledger.write_sqlite``."""
    total = sum(len(getattr(run, table.name)) for run in journal.runs for table in TABLES)
    counts = {"runs": 0, "controls": 0} | {table.name: 0 for table in TABLES}
    done = 0
    with _ledger(db_path, create=True) as db:
        for run in journal.runs:
            run_key, is_new = _write_run(db, run)
            counts["runs"] += is_new
            counts["controls"] += _write_controls(db, run, run_key, journal.name)
            for table in TABLES:
                n_records = len(getattr(run, table.name))
                for start in range(0, n_records, _CHUNK):
                    rows = list(table.rows(run, run_key, start, start + _CHUNK))
                    counts[table.name] += _insert(db, table, rows, journal.name)
                    done += len(rows)
                    if progress is not None:
                        progress(done, total)
    return Written(**counts)


def read_rows(db_path: Path) -> LedgerRows:
    """Everything that profit and loss needs, from a ledger."""
    with _ledger(db_path, create=False) as db:
        runs = [key for (key,) in db.execute("SELECT run FROM runs ORDER BY run")]
        tables = [[_instrument(row) for row in db.execute(_SELECT_INSTRUMENTS, (run,))] for run in runs]
        instruments, maps = instrument_keys(tables)
        place_of = {
            (run, instrument.symbol): int(place)
            for run, table, places in zip(runs, tables, maps, strict=True)
            for instrument, place in zip(table, places, strict=True)
        }
        n_orders = np.zeros(len(instruments), dtype=np.int64)
        for run, symbol, n in db.execute("SELECT run, symbol, count(*) FROM orders GROUP BY run, symbol"):
            n_orders[place_of[run, symbol]] += n
        fills = np.array(
            [
                (part << OFFSET_BITS | offset, *rest, place_of[run, symbol], 1 if side == "buy" else 2)
                for part, offset, *rest, run, symbol, side in db.execute(_SELECT_FILLS)
            ],
            dtype=FILL_DTYPE,
        )
        marks = np.array(
            [(ts, mid, place_of[run, symbol]) for ts, mid, run, symbol in db.execute(_SELECT_MARKS)], dtype=MARK_DTYPE
        )
    return LedgerRows(instruments, n_orders, fills, marks)


_SELECT_INSTRUMENTS = """
  SELECT symbol, tick_num, tick_den, lot_num, lot_den FROM instruments WHERE run = ? ORDER BY symbol_id"""
_SELECT_FILLS = f"""
  SELECT source_partition, source_offset, config_epoch, ordinal, ts_event_ns, px_ticks, qty_lots, fee_nano,
    run, symbol, side
  FROM fills ORDER BY ts_event_ns, {", ".join(KEY)}"""
_SELECT_MARKS = "SELECT ts_event_ns, mid_half_ticks, run, symbol FROM marks ORDER BY run, ts_event_ns"


def _instrument(row: tuple[Any, ...]) -> Instrument:
    symbol, tick_num, tick_den, lot_num, lot_den = row
    return Instrument(symbol, (tick_num, tick_den), (lot_num, lot_den))


@contextmanager
def _ledger(path: Path, *, create: bool) -> Iterator[sqlite3.Connection]:
    """One transaction on a ledger; a new file gets its tables. Turns SQLite's errors into ours, with the path."""
    if not create and not path.is_file():
        raise JournalError(f"{path}: no such file")
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE" if create else "BEGIN")
            try:
                _check_or_make(db, path, create=create)
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
    except sqlite3.Error as error:
        raise JournalError(f"{path}: SQLite: {error}") from error


def _check_or_make(db: sqlite3.Connection, path: Path, *, create: bool) -> None:
    (application_id,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (n_tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if create and application_id == 0 and n_tables == 0:
        for statement in DDL.split(";")[:-1]:
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    elif application_id != APPLICATION_ID:
        raise JournalError(f"{path}: is a database of another program, not a ledger")
    elif version != VERSION:
        raise JournalError(f"{path}: ledger version must be {VERSION}, was {version}")


def _write_run(db: sqlite3.Connection, run: JournalRun) -> tuple[int, bool]:
    """The run's key, and whether it is new. A restart under the same header continues the same run."""
    sha256 = hashlib.sha256(run.header_text.encode()).hexdigest()
    header = run.header
    inserted = db.execute(
        """INSERT INTO runs (header_sha256, spec_sha256, model_id, header_json) VALUES (?, ?, ?, ?)
           ON CONFLICT DO NOTHING""",
        (sha256, header.get("spec_sha256"), header.get("model_id"), run.header_text),
    )
    is_new = inserted.rowcount == 1
    (key,) = db.execute("SELECT run FROM runs WHERE header_sha256 = ?", (sha256,)).fetchone()
    if is_new:
        db.executemany(
            "INSERT INTO instruments VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(key, i, each.symbol, *each.tick, *each.lot) for i, each in enumerate(run.instruments)],
        )
    if run.end_text:
        db.execute("UPDATE runs SET end_json = ? WHERE run = ?", (run.end_text, key))
    marks = run.marks
    texts = price_texts(marks["mid_half_ticks"], marks["symbol_id"], run.instruments, half=True)
    symbols = [run.instruments[i].symbol for i in marks["symbol_id"].tolist()]
    times, mids = marks["ts_event_ns"].tolist(), marks["mid_half_ticks"].tolist()
    db.executemany(
        "INSERT INTO marks VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        zip([key] * len(marks), symbols, times, mids, texts, strict=True),
    )
    return key, is_new


def _write_controls(db: sqlite3.Connection, run: JournalRun, run_key: int, source: str) -> int:
    """Insert what is new of a run's control frames; a frame's place in the run is its key."""
    n_new = 0
    for place, control in enumerate(run.controls):
        row = (run_key, place, control.n_decisions_before, control.text)
        n_new += db.execute("INSERT INTO controls VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row).rowcount
        stored = db.execute("SELECT * FROM controls WHERE run = ? AND place = ?", (run_key, place)).fetchone()
        if stored != row:
            raise JournalError(
                f"{source}: control frame {place} is stored as {stored[2:]!r}, the journal has {row[2:]!r}"
            )
    return n_new


def _insert(db: sqlite3.Connection, table: Table, rows: list[tuple[Any, ...]], source: str) -> int:
    """Insert what is new and return its number; what is not new must be the same."""
    columns = ", ".join(table.columns)
    values = ", ".join("?" * len(table.columns))
    insert = f"INSERT INTO {table.name} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"
    n_new = db.executemany(insert, rows).rowcount
    if n_new < len(rows):
        _check_same(db, table, rows, source)
    return n_new


def _check_same(db: sqlite3.Connection, table: Table, rows: list[tuple[Any, ...]], source: str) -> None:
    staged = f"staged_{table.name}"
    columns = ", ".join(table.columns)
    db.execute(f"CREATE TEMP TABLE IF NOT EXISTS {staged} ({columns})")
    db.execute(f"DELETE FROM {staged}")
    db.executemany(f"INSERT INTO {staged} VALUES ({', '.join('?' * len(table.columns))})", rows)
    pairs = ", ".join(f"t.{column}, s.{column}" for column in table.content)
    differs = " OR ".join(f"t.{column} IS NOT s.{column}" for column in table.content)
    found = db.execute(
        f"SELECT t.id, {pairs} FROM {staged} s JOIN {table.name} t USING ({', '.join(KEY)}) WHERE {differs} LIMIT 1"
    ).fetchone()
    if found is None:
        return
    identity, *stored_and_new = found
    for column, stored, new in zip(table.content, stored_and_new[::2], stored_and_new[1::2], strict=True):
        if stored != new:
            raise JournalError(
                f"{source}: {table.name}: decision id {identity} is stored with {column} {stored!r}, the journal has "
                f"{new!r}; another configuration or tape needs another config epoch"
            )
