"""The ledger: journals of decisions, orders and fills, as arrays, as a database, as profit and loss.

The journal file is the truth. ``write_sqlite`` follows it into a database, as often as one likes; ``profit_and_loss``
gives the same figures from either.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from hftcore.errors import JournalError
from hftcore.ledger.journal import (
    DECISION_DTYPE,
    FILL_DTYPE,
    MARK_DTYPE,
    ORDER_DTYPE,
    Control,
    Journal,
    JournalRun,
    Records,
    concat_records,
    decision_id,
    parse_journal,
    read_journal,
    unique_by_id,
)
from hftcore.ledger.pnl import LedgerRows, ProfitAndLoss, SymbolPnl, instrument_keys, pnl_of_rows
from hftcore.ledger.sqlite import Written, read_rows, write_journal

__all__ = [
    "DECISION_DTYPE",
    "FILL_DTYPE",
    "MARK_DTYPE",
    "ORDER_DTYPE",
    "Control",
    "Journal",
    "JournalRun",
    "ProfitAndLoss",
    "SymbolPnl",
    "Written",
    "decision_id",
    "parse_journal",
    "profit_and_loss",
    "read_journal",
    "write_sqlite",
]

_SQLITE_MAGIC = b"SQLite format 3\x00"


def write_sqlite(
    journal: str | Path | Journal, db_path: str | Path, progress: Callable[[int, int], None] | None = None
) -> Written:
    """Bring a journal's records into a SQLite ledger, each decision id once.

    Written again, a journal adds nothing; one that grew adds its new records; several journals share a ledger.

    Parameters
    ----------
    journal : path or Journal
    db_path : path
        Made where it does not exist.
    progress : callable(done, total), optional
        Called with numbers of records.

    Returns
    -------
    written : Written
        Number of new rows per table.

    Raises
    ------
    JournalError
        If the journal or the database is none, or a decision id is stored with other content (names the id, the column
        and both values). The database is then as it was.

    Notes
    -----
    Tables ``runs``, ``instruments``, ``decisions``, ``orders``, ``fills``, ``marks``, ``controls``; view ``positions``.
    Prices are stored in ticks and as exact decimal text. About 5 us per new row; one transaction.
    """
    return write_journal(_journal(journal), Path(db_path), progress)


def profit_and_loss(source: str | Path | Journal) -> ProfitAndLoss:
    """Orders, fills, positions and money per symbol, from a journal or from a ledger database.

    Returns
    -------
    pnl : ProfitAndLoss
        Realised at average cost, unrealised at each symbol's last mark, fees, net; exact until the last rounding.

    Raises
    ------
    JournalError
        If the file is neither a journal nor a ledger.
    """
    if not isinstance(source, Journal) and _is_sqlite(Path(source)):
        return pnl_of_rows(read_rows(Path(source)))
    return pnl_of_rows(_rows_of_journal(_journal(source)))


def _journal(source: str | Path | Journal) -> Journal:
    return source if isinstance(source, Journal) else read_journal(source)


def _is_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE_MAGIC)) == _SQLITE_MAGIC
    except OSError as error:
        raise JournalError(f"{path}: cannot be read: {error.strerror}") from error


def _rows_of_journal(journal: Journal) -> LedgerRows:
    instruments, maps = instrument_keys([run.instruments for run in journal.runs])

    def all_runs(name: str, dtype: np.dtype[np.void]) -> Records:
        parts = [getattr(run, name).copy() for run in journal.runs]
        for part, places in zip(parts, maps, strict=True):
            part["symbol_id"] = places[part["symbol_id"]]
        return concat_records(parts, dtype)

    orders = unique_by_id(all_runs("orders", ORDER_DTYPE), "order", journal.name)
    fills = unique_by_id(all_runs("fills", FILL_DTYPE), "fill", journal.name)
    n_orders = np.bincount(orders["symbol_id"], minlength=len(instruments)).astype(np.int64)
    return LedgerRows(instruments, n_orders, fills, all_runs("marks", MARK_DTYPE))
