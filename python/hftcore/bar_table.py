"""The bars of events as a table, by the code that makes them inside a pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hftcore import _core
from hftcore.errors import OutOfOrderError, SpecError
from hftcore.events import Events
from hftcore.spec import Feature, FeatureSpec
from hftcore.spec.bars import Bars

_NAME: Final = "bars"


def bars(
    events: Events,
    rule: Bars,
    *,
    origin: str = "continuous",
    drop: Iterable[str] = (),
    session: tuple[str, str] | None = None,
) -> npt.NDArray[Any]:
    """Return the closed bars of events, of all their symbols.

    Parameters
    ----------
    events : Events
        Sorted by ``ts_event_ns`` within each symbol.
    rule : Bars
        ``hc.time_bars("1m")``, ``hc.tick_bars(500)``, ``hc.volume_bars(1000)`` or ``hc.dollar_bars(1e6)``.
    origin, drop, session
        As in :class:`FeatureSpec`. ``session_open`` throws the bar away that is open when a session ends, as a pipeline
        does; ``continuous`` closes it with the first event behind.

    Returns
    -------
    table : structured array, shape (n_bars,)
        In the order in which they closed. ``event`` (index of the event that closed it), ``open_ns`` and ``close_ns``
        (time bars: their interval [open_ns, close_ns); others: times of the first and the last event),
        ``open``, ``high``, ``low``, ``close``, ``vwap`` (px), ``volume`` (qty), ``value`` (px qty), ``n_trades``,
        ``symbol_id``. ``pandas.DataFrame(table)`` and ``polars.from_numpy(table)`` read it.

    Raises
    ------
    SpecError
        If the rule, or one of the others, breaks one of its own.
    OutOfOrderError
        If ``ts_event_ns`` decreases within a symbol; names symbol and index.

    Notes
    -----
    The bar that is open at the end is not in the table: nothing has closed it.
    """
    if not isinstance(rule, Bars):
        raise SpecError(f"bars: the rule is made by time_bars, tick_bars, volume_bars or dollar_bars, was {rule!r}")
    spec = FeatureSpec(
        _NAME,
        [Feature("mid")],
        origin=origin,
        rows="any",
        drop=drop,
        session=session,
        bars={_NAME: rule},
    )
    return closed_bars(spec, _NAME, events)


def closed_bars(spec: FeatureSpec, name: str, events: Events) -> npt.NDArray[Any]:
    """Return the bars of a spec that events close, as :func:`bars` does."""
    instruments = events.instruments._native()
    at = _core.feature.Pipeline(spec._native(), instruments).find_out_of_order(events.data)
    if at is not None:
        symbol = events.instruments[int(events.data[at]["symbol_id"])].symbol
        raise OutOfOrderError(f"{symbol}: event {at} is older than the symbol's last event")
    return np.asarray(_core.feature.bar_table(spec._native(), instruments, name, events.data))
