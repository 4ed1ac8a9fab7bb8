from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import hftcore as hc
from hftcore import demo, labels
from hftcore.cli import demo as cli
from hftcore.demo import DemoConfig, DemoResult, demo_spec, run_demo, split_by_session
from hftcore.errors import EventError, TrainingDataError
from hftcore.ledger import profit_and_loss, read_journal
from hftcore.reading.sources import event_files
from hftcore.steps import Progress, Steps
from hftcore.table import make_feature_table, read_feature_table

pytest.importorskip("lightgbm")
pytest.importorskip("tl2cgen")
pytest.importorskip("jinja2")

DAY_NS = labels.DAY_NS
OPEN_NS, CLOSE_NS = demo_spec().session or (0, 0)
MONDAY = 15_985 * DAY_NS


class Heard:
    def __init__(self) -> None:
        self.reused: dict[str, bool] = {}
        self.told: dict[str, int] = {}

    def started(self, title: str) -> Progress:
        def progress(done: int, total: int) -> None:
            self.told[title] = self.told.get(title, 0) + 1

        return progress

    def finished(self, title: str, seconds: float, reused: bool) -> None:
        self.reused[title] = reused


def _run(config: DemoConfig) -> tuple[DemoResult, Heard]:
    heard = Heard()
    return run_demo(config, Steps(config.out, heard)), heard


