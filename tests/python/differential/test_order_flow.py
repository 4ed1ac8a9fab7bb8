"""Order-flow imbalance against a slow twin in Python integers, written from the paper."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import hftcore as hc


@pytest.fixture(scope="module")
def quotes() -> hc.Events:
    events = hc.generate(seed=6, symbols=["AAA"], seconds=60, rate=300, book_levels=0)
    return events[events.data["kind"] == 2]


def contributions(quotes: hc.Events) -> list[int]:
    rows = [
        tuple(int(quotes.data[n][i]) for n in ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots"))
        for i in range(len(quotes))
    ]
    e = []
    for (pb0, qb0, pa0, qa0), (pb1, qb1, pa1, qa1) in pairwise(rows):
        bid = qb1 if pb1 > pb0 else qb1 - qb0 if pb1 == pb0 else -qb0
        ask = -qa0 if pa1 > pa0 else qa1 - qa0 if pa1 == pa0 else qa1
        e.append(bid - ask)
    return e


@pytest.mark.parametrize("n", [1, 10, 200])
def test_count_windows_are_exact(quotes: hc.Events, n: int) -> None:
    e = contributions(quotes)
    expected = [float(sum(e[i - n + 1 : i + 1])) for i in range(n - 1, len(e))]
    ours = hc.features.OrderFlowImbalance(window=n).transform(quotes)
    assert np.isnan(ours[:n]).all()
    assert ours[n:].tolist() == expected


def test_time_windows_are_exact(quotes: hc.Events) -> None:
    e, ts_ns = contributions(quotes), quotes.data["ts_event_ns"][1:].tolist()
    expected = [
        float(sum(x for x, t in zip(e, ts_ns, strict=True) if now - 10**9 < t <= now and t <= now)) for now in ts_ns
    ]
    at_once = [i for i in range(len(ts_ns) - 1) if ts_ns[i] == ts_ns[i + 1]]  # the twin sees the whole instant
    ours = hc.features.OrderFlowImbalance(window="1s").transform(quotes)[1:].tolist()
    assert [x for i, x in enumerate(ours) if i not in at_once] == [
        x for i, x in enumerate(expected) if i not in at_once
    ]


def test_depths_divide_by_the_mean_queue(quotes: hc.Events) -> None:
    n = 25
    flow = np.convolve(contributions(quotes), np.ones(n), "valid")
    queue = (quotes.data["bid_qty_lots"] + quotes.data["ask_qty_lots"])[1:] / 2
    expected = flow / (np.convolve(queue, np.ones(n), "valid") / n)
    ours = hc.features.OrderFlowImbalance(window=n, unit="depths").transform(quotes)
    np.testing.assert_allclose(ours[n:], expected, rtol=1e-12, atol=1e-12)
