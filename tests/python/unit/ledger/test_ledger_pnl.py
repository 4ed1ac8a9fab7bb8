"""Profit and loss, against a slow twin in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hftcore import _core, ledger
from hftcore.errors import JournalError

TICK = {"AAA": Fraction(1, 100), "BBB": Fraction(1, 8), "CCC": Fraction(1, 3)}
LOT = {"AAA": Fraction(1), "BBB": Fraction(100), "CCC": Fraction(1, 1000)}


def fills_of(rows):
    """(symbol_id, side, qty, px[, fee]) in order."""
    fills = np.zeros(len(rows), ledger.FILL_DTYPE)
    for i, (symbol, side, qty, px, *fee) in enumerate(rows):
        fills[i] = (i, 1, 0, i * 1_000, px, qty, fee[0] if fee else 0, symbol, side)
    return fills


def marks_of(mids, ts_event_ns=10**9):
    marks = np.zeros(len(mids), ledger.MARK_DTYPE)
    for i, (symbol, mid) in enumerate(mids):
        marks[i] = (ts_event_ns, mid, symbol)
    return marks


def test_round_trip_in_money(journal_of, encode):
    fills = fills_of([(0, 1, 100, 2_000, 500_000_000), (0, 2, 40, 2_010, 250_000_000)])
    pnl = ledger.profit_and_loss(journal_of(encode(fills, marks_of([(0, 2 * 1_995)]))))
    (row,) = pnl.rows
    assert row.to_dict() == {
        "symbol": "AAA",
        "n_orders": 0,
        "n_fills": 2,
        "bought_qty": 100,
        "sold_qty": 40,
        "position_qty": 60,
        "realised": 4.0,  # 40 at 10 ticks of 0.01
        "unrealised": -3.0,  # 60 at -5 ticks
        "fees": 0.75,
        "net": 0.25,
    }
    assert pnl.net == 0.25
    assert pnl.to_dict()["symbols"] == [row.to_dict()]


def test_open_position_without_a_mark_has_no_net(journal_of, encode):
    fills = fills_of([(0, 1, 1, 10), (1, 1, 1, 10), (1, 2, 1, 12)])
    pnl = ledger.profit_and_loss(journal_of(encode(fills)))
    assert [(row.symbol, row.unrealised, row.net) for row in pnl.rows] == [("AAA", None, None), ("BBB", 0.0, 25.0)]
    assert pnl.net is None


def test_last_mark_counts(journal_of, encode):
    marks = marks_of([(0, 30), (0, 24)])
    marks["ts_event_ns"] = [5, 3]
    (row,) = ledger.profit_and_loss(journal_of(encode(fills_of([(0, 1, 1, 10)]), marks))).rows
    assert row.unrealised_half_tick_lots == 10


def test_symbol_with_another_tick_in_another_run_is_a_row_of_its_own(journal_of, encode):
    other = [{"symbol": "AAA", "tick_num": 1, "tick_den": 10, "lot_num": 1, "lot_den": 1}]
    second = fills_of([(0, 1, 1, 10), (0, 2, 1, 11)])
    second["source_seq"] += 100
    runs = encode(fills_of([(0, 1, 1, 10), (0, 2, 1, 11)])), encode(second, header={"instruments": other})
    pnl = ledger.profit_and_loss(journal_of(*runs))
    assert [(row.symbol, row.net) for row in pnl.rows] == [("AAA", 0.01), ("AAA", 0.1)]


def test_repeated_ids_count_once_and_contradictions_are_errors(journal_of, encode):
    fills = fills_of([(0, 1, 1, 10), (0, 2, 1, 12)])
    twice = ledger.profit_and_loss(journal_of(encode(fills), encode(fills)))
    assert twice.rows[0].n_fills == 2
    changed = fills.copy()
    changed["px_ticks"][1] = 13
    with pytest.raises(JournalError, match="fill 1:0:1:0 occurs twice with different content"):
        ledger.profit_and_loss(journal_of(encode(fills), encode(changed)))


def test_journal_and_ledger_give_the_same_figures(journal_of, sample_run, tmp_path):
    paths = [
        journal_of(sample_run(500)[1], name="a.jrnl"),
        journal_of(sample_run(500, start=500)[1], name="b.jrnl"),
    ]
    for i, path in enumerate(paths):
        database = tmp_path / f"{i}.db"
        ledger.write_sqlite(path, database)
        assert ledger.profit_and_loss(database) == ledger.profit_and_loss(path)
    both = journal_of(sample_run(500)[1], sample_run(500, start=500)[1], name="both.jrnl")
    joined = tmp_path / "joined.db"
    for path in reversed(paths):
        ledger.write_sqlite(path, joined)
    assert ledger.profit_and_loss(joined) == ledger.profit_and_loss(both)


def test_fold_refuses_what_cannot_be():
    with pytest.raises(ValueError, match=r"fills\[1\]: symbol, side or quantity is out of range"):
        _core.ledger.fold_fills(fills_of([(0, 1, 1, 1), (0, 3, 1, 1)]), 1)
    with pytest.raises(ValueError, match="fills: dtype must be"):
        _core.ledger.fold_fills(np.zeros(3), 1)


fill_rows = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(1, 2),
        st.integers(1, 2**40),
        st.integers(-(2**40), 2**40),
        st.integers(-(10**12), 10**12),
    ),
    max_size=60,
)


@given(fill_rows, st.lists(st.integers(-(2**40), 2**40), min_size=3, max_size=3))
def test_earned_and_open_are_cash_and_value_exactly(rows, mids):
    positions = _core.ledger.fold_fills(fills_of(rows), 3)
    for i, position in enumerate(positions):
        mine = [(qty if side == 1 else -qty, px, fee) for symbol, side, qty, px, fee in rows if symbol == i]
        cash = -sum(qty * px for qty, px, _ in mine)
        held = sum(qty for qty, _, _ in mine)
        assert position.qty_lots == held
        assert position.cash_tick_lots == cash
        assert position.fees_nano == sum(fee for _, _, fee in mine)
        earned = 2 * position.realised_tick_lots + position.unrealised_half_tick_lots(mids[i])
        assert earned == 2 * cash + held * mids[i]


@given(fill_rows)
def test_realised_is_that_of_a_running_average_up_to_a_tick_lot_per_fill(rows):
    positions = _core.ledger.fold_fills(fills_of(rows), 3)
    for i, position in enumerate(positions):
        held, cost, realised = 0, Fraction(0), Fraction(0)
        mine = [row for row in rows if row[0] == i]
        for _, side, lots, px, _ in mine:
            qty = lots if side == 1 else -lots
            closed = min(abs(held), lots) if held * qty < 0 else 0
            if closed:
                released = cost * closed / abs(held)
                realised += (closed if held > 0 else -closed) * px - released
                cost -= released
            cost += (1 if qty > 0 else -1) * (lots - closed) * px
            held += qty
        assert abs(position.realised_tick_lots - realised) <= len(mine)
        assert abs(position.open_cost_tick_lots - cost) <= len(mine)


@given(rows=fill_rows)
def test_net_in_money_is_cash_minus_fees_when_flat(journal_bytes, rows):
    closing = []
    for symbol in range(3):
        held = sum(qty if side == 1 else -qty for s, side, qty, _, _ in rows if s == symbol)
        if held:
            closing.append((symbol, 2 if held > 0 else 1, abs(held), 17, 5))
    every = [*rows, *closing]
    pnl = ledger.profit_and_loss(ledger.parse_journal(journal_bytes(fills_of(every))))
    for row in pnl.rows:
        i = "ABC".index(row.symbol[0])
        cash = sum((-qty if side == 1 else qty) * px for s, side, qty, px, _ in every if s == i)
        fees = sum(fee for s, *_, fee in every if s == i)
        assert row.position_lots == 0
        assert row.net == float(cash * TICK[row.symbol] * LOT[row.symbol] - Fraction(fees, 10**9))
