"""The small files that readers follow: one about the dataset, one for each published day."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal

import pyarrow as pa

from hftcore.errors import DatasetError
from hftcore.spark.dataset.schema import schema_from_json, schema_to_json

DATASET_FILE = "_dataset.json"
DAYS_FOLDER = "_days"
_FORMAT = 1
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Compression = Literal["zstd", "lz4", "snappy", "none"]
COMPRESSIONS: tuple[Compression, ...] = ("zstd", "lz4", "snappy", "none")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a dataset's files are cut, sorted and written; fixed when it is made."""

    n_buckets: int = 8
    symbol: str = "symbol"
    order: tuple[str, ...] = ("source_seq",)
    compression: Compression = "zstd"
    row_group_rows: int = 1_000_000
    max_file_rows: int = 20_000_000

    def __post_init__(self) -> None:
        """Refuse what cannot be written."""
        for name in ("n_buckets", "row_group_rows", "max_file_rows"):
            if getattr(self, name) < 1:
                raise DatasetError(f"{name} must be >= 1, was {getattr(self, name)}")
        if self.compression not in COMPRESSIONS:
            raise DatasetError(f"compression must be one of {', '.join(COMPRESSIONS)}, was {self.compression!r}")
        if not self.order or self.symbol in self.order:
            raise DatasetError(f"order must name columns other than {self.symbol!r}, was {self.order!r}")


@dataclass(frozen=True, slots=True)
class DayFile:
    """One Parquet file of a day: path from the dataset's root, size, the symbol bucket it belongs to."""

    path: str
    n_bytes: int
    bucket: int


@dataclass(frozen=True, slots=True)
class PublishedDay:
    """A day as readers see it. ``run`` names the one write that made all its files."""

    day: str
    run: str
    n_rows: int
    files: tuple[DayFile, ...]
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """Size of the day's files."""
        return sum(one.n_bytes for one in self.files)

    @property
    def schema_metadata(self) -> dict[bytes, bytes]:
        """The Arrow schema's metadata that was published with it."""
        return {key.encode(): base64.b64decode(value) for key, value in self.metadata.items()}

    def to_bytes(self) -> bytes:
        """The manifest's bytes."""
        return json.dumps({"format": _FORMAT, **asdict(self)}, indent=1).encode()

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> PublishedDay:
        """Read a manifest; DatasetError names it where it is none."""
        raw = _loaded(data, where)
        try:
            return cls(**raw | {"files": tuple(DayFile(**one) for one in raw["files"])})
        except (KeyError, TypeError) as error:
            raise DatasetError(f"{where} is not a day's manifest ({error!r})") from None


def dataset_to_bytes(layout: Layout, schema: pa.Schema) -> bytes:
    """The bytes of the file about the dataset."""
    return json.dumps(
        {"format": _FORMAT, "layout": asdict(layout), "schema": schema_to_json(schema)}, indent=1
    ).encode()


def dataset_from_bytes(data: bytes, where: str) -> tuple[Layout, pa.Schema]:
    """Read the file about the dataset; DatasetError names it where it is none."""
    raw = _loaded(data, where)
    try:
        layout = Layout(**raw["layout"] | {"order": tuple(raw["layout"]["order"])})
        return layout, schema_from_json(raw["schema"])
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{where} is not a dataset's description ({error!r})") from None


def encoded(metadata: Mapping[bytes, bytes] | None) -> dict[str, str]:
    """Schema metadata in the form that a manifest holds; pandas' own notes are left out."""
    return {
        key.decode(): base64.b64encode(value).decode() for key, value in (metadata or {}).items() if key != b"pandas"
    }


def day_name(day: str | date) -> str:
    """A day as folders spell it.

    Raises
    ------
    DatasetError
        If it is no date.
    """
    text = day if isinstance(day, str) else f"{day:%Y-%m-%d}"
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        date.fromisoformat(text)
    except ValueError:
        raise DatasetError(f"day must read YYYY-MM-DD, was {text!r}") from None
    return text


def _loaded(data: bytes, where: str) -> dict[str, Any]:
    try:
        raw = json.loads(data)
        if raw.pop("format") != _FORMAT:
            raise ValueError("written by another version of hftcore")
    except (ValueError, KeyError, AttributeError) as error:
        raise DatasetError(f"{where} cannot be read: {error}") from None
    return dict(raw)
