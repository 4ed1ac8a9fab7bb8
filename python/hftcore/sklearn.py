"""The compiled pipeline as a transformer of scikit-learn: ``make_pipeline(FeatureTransformer(spec), model)``.

Of scikit-learn's own checks those hold that do not feed it a matrix of numbers: events are no such thing (the tag
``two_d_array`` is off), ``n_features_in_`` means the columns of a table, and rows in another order are refused as late.
Split by time (``TimeSeriesSplit``): a shuffled split trains on the future.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.containers import kind_of
from hftcore.errors import EventError, MissingExtraError, ParameterError, SpecError
from hftcore.instruments import Instrument, InstrumentTable
from hftcore.pipeline import FeaturePipeline
from hftcore.spec import FeatureSpec

try:
    from sklearn.base import BaseEstimator, TransformerMixin
    from sklearn.utils.validation import check_is_fitted
except ImportError as missing:
    raise MissingExtraError("hftcore.sklearn needs scikit-learn: pip install 'hftcore[train]'") from missing

ALIGN = ("events", "rows")


class FeatureTransformer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Events to features, one row per event.

    Parameters
    ----------
    spec : FeatureSpec
        The columns. It is cloned as it is: specs do not change.
    instruments : InstrumentTable or iterable of Instrument, optional
        Ticks and lots. None: those of the events that :meth:`fit` sees.
    align : {"events", "rows"}
        ``events``: a row for each event, NaN where the event gives none, so that labels stay beside their rows.
        ``rows``: the pipeline's rows alone; :meth:`events_of_rows` says which event each belongs to.

    Attributes
    ----------
    instruments_ : InstrumentTable
        What is used.
    n_features_in_ : int
        Columns of the table that :meth:`fit` saw; 1 for events and structured arrays.
    feature_names_in_ : array of str
        Their names; only where it was a table.

    Notes
    -----
    Every :meth:`transform` begins anew: the first rows are NaN until warm. To go on from call to call, use
    :class:`hftcore.FeaturePipeline`. Arrays that cannot be read in place are copied here, as cross-validation makes
    such arrays.
    """

    def __init__(
        self,
        spec: FeatureSpec | None = None,
        *,
        instruments: Iterable[Instrument] | None = None,
        align: str = "events",
    ) -> None:
        self.spec = spec
        self.instruments = instruments
        self.align = align

    def fit(self, X: Any, y: Any = None) -> FeatureTransformer:
        """Check parameters and take the instruments; nothing is learnt.

        Raises
        ------
        SpecError
            If ``spec`` is no FeatureSpec.
        ParameterError
            If ``align`` is not one of its values.
        EventError
            If ``X`` is no container of events, or nothing says what their ticks and lots are.
        """
        if not isinstance(self.spec, FeatureSpec):
            raise SpecError(f"spec must be a FeatureSpec, was {type(self.spec).__name__}")
        if self.align not in ALIGN:
            raise ParameterError(f"align must be one of {', '.join(ALIGN)}, was {self.align!r}")
        given = None if self.instruments is None else InstrumentTable(self.instruments)
        pipeline = FeaturePipeline(self.spec, given)
        names = _column_names(X)
        pipeline.transform(X[:0], copy=True)
        self.instruments_ = pipeline.instruments
        self.n_features_in_ = len(names) or 1
        if names:
            self.feature_names_in_ = np.array(names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def transform(self, X: Any) -> npt.NDArray[np.float64]:
        """Compute the features of a batch of events, from the beginning.

        Parameters
        ----------
        X : Events, Arrow table or record batch, pandas or polars frame, or structured array, n events

        Returns
        -------
        rows : float64 array, shape (n, n_features), or (n_rows, n_features) with ``align="rows"``
            ``set_output`` turns it into a pandas or polars frame.

        Raises
        ------
        NotFittedError
            Before :meth:`fit`.
        EventError, OutOfOrderError
            See :meth:`hftcore.FeaturePipeline.transform`.
        """
        rows, events = self._run(X)
        if self.align == "rows":
            return rows
        aligned = np.full((len(X), rows.shape[1]), np.nan)
        aligned[events] = rows
        return aligned

    def events_of_rows(self, X: Any) -> npt.NDArray[np.int64]:
        """Return the index of the event of each row that ``align="rows"`` gives for ``X``; computes them once more."""
        return self._run(X)[1]

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the names of the columns, in order. ``input_features`` are not part of them."""
        check_is_fitted(self, "instruments_")
        return np.array(self.spec.names, dtype=object)  # type: ignore[union-attr]  # fit has checked it

    def _run(self, X: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
        check_is_fitted(self, "instruments_")
        pipeline = FeaturePipeline(self.spec, self.instruments_)  # type: ignore[arg-type]  # fit has checked it
        return pipeline.transform(X, copy=True), pipeline.rows

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.no_validation = True
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _column_names(X: Any) -> list[str]:
    if isinstance(X, list):
        raise EventError(
            "X is a list: scikit-learn cuts Events into single ones; give it events.data, with "
            "FeatureTransformer(spec, instruments=events.instruments), or a pandas or polars frame"
        )
    kind = kind_of(X)
    if kind in ("arrow", "batch"):
        return list(X.schema.names)
    return [str(name) for name in X.columns] if kind in ("pandas", "polars") else []
