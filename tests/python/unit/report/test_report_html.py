from __future__ import annotations

import dataclasses
import json
import re
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from hftcore.errors import HftError
from hftcore.metrics import Reliability
from hftcore.report import (
    Latency,
    Percentiles,
    PnlCurve,
    Quality,
    ReportData,
    SymbolTrading,
    Trading,
    render,
)
from hftcore.report.html import html_page

pytest.importorskip("matplotlib", reason="the page needs the extra viz")
pytest.importorskip("jinja2", reason="the page needs the extra viz")

HOSTILE = "<script>alert('$1_{2}$')</script>&\"'\x01\N{SNOWMAN}\u4e2d"
BARE = ReportData(title="bare", data_source="generator, seed 7", real_data=False)


@pytest.fixture(scope="module")
def page(invented) -> str:
    return html_page(invented)


def without(data: ReportData, *parts: str) -> ReportData:
    defaults = {f.name: f for f in dataclasses.fields(ReportData)}
    empty = {
        p: None if defaults[p].default_factory is dataclasses.MISSING else defaults[p].default_factory() for p in parts
    }
    return dataclasses.replace(data, **empty)


def tree(page: str) -> ET.Element:
    """The page is written so that an XML parser accepts it too: every tag closed, every attribute quoted."""
    return ET.fromstring(page.removeprefix("<!DOCTYPE html>"))


def shown(page: str) -> list[tuple[float, str]]:
    return [(float(node.get("value")), "".join(node.itertext())) for node in tree(page).iter("data")]


def test_page_is_well_formed_and_its_ids_are_unique(page):
    ids = [node.get("id") for node in tree(page).iter() if node.get("id")]
    assert len(ids) == len(set(ids))


def test_every_reference_inside_a_drawing_has_its_target(page):
    ids = {node.get("id") for node in tree(page).iter()}
    targets = set(re.findall(r"url\(#([^)]+)\)", page)) | set(re.findall(r'href="#([^"]+)"', page))
    assert targets
    assert targets <= ids


def test_page_asks_nothing_of_the_outside(page):
    assert not re.findall(r"(?i)https?:|//[a-z]|@import|<script|<iframe|<object|<img|src=", page)
    assert set(re.findall(r'<link[^>]*href="([^"]*)"', page)) == {"data:,"}
    assert "default-src 'none'" in page


def test_same_data_give_the_same_bytes(invented, page):
    assert html_page(invented) == page


def test_every_chart_is_labelled_and_captioned(page):
    figures = list(tree(page).iter("figure"))
    assert [f.get("id") for f in figures] == [
        *("scores", "confusion", "importance", "calibration", "equity", "refusals", "latency")
    ]
    for figure in figures:
        assert figure.find("figcaption").text.endswith(".")
        drawings = list(figure.iter("svg"))
        assert [d.get("role") for d in drawings] == ["img", "img"]
        assert all(len(d.get("aria-label")) > 20 for d in drawings)
        assert all(list(d.iter("text")) for d in drawings), "text stays text"


def test_drawings_take_their_colours_from_the_theme(page):
    for drawing in tree(page).iter("svg"):
        assert not re.findall(r"#[0-9a-f]{6}\b", ET.tostring(drawing, encoding="unicode"))


def test_tables_have_captions_and_scoped_headers(page):
    for table in tree(page).iter("table"):
        assert table.find("caption").text
        assert all(th.get("scope") in ("row", "col") for th in table.iter("th"))


def test_numbers_shown_are_the_numbers_given(invented, page):
    values = {value for value, _ in shown(page)}
    quality, trading, latency = invented.quality, invented.trading, invented.latency
    for c in (quality.overall, *quality.by_symbol.values()):
        assert {c.accuracy, c.majority.accuracy, c.f1_macro, c.mcc, c.log_loss, float(c.n_rows)} <= values
    for s in (trading, *trading.by_symbol.values()):
        assert {s.net_pnl, s.fees, s.realised_pnl, s.unrealised_pnl, float(s.fills), float(s.orders)} <= values
    for p in latency.stages.values():
        assert {float(p.count), p.p50, p.p90, p.p99, p.p99_9, p.max} <= values
    assert set(invented.timings_s.values()) <= values


def test_what_is_read_rounds_what_is_given(page):
    texts = dict(shown(page))
    for value, text in shown(page):
        number = re.sub(r"[,\s]|[^\d.\N{MINUS SIGN}]", "", text).replace("\N{MINUS SIGN}", "-")
        scale = {"%": 100, "points": 100, "µs": 1e-3, "ms": 1e-6}.get(text.split()[-1], 1)
        if "min" in text or (text.endswith(" ms") and value < 1):  # seconds have their own test
            continue
        digits = len(number.partition(".")[2])
        assert abs(float(number) - value * scale) <= 0.5000001 * 10**-digits, (value, text)
    assert len(texts) > 100


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (["model"], "did not say which model"),
        (["quality"], "no table of labelled rows"),
        (["importance", "calibration"], "Calibration"),
        (["trading"], "nothing was replayed"),
        (["latency", "machine", "versions", "timings_s"], "nothing was timed"),
    ],
)
def test_page_renders_without_a_part_and_says_so(invented, parts, said):
    missing = tree(html_page(without(invented, *parts))).find(".//*[@id='missing']")
    assert said in "".join(missing.itertext())