Made = tuple[DemoConfig, DemoResult, Heard]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Three generated days, an event every two seconds, trained on LightGBM."""
    config = DemoConfig(
        out=tmp_path_factory.mktemp("demo"), trainer="lightgbm", generated_rate_hz=0.5, latency_events=2_000
    )
    return config, *_run(config)


def test_the_second_run_reuses_every_step_but_the_ledger(made: Made) -> None:
    config, first, heard = made
    assert not any(heard.reused.values())
    again, heard = _run(config)
    assert {title for title, reused in heard.reused.items() if not reused} == {"ledger"}
    assert again.report.model == first.report.model
    assert again.report.trading == first.report.trading


def test_training_shows_progress(made: Made) -> None:
    assert made[2].told["training on lightgbm"] > 0


def test_report_journal_and_ledger_agree(made: Made) -> None:
    _, result, _ = made
    trading = result.report.trading
    assert trading is not None
    assert result.report_path.read_text().lower().startswith("<!doctype html>")
    assert result.report.real_data is False
    of_journal, of_ledger = profit_and_loss(result.journal_path), profit_and_loss(result.ledger_path)
    assert of_ledger.to_dict() == of_journal.to_dict()
    assert trading.net_pnl == of_journal.net
    assert trading.fills == len(read_journal(result.journal_path).fills) > 0


def test_the_test_part_lies_after_the_training_part(made: Made) -> None:
    config, _, _ = made
    train, test = (
        read_feature_table(config.out / "tables" / f"{part}.parquet", demo_spec()) for part in ("train", "test")
    )
    assert train.ts_event_ns.max() < test.ts_event_ns.min()
    assert len(np.unique(train.session_id)) == 2
    assert np.unique(test.session_id).tolist() == [train.session_id.max() + 1]


def test_a_deleted_journal_and_other_paced_events_redo_their_step_alone(made: Made) -> None:
    config, result, _ = made
    result.journal_path.unlink()
    _, heard = _run(config)
    assert {title for title, reused in heard.reused.items() if not reused} == {"ledger", "replay of the test day"}
    assert result.journal_path.exists()
    _, heard = _run(replace(config, latency_events=1_500))
    assert {title for title, reused in heard.reused.items() if not reused} == {"ledger", "replay at 50,000 events/s"}


def test_a_verification_that_fails_leaves_no_word_that_bits_agreed(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    config, _, _ = made
    marker = config.out / "verified.txt"
    marker.write_text("touched, so that the step is done again")

    def broken(*_: object) -> None:
        raise RuntimeError("no verdict")

    with monkeypatch.context() as patch:
        patch.setattr(demo, "verify", broken)
        with pytest.raises(RuntimeError, match="no verdict"):
            _run(config)
    assert not marker.exists()


def test_another_library_version_trains_and_compiles_anew(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    config, _, _ = made
    asked: list[str] = []

    def versions(*names: str) -> dict[str, str | None]:
        asked.extend(names)
        return dict.fromkeys(names, "0.0.0")

    def stop(*_: object, **__: object) -> None:
        raise RuntimeError("trains anew")

    monkeypatch.setattr(demo, "library_versions", versions)
    monkeypatch.setattr(demo, "fit", stop)
    with pytest.raises(RuntimeError, match="trains anew"):
        _run(config)
    assert asked == ["lightgbm"]


def test_a_folder_with_one_day_of_data_works(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    start = MONDAY + OPEN_NS - 300 * 10**9  # five minutes before the demo's hours begin
    day = hc.generate(seed=5, symbols=("AAA", "BBB"), seconds=23_400.0, rate=1.0, book_levels=0, start_ns=start)
    day.to_packed(data / "DAY.HFTP")
    config = DemoConfig(out=tmp_path / "out", data=data, trainer="lightgbm", latency_events=1_000)
    result, _ = _run(config)
    train, test = (
        read_feature_table(config.out / "tables" / f"{part}.parquet", demo_spec()) for part in ("train", "test")
    )
    assert 0.6 < len(train) / (len(train) + len(test)) < 0.8
    assert train.ts_event_ns.max() < test.ts_event_ns.min()
    assert result.report.real_data is True


def quotes(times_ns: list[int], seed: int = 1) -> hc.Events:
    """Quotes of one symbol at given times, at mids that wander."""
    data = np.zeros(len(times_ns), hc.EVENT_DTYPE)
    data["kind"] = hc.EventKind.QUOTE
    data["ts_event_ns"] = data["ts_recv_ns"] = times_ns
    data["bid_px_ticks"] = 1_000 + np.cumsum(np.random.default_rng(seed).integers(-1, 2, len(times_ns)))
    data["ask_px_ticks"] = data["bid_px_ticks"] + 1
    data["bid_qty_lots"] = 1 + np.arange(len(times_ns)) % 7
    data["ask_qty_lots"] = 1
    data["source_seq"] = np.arange(len(times_ns))
    return hc.Events(data, [hc.Instrument("A")], "made by hand")


MINUTE_NS = 60 * 10**9
EARLY = [OPEN_NS - 30 * MINUTE_NS + i for i in range(20)]
IN_HOURS = [OPEN_NS + i * MINUTE_NS for i in range(200)]
LATE = [CLOSE_NS + i for i in range(20)]


def test_a_day_with_events_before_the_opening_is_one_session() -> None:
    events = quotes([MONDAY + t for t in EARLY + IN_HOURS + LATE])
    train, test = split_by_session(events, demo_spec())
    assert (len(train), len(test)) == (20 + 140, 60 + 20)
    assert labels.in_session(train.data["ts_event_ns"], demo_spec().session).sum() == 140


def test_of_several_days_the_last_one_is_the_test_part_from_its_opening_on() -> None:
    days = [MONDAY + day * DAY_NS + t for day in range(3) for t in EARLY + IN_HOURS + LATE]
    days += [MONDAY + 3 * DAY_NS + t for t in EARLY]  # a last day that ends before its opening is no session
    train, test = split_by_session(quotes(days), demo_spec())
    assert int(test.data["ts_event_ns"].min()) == MONDAY + 2 * DAY_NS + OPEN_NS
    assert len(train) == 2 * 240 + 20
    assert len(test) == 220 + 20


@pytest.mark.parametrize("n_days", [1, 2])
def test_no_label_of_training_knows_the_test_part(n_days: int) -> None:
    times = [MONDAY + day * DAY_NS + t for day in range(n_days) for t in EARLY + IN_HOURS + LATE]
    spec = demo_spec()
    train, test = split_by_session(quotes(times), spec)
    expected = make_feature_table(train, spec, DemoConfig(Path()).label)
    other = quotes(times)  # the same market, whose prices jump where the test part begins
    jumped = other.data.copy()
    later = jumped["ts_event_ns"] >= test.data["ts_event_ns"].min()
    for name in ("bid_px_ticks", "ask_px_ticks"):
        jumped[name][later] += 500
    again, _ = split_by_session(hc.Events(jumped, other.instruments), spec)
    found = make_feature_table(again, spec, DemoConfig(Path()).label)
    assert found.y.tolist() == expected.y.tolist()
    assert found.X.tobytes() == expected.X.tobytes()


def test_events_outside_every_session_are_refused() -> None:
    with pytest.raises(EventError, match="none of 20 events lie within the hours of a session"):
        split_by_session(quotes([MONDAY + t for t in EARLY]), demo_spec())


def test_the_demo_sees_the_files_that_the_reader_reads(tmp_path: Path) -> None:
    seen = ["a.csv.gz", "b.pq", "c.ipc", "d.PARQUET", "e.hftp"]
    for name in [*seen, ".hidden.csv", "_part.parquet", "notes.txt"]:
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder.csv").mkdir()
    assert [path.name for path in event_files(tmp_path)] == seen
    assert demo.tape_folder(tmp_path) == tmp_path
    empty = tmp_path / "folder.csv"
    with pytest.raises(EventError, match="no event files"):
        demo.tape_folder(empty)


def test_a_trainer_that_is_none_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="trainer must be one of mllib, lightgbm, was 'magic'"):
        _run(DemoConfig(out=tmp_path, trainer="magic"))


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("real", [False, True])
def test_the_command_says_which_data_it_used_and_where_the_report_is(
    made: Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    as_json: bool,
    real: bool,
) -> None:
    told: list[DemoConfig] = []

    def finished(config: DemoConfig, _: Steps) -> DemoResult:
        told.append(config)
        return made[1]

    monkeypatch.setattr(demo, "run_demo", finished)
    cli.command(data=tmp_path if real else None, out=tmp_path / "out", trainer="lightgbm", json=as_json)
    printed = capsys.readouterr()
    expected = f"events: real market data in {tmp_path}" if real else "events: the generator (no data folder given)"
    assert expected in printed.err.splitlines()
    assert told[0].data == (tmp_path if real else None)
    path = str(made[1].report_path.resolve())
    if as_json:
        found = json.loads(printed.out)
        assert found.pop("report_path") == path
        assert found == json.loads(json.dumps(made[1].report.to_dict()))
    else:
        assert f"report: {path}" in printed.out.splitlines()
