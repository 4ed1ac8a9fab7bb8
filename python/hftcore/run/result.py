"""What a replay leaves behind: its journal, and the figures that are not in it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hftcore.errors import JournalError
from hftcore.files import write_atomically
from hftcore.ledger import ProfitAndLoss, profit_and_loss
from hftcore.ledger.journal import Journal, Records, parse_journal
from hftcore.run.equity import Equity

JOURNAL, FIGURES, EQUITY = "journal.hftj", "run.json", "equity.npz"
_TOTAL = "total"  # of equity.npz; symbols have a prefix of their own
_SYMBOL = "symbol:"
_HASHES = {JOURNAL: "journal_sha256", EQUITY: "equity_sha256"}  # of run.json: the files it belongs with
_NEEDED = ("source", "n_records", "rate_hz", "throughput_hz", "latency_ns", "assumptions")


@dataclass(frozen=True)
class Run:
    """One replay.

    The journal is the truth: decisions, orders, fills and money follow from its bytes, and ``journal_sha256`` names
    them. ``figures`` holds what depends on the day and the machine: source, feed, elapsed time, latency.
    """

    journal_bytes: bytes
    figures: Mapping[str, Any]
    pnl: Equity

    @cached_property
    def journal(self) -> Journal:
        """The journal, read and checked."""
        return parse_journal(self.journal_bytes, JOURNAL)

    @cached_property
    def journal_sha256(self) -> str:
        """Hash of the journal's bytes, hexadecimal: equal for equal tapes and settings."""
        return hashlib.sha256(self.journal_bytes).hexdigest()

    @property
    def decisions(self) -> Records:
        """Each time the strategy did not abstain; dtype ``ledger.DECISION_DTYPE``, ``refusal`` 0 is accepted."""
        return self.journal.decisions

    @property
    def decision_models(self) -> npt.NDArray[np.str_]:
        """Id of the model in place at each of ``decisions``, shape (n,): a change of model shows here."""
        return self.journal.decision_models

    @property
    def orders(self) -> Records:
        """Accepted decisions; dtype ``ledger.ORDER_DTYPE``, prices in ticks, quantities in lots."""
        return self.journal.orders

    @property
    def fills(self) -> Records:
        """What happened to them; dtype ``ledger.FILL_DTYPE``, ``fee_nano`` in 1e-9 of the quote currency."""
        return self.journal.fills

    @property
    def marks(self) -> Records:
        """Last mid price of each symbol, in half ticks; dtype ``ledger.MARK_DTYPE``."""
        return self.journal.marks

    @property
    def symbols(self) -> npt.NDArray[np.str_]:
        """Names by ``symbol_id``: ``run.symbols[run.fills["symbol_id"]]``."""
        return np.array(self.journal.runs[0].instruments.symbols, dtype=np.str_)

    @property
    def counters(self) -> dict[str, Any]:
        """What became of records, events, rows, decisions and orders; they add up."""
        end = self.journal.runs[0].end
        return dict(end) if end is not None else {}

    @property
    def refusals(self) -> dict[str, int]:
        """Decisions that risk refused, by reason; reasons that did not occur are left out."""
        return dict(self.counters.get("refusals", {}))

    @cached_property
    def profit(self) -> ProfitAndLoss:
        """Realised and unrealised P&L, fees and net per symbol, exact; open positions at the last mid."""
        return profit_and_loss(self.journal)

    @property
    def latency(self) -> dict[str, dict[str, float]]:
        """Per stage: ``count, mean, p50, p90, p99, p99_9, max``, in ns. Empty for an untimed run.

        ``tick_to_decision`` counts from the moment an event was due (paced) or taken up (as fast as it goes).
        """
        return dict(self.figures["latency_ns"])

    @property
    def rate_hz(self) -> float | None:
        """Records offered per second, open loop; None: as fast as they went."""
        rate: float | None = self.figures["rate_hz"]
        return rate

    @property
    def throughput_hz(self) -> float:
        """Records per second, first one read to last one journalled."""
        rate: float = self.figures["throughput_hz"]
        return rate

    @property
    def settings(self) -> dict[str, Any]:
        """The run header's strategy, risk and execution, with units in the names."""
        return {name: self.journal.header[name] for name in ("strategy", "risk", "execution", "config_epoch")}

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the simulated fills take for granted."""
        return tuple(self.figures["assumptions"])

    def summary(self) -> dict[str, Any]:
        """Everything in figures: plain values, ready for JSON."""
        return {
            **self.figures,
            "journal_sha256": self.journal_sha256,
            "model_id": self.journal.header["model_id"],
            "spec_sha256": self.journal.header["spec_sha256"],
            "settings": self.settings,
            "counters": self.counters,
            "by_symbol": self._by_symbol(),
            "net_pnl": self.profit.net,
            "max_drawdown": self.pnl.max_drawdown,
        }

    def save(self, path: str | Path) -> Path:
        """Write the run into a folder: ``journal.hftj``, ``run.json``, ``equity.npz``. What was there is replaced.

        ``run.json`` comes last and holds the hashes of the other two, so that no mixture of two runs loads.
        """
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        files = {JOURNAL: self.journal_bytes, EQUITY: _equity_bytes(self.pnl)}
        for name, content in files.items():
            write_atomically(folder / name, content)
        figures = {**self.figures, **{_HASHES[name]: _sha256(content) for name, content in files.items()}}
        write_atomically(folder / FIGURES, (json.dumps(figures, indent=2, sort_keys=True) + "\n").encode())
        return folder

    @classmethod
    def load(cls, path: str | Path) -> Run:
        """Read what ``save`` wrote.

        Raises
        ------
        JournalError
            If something is missing or damaged, or journal and equity are not those that the figures belong to.
        """
        folder = Path(path)
        try:
            figures = json.loads((folder / FIGURES).read_text(encoding="utf-8"))
            files = {name: (folder / name).read_bytes() for name in _HASHES}
        except (OSError, ValueError) as error:
            raise JournalError(f"{folder}: no saved run: {error}") from error
        if not isinstance(figures, dict):
            raise JournalError(f"{folder / FIGURES}: must be a JSON object, was {type(figures).__name__}")
        for key in (*_NEEDED, *_HASHES.values()):
            if key not in figures:
                raise JournalError(f"{folder / FIGURES}: {key} is missing")
        for name, content in files.items():
            expected, found = figures.pop(_HASHES[name]), _sha256(content)
            if found != expected:
                raise JournalError(f"{folder / name}: expected sha256 {expected}, found {found}")
        return cls(files[JOURNAL], figures, _equity_from(files[EQUITY], folder / EQUITY))

    def __repr__(self) -> str:
        c = self.counters
        return (
            f"<Run: {c.get('events', 0):,} events, {c.get('decisions', 0):,} decisions, {c.get('orders', 0):,} orders, "
            f"{c.get('fills', 0):,} fills, net {self.profit.net}>"
        )

    def _by_symbol(self) -> dict[str, dict[str, Any]]:
        n_decisions = np.bincount(self.decisions["symbol_id"], minlength=len(self.symbols))
        rows = {row.symbol: row.to_dict() for row in self.profit.rows}
        return {
            str(symbol): {"n_decisions": int(n), **rows[str(symbol)]}
            for symbol, n in zip(self.symbols, n_decisions, strict=True)
            if str(symbol) in rows
        }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _equity_bytes(pnl: Equity) -> bytes:
    out = io.BytesIO()
    curves = {_SYMBOL + name: curve for name, curve in pnl.by_symbol.items()}
    np.savez(out, allow_pickle=False, ts_ns=pnl.ts_ns, **{_TOTAL: pnl.equity}, **curves)
    return out.getvalue()


def _equity_from(content: bytes, path: Path) -> Equity:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            curves = dict(stored)
        by_symbol = {name.removeprefix(_SYMBOL): y for name, y in curves.items() if name.startswith(_SYMBOL)}
        return Equity(curves["ts_ns"], curves[_TOTAL], by_symbol)
    except (KeyError, TypeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise JournalError(f"{path}: no equity curve: {error}") from error
