"""Explanations: what the registry says, the live column, and who agrees with it."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

import hftcore as hc
from hftcore import registry
from hftcore.errors import SpecError
from hftcore.explain import adapters, agreement, explain_operation
from hftcore.explain.adapters import ADAPTERS, Adapter
from hftcore.explain.sample import input_texts
from hftcore.explain.tape import shared_tape

EVERY = pytest.mark.parametrize("op", list(registry.operations().values()), ids=lambda op: op.name)


@EVERY
def test_every_operation_is_explained_with_values_and_every_adapter_answers(op: registry.Operation) -> None:
    found = explain_operation(op.name)
    assert found.sample is not None, found.agreement_note
    assert np.isfinite(found.sample.values).sum() > 100
    text = str(found)
    for part in (op.summary, op.formula, op.missing, op.flat, op.cost, op.reference, op.page, *found.column.params):
        assert part in text
    for told in found.agreements:
        assert told.error in ("", "not installed"), told
        assert told.n_compared > 100 or told.error
    assert bool(found.agreements) == (op.name in ADAPTERS)


@pytest.mark.parametrize("name", ["ema", "rsi", "rolling_mean", "rolling_std", "rolling_min", "rolling_max"])
def test_talib_agrees(name: str) -> None:
    told = next(a for a in explain_operation(name).agreements if a.library == "TA-Lib")
    assert (told.verdict, told.n_differing, told.first_ours) == ("agrees", 0, told.first_theirs)


def test_another_seed_is_told_apart_from_another_formula() -> None:
    seeds = [a for a in explain_operation("ema", {"period": 20}).agreements if "first input" in a.note]
    assert [a.library for a in seeds] == ["pandas"]
    assert 0 < seeds[0].n_differing < 300
    assert seeds[0].agrees_from is not None
    assert seeds[0].agrees_from > 19
    assert seeds[0].verdict.startswith("agrees from row")


def test_the_comparison_counts_rows_and_finds_the_largest_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = {
        "early": "x + (np.arange(len(x)) < 10)",
        "often": "x * (1 + 1e-6 * (np.arange(len(x)) % 2))",
        "raises": "1 / 0",
    }
    calls |= {"short": "x[1:]"}
    monkeypatch.setitem(adapters.ADAPTERS, "mid", tuple(Adapter("pandas", call) for call in calls.values()))  # type: ignore[index]
    spec = hc.FeatureSpec("x", [hc.rolling_max("mid_px", window=1)])
    monkeypatch.setitem(adapters.ADAPTERS, "rolling_max", adapters.ADAPTERS["mid"])  # type: ignore[index]
    early, often, raises, short = spec.explain(spec.names[0]).agreements
    assert (early.n_differing, early.agrees_from) == (10, 10)
    assert (often.n_differing, often.agrees_from) == (often.n_compared // 2, None)
    assert often.max_relative == pytest.approx(1e-6, rel=1e-3)
    assert "differs in 2,000 of 4,000 rows, by up to 1.0e-06" in often.verdict
    assert raises.error == "failed: ZeroDivisionError: division by zero"
    assert short.error == "gave 3999 values for 4000 inputs"


def test_a_library_that_is_not_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "talib", None)
    told = explain_operation("rsi").agreements[0]
    assert (told.library, told.verdict, told.n_compared) == ("TA-Lib", "not installed", 0)


def test_an_operation_without_adapters_says_so() -> None:
    assert "no call of another library is known" in str(explain_operation("cusum"))


def test_a_column_is_explained_with_its_own_input() -> None:
    features = [
        hc.microprice(name="micro-price"),
        hc.ema("micro-price", period=5, name="e"),
        hc.zscore("e - mid_px", window="2s"),
    ]
    spec = hc.FeatureSpec("x", features, drop=["crossed"], session=("13:00", "20:00"))
    found = spec.explain("e", tolerance=1e-3)
    assert found.inputs == [("micro-price", "px, an earlier feature")]
    assert found.warm_up == spec.columns[1].warm_up(1e-3) < spec.explain("e").warm_up
    assert [a.verdict for a in found.agreements if a.library == "TA-Lib"] == ["agrees"]
    assert found.sample is not None
    assert len(found.sample) == 4_000
    assert '"2000000000ns"' in spec.explain(spec.names[2]).agreements[0].call


def test_what_cannot_be_explained_is_named() -> None:
    spec = hc.FeatureSpec(
        "x", [hc.expr("mid_px@SPY - mid_px", name="pair"), hc.ema("mid_px", period=3, name="average")]
    )
    assert "SPY" in spec.explain("pair").agreement_note
    with pytest.raises(SpecError, match=r"has no column 'averag' \(did you mean 'average'"):
        spec.explain("averag")
    with pytest.raises(SpecError, match="tolerance"):
        spec.explain("average", tolerance=0)
    with pytest.raises(SpecError, match="did you mean 'rsi'"):
        explain_operation("rsii")
    with pytest.raises(SpecError, match="period"):
        explain_operation("rsi", {"period": 0})
    with pytest.raises(SpecError, match="mid takes no input"):
        explain_operation("mid", steps_on="bid_px")


def test_inputs_split_at_commas_outside_of_brackets_and_quotes() -> None:
    assert input_texts("max(mid_px, bid_px), `a,b`, vwap('5s')") == ["max(mid_px, bid_px)", "`a,b`", "vwap('5s')"]


def test_the_tape_is_the_same_each_time_and_lively() -> None:
    tape = shared_tape()
    quotes = tape.data[tape.data["kind"] == 2]
    assert (len(tape), len(quotes)) == (5_000, 4_000)
    assert (np.diff(quotes["bid_px_ticks"]) != 0).mean() > 0.3
    shared_tape.cache_clear()
    assert shared_tape() == tape


def test_the_notebook_page_is_whole_and_its_own() -> None:
    pytest.importorskip("matplotlib")
    rsi, ema = (explain_operation(name)._repr_html_() for name in ("rsi", "ema"))
    assert rsi == explain_operation("rsi")._repr_html_()
    for part in ("<svg", "Faint shade", "talib.RSI(x, 14)", "warm-up: 295", "font-family: inherit"):
        assert part in rsi
    for foreign in ("<script", "http-equiv", "src=", "@import", ":root"):
        assert foreign not in rsi
    ids = [set(re.findall(r'\bid="([^"]+)"', page)) for page in (rsi, ema)]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_without_a_template_engine_the_page_is_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    page = explain_operation("rsi")._repr_html_()
    assert page.startswith("<pre>rsi_mid_px_14: rsi (rev 2)")
    assert "hftcore[viz]" in page


def test_verdicts_in_plain_data() -> None:
    data = explain_operation("rsi").to_dict()
    assert data["warm_up"] == 295
    assert data["agreements"][0]["verdict"] in ("agrees", "not installed")
    assert data["tolerance"] == agreement.TOLERANCE


def test_every_call_of_another_library_is_for_an_operation_of_ours() -> None:
    assert set(ADAPTERS) <= set(registry.operations())
