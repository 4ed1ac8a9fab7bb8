"""The report of a training as one HTML page, and the same figures as JSON beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from hftcore.files import write_atomically
from hftcore.report import numbers
from hftcore.report.charts.model import calibration_chart, confusion_chart, importance_chart, scores_chart
from hftcore.report.charts.training import cells_chart, curves_chart, permutation_chart
from hftcore.report.html import fill_template
from hftcore.report.theme import Chart
from hftcore.report.words import class_name, edge
from hftcore.search.report import TrainingReport

_SPLIT_NAMES = {
    "n_train": "rows trained on",
    "n_stop": "rows watched for stopping",
    "n_test": "test rows",
    "n_purged": "rows purged before the test part",
    "n_left_out": "rows left out (max_rows)",
    "train_ns": "trained on",
    "test_ns": "tested on",
    "horizon_rows": "labels look ahead, rows",
}
_METRIC_NAMES = {"mcc": "MCC", "f1_macro": "macro F1", "accuracy": "accuracy", "log_loss": "log loss"}


def training_page(report: TrainingReport) -> str:
    """Fill the page: no script, no request. The same report gives the same bytes.

    Raises
    ------
    MissingExtraError
        If jinja2 or matplotlib is not installed.
    """
    ranked = sorted(report.cells, key=lambda c: c[f"test.{report.metric}"], reverse=report.metric != "log_loss")
    varied = [
        name
        for name in (report.cells[0] if report.cells else {})
        if name.startswith("params.") and len({str(cell[name]) for cell in report.cells}) > 1
    ]
    return fill_template(
        "training.html.j2",
        {chart.key: chart for chart in training_charts(report)},
        r=report,
        verdict=_verdict(report),
        rows={"model": report.test, "LightGBM, untuned": report.lightgbm, "majority class": report.test.majority},
        split={_SPLIT_NAMES.get(name, name): _shown(name, value) for name, value in report.split.items()},
        parameters={name: _plain(value) for name, value in report.parameters.items()},
        cells=[{name: _plain(value) for name, value in cell.items()} for cell in ranked],
        varied=varied,
        metric=_METRIC_NAMES[report.metric],
    )


def training_charts(report: TrainingReport) -> list[Chart]:
    """The figures of the page, in its order."""
    metric = report.metric
    seen, unseen = ([cell[f"{part}.{metric}"] for cell in report.cells] for part in ("train", "test"))
    return [
        scores_chart(report.test),
        confusion_chart(report.test),
        importance_chart(report.gain),
        permutation_chart(report.permutation),
        calibration_chart(report.calibration, None),
        curves_chart(report.curves.n_trees, report.curves.log_loss),
        cells_chart(seen, unseen, _METRIC_NAMES[metric]),
    ]


def write_training_report(report: TrainingReport, path: str | os.PathLike[str]) -> Path:
    """Write the page, and the report as JSON under the same stem; both whole or not at all.

    Raises
    ------
    MissingExtraError
        If jinja2 or matplotlib is not installed.
    """
    page = Path(path)
    texts = {page.with_suffix(".json"): report.to_json(), page: training_page(report)}
    page.parent.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        write_atomically(file, text.encode())
    return page


def _verdict(report: TrainingReport) -> str:
    test, other = report.test, report.lightgbm
    return (
        f"On {numbers.count(test.n_rows)} later rows {report.algorithm} is right in {numbers.percent(test.accuracy)}, "
        f"{numbers.points(edge(test))} beside the majority class. Its MCC is {numbers.ratio(test.mcc)}, its macro F1 "
        f"{numbers.ratio(test.f1_macro)}; untuned LightGBM has {numbers.ratio(other.mcc)} and "
        f"{numbers.ratio(other.f1_macro)}. On rows it was trained on its MCC is {numbers.ratio(report.train.mcc)}."
    )


def _plain(value: object) -> object:
    """Class weights in words, from a mapping or its JSON; anything else as it is."""
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    if not isinstance(value, Mapping):
        return value
    return ", ".join(f"{class_name(int(label))} {weight:g}" for label, weight in value.items())


def _shown(name: str, value: object) -> str:
    if name.endswith("_ns") and isinstance(value, list):
        return " to ".join(f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M:%S}" for ns in value) + " UTC"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return numbers.count(value) if isinstance(value, int) else str(value)
