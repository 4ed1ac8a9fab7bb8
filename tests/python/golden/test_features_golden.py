"""The bits of every operation on a tape written by hand.

A hash, in features.json, changes only on purpose: raise the ``rev`` of the operation whose value changed, and say in
the commit which value changed and why.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore import registry

OPEN_NS = 1_381_152_600_000_000_000  # 2013-10-07 13:30 UTC
# ms after the open, symbol, bid ticks, bid lots, ask ticks, ask lots; or ms, symbol, price ticks, lots, side
TAPE = [
    (0, 0, 2735, 300, 2736, 500),
    (0, 1, 18170, 20, 18175, 10),
    (3, 0, 2736, 100, 1),
    (3, 0, 2735, 300, 2736, 400),
    (250, 0, 2735, 900, 2736, 400),
    (251, 1, 18171, 30, 18175, 10),
    (400, 1, 18175, 10, 0),
    (401, 1, 18172, 40, 18178, 25),
    (900, 0, 2736, 200, 2737, 700),
    (905, 0, 2735, 150, 2),
    (905, 0, 2735, 800, 2736, 200),
    (1100, 0, 2736, 200, 0),
    (1100, 0, 2735, 800, 2737, 600),
    (1800, 1, 18173, 7, 0),
    (1800, 1, 18168, 15, 18172, 5),
    (2400, 0, 2737, 100, 1),
    (2400, 0, 2736, 100, 2737, 500),
    (3100, 1, 18169, 15, 18172, 60),
    (3900, 0, 2736, 350, 2737, 500),
    (4000, 0, 2736, 50, 2),
    (4000, 1, 18170, 10, 18171, 45),
    (5200, 0, 2735, 400, 2736, 900),
    (5300, 1, 18172, 12, 1),
    (5300, 1, 18171, 30, 18174, 20),
    (9000, 0, 2734, 500, 2735, 100),
    (9001, 0, 2734, 500, 2736, 100),
]
# ms after the open, symbol, side, price ticks, lots, update id, 2 in a snapshot
LEVELS = [
    (1, 0, "B", 2735, 300, 1, 2),
    (1, 0, "B", 2734, 150, 1, 2),
    (1, 0, "B", 2732, 900, 1, 2),
    (1, 0, "S", 2736, 500, 1, 2),
    (1, 0, "S", 2737, 250, 1, 2),
    (2, 1, "B", 18170, 20, 7, 2),
    (2, 1, "S", 18175, 10, 7, 2),
    (4, 0, "S", 2736, 400, 2, 0),
    (260, 0, "B", 2733, 75, 3, 0),
    (402, 1, "B", 18172, 40, 8, 0),
    (402, 1, "S", 18178, 25, 8, 0),
    (901, 0, "S", 2736, 0, 4, 0),
    (902, 0, "B", 2736, 200, 5, 0),
    (906, 0, "B", 2736, 0, 6, 0),
    (1801, 1, "S", 18172, 5, 9, 0),
    (1802, 1, "B", 18172, 0, 10, 0),
    (2401, 0, "S", 2740, 800, 7, 0),
    (3101, 1, "S", 18172, 60, 11, 0),
    (3901, 0, "B", 2735, 120, 8, 0),
    (5201, 0, "S", 2737, 900, 9, 0),
    (5301, 1, "B", 18169, 5, 12, 0),
    (9002, 0, "B", 2734, 500, 10, 0),
    (9002, 1, "B", 18171, 50, 13, 0),
]
GOLDEN = json.loads((Path(__file__).parent / "features.json").read_text())
INPUTS = ("mid_px", "bid_px", "ask_px")
OWN = {  # what breaks a rule of the operation, or has no default
    "cusum": {"drift": 0.001, "threshold": 0.01},
    "decay_ema": {"half_life": "1s"},
    "garch": {"omega": 0.1, "alpha": 0.1, "beta": 0.8},
    "macd": {"fast": 2, "slow": 3, "signal": 2},
    "quantile_map": {"knots": "27.35 27.355 27.36 27.36 100"},
    "page_hinkley": {"delta": 0.001, "threshold": 0.01, "min_inputs": 3},
}
SMALL, SHARE = 3, 0.3  # what integers and reals without a default get; a window has 4
WINDOWS = {"kyle_lambda": (3, "2s"), "quote_intensity": ("2s",), "trade_intensity": ("2s",)}  # others: 4 and 2 s


def tape() -> hc.Events:
    rows = sorted(TAPE + LEVELS, key=lambda row: row[0])
    data = np.zeros(len(rows), hc.EVENT_DTYPE)
    names = {
        4: (2, ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")),
        3: (1, ("px_ticks", "qty_lots", "side")),
        5: (3, ("side", "px_ticks", "qty_lots", "update_id", "flags")),
    }
    for i, (ms, symbol_id, *payload) in enumerate(rows):
        data[i]["ts_event_ns"], data[i]["symbol_id"] = OPEN_NS + ms * 1_000_000, symbol_id
        data[i]["kind"], fields = names[len(payload)]
        for name, value in zip(fields, payload, strict=True):
            data[i][name] = {"B": 1, "S": 2}.get(value, value)
    return hc.Events(data, [hc.Instrument("AIG"), hc.Instrument("IBM")])


def spec_of(op: registry.Operation) -> hc.FeatureSpec:
    features = []
    kinds = ("choice", "policy")
    for choice in next((p.choices for p in op.params if p.type in kinds), [None]):
        windowed = any(p.name == "window" and p.type == "window" for p in op.params)
        for window in WINDOWS.get(op.name, (4, "2s")) if windowed else (None,):
            params = {p.name: SMALL for p in op.params if p.required and p.type == "integer"}
            params |= {p.name: SHARE for p in op.params if p.required and p.type == "real"}
            params |= OWN.get(op.name, {})
            if window is not None:
                params["window"] = window
            if choice is not None:
                name = next(p.name for p in op.params if p.type in kinds)
                params[name] = f"{choice}1s" if choice.endswith(":") else choice
            row = {"op": op.name, **params}
            features.append({**row, "input": ", ".join(INPUTS[: op.n_series])} if op.takes_series else row)
    return hc.FeatureSpec.from_dict({"name": "golden", "rows": "any", "features": features})


@pytest.mark.parametrize("op", list(registry.operations().values()), ids=lambda op: op.name)
def test_the_tape_gives_the_bits_it_always_gave(op: registry.Operation) -> None:
    if op.name == "expr":  # of operations that are all here
        return
    rows = hc.FeaturePipeline(spec_of(op)).transform(tape())
    assert len(rows) == len(TAPE) + len(LEVELS) * (op.clock == "book")
    assert np.isfinite(rows).any(axis=0).all(), "every column has values to watch"
    rows[np.isnan(rows)] = np.nan  # one bit pattern for all of them
    assert hashlib.sha256(rows.tobytes()).hexdigest() == GOLDEN.get(op.name), f"{op.name}, rev {op.rev}"
