"""The main job: real market events, or generated ones, to risk-checked decisions and a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import numpy as np

from hftcore.artifact import Artifact
from hftcore.compiler import compile_model
from hftcore.errors import EventError, HftError, TrainingDataError
from hftcore.events import Events
from hftcore.generator import generate
from hftcore.labels import DAY_NS, in_session, session_ids
from hftcore.ledger import write_sqlite
from hftcore.parity import verify
from hftcore.readers import read_events
from hftcore.reading.sources import SUFFIXES, event_files
from hftcore.report.assemble import assemble
from hftcore.report.data import ReportData
from hftcore.report.output import render
from hftcore.run import RiskLimits, Run, SimulatedExchange, Threshold, replay
from hftcore.spec import FeatureSpec
from hftcore.steps import Progress, Steps, files_fingerprint, library_versions
from hftcore.table import LabelRule, make_feature_table, read_feature_table, write_feature_table
from hftcore.train import TrainingResult
from hftcore.training import LIBRARY, TRAINERS, fit

TAPES = "us_equities_taq"  # the part of the real data that holds trades and quotes of the same symbols
TAPE_SYMBOLS = ("AIG", "BAC", "IBM")  # SPY has trades and no quotes there
_VERIFIED_EVENTS = 200_000
_TRAIN_FRAC = 0.7  # of a single session's events
_LABEL = LabelRule(horizon=50, deadband_ticks=0.25)


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """What one run of the demo is told; the defaults are what `make demo` does."""

    out: Path
    data: Path | None = None
    trainer: str = "mllib"
    seed: int = 7
    generated_rate_hz: float = 40.0  # mean events per second of the generator's market
    label: LabelRule = _LABEL
    max_train_rows: int = 300_000
    threshold_frac: float = 0.70
    latency_rate_hz: float = 50_000.0
    latency_events: int = 500_000


@dataclass(frozen=True, slots=True)
class DemoResult:
    """Where everything is, and the report's figures."""

    report_path: Path
    report: ReportData
    artifact_path: Path
    journal_path: Path
    ledger_path: Path


def demo_spec() -> FeatureSpec:
    """The feature spec that ships with the package: ``hftcore/specs/demo.toml``."""
    return FeatureSpec.load(Path(str(files("hftcore") / "specs" / "demo.toml")))


def run_demo(config: DemoConfig, steps: Steps) -> DemoResult:
    """Run every step from events to report; steps whose inputs did not change are reused.

    Raises
    ------
    HftError
        Where a step cannot go on: data that cannot be read, no Java for MLlib, no C compiler.
    """
    return _Demo(config, steps).run()


