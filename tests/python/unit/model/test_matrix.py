"""Rows for a model out of frames: by the names of columns, in the order of the spec, null as NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import hftcore as hc

Columns = dict[str, Any]
FRAMES: dict[str, Callable[[Columns], Any]] = {
    "arrow": pa.table,
    "batch": lambda columns: pa.table(columns).to_batches()[0],
    "chunks": lambda columns: pa.concat_tables([pa.table(columns)[:100], pa.table(columns)[100:]]),
    "pandas": pd.DataFrame,
    "polars": pl.DataFrame,
}


def columns_of(spec: hc.FeatureSpec, rows: np.ndarray) -> Columns:
    return {name: np.ascontiguousarray(rows[:, i]) for i, name in enumerate(spec.names)}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_gives_the_bits_of_its_rows(
    kind: str, artifact: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray
) -> None:
    columns = columns_of(spec, rows)
    first = spec.names[0]
    among_others = {"symbol": ["AAA"] * len(rows), first: columns.pop(first), "label": np.ones(len(rows)), **columns}
    frame = FRAMES[kind](among_others)
    assert artifact.predict_margin(frame).tobytes() == artifact.predict_margin(rows).tobytes()
    assert artifact.predict_proba(frame, n_threads=2).tobytes() == artifact.predict_proba(rows).tobytes()


def test_null_is_nan(artifact: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray) -> None:
    columns = columns_of(spec, rows)
    name = spec.names[0]
    assert np.isnan(columns[name]).any()
    expected = artifact.predict_margin(rows).tobytes()
    with_nulls = pa.array(columns[name], mask=np.isnan(columns[name]))
    assert artifact.predict_margin(pa.table({**columns, name: with_nulls})).tobytes() == expected
    assert artifact.predict_margin(pl.DataFrame({**columns, name: pl.Series(with_nulls)})).tobytes() == expected
    nullable = pd.DataFrame({**columns, name: pd.array(with_nulls.to_pylist(), dtype="Float64")})
    assert artifact.predict_margin(nullable).tobytes() == expected


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_that_does_not_fit_is_refused_by_its_first_column(
    kind: str, artifact: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray
) -> None:
    columns, make = columns_of(spec, rows[:200]), FRAMES[kind]
    names = spec.names
    with pytest.raises(ValueError, match=f"column '{names[2]}' is missing"):
        artifact.predict_proba(make({name: c for name, c in columns.items() if name != names[2]}))
    with pytest.raises(ValueError, match=f"feature 0 must be column '{names[0]}', was '{names[4]}'"):
        artifact.predict_proba(make(dict(reversed(columns.items()))))
    with pytest.raises(TypeError, match=f"column '{names[1]}' must be float64, was float"):
        artifact.predict_proba(make({**columns, names[1]: columns[names[1]].astype(np.float32)}))


def test_a_column_twice_is_refused(artifact: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray) -> None:
    columns = columns_of(spec, rows)
    twice = pa.Table.from_arrays([*map(pa.array, columns.values())] * 2, names=[*columns] * 2)
    with pytest.raises(ValueError, match=f"column '{spec.names[0]}' is there 2 times"):
        artifact.predict_margin(twice)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_column_that_the_model_does_not_take_is_not_read(
    frame: Any, artifact: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray
) -> None:
    columns = columns_of(spec, rows[:3])
    expected = artifact.predict_margin(rows[:3]).tobytes()
    what_arrow_has_no_type_for: list[Any] = [object(), {1: 2}, "text"]
    foreign = pl.Series(what_arrow_has_no_type_for, dtype=pl.Object) if frame is pl.DataFrame else None
    others = {"about": what_arrow_has_no_type_for if foreign is None else foreign}
    assert artifact.predict_margin(frame({**others, **columns})).tobytes() == expected
    with pytest.raises(ValueError, match=f"column '{spec.names[0]}' is missing"):
        artifact.predict_margin(frame(others))


def test_a_frame_whose_columns_have_no_words_is_refused(artifact: hc.Artifact, rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="is missing"):
        artifact.predict_margin(pd.DataFrame(rows))


def test_an_empty_frame_has_no_rows(artifact: hc.Artifact, spec: hc.FeatureSpec, rows: np.ndarray) -> None:
    assert artifact.predict_proba(pa.table(columns_of(spec, rows[:0]))).shape == (0, 3)


def test_threads_change_no_bit(artifact: hc.Artifact, rows: np.ndarray) -> None:
    expected = artifact.predict_margin(rows).tobytes()
    for n_threads in (2, 3, 8, 5000):
        assert artifact.predict_margin(rows, n_threads=n_threads).tobytes() == expected
    with pytest.raises(ValueError, match="n_threads must be >= 1, was 0"):
        artifact.predict_margin(rows, n_threads=0)


def test_an_array_given_for_the_result_is_filled(artifact: hc.Artifact, rows: np.ndarray) -> None:
    for predict in (artifact.predict_margin, artifact.predict_proba):
        out = np.full((len(rows), 3), np.nan)
        assert predict(rows, out=out) is out
        assert out.tobytes() == predict(rows).tobytes()
        with pytest.raises(ValueError, match="out must have shape"):
            predict(rows, out=out[:-1])
