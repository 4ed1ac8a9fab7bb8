"""Cleansing rules against a slow twin in Python, and on recorded markets against NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hftcore as hc
from hftcore import registry
from hftcore.doctor import examine
from hftcore.errors import OutOfOrderError, SpecError
from hftcore.events import Flag

RULES = next(p.choices for p in registry.operation("clean_flag").params)
POLICIES = ("flag", "hold", "nan", "drop")
AFTER, LATE, BAND_BPS, PATIENCE = 2_000_000_000, 300_000_000, 80.0, 4
PARAMS: dict[str, dict[str, Any]] = {
    "stale": {"after": "2s"},
    "late": {"after": "300ms"},
    "outlier": {"band_bps": BAND_BPS, "patience": PATIENCE},
}
Event = dict[str, int]


def spec_of(policies: dict[str, str], *, origin: str = "continuous") -> hc.FeatureSpec:
    features = [hc.mid(name="mid"), hc.expr("trade_px", name="trade"), hc.time_since_trade(), hc.time_since_quote()]
    features += [hc.clean_flag(rule=rule, name=rule) for rule in policies]
    clean: dict[str, Any] = {rule: {"policy": policy, **PARAMS.get(rule, {})} for rule, policy in policies.items()}
    return hc.FeatureSpec("clean", features, rows="any", origin=origin, clean=clean)


@dataclass
class Twin:
    """One symbol: what stands, and the rules one by one."""

    policies: dict[str, str]
    quote: Event | None = None
    trade: Event | None = None
    mid: float = 0.0  # in half ticks; 0: none yet
    trade_seq: int = 0
    n_outliers: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RULES, 0))

    def broken(self, e: Event) -> list[str]:
        is_quote, found = e["kind"] == 2, []
        both = e["bid_qty_lots"] > 0 and e["ask_qty_lots"] > 0
        top = ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")
        mid = e["bid_px_ticks"] + e["ask_px_ticks"] if is_quote else 2 * e["px_ticks"]
        far = self.mid > 0 and 1e4 * abs(mid - self.mid) > BAND_BPS * self.mid
        ask = {
            "suspicious": bool(e["flags"] & Flag.SUSPICIOUS),
            "bounds": min(e["bid_qty_lots"], e["ask_qty_lots"]) < 0 if is_quote else e["qty_lots"] < 0,
            "one_sided": is_quote and not both,
            "zero_size": not is_quote and e["qty_lots"] == 0,
            "locked": is_quote and both and e["bid_px_ticks"] == e["ask_px_ticks"],
            "crossed": is_quote and both and e["bid_px_ticks"] > e["ask_px_ticks"],
            "duplicate": (is_quote and self.quote is not None and all(e[k] == self.quote[k] for k in top))
            or (not is_quote and 0 != e["source_seq"] == self.trade_seq),
            "stale": not is_quote and self.quote is not None and e["ts_event_ns"] - self.quote["ts_event_ns"] > AFTER,
            "outlier": far and (not is_quote or (both and self.n_outliers < PATIENCE)),
            "late": e["ts_recv_ns"] - e["ts_event_ns"] > LATE,
        }
        for rule in RULES:
            if ask[rule] and (rule in self.policies or rule == "bounds"):
                found.append(rule)
                if rule == "bounds" or self.policies[rule] == "drop":
                    break
        return found

    def step(self, e: Event) -> tuple[list[float], list[str]] | None:
        found = self.broken(e)
        for rule in found:
            self.counts[rule] += 1
        how = {self.policies.get(rule, "drop") for rule in found if rule != "stale"}
        stale = self.policies["stale"] if "stale" in found else ""
        if stale not in ("", "nan"):
            how.add(stale)
        policy = next((p for p in reversed(POLICIES) if p in how), "")
        is_quote = e["kind"] == 2
        if policy in ("hold", "nan", "drop") and is_quote and "outlier" in found:
            self.n_outliers += 1
        if policy == "drop":
            return None
        if stale == "nan":
            self.quote = None
        if is_quote and policy != "hold":
            self.quote = None if policy == "nan" else e
        elif policy != "hold":
            self.trade = None if policy == "nan" else e
        if policy in ("", "flag"):
            if not is_quote:
                self.trade_seq = e["source_seq"]
            elif e["bid_qty_lots"] > 0 and e["ask_qty_lots"] > 0:
                self.mid, self.n_outliers = e["bid_px_ticks"] + e["ask_px_ticks"], 0
        return self.row(e["ts_event_ns"]), found

    def row(self, now: int) -> list[float]:
        q, t = self.quote, self.trade
        two_sided = q is not None and q["bid_qty_lots"] > 0 and q["ask_qty_lots"] > 0
        return [
            (q["bid_px_ticks"] + q["ask_px_ticks"]) / 200 if q and two_sided else math.nan,
            t["px_ticks"] / 100 if t else math.nan,
            now - t["ts_event_ns"] if t else math.nan,
            now - q["ts_event_ns"] if q else math.nan,
        ]


def dirty(seed: int, n: int = 400) -> hc.Events:
    """Two symbols, every third event or so with something wrong."""
    rng = np.random.default_rng(seed)
    data = np.zeros(n, hc.EVENT_DTYPE)
    data["ts_event_ns"] = 1_700_000_000_000_000_000 + np.cumsum(rng.choice([0, 10**8, 7 * 10**8, 3 * 10**9], n))
    data["ts_recv_ns"] = data["ts_event_ns"] + rng.choice([-(10**9), 0, 10**8, 4 * 10**8], n, p=[0.1, 0.4, 0.4, 0.1])
    data["symbol_id"], data["kind"] = rng.integers(0, 2, n), rng.choice([1, 2, 2], n)
    data["flags"] = rng.choice([0, Flag.SUSPICIOUS], n, p=[0.95, 0.05])
    data["source_seq"] = np.where(rng.random(n) < 0.5, 0, rng.integers(1, 4, n))
    quotes, trades = data["kind"] == 2, data["kind"] == 1
    mid = 1000 + rng.integers(-2, 3, n) + 40 * (rng.random(n) < 0.1) + 60 * (np.arange(n) > n // 2)
    qty = rng.choice([-1, 0, 1, 1, 1, 2], n)
    data["bid_px_ticks"][quotes] = (mid - rng.choice([-1, 0, 1, 1, 1], n))[quotes]
    data["ask_px_ticks"][quotes] = (mid + 1)[quotes]
    data["bid_qty_lots"][quotes], data["ask_qty_lots"][quotes] = qty[quotes], 1
    data["px_ticks"][trades], data["qty_lots"][trades] = mid[trades], qty[trades]
    return hc.Events(data, [hc.Instrument("AIG"), hc.Instrument("IBM")])


def any_policies(seed: int) -> dict[str, str]:
    rng = np.random.default_rng(1000 + seed)
    policies = {rule: str(rng.choice(POLICIES, p=[0.3, 0.3, 0.3, 0.1])) for rule in RULES if rng.random() < 0.7}
    if policies.get("bounds") == "flag":
        policies["bounds"] = "nan"
    return policies


@pytest.mark.parametrize("seed", range(25))
def test_rows_and_counts_are_those_of_the_twin(seed: int) -> None:
    events, policies = dirty(seed), any_policies(seed)
    pipe = hc.FeaturePipeline(spec_of(policies))
    rows = pipe.transform(events)
    twins = [Twin(policies), Twin(policies)]
    wanted, at = [], []
    for i, record in enumerate(events.data):
        e = {name: int(record[name]) for name in events.data.dtype.names if record[name].ndim == 0}
        if (outcome := twins[e["symbol_id"]].step(e)) is not None:
            wanted.append(outcome[0] + [float(rule in outcome[1]) for rule in policies])
            at.append(i)
    assert pipe.rows.tolist() == at
    np.testing.assert_array_equal(rows, np.array(wanted))
    for rule in RULES:
        name = "out_of_bounds" if rule == "bounds" else rule
        assert pipe.counters[name] == sum(twin.counts[rule] for twin in twins), rule


@pytest.mark.parametrize("seed", range(6))
def test_splits_and_restarts_give_the_same_bytes(seed: int) -> None:
    events, spec = dirty(seed), spec_of(any_policies(seed))
    whole = hc.FeaturePipeline(spec)
    rows = whole.transform(events)
    cut = 37 * (seed + 1)
    first = hc.FeaturePipeline(spec)
    head = first.transform(events[:cut])
    second = hc.FeaturePipeline.restore(hc.FeatureSpec.from_json(spec.canonical_json()), first.snapshot())
    tail = [second.transform(events[i : i + 1]) for i in range(cut, len(events))]
    assert np.concatenate([head, *tail]).tobytes() == rows.tobytes()
    assert second.counters == whole.counters


def test_the_doctor_examines_the_spec_with_its_rules() -> None:
    spec = spec_of({"crossed": "hold", "outlier": "nan", "late": "drop", "stale": "nan"})
    found = examine(spec, dirty(3, 3000))
    failed = [finding for finding in found.findings if finding.level == "failed"]
    assert {finding.check for finding in failed} <= {"always NaN"}, failed
    assert found.counters["late"] > 0


def test_what_reads_a_book_that_is_not_there_waits_and_fill_stands_in() -> None:
    data = np.zeros(5, hc.EVENT_DTYPE)
    data["ts_event_ns"] = np.arange(5) * 1_000_000_000
    data["kind"], data["bid_qty_lots"], data["ask_qty_lots"] = 2, 5, 5
    data["bid_px_ticks"], data["ask_px_ticks"] = [100, 200, 100, 100, 100], [102, 150, 102, 102, 104]
    features = [
        hc.mid(),
        hc.fill("mid_px", policy="hold:1s", name="held"),
        hc.rolling_sum("mid_px", window=2, name="sum"),
        hc.order_flow_imbalance(window="1h", name="flow"),
        hc.quote_intensity(window="10s", name="rate"),
    ]
    spec = hc.FeatureSpec("x", features, clean={"crossed": "nan"})
    rows = hc.FeaturePipeline(spec).transform(hc.Events(data, [hc.Instrument("AIG")]))
    np.testing.assert_array_equal(rows[:, 0], [1.01, np.nan, 1.01, 1.01, 1.02])
    np.testing.assert_array_equal(rows[:, 1], [1.01, 1.01, 1.01, 1.01, 1.02])
    np.testing.assert_allclose(rows[:, 2], [np.nan, np.nan, 2.02, 2.02, 2.03], rtol=1e-15)
    np.testing.assert_array_equal(rows[:, 3], [np.nan, np.nan, 0.0, 0.0, 5.0])
    np.testing.assert_array_equal(rows[:, 4], [0.1, 0.1, 0.2, 0.3, 0.4])


def test_an_old_event_is_an_error_unless_the_spec_drops_it() -> None:
    data = dirty(1).data.copy()
    data["ts_event_ns"][300] -= 10**12
    events = hc.Events(data, dirty(1).instruments)
    with pytest.raises(OutOfOrderError, match="event 300"):
        hc.FeaturePipeline(spec_of({})).transform(events)
    pipe = hc.FeaturePipeline(hc.FeatureSpec("x", [hc.mid()], rows="any", clean={"out_of_order": "drop"}))
    assert 300 not in (pipe.transform(events), pipe.rows)[1]
    assert pipe.counters["out_of_order"] == 1


def test_a_table_of_rules_is_data(tmp_path: Path) -> None:
    plain = hc.FeatureSpec("x", [hc.mid()])
    assert "clean" not in plain.canonical_json()
    assert hc.FeatureSpec("x", [hc.mid()], clean={}) == plain
    spec = hc.FeatureSpec("x", [hc.mid()], clean={"outlier": {"policy": "nan"}, "crossed": "hold"})
    assert spec.clean["outlier"] == {"policy": "nan", "band_bps": 500.0, "patience": 20}
    again = {"crossed": {"policy": "hold"}, "outlier": {"policy": "nan", "band_bps": 500}}
    assert hc.FeatureSpec("x", [hc.mid()], clean=again) == spec
    for name in ("spec.toml", "spec.json"):
        spec.save(tmp_path / name)
        assert hc.FeatureSpec.load(tmp_path / name) == spec
    rules = '[clean]\ncrossed = "hold"\noutlier = { policy = "nan", band_bps = 500 }'
    (tmp_path / "own.toml").write_text(f'name = "x"\n{rules}\n[[features]]\nop = "mid"\n')
    assert hc.FeatureSpec.load(tmp_path / "own.toml") == spec
    for clean, text in (
        ({"crosed": "drop"}, "did you mean 'crossed'"),
        ({"crossed": "holds"}, "did you mean 'hold'"),
        ({"out_of_order": "hold"}, r"out_of_order must be drop \(its time has passed\)"),
        ({"outlier": {"band_bps": 5}}, "outlier is a policy, or a table with policy"),
        ({"outlier": {"policy": "nan", "band": 5}}, "unknown parameter 'band'"),
        (["crossed"], "clean is a table of rules"),
    ):
        with pytest.raises(SpecError, match=text):
            hc.FeatureSpec("x", [hc.mid()], clean=clean)  # type: ignore[arg-type]
    with pytest.raises(SpecError, match="'crossed' is in drop and 'crossed' in clean"):
        hc.FeatureSpec("x", [hc.mid()], drop=["crossed"], clean={"crossed": "hold"})


def test_a_day_of_us_equities_has_what_numpy_finds(data_dir: Path) -> None:
    folder = data_dir / "us_equities_taq"
    events = hc.read_events([folder / "quotes_20131007.parquet", folder / "trades_20131007.parquet"])
    rules = [rule for rule in RULES if rule not in ("bounds", "outlier")]
    pipe = hc.FeaturePipeline(hc.FeatureSpec("x", [hc.mid()], rows="any", clean=dict.fromkeys(rules, "flag")))
    pipe.transform(events)
    found = {rule: pipe.counters[rule] for rule in rules}
    d = events.data
    both = (d["kind"] == 2) & (d["bid_qty_lots"] > 0) & (d["ask_qty_lots"] > 0)
    assert found["crossed"] == (both & (d["bid_px_ticks"] > d["ask_px_ticks"])).sum() == 138
    assert found["locked"] == (both & (d["bid_px_ticks"] == d["ask_px_ticks"])).sum() == 18_930
    again = stale = 0
    for symbol in range(len(events.instruments)):
        own = d[d["symbol_id"] == symbol]
        quotes, trades = own[own["kind"] == 2], own[own["kind"] == 1]
        top = np.stack([quotes[name] for name in ("bid_px_ticks", "bid_qty_lots", "ask_px_ticks", "ask_qty_lots")])
        again += int((top[:, 1:] == top[:, :-1]).all(axis=0).sum())
        before = np.maximum.accumulate(np.where(own["kind"] == 2, np.arange(len(own)), -1))[own["kind"] == 1]
        age = trades["ts_event_ns"] - own["ts_event_ns"][before]
        stale += int(((age > 5_000_000_000) & (before >= 0)).sum())
    assert (found["duplicate"], found["stale"]) == (again, stale) == (25_227, 868)
    assert (found["suspicious"], found["one_sided"], found["zero_size"], found["late"]) == (1, 0, 0, 0)
