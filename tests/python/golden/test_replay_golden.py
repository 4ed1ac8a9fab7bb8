"""The golden tape of the engine: hand-made quotes whose journal is known by its hash.

The hash changes when a decision, an order, a fill, their layout or the run header changes. Regenerate it on purpose,
and say in the commit which value changed and why.
"""

from __future__ import annotations

import pytest

import hftcore as hc

# ms after the open, symbol_id, bid px, bid qty, ask px, ask qty
TAPE = [
    (0, 0, 10_000, 50, 10_001, 50),
    (1, 1, 2_500, 10, 2_502, 90),  # down: sells 40 at 2500, 10 are there
    (2, 0, 10_001, 95, 10_002, 5),  # up: buys 40 at 10002, 5 are there
    (3, 2, 700, 80, 701, 20),  # up: refused, two positions are the limit
    (4, 0, 10_030, 60, 10_031, 40),
    (5, 1, 2_499, 30, 2_500, 30),
    (6, 1, 2_540, 30, 2_541, 30),  # 1 % against the short: stop at 2541
    (7, 1, 2_530, 5, 2_531, 95),  # down, but the symbol is paused
    (8, 2, 701, 90, 702, 10),  # up: buys 10 at 702
    (9, 0, 10_020, 0, 10_021, 40),  # no bid
    (10, 0, 10_015, 3, 10_016, 97),  # down: closes 3 of 5
    (11, 0, 10_014, 4, 10_015, 96),  # and the rest
    (1_500, 2, 705, 50, 706, 50),  # held long enough: closes
    (1_501, 1, 2_480, 90, 2_481, 10),  # up: buys 10 at 2481
    (1_502, 1, 2_480, 0, 2_481, 10),  # no bid at the close
    (23_400_000, 1, 2_470, 8, 2_471, 8),  # 20:00: the session's end closes 8 of 10, all that is bid for
    (23_400_001, 1, 2_469, 50, 2_470, 50),  # and the rest, at this touch
]
JOURNAL_SHA256 = "8774ebe9c6005daaec0181f1eaa91f1decdda5a6fc010e631ae624e7e8e2d002"


@pytest.mark.parametrize("feed", ["threads", "events", "batch"])
def test_the_golden_tape_gives_the_golden_journal(imbalance_artifact, make_tape, feed):
    run = hc.replay(
        imbalance_artifact,
        make_tape(TAPE),
        strategy=hc.Threshold(0.70, order_qty=40, hold="1s"),
        risk=hc.RiskLimits(
            max_open_positions=2, max_order_qty=40, max_position_qty=40, stop_loss_bps=100.0, stop_out_pause="1s"
        ),
        execution=hc.SimulatedExchange(fee_bps=0.5, fee_per_unit="0.0001"),
        feed=feed,
    )
    columns = run.symbols[run.fills["symbol_id"]], run.fills["px_ticks"], run.fills["qty_lots"]
    assert list(zip(*(column.tolist() for column in columns), strict=True)) == [
        ("BBB", 2_500, 10), ("AAA", 10_002, 5), ("BBB", 2_541, 10), ("CCC", 702, 10), ("AAA", 10_015, 3),
        ("AAA", 10_014, 2), ("CCC", 705, 10), ("BBB", 2_481, 10), ("BBB", 2_470, 8), ("BBB", 2_469, 2),
    ]  # fmt: skip
    assert run.journal_sha256 == JOURNAL_SHA256
