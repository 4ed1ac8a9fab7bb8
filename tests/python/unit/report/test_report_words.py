from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from hftcore.errors import ParameterError
from hftcore.metrics import Classification
from hftcore.report import Latency, Quality, ReportData, numbers, print_report, words
from hftcore.report.html import html_page

NBSP, MINUS, MICRO = "\N{NO-BREAK SPACE}", "\N{MINUS SIGN}", "\N{MICRO SIGN}"


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ns"),
        (87.4, "87 ns"),
        (999.4, "999 ns"),
        (999.6, "1.00 us"),
        (1234, "1.23 us"),
        (45_600, "45.6 us"),
        (789_400, "789 us"),
        (999_600, "1.00 ms"),
        (7.89e6, "7.89 ms"),
        (2.5e9, "2.50 s"),
    ],
)
def test_nanoseconds_keep_three_figures(ns, text):
    assert numbers.nanoseconds(ns) == text.replace(" ", NBSP).replace("us", f"{MICRO}s")


@pytest.mark.parametrize(
    ("s", "text"), [(0.042, "42 ms"), (3.456, "3.5 s"), (99.96, "1 min 40 s"), (125.0, "2 min 05 s")]
)
def test_seconds_read_like_a_clock(s, text):
    assert numbers.seconds(s) == text.replace(" ", NBSP)


def test_numbers_have_separators_signs_and_units():
    assert numbers.count(1234567) == "1,234,567"
    assert numbers.money(-1234.5, "USD") == f"{MINUS}1,234.50{NBSP}USD"
    assert numbers.money(0.5, signed=True) == "+0.50"
    assert numbers.percent(0.4731) == f"47.3{NBSP}%"
    assert numbers.points(-0.023) == f"{MINUS}2.3{NBSP}points"
    assert numbers.rate(1_234_567) == f"1.23{NBSP}M/s"
    assert numbers.rate(20_000) == "20,000/s"


def test_the_verdict_says_which_data_and_all_four_figures(invented):
    said = words.verdict(invented).replace(NBSP, " ")
    assert said.startswith("On real data, the model names 58.8 % of 60,000 test rows right, above the 40.1 %")
    for piece in ("MCC 0.37", "loses 198.88 USD net of fees", f"1.31 {MICRO}s at p50", f"2.51 {MICRO}s at p99"):
        assert piece in said


def test_the_verdict_does_not_flatter():
    worse = Quality(overall=Classification.of([0, 0, 0, 1], [1, 1, 0, 1]))
    level = Quality(overall=Classification.of([0, 0, 1], [0, 0, 0]))
    data = ReportData(title="t", data_source="s", real_data=False, quality=worse)
    assert "On generated data" in words.verdict(data)
    assert "below the" in words.verdict(data)
    assert "level with the" in words.verdict(dataclasses.replace(data, quality=level))


def test_in_sample_rows_are_not_called_test_rows(invented):
    q = invented.quality
    for known, said in ((q.overall.n_rows, "60,000 in-sample rows (of the period"), (7, "7 of them in sample")):
        data = dataclasses.replace(invented, quality=dataclasses.replace(q, in_sample_rows=known))
        assert said in words.verdict(data)
        assert "test rows" not in words.verdict(data)
        assert "in sample" in printed(data, width=100) or "in-sample" in printed(data, width=100)
        assert ReportData.from_json(data.to_json()) == data


def test_trading_in_sample_says_so(invented):
    data = dataclasses.replace(invented, trading=dataclasses.replace(invented.trading, in_sample=True))
    assert "acted on in sample, it loses" in words.verdict(data)


def test_an_open_position_without_a_mark_has_no_net(invented):
    line = dataclasses.replace(invented.trading.by_symbol["AIG"], unrealised_pnl=None, net_pnl=None)
    trading = dataclasses.replace(
        invented.trading, unrealised_pnl=None, net_pnl=None, by_symbol=invented.trading.by_symbol | {"AIG": line}
    )
    data = dataclasses.replace(invented, trading=trading)
    assert "no mark" in words.verdict(data)
    assert printed(data, width=100).count("no mark") >= 4
    assert html_page(data).count("no mark") >= 4
    assert ReportData.from_json(data.to_json()) == data
    with pytest.raises(ParameterError, match="both known or both unknown"):
        dataclasses.replace(line, net_pnl=0.0)


def test_no_fill_is_no_profit(invented):
    t = invented.trading
    idle = dataclasses.replace(t, fills=0, fees=0.0, realised_pnl=0.0, unrealised_pnl=0.0, net_pnl=0.0)
    assert "it filled no order" in words.verdict(dataclasses.replace(invented, trading=idle))


def test_stages_come_in_the_order_an_event_meets_them(invented):
    p = next(iter(invented.latency.stages.values()))
    latency = Latency(stages=dict.fromkeys(("tick_to_decision", "warm_up", "risk", "decode"), p))
    assert [name for name, _ in words.stages(latency)] == ["decode", "risk", "warm_up", "tick_to_decision"]


def printed(data: ReportData, **console: object) -> str:
    out = io.StringIO()
    print_report(data, Console(file=out, **console))
    return out.getvalue()


def test_a_pipe_gets_plain_text_of_at_most_100_columns(invented):
    text = printed(invented, width=140)
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert not set("│┃─━") & set(text)


def test_a_terminal_gets_rules_and_colour(invented):
    text = printed(invented, width=100, force_terminal=True, color_system="standard")
    assert "\x1b[" in text
    assert "─" in text


def test_the_terminal_shows_the_numbers_given(invented):
    text = printed(invented, width=100).replace(NBSP, " ")
    t = invented.trading
    for s in (t, *t.by_symbol.values()):
        assert numbers.money(s.net_pnl) in text
    for p in invented.latency.stages.values():
        assert numbers.nanoseconds(p.p99_9).replace(NBSP, " ") in text
    for c in invented.quality.by_symbol.values():
        assert numbers.ratio(c.mcc) in text


def test_an_ascii_terminal_gets_ascii(invented):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    print_report(invented, Console(file=out, width=100))
    out.flush()
    assert b"us" in raw.getvalue()


def test_names_that_look_like_markup_are_text(invented):
    text = printed(dataclasses.replace(invented, importance={"[bold]mid[/nonsense]": 1.0}), width=100)
    assert "[bold]mid[/nonsense]" in text


def test_the_terminal_says_what_is_missing():
    text = printed(ReportData(title="bare", data_source="generator, seed 7"), width=100)
    assert "Nothing was measured" in text
    assert "Not in this report: Latency" in text
