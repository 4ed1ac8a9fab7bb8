"""How good a classifier is, beside the dullest one that could have been had for nothing.

Everything but the log loss follows from the confusion matrix, so that matrix is what is kept. Accuracy alone says
nothing where one class dominates: read macro F1 and MCC, and always beside ``majority``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hftcore.errors import ParameterError

_SUM_SLACK = 1e-6  # how far the probabilities of one row may add up from 1


@dataclass(frozen=True, slots=True)
class ClassScore:
    """One line of the per-class table. A ratio whose denominator is zero is 0."""

    label: int
    n_true: int
    n_predicted: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Classification:
    """Scores of a classifier on one set of rows.

    Parameters
    ----------
    classes : tuple of int
        Labels, ascending. Macro means are over all of them: a class that never occurs counts as 0.
    confusion : tuple of tuple of int, shape (n_classes, n_classes)
        Rows are what happened, columns what was predicted.
    log_loss : float or None
        Mean of -ln p(what happened), nats per row. None without probabilities.

    Raises
    ------
    ParameterError
        If the matrix is not square over ``classes``, or holds no row at all.
    """

    classes: tuple[int, ...]
    confusion: tuple[tuple[int, ...], ...]
    log_loss: float | None = None

    def __post_init__(self) -> None:
        _check_ascending(self.classes)
        k = len(self.classes)
        if len(self.confusion) != k or any(len(row) != k for row in self.confusion):
            raise ParameterError(f"confusion must have shape ({k}, {k})")
        if any(n < 0 for row in self.confusion for n in row) or self.n_rows == 0:
            raise ParameterError("confusion must hold counts >= 0 and at least one row")

    @classmethod
    def of(
        cls,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        classes: Sequence[int] = (-1, 0, 1),
        proba: ArrayLike | None = None,
    ) -> Classification:
        """Score predictions against what happened.

        Parameters
        ----------
        y_true, y_pred : int arrays, shape (n,)
            Labels out of ``classes``; n >= 1.
        proba : float array, shape (n, n_classes), optional
            Columns follow ``classes``; rows add up to 1.

        Raises
        ------
        ParameterError
            If shapes differ, ``classes`` do not ascend, a label is not in them, or a row of ``proba`` is no
            distribution.
        """
        labels = tuple(int(c) for c in classes)
        _check_ascending(labels)  # before labels are looked up by bisection, which would blame the labels
        true, predicted = _codes("y_true", y_true, labels), _codes("y_pred", y_pred, labels)
        if true.shape != predicted.shape:
            raise ParameterError(f"y_true has {true.size} rows, y_pred has {predicted.size}")
        k = len(labels)
        counts = np.bincount(true * k + predicted, minlength=k * k).reshape(k, k)
        return cls(labels, _rows(counts), None if proba is None else _log_loss(true, proba, k))

    @property
    def n_rows(self) -> int:
        return sum(map(sum, self.confusion))

    @property
    def accuracy(self) -> float:
        return sum(self.confusion[i][i] for i in range(len(self.classes))) / self.n_rows

    @property
    def per_class(self) -> tuple[ClassScore, ...]:
        m = np.array(self.confusion, dtype=np.int64)
        n_true, n_predicted, hits = m.sum(axis=1), m.sum(axis=0), m.diagonal()
        return tuple(
            ClassScore(label, int(t), int(p), _ratio(h, p), _ratio(h, t), _ratio(2 * h, t + p))
            for label, t, p, h in zip(self.classes, n_true, n_predicted, hits, strict=True)
        )

    @property
    def precision_macro(self) -> float:
        return _mean([c.precision for c in self.per_class])

    @property
    def recall_macro(self) -> float:
        return _mean([c.recall for c in self.per_class])

    @property
    def f1_macro(self) -> float:
        return _mean([c.f1 for c in self.per_class])

    @property
    def mcc(self) -> float:
        """Multiclass Matthews correlation (R_K), -1..1; 0 where either side knows a single class.

        References
        ----------
        Gorodkin (2004), *Comparing two K-category assignments by a K-category correlation coefficient*.
        """
        # Python's integers do not overflow: at 1e9 rows the squares below pass 2**63.
        n = self.n_rows
        n_true = [sum(row) for row in self.confusion]
        n_predicted = [sum(column) for column in zip(*self.confusion, strict=True)]
        hits = sum(self.confusion[i][i] for i in range(len(self.classes)))
        covariance = n * hits - sum(t * p for t, p in zip(n_true, n_predicted, strict=True))
        spread_true = n * n - sum(t * t for t in n_true)
        spread_predicted = n * n - sum(p * p for p in n_predicted)
        if spread_true == 0 or spread_predicted == 0:
            return 0.0
        return float(covariance / (float(spread_true) ** 0.5 * float(spread_predicted) ** 0.5))

    @property
    def majority_class(self) -> int:
        """The most common class of these rows; the lowest label on a tie."""
        n_true = [sum(row) for row in self.confusion]
        return self.classes[n_true.index(max(n_true))]

    @property
    def majority(self) -> Classification:
        """Always the most common class of these same rows.

        Its log loss is that of forecasting every row with the share of each class: the best that a constant can do.
        """
        winner = self.classes.index(self.majority_class)
        n_true = [sum(row) for row in self.confusion]
        confusion = tuple(tuple(n if j == winner else 0 for j in range(len(n_true))) for n in n_true)
        share = np.array([n for n in n_true if n > 0]) / self.n_rows
        entropy = None if self.log_loss is None else abs(float(-(share * np.log(share)).sum()))
        return Classification(self.classes, confusion, entropy)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON: the three fields, and all that follows from them."""
        base = self.majority
        return {
            "classes": list(self.classes),
            "confusion": [list(row) for row in self.confusion],
            "log_loss": self.log_loss,
            "n_rows": self.n_rows,
            **self._figures(),
            "per_class": [{name: getattr(c, name) for name in ClassScore.__dataclass_fields__} for c in self.per_class],
            "majority": {"class": self.majority_class, "log_loss": base.log_loss, **base._figures()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Classification:
        """Read the three fields back; what follows from them is computed anew."""
        confusion = tuple(tuple(int(n) for n in row) for row in plain["confusion"])
        return cls(tuple(int(c) for c in plain["classes"]), confusion, plain.get("log_loss"))

    def _figures(self) -> dict[str, float]:
        names = ("accuracy", "precision_macro", "recall_macro", "f1_macro", "mcc")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was promised and what came, in equal-width bins of a probability. Empty bins are left out.

    ``p_mean``: mean probability promised in the bin; ``hit_frac``: how often it then happened; ``n``: rows.
    """

    p_mean: tuple[float, ...]
    hit_frac: tuple[float, ...]
    n: tuple[int, ...]

    @classmethod
    def of(cls, p: ArrayLike, happened: ArrayLike, n_bins: int = 10) -> Reliability:
        """Bin ``p`` (float, shape (n,), 0..1) against ``happened`` (bool, shape (n,)).

        Raises
        ------
        ParameterError
            If shapes differ, ``n_bins < 1``, or a probability is outside 0..1.
        """
        prob, hit = np.asarray(p, dtype=np.float64), np.asarray(happened, dtype=bool)
        if prob.ndim != 1 or prob.shape != hit.shape:
            raise ParameterError(f"p and happened must have the same shape (n,), were {prob.shape} and {hit.shape}")
        if n_bins < 1:
            raise ParameterError(f"n_bins must be >= 1, was {n_bins}")
        if not np.all((prob >= 0.0) & (prob <= 1.0)):
            raise ParameterError("p must be between 0 and 1")
        which = np.minimum((prob * n_bins).astype(np.int64), n_bins - 1)  # p = 1 belongs to the last bin
        n = np.bincount(which, minlength=n_bins)
        used = n > 0
        p_sum = np.bincount(which, weights=prob, minlength=n_bins)
        hits = np.bincount(which, weights=hit, minlength=n_bins)
        mean, frac = p_sum[used] / n[used], hits[used] / n[used]
        return cls(tuple(mean.tolist()), tuple(frac.tolist()), tuple(n[used].tolist()))

    @property
    def expected_error(self) -> float:
        """Mean distance between promise and outcome, weighted by rows (ECE); 0 without rows."""
        gaps = [n * abs(p - h) for p, h, n in zip(self.p_mean, self.hit_frac, self.n, strict=True)]
        return _ratio(sum(gaps), sum(self.n))


def _check_ascending(classes: tuple[int, ...]) -> None:
    if list(classes) != sorted(set(classes)):
        raise ParameterError(f"classes must be distinct and ascending, were {classes}")


def _codes(name: str, labels: ArrayLike, classes: tuple[int, ...]) -> NDArray[np.int64]:
    values = np.asarray(labels)
    if values.ndim != 1 or values.size == 0:
        raise ParameterError(f"{name} must have shape (n,) with n >= 1, was {values.shape}")
    codes = np.searchsorted(np.array(classes), values).astype(np.int64)
    known = np.array(classes)[np.minimum(codes, len(classes) - 1)] == values
    if not known.all():
        raise ParameterError(
            f"{name} must hold only {classes}, found {values[~known][0]} at row {int(np.argmin(known))}"
        )
    return codes


def _log_loss(true: NDArray[np.int64], proba: ArrayLike, n_classes: int) -> float:
    p = np.asarray(proba, dtype=np.float64)
    if p.shape != (true.size, n_classes):
        raise ParameterError(f"proba must have shape ({true.size}, {n_classes}), was {p.shape}")
    fair = np.all((p >= 0.0) & (p <= 1.0), axis=1) & (np.abs(p.sum(axis=1) - 1.0) <= _SUM_SLACK)
    if not fair.all():
        raise ParameterError(
            f"proba must be a distribution in every row, was {p[~fair][0]} at row {int(np.argmin(fair))}"
        )
    # A certain miss would be infinite: bounded at one rounding step, as scikit-learn does.
    floor = np.finfo(np.float64).eps
    return float(-np.log(np.clip(p[np.arange(true.size), true], floor, 1.0 - floor)).mean())


def _rows(counts: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(n) for n in row) for row in counts)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
