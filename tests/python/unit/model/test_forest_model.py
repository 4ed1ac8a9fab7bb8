"""hftcore._core.model.ForestModel: the kernel from Python. What it computes is tested in tests/cpp/model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hftcore._core.model import ForestModel, SingleRow, kernel_paths

SEEDS = Path(__file__).parents[3] / "fuzz" / "corpus" / "forest"
THREE_MARGINS = (SEEDS / "margins").read_bytes()
N_FEATURES = 3


def model(path: str = "") -> ForestModel:
    return ForestModel.from_forest(THREE_MARGINS, 3, "softmax", path=path)


def rows(n: int) -> np.ndarray:
    made = np.random.default_rng(7).normal(0, 3, (n, N_FEATURES))
    made[::5, 1] = np.nan
    return made


def test_says_what_it_is() -> None:
    forest = ForestModel.from_forest(THREE_MARGINS, 3, "one_vs_rest_normalised", alpha=2.0)
    assert (forest.n_features, forest.n_margins, forest.n_classes, forest.alpha) == (3, 3, 3, 2.0)
    assert forest.output_rule.name == "one_vs_rest_normalised"
    assert forest.engine == "kernel"
    assert forest.path == kernel_paths()[0]


def test_every_path_gives_the_same_bytes() -> None:
    margins = {model(path).predict_margin(rows(300)).tobytes() for path in kernel_paths()}
    assert len(margins) == 1


@pytest.mark.parametrize("name", ["predict_margin", "predict_proba"])
def test_one_row_many_rows_threads_and_a_buffer_give_the_same_bytes(name: str) -> None:
    predict = getattr(model(), name)
    x = rows(1_000)
    expected = predict(x)
    assert expected.shape == (1_000, 3)
    assert np.stack([predict(row) for row in x]).tobytes() == expected.tobytes()
    assert predict(x, n_threads=4).tobytes() == expected.tobytes()
    out = np.full((1_000, 3), 7.0)
    assert predict(x, out=out, n_threads=1) is out
    assert out.tobytes() == expected.tobytes()
    one = np.full(3, 7.0)
    assert predict(x[3], one) is one
    assert one.tobytes() == expected[3].tobytes()
    assert predict(X=x[:2]).tobytes() == expected[:2].tobytes()


@pytest.mark.parametrize("rule", ["identity", "softmax", "one_vs_rest_normalised"])
def test_scores_are_what_margins_come_to(rule: str) -> None:
    forest = ForestModel.from_forest(THREE_MARGINS, 3, rule)
    x = rows(50)
    assert forest.scores_of(forest.predict_margin(x)).tobytes() == forest.predict_proba(x).tobytes()
    assert forest.scores_of(np.empty((0, 3))).shape == (0, 3)
    for shape in [(3,), (2, 2), (1, 1, 3)]:
        with pytest.raises(ValueError, match=r"margins must be of shape \(n, 3\), was "):
            forest.scores_of(np.zeros(shape))
    for wrong in (np.zeros((2, 3), np.float32), np.zeros((3, 2)).T, [[0.0, 0.0, 0.0]]):
        with pytest.raises(TypeError, match="incompatible function arguments"):
            forest.scores_of(wrong)  # type: ignore[arg-type]


def test_no_rows_give_no_margins() -> None:
    assert model().predict_margin(np.empty((0, N_FEATURES))).shape == (0, 3)


def test_what_is_no_row_is_refused() -> None:
    forest = model()
    cases = [
        (np.zeros(3, np.float32), "X must be a float64 array, was float32"),
        ([1.0, 2.0, 3.0], "X must be a float64 array, was list"),
        (np.zeros(3, ">f8"), "X must be a float64 array, was >f8"),
        (np.zeros((4, 6))[:, ::2], "X must be C-contiguous"),
    ]
    for x, words in cases:
        with pytest.raises(TypeError, match=words):
            forest.predict_margin(x)  # type: ignore[arg-type]
    for shape in [(), (2,), (2, 4), (1, 1, 3)]:
        with pytest.raises(ValueError, match=r"X must have shape \(n, 3\) or \(3,\)"):
            forest.predict_margin(np.zeros(shape))


def test_a_buffer_that_does_not_fit_is_refused() -> None:
    forest, x = model(), rows(4)
    locked = np.zeros((4, 3))
    locked.flags.writeable = False
    for out, error, words in [
        (locked, TypeError, "out must be C-contiguous, aligned and writable"),
        (np.zeros((4, 3), np.float32), TypeError, "out must be a float64 array, was float32"),
        (np.zeros((3, 3)), ValueError, r"out must have shape \(4, 3\)"),
        (np.zeros(12), ValueError, r"out must have shape \(4, 3\)"),
    ]:
        with pytest.raises(error, match=words):
            forest.predict_margin(x, out)
    with pytest.raises(ValueError, match=r"out must have shape \(3,\)"):
        forest.predict_margin(x[0], np.zeros(4))


def test_arguments_are_checked() -> None:
    forest, x = model(), rows(4)
    with pytest.raises(ValueError, match="n_threads must be >= 1, was 0"):
        forest.predict_margin(x, n_threads=0)
    with pytest.raises(TypeError, match="needs X"):
        forest.predict_margin()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no argument rows"):
        forest.predict_margin(x, rows=x)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="given twice: X"):
        forest.predict_margin(x, X=x)  # type: ignore[misc]
    with pytest.raises(TypeError, match="takes X, out and n_threads"):
        forest.predict_margin(x, None, 1, 2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        ForestModel.predict_margin(x, x)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["predict_margin", "predict_proba"])
def test_single_rows_fill_one_array_with_the_same_bytes(name: str) -> None:
    forest = model()
    predict = getattr(forest.single_row(), name)
    expected = getattr(forest, name)(rows(200))
    filled = predict(rows(1)[0])
    for row, found in zip(rows(200), expected, strict=True):
        assert predict(row) is filled
        assert filled.tobytes() == found.tobytes()
    with pytest.raises(ValueError, match="does not own its data"):
        filled.resize(1, refcheck=False)
    held = filled.copy()
    filled.__setstate__(np.zeros(3).__reduce__()[2])  # the array lets its memory go, and is filled no more
    assert predict(rows(1)[0]) is filled
    assert not filled.any()
    predict = getattr(forest.single_row(), name)
    filled = predict(rows(200)[199])
    assert filled.tobytes() == held.tobytes()
    del forest
    assert predict(rows(1)[0]).tobytes() == expected[0].tobytes()
    del predict
    assert filled.tobytes() == expected[0].tobytes()


def test_a_margin_and_scores_of_other_numbers_have_their_own_arrays() -> None:
    forest = ForestModel.from_forest((SEEDS / "deep").read_bytes(), 2, "sigmoid")
    one = forest.single_row()
    row = np.zeros(forest.n_features)
    margin, scores = one.predict_margin(row), one.predict_proba(row)
    assert (margin.shape, scores.shape) == ((1,), (2,))
    assert np.array_equal(margin, forest.predict_margin(row))
    assert np.array_equal(scores, forest.predict_proba(row))


def test_what_is_no_single_row_is_refused() -> None:
    one = model().single_row()
    for row, words in [
        (np.zeros(3, np.float32), "row must be a float64 array, was float32"),
        ([1.0, 2.0, 3.0], "row must be a float64 array, was list"),
        (np.zeros(6)[::2], "row must be C-contiguous"),
    ]:
        with pytest.raises(TypeError, match=words):
            one.predict_margin(row)  # type: ignore[arg-type]
    for shape in [(), (2,), (1, 3)]:
        with pytest.raises(ValueError, match=r"row must have shape \(3,\)"):
            one.predict_proba(np.zeros(shape))
    with pytest.raises(TypeError, match="No constructor"):
        SingleRow()
    with pytest.raises(TypeError, match="single_row needs a ForestModel, was None"):
        ForestModel.single_row(None)  # type: ignore[arg-type]
    for cls in (SingleRow, ForestModel):
        with pytest.raises(TypeError, match="was not initialised"):
            cls.__new__(cls).predict_margin(np.zeros(3))


def test_what_is_no_forest_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with HFTFRST1"):
        ForestModel.from_forest(bytes(64), 3, "softmax")
    with pytest.raises(ValueError, match="bytes by its header"):
        ForestModel.from_forest(THREE_MARGINS[:-8], 3, "softmax")
    with pytest.raises(ValueError, match="n_margins of the forest must be 1"):
        ForestModel.from_forest(THREE_MARGINS, 2, "sigmoid")
    with pytest.raises(ValueError, match="path must be one that this CPU can run"):
        model("abacus")
