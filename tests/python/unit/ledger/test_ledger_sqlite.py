"""The journal's follower into SQLite."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing

import pytest

from hftcore import ledger
from hftcore.errors import JournalError

TABLES = ("runs", "instruments", "decisions", "orders", "fills", "marks", "positions")


def dump(path, tables=TABLES):
    with closing(sqlite3.connect(path)) as db:
        return {table: db.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def query(path, sql):
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def counts_of(records, runs):
    counts = {name: len(records[name]) for name in ("decisions", "orders", "fills")}
    return {"runs": runs, "controls": 0} | counts


@pytest.fixture
def db(tmp_path):
    return tmp_path / "ledger.db"


def test_every_record_becomes_a_row_with_words_and_exact_prices(journal_of, sample_run, db):
    records, run = sample_run(300)
    written = ledger.write_sqlite(journal_of(run), db)
    decisions = records["decisions"]
    assert written.to_dict() == counts_of(records, runs=1)
    rows = query(db, "SELECT * FROM decisions ORDER BY source_offset")
    names = [column[1] for column in query(db, "PRAGMA table_xinfo(decisions)")]
    first = dict(zip(names, rows[0], strict=True))
    expected = decisions[0]
    symbol = "ABC"[expected["symbol_id"]] * 3
    tick = {"AAA": 0.01, "BBB": 0.125, "CCC": 1 / 3}[symbol]
    assert first["symbol"] == symbol
    assert first["side"] == ("buy", "sell")[expected["side"] - 1]
    assert first["limit_px_ticks"] == expected["limit_px_ticks"]
    assert first["up_frac"] == (None if math.isnan(expected["up_frac"]) else expected["up_frac"])
    if symbol != "CCC":
        assert float(first["limit_px"]) == pytest.approx(expected["limit_px_ticks"] * tick, rel=1e-15)
    assert query(db, "SELECT id FROM decisions ORDER BY source_offset LIMIT 2") == [("1:0:0:0",), ("1:0:1:0",)]
    assert query(db, "SELECT count(*) FROM decisions WHERE refusal = 'none'") == [(len(records["orders"]),)]
    assert query(db, "SELECT DISTINCT limit_px FROM orders WHERE symbol = 'CCC' AND limit_px_ticks = 1000") == [
        ("1000/3",)
    ]


def test_second_writing_adds_nothing(journal_of, sample_run, db):
    path = journal_of(sample_run(300)[1])
    written = ledger.write_sqlite(path, db).to_dict()
    before = dump(db)
    assert ledger.write_sqlite(path, db).to_dict() == dict.fromkeys(written, 0)
    assert dump(db) == before


def test_extended_journal_adds_only_what_is_new(journal_of, sample_run, tmp_path, db):
    (_, early), (more, late) = sample_run(50), sample_run(30, start=50)
    ledger.write_sqlite(journal_of(early), db)
    grown = journal_of(early, late)
    written = ledger.write_sqlite(grown, db)
    assert written.to_dict() == counts_of(more, runs=0)
    at_once = tmp_path / "at_once.db"
    ledger.write_sqlite(grown, at_once)
    assert dump(db) == dump(at_once)


def test_two_journals_share_a_ledger_in_either_order(journal_of, sample_run, tmp_path, db):
    a = journal_of(sample_run(50)[1], name="a.jrnl")
    b = journal_of(sample_run(50, partition=1, seed=8, header={"model_id": "m2"})[1], name="b.jrnl")
    ledger.write_sqlite(a, db)
    assert ledger.write_sqlite(b, db).runs == 1
    other = tmp_path / "other.db"
    ledger.write_sqlite(b, other)
    ledger.write_sqlite(a, other)
    assert dump(db, ("positions",)) == dump(other, ("positions",))
    assert ledger.profit_and_loss(db) == ledger.profit_and_loss(other)


@pytest.mark.parametrize("field", ["qty_lots", "limit_px_ticks", "up_frac"])
def test_same_id_with_other_content_is_an_error_and_changes_nothing(journal_of, sample_run, encode, db, field):
    records, run = sample_run(50)
    ledger.write_sqlite(journal_of(run), db)
    before = dump(db)
    records["decisions"]["up_frac"][7] = 0.5
    ledger.write_sqlite(journal_of(encode(sample_run(5, start=1_000)[0]["decisions"]), name="c.jrnl"), db)
    changed = records["decisions"][[6, 7]].copy()
    changed[field][1] = 77
    path = journal_of(encode(changed, header={"model_id": "m2"}), name="changed.jrnl")
    with pytest.raises(JournalError, match=rf"changed.jrnl: decisions: decision id 1:0:7:0 .* {field} .* 77"):
        ledger.write_sqlite(path, db)
    assert query(db, "SELECT count(*) FROM runs") == [(1,)], "nothing of a refused journal stays"
    assert dump(db, ("fills", "orders")) == {k: before[k] for k in ("fills", "orders")}


def test_same_id_twice_in_one_journal_counts_once_unless_it_differs(journal_of, sample_run, encode, db):
    records, run = sample_run(20)
    assert ledger.write_sqlite(journal_of(run, run), db).decisions == 20
    fills = records["fills"].copy()
    fills["px_ticks"][3] += 1
    with pytest.raises(JournalError, match=r"fills: decision id .* px_ticks"):
        ledger.write_sqlite(journal_of(run, encode(fills)), db)


def test_run_end_is_filled_in_later(journal_of, sample_run, encode, db):
    records, run = sample_run(5)
    ledger.write_sqlite(journal_of(encode(*records.values())), db)
    assert query(db, "SELECT end_json, model_id FROM runs") == [(None, "m1")]
    ledger.write_sqlite(journal_of(run), db)
    assert query(db, "SELECT end_json FROM runs") == [('{"n":5}',)]


def test_progress_ends_at_the_total(journal_of, sample_run, db):
    records, run = sample_run(30_000)
    calls = []
    ledger.write_sqlite(journal_of(run), db, progress=lambda done, total: calls.append((done, total)))
    total = sum(len(records[k]) for k in ("decisions", "orders", "fills"))
    assert calls[-1] == (total, total)
    assert calls == sorted(calls)
    assert len(calls) > 2


def test_positions_view_adds_up_the_fills(journal_of, sample_run, db):
    records, run = sample_run(400)
    ledger.write_sqlite(journal_of(run), db)
    fills = records["fills"]
    signed = fills["qty_lots"] * (3 - 2 * fills["side"].astype(int))
    for symbol, lots in query(db, "SELECT symbol, position_lots FROM positions"):
        assert lots == signed[fills["symbol_id"] == "ABC".index(symbol[0])].sum()


def test_foreign_databases_and_files_are_refused(journal_of, sample_run, tmp_path):
    path = journal_of(sample_run(5)[1])
    foreign = tmp_path / "foreign.db"
    with closing(sqlite3.connect(foreign)) as db:
        db.execute("CREATE TABLE t (x)")
    with pytest.raises(JournalError, match=r"foreign\.db: is a database of another program"):
        ledger.write_sqlite(path, foreign)
    with pytest.raises(JournalError, match=r"foreign\.db: is a database of another program"):
        ledger.profit_and_loss(foreign)
    text = tmp_path / "text.db"
    text.write_text("no database, but long enough to be asked " * 30)
    with pytest.raises(JournalError, match=r"text\.db: SQLite: file is not a database"):
        ledger.write_sqlite(path, text)
    with pytest.raises(JournalError, match="missing: cannot be read"):
        ledger.profit_and_loss(tmp_path / "missing")


def test_ledger_of_another_version_is_refused(journal_of, sample_run, db):
    path = journal_of(sample_run(5)[1])
    ledger.write_sqlite(path, db)
    with closing(sqlite3.connect(db)) as connection:
        connection.execute("PRAGMA user_version = 9")
    with pytest.raises(JournalError, match="ledger version must be 3, was 9"):
        ledger.write_sqlite(path, db)