class _Demo:
    """The steps share paths and a spec; each step's key is an input of the next."""

    def __init__(self, config: DemoConfig, steps: Steps) -> None:
        if config.trainer not in TRAINERS:
            raise TrainingDataError(f"trainer must be one of {', '.join(TRAINERS)}, was {config.trainer!r}")
        self._config, self._steps = config, steps
        self._spec = demo_spec()
        out = config.out
        self._train_events, self._test_events = out / "events" / "train.hftp", out / "events" / "test.hftp"
        self._train_table, self._test_table = out / "tables" / "train.parquet", out / "tables" / "test.parquet"
        self._model = out / "model" / config.trainer
        self._artifact = out / "up.hft"
        self._run, self._paced = out / "run", out / "run_paced"
        self._ledger = out / "ledger.sqlite"

    def run(self) -> DemoResult:
        events_key = self._events()
        tables_key = self._tables(events_key)
        model_key = self._training(tables_key)
        artifact_key = self._compile(model_key)
        self._verify(artifact_key)
        self._replays(artifact_key)
        self._steps.run("ledger", {}, (), lambda _: self._follow())
        report = self._report()
        return DemoResult(
            report_path=render(report, self._config.out / "report.html"),
            report=report,
            artifact_path=self._artifact,
            journal_path=self._run / "journal.hftj",
            ledger_path=self._ledger,
        )

    def _events(self) -> str:
        folder = None if self._config.data is None else tape_folder(self._config.data)
        seen = [] if folder is None else files_fingerprint(event_files(folder))
        made = (self._config.seed, self._config.generated_rate_hz)
        inputs = {"folder": str(folder), "files": seen} if folder else {"seed": made[0], "rate": made[1]}

        def work(progress: Progress) -> None:
            events = generated(*made) if folder is None else real(folder, progress)
            train, test = split_by_session(events, self._spec)
            self._train_events.parent.mkdir(parents=True, exist_ok=True)
            train.to_packed(self._train_events)
            test.to_packed(self._test_events)
            self._source_note.write_text(events.source)

        return self._steps.run("events", inputs, (self._train_events, self._test_events, self._source_note), work)

    @property
    def _source_note(self) -> Path:
        return self._config.out / "events" / "source.txt"

    def _tables(self, events_key: str) -> str:
        inputs = {"events": events_key, "spec": self._spec.sha256, "label": asdict(self._config.label)}

        def work(progress: Progress) -> None:
            pairs = ((self._train_events, self._train_table), (self._test_events, self._test_table))
            loaded = [(Events.from_packed(source), target) for source, target in pairs]
            total = sum(len(events) for events, _ in loaded)
            done = 0
            for events, target in loaded:
                so_far = partial(_shifted, progress, done, total)
                write_feature_table(make_feature_table(events, self._spec, self._config.label, so_far), target)
                done += len(events)

        return self._steps.run("features and labels", inputs, (self._train_table, self._test_table), work)

    def _training(self, tables_key: str) -> str:
        config = self._config
        inputs = {"tables": tables_key, "rows": config.max_train_rows, "seed": config.seed, "trainer": config.trainer}
        inputs |= {"library": library_versions(LIBRARY[config.trainer])}

        def work(progress: Progress) -> None:
            fit(
                config.trainer,
                self._train_table,
                self._spec,
                self._model,
                max_rows=config.max_train_rows,
                seed=config.seed,
                progress=progress,
            )

        return self._steps.run(f"training on {config.trainer}", inputs, (self._model,), work)

    def _compile(self, model_key: str) -> str:
        def work(_: Progress) -> None:
            probe = read_feature_table(self._test_table, self._spec).X[::1000]
            training = TrainingResult.load(self._model)
            compile_model(
                self._model,
                self._spec,
                self._artifact,
                probe=np.ascontiguousarray(probe),
                training=training,
                overwrite=True,
            )

        libraries = library_versions(LIBRARY[self._config.trainer], "treelite")
        inputs = {"model": model_key, "libraries": libraries}
        return self._steps.run("writing the model", inputs, (self._artifact,), work)

    def _verify(self, artifact_key: str) -> None:
        def work(_: Progress) -> None:
            marker.unlink(missing_ok=True)  # it speaks of an earlier artefact
            parity = verify(Artifact.load(self._artifact), Events.from_packed(self._test_events)[:_VERIFIED_EVENTS])
            if not parity.ok:
                raise HftError(f"paths disagree: {parity.to_dict()}")
            marker.write_text("every bit agreed\n")

        marker = self._config.out / "verified.txt"
        self._steps.run("verifying bits", {"artifact": artifact_key}, (marker,), work)

    def _replays(self, artifact_key: str) -> None:
        """Once as fast as it goes, for throughput and trading; once paced, for the time from tick to decision."""

        def work(progress: Progress) -> None:
            events = Events.from_packed(self._test_events)
            self._replay(events, None, progress).save(self._run)

        def paced(progress: Progress) -> None:
            events = Events.from_packed(self._test_events)[: self._config.latency_events]
            self._replay(events, self._config.latency_rate_hz, progress).save(self._paced)

        inputs = {"artifact": artifact_key, "threshold": self._config.threshold_frac}
        self._steps.run("replay of the test day", inputs, (self._run,), work)
        rate = self._config.latency_rate_hz
        schedule = {"rate": rate, "events": self._config.latency_events}
        self._steps.run(f"replay at {rate:,.0f} events/s", inputs | schedule, (self._paced,), paced)

    def _replay(self, events: Events, rate_hz: float | None, progress: Progress) -> Run:
        return replay(
            Artifact.load(self._artifact),
            events,
            strategy=Threshold(self._config.threshold_frac, order_qty=100, cooldown="1s", hold="60s"),
            risk=RiskLimits(max_open_positions=2, max_order_qty=100, max_position_qty=100, stop_loss_bps=20.0),
            execution=SimulatedExchange(),
            rate_hz=rate_hz,
            progress=progress,
        )

    def _follow(self) -> None:
        self._ledger.unlink(missing_ok=True)
        write_sqlite(self._run / "journal.hftj", self._ledger)

    def _report(self) -> ReportData:
        return assemble(
            title="From market events to risk-checked decisions",
            data_source=self._source_note.read_text(),
            real_data=self._config.data is not None,
            artifact=Artifact.load(self._artifact),
            table=read_feature_table(self._test_table, self._spec),
            run=Run.load(self._run),
            paced=Run.load(self._paced),
            timings_s=self._steps.seconds,
        )


def tape_folder(data: Path) -> Path:
    """The folder of trades and quotes: ``data/us_equities_taq`` where it is there, else ``data`` itself."""
    if not data.is_dir():
        raise EventError(f"{data}: no such folder")
    folder = data / TAPES if (data / TAPES).is_dir() else data
    if not event_files(folder):
        raise EventError(f"{folder}: no event files ({', '.join(SUFFIXES)}) in it")
    return folder


def real(folder: Path, progress: Progress) -> Events:
    """Read a folder of tapes; trades between ticks are rounded, and the reader says how many."""
    symbols = TAPE_SYMBOLS if folder.name == TAPES else None
    return read_events(folder, symbols=symbols, off_tick="round", progress=progress)


def generated(seed: int, rate_hz: float) -> Events:
    """Three sessions of 6.5 hours, three symbols of skewed activity, a signal of middling strength."""
    return generate(
        seed=seed, symbols=("AAA", "BBB", "CCC"), seconds=23_400.0, rate=rate_hz, signal=0.5, book_levels=0, sessions=3
    )


def split_by_session(events: Events, spec: FeatureSpec) -> tuple[Events, Events]:
    """Split in time: what comes at or after the opening of the last session is the test part.

    A session counts where events lie within its hours; a single one is cut at 70 % of those events. Every training
    event is earlier than every test event, and a label looks ahead within its own part and session only.

    Raises
    ------
    EventError
        If no event lies within the hours of a session.
    """
    ts = events.data["ts_event_ns"]
    inside = in_session(ts, spec.session)
    sessions = np.unique(session_ids(ts[inside], spec.session))
    if not len(sessions):
        raise EventError(f"{events.source}: none of {len(events)} events lie within the hours of a session")
    if len(sessions) > 1:
        cut_ns = int(sessions[-1]) * DAY_NS + (spec.session[0] if spec.session else 0)
    else:
        cut_ns = int(np.sort(ts[inside])[int(inside.sum() * _TRAIN_FRAC)])
    is_test = ts >= cut_ns
    return events[~is_test], events[is_test]


def _shifted(progress: Progress, before: int, total: int, done: int, _: int) -> None:
    """Report one part's progress as that of the whole."""
    progress(before + done, total)