def test_a_whole_report_misses_nothing(page):
    assert tree(page).find(".//*[@id='missing']") is None


def test_page_renders_with_nothing_but_a_title():
    page = html_page(BARE)
    assert "Nothing was measured on generated data." in page
    assert not list(tree(page).iter("svg"))


def test_strangers_text_never_becomes_markup(invented):
    t, q = invented.trading, invented.quality
    line = next(iter(t.by_symbol.values()))
    curve = PnlCurve.of([0, 10**9], [0.0, 1.0], by_symbol={HOSTILE: [0.0, 1.0], f"_{HOSTILE}": [0.0, 2.0]})
    hostile = dataclasses.replace(
        invented,
        title=HOSTILE,
        data_source=HOSTILE,
        machine={HOSTILE: HOSTILE},
        importance={HOSTILE: 1.0},
        quality=dataclasses.replace(q, by_symbol={HOSTILE: q.overall}),
        calibration={HOSTILE: invented.calibration["up"]},
        latency=dataclasses.replace(invented.latency, stages={HOSTILE: invented.latency.stages["ring"]}),
        timings_s={HOSTILE: 1.0},
        trading=dataclasses.replace(
            t, currency=HOSTILE, by_symbol={HOSTILE: line}, refusals={HOSTILE: 1}, assumptions=(HOSTILE,), curve=curve
        ),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = html_page(hostile)
    assert "<script" not in page
    assert "alert" in page
    tree(page)


@pytest.mark.parametrize("n", [1, 40])
def test_page_renders_with_few_and_with_many_symbols(invented, n):
    flat = SymbolTrading(orders=0, fills=0, fees=0.0, realised_pnl=0.0, unrealised_pnl=0.0, net_pnl=0.0)
    names = [f"S{i:02d}" for i in range(n)]
    curve = PnlCurve.of([0], [0.0], by_symbol={s: [0.0] for s in names})
    trading = dataclasses.replace(invented.trading, by_symbol=dict.fromkeys(names, flat), curve=curve)
    tree(html_page(dataclasses.replace(BARE, trading=trading)))


def test_page_renders_where_everything_is_zero(invented):
    idle = Percentiles(count=0, p50=0.0, p90=0.0, p99=0.0, p99_9=0.0, max=0.0)
    zero = dict.fromkeys(("fees", "realised_pnl", "unrealised_pnl", "net_pnl"), 0.0)
    trading = Trading(n_rows=0, n_decisions=0, orders=0, fills=0, **zero, refusals={"killed": 0})
    data = dataclasses.replace(
        BARE,
        quality=Quality.of([0], [0], ["A"]),
        importance={"mid": 0.0},
        calibration={"up": Reliability((), (), ())},
        trading=trading,
        latency=Latency(stages={"ring": idle}, throughput_hz=0.0),
    )
    tree(html_page(data))


def test_render_writes_page_and_json_side_by_side_and_no_draft(invented, tmp_path):
    page = render(invented, tmp_path / "new" / "day.html")
    assert page == tmp_path / "new" / "day.html"
    assert sorted(p.name for p in page.parent.iterdir()) == ["day.html", "day.json"]
    assert ReportData.from_json(page.with_suffix(".json").read_text(encoding="utf-8")) == invented


def test_render_into_a_folder_names_the_page_report(tmp_path):
    assert render(BARE, tmp_path) == tmp_path / "report.html"
    assert (tmp_path / "report.json").exists()


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path):
    page = render(BARE, tmp_path)
    before = page.read_bytes()
    with pytest.raises(HftError):
        render(dataclasses.replace(BARE, importance={"mid": float("nan")}), tmp_path)
    assert page.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_failed_write_leaves_neither_draft_nor_half_a_page(tmp_path, monkeypatch):
    page = render(BARE, tmp_path)
    before = page.read_bytes()

    def full_disk(self, *_, **__):
        raise OSError("no space left")

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(OSError, match="no space left"):
        render(dataclasses.replace(BARE, title="another"), tmp_path)
    assert page.read_bytes() == before
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["title"] == BARE.title
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_only_rows_out_of_sample_are_called_unseen(invented, page):
    assert "Scored on rows it never saw" in page
    seen = dataclasses.replace(invented.quality, in_sample_rows=10)
    assert "it never saw" not in html_page(dataclasses.replace(invented, quality=seen))
