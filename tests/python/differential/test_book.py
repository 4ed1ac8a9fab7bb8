"""Operations on one book against NumPy and exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import hftcore as hc


@pytest.fixture(scope="module")
def quotes() -> hc.Events:
    events = hc.generate(seed=5, symbols=[hc.Instrument("AAA", (1, 100), (1, 10))], seconds=60, rate=300, book_levels=0)
    return events[events.data["kind"] == 2]


def sides(quotes: hc.Events) -> list[np.ndarray]:
    return [quotes.data[n] for n in ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")]


def test_mid_and_microprice_are_the_exact_values_rounded_once(quotes: hc.Events) -> None:
    bid, bid_qty, ask, ask_qty = (side.tolist() for side in sides(quotes))
    mid = [float(Fraction(b + a, 200)) for b, a in zip(bid, ask, strict=True)]
    rows = zip(bid, bid_qty, ask, ask_qty, strict=True)
    micro = [float(Fraction(b * aq + a * bq, (bq + aq) * 100)) for b, bq, a, aq in rows]
    assert hc.features.Mid().transform(quotes).tolist() == mid
    assert hc.features.Microprice().transform(quotes).tolist() == micro


def test_the_rest_matches_numpy(quotes: hc.Events) -> None:
    bid, bid_qty, ask, ask_qty = (side.astype(float) for side in sides(quotes))
    mid = (bid + ask) / 2
    micro = (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)
    close = np.testing.assert_allclose
    close(hc.features.Spread().transform(quotes), (ask - bid) / 100, rtol=1e-15)
    np.testing.assert_array_equal(hc.features.Spread(unit="ticks").transform(quotes), ask - bid)
    close(hc.features.Spread(unit="bps").transform(quotes), 1e4 * (ask - bid) / mid, rtol=1e-14)
    close(hc.features.Microprice(unit="bps").transform(quotes), 1e4 * (micro - mid) / mid, rtol=1e-6, atol=1e-8)
    imbalance = (bid_qty - ask_qty) / (bid_qty + ask_qty)
    np.testing.assert_array_equal(hc.features.QueueImbalance().transform(quotes), imbalance)
