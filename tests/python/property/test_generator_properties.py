"""What holds for every argument: invariants of the stream, and bytes that do not depend on how it is asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore import _core

QUOTE, TRADE, BOOK_LEVEL = 2, 1, 3

configs = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**64 - 1),
        "symbols": st.integers(1, 40).map(lambda n: [f"S{i}" for i in range(n)]),
        "seconds": st.floats(0.01, 2.0),
        "rate": st.floats(10.0, 5_000.0),
        "signal": st.floats(0.0, 1.0),
        "book_levels": st.integers(0, 10),
        "sessions": st.integers(1, 3),
    }
)


@given(configs)
@settings(max_examples=60, deadline=None)
def test_every_stream_is_ordered_bounded_and_uncrossed(config: dict) -> None:
    events = hc.generate(**config)
    data = events.data
    assert (np.diff(data["ts_event_ns"]) >= 0).all()
    assert (np.diff(data["ts_recv_ns"]) >= 0).all()
    np.testing.assert_array_equal(data["source_seq"], np.arange(len(data)))
    assert data["symbol_id"].max() < len(events.instruments)
    quotes = data[data["kind"] == QUOTE]
    assert (quotes["bid_px_ticks"] < quotes["ask_px_ticks"]).all()
    priced = data[data["kind"] != QUOTE]
    assert (priced["px_ticks"] >= 1).all()
    assert (priced["qty_lots"] >= 0).all()
    # The packed encoder checks every field of every record.
    _core.event.encode(data, events.instruments._native(), "packed")


@given(configs, st.lists(st.integers(1, 5_000), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_any_chunking_gives_the_same_bytes(config: dict, chunks: list[int]) -> None:
    whole = hc.generate(**config)
    config = dict(config)
    config["rate_hz"] = config.pop("rate")
    del config["symbols"]
    generator = _core.gen.Generator(whole.instruments._native(), **config)
    parts = [generator.next(n).tobytes() for n in chunks]
    parts.append(generator.remaining().tobytes())
    assert b"".join(parts) == whole.data.tobytes()


@given(configs)
@settings(max_examples=10, deadline=None)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(config: dict) -> None:
    other = {**config, "seed": config["seed"] ^ 1}
    assert hc.generate(**config).data.tobytes() == hc.generate(**config).data.tobytes()
    assert hc.generate(**config).data.tobytes() != hc.generate(**other).data.tobytes()
