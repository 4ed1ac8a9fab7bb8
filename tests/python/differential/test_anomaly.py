"""Change detectors against slow twins that keep what ours sums up."""

from __future__ import annotations

from fractions import Fraction
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hftcore as hc
from hftcore.errors import SpecError

OUTPUTS = ("alarm", "up", "down")
# Multiples of 2^-10: enough to cross thresholds, few enough for fractions.
steps = st.lists(st.integers(-3000, 3000), min_size=1, max_size=80).map(lambda n: np.array(n) / 1024)


def jumps(seed: int = 31, n: int = 4000) -> np.ndarray:
    """Noise whose mean rises by 1 for the third quarter."""
    x = np.random.default_rng(seed).normal(size=n) * 0.5
    x[n // 2 : 3 * n // 4] += 1.0
    return x


def cusum_twin(x: np.ndarray, drift: float, threshold: float) -> list[tuple[int, float, float]]:
    rows, up, down, alarm = [], Fraction(0), Fraction(0), 0
    for value in map(Fraction, x):
        if alarm:
            up, down = Fraction(0), Fraction(0)
        up = max(Fraction(0), up + value - Fraction(drift))
        down = max(Fraction(0), down - value - Fraction(drift))
        alarm = 1 if up > threshold else -1 if down > threshold else 0
        rows.append((alarm, float(up), float(down)))
    return rows


@given(steps, st.integers(0, 2048), st.integers(0, 6000))
@settings(max_examples=40, deadline=None)
def test_cusum_is_exact(x: np.ndarray, drift: int, threshold: int) -> None:
    params = {"drift": drift / 1024, "threshold": threshold / 1024}
    ours = [hc.features.Cusum(**params, output=output).transform(x).tolist() for output in OUTPUTS]
    assert list(zip(*ours, strict=True)) == cusum_twin(x, **params)


def test_cusum_finds_the_jump_and_begins_anew() -> None:
    alarm = hc.features.Cusum(drift=0.5, threshold=8.0).transform(jumps())
    assert not alarm[:2000].any()
    first = np.flatnonzero(alarm)[0]
    assert alarm[first] == 1
    assert 2000 <= first < 2050
    assert hc.features.Cusum(drift=0.5, threshold=8.0).transform(-jumps())[first] == -1
    constant = hc.features.Cusum(drift=0.5, threshold=4.0, output="up").transform(np.full(100, 0.25))
    assert not constant.any(), "within the drift"


def page_hinkley_twin(x: np.ndarray, delta: float, threshold: float, min_inputs: int) -> np.ndarray:
    """The textbook's form: a sum, and its smallest or largest value so far."""
    rows, since = [], []
    high = low = lowest = highest = alarm = 0.0
    for value in x:
        if alarm:
            since, high, low, lowest, highest = [], 0.0, 0.0, 0.0, 0.0
        since.append(value)
        deviation = value - np.mean(since)
        high, low = high + deviation - delta, low + deviation + delta
        lowest, highest = min(lowest, high), max(highest, low)
        up, down = high - lowest, highest - low
        alarm = 0.0
        if len(since) >= min_inputs:
            alarm = 1.0 if up > threshold else -1.0 if down > threshold else 0.0
        rows.append((alarm, up, down))
    return np.array(rows)


@given(steps, st.floats(0.0, 1.0), st.floats(0.1, 8.0), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_page_hinkley_matches_its_twin(x: np.ndarray, delta: float, threshold: float, min_inputs: int) -> None:
    params = {"delta": delta, "threshold": threshold, "min_inputs": min_inputs}
    twin = page_hinkley_twin(x, **params)
    if np.abs(twin[:, 1:] - threshold).min() < 1e-9:
        return  # rounding decides
    for i, output in enumerate(OUTPUTS):
        ours = hc.features.PageHinkley(**params, output=output).transform(x)
        np.testing.assert_allclose(ours, twin[:, i], rtol=1e-9, atol=1e-9)


def test_page_hinkley_matches_its_twin_on_a_jump_and_beside_1e9() -> None:
    params = {"delta": 0.25, "threshold": 10.0, "min_inputs": 30}
    x = np.round(jumps(n=1600) * 64) / 64
    twin = page_hinkley_twin(x, **params)
    assert (twin[:800, 0] == 0).all()
    assert (twin[800:, 0] == 1).any()
    for offset in (0.0, 1e9):
        for i, output in enumerate(OUTPUTS):
            ours = hc.features.PageHinkley(**params, output=output).transform(x + offset)
            np.testing.assert_allclose(ours, twin[:, i], rtol=1e-9, atol=1e-9 if offset == 0 else 1e-3)


class AdwinTwin:
    """The window itself: its inputs, cut into buckets of 1, 2, 4, ... of which at most five are alike."""

    def __init__(self, delta: float, scale: float) -> None:
        self.delta, self.scale, self.n = delta, scale, 0
        self.buckets: list[list[float]] = []  # oldest first

    def update(self, x: float) -> tuple[int, float, int]:
        self.buckets.append([x])
        size = 1
        while sum(len(b) == size for b in self.buckets) > 5:
            first = next(i for i, b in enumerate(self.buckets) if len(b) == size)
            self.buckets[first : first + 2] = [self.buckets[first] + self.buckets[first + 1]]
            size *= 2
        self.n += 1
        alarm = 0
        while self.n % 32 == 0 and sum(map(len, self.buckets)) > (10 if alarm == 0 else 0):
            change = self.change()
            if change == 0:
                break
            alarm = alarm or change
            del self.buckets[0]
        window = np.concatenate(self.buckets)
        return alarm, float(window.mean()), len(window)

    def change(self) -> int:
        window = np.concatenate(self.buckets)
        n, at = len(window), 0
        confidence = log(2 * log(n) / self.delta)
        for bucket in self.buckets[:-1]:
            at += len(bucket)
            if at < 5 or n - at < 5:
                continue
            shares = 1 / (at - 4) + 1 / (n - at - 4)
            bound = sqrt(2 * shares * window.var() * confidence) + 2 / 3 * self.scale * confidence * shares
            step = window[at:].mean() - window[:at].mean()
            if abs(step) > bound:
                return 1 if step > 0 else -1
        return 0


@given(st.integers(0, 2**31), st.sampled_from([0.002, 0.05, 0.5]), st.sampled_from([0.0, 0.1, 1.0]))
@settings(max_examples=25, deadline=None)
def test_adwin_matches_a_twin_that_keeps_its_inputs(seed: int, delta: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(rng.normal(), 0.3, rng.integers(1, 300)) for _ in range(4)])
    twin = AdwinTwin(delta, scale)
    rows = np.array([twin.update(v) for v in x])
    for i, output in enumerate(("alarm", "mean", "width")):
        ours = hc.features.Adwin(delta=delta, scale=scale, output=output).transform(x)
        np.testing.assert_allclose(ours, rows[:, i], rtol=1e-9, atol=1e-12)


def test_adwin_finds_both_jumps() -> None:
    x = jumps()
    alarm = hc.features.Adwin().transform(x)
    at = np.flatnonzero(alarm)
    assert not alarm[:2000].any()
    assert alarm[at[0]] == 1
    assert 2000 <= at[0] < 2100
    back = at[at >= 3000][0]
    assert alarm[back] == -1
    assert back < 3100
    width = hc.features.Adwin(output="width").transform(x)
    assert width[1999] == 2000
    assert width[2200] < 300


@pytest.mark.parametrize("level", [0.1, 27.355, 1e9 + 0.01, -1e12])
def test_adwin_of_a_constant_grows_and_keeps_its_mean(level: float) -> None:
    constant = np.full(3000, level)
    assert not hc.features.Adwin(scale=0.0).transform(constant).any()
    assert (hc.features.Adwin(output="mean").transform(constant) == level).all()
    assert hc.features.Adwin(output="width").transform(constant)[-1] == 3000


def test_adwin_sees_a_step_beside_1e9_as_it_does_beside_0() -> None:
    x = np.round(jumps() * 64) / 64
    near, far = (hc.features.Adwin().transform(x + offset) for offset in (0.0, 1e9))
    np.testing.assert_array_equal(near, far)


def test_the_window_of_adwin_ends() -> None:
    width = hc.features.Adwin(output="width").transform(np.zeros(800_000))
    assert width.max() <= 655_355
    assert width[-1] > 500_000


def test_parameters_out_of_range_are_refused() -> None:
    with pytest.raises(SpecError, match="drift must be in"):
        hc.features.Cusum(drift=-1.0, threshold=1.0)
    with pytest.raises(SpecError, match="min_inputs must be >= 1, was 0"):
        hc.features.PageHinkley(delta=0.0, threshold=1.0, min_inputs=0)
    with pytest.raises(SpecError, match="delta must be in"):
        hc.features.Adwin(delta=0.9)
