"""Which columns a dataset may hold, and how they may change from day to day."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from hftcore.errors import DatasetError

# Types that Arrow, pandas, polars, Parquet and Spark all have: a value reads the same wherever it is opened.
_TYPES = {
    str(one): one
    for one in (
        pa.bool_(),
        pa.int8(),
        pa.int16(),
        pa.int32(),
        pa.int64(),
        pa.float32(),
        pa.float64(),
        pa.string(),
        pa.binary(),
        pa.date32(),
        pa.timestamp("us", tz="UTC"),
        pa.timestamp("us"),
    )
}
# Spark has no unsigned integers: the next larger signed type, for uint64 the one of the same size, checked.
_WIDER = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.int64(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
}
_DECIMAL = re.compile(r"decimal128\((\d+), (\d+)\)")

RESERVED = "bucket"  # the folder's name holds it


def storable(table: pa.Table) -> pa.Table:
    """The table with types that a dataset holds; dictionaries become plain, unsigned integers signed.

    Raises
    ------
    DatasetError
        If a column has a type that is not the same everywhere, or a value that its type there cannot hold.
    """
    columns = []
    for field in table.schema:
        wanted = _storable_type(field)
        try:
            columns.append(table.column(field.name).cast(wanted))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DatasetError(f"column {field.name}: {field.type} does not fit {wanted}: {error}") from None
    fields = [pa.field(f.name, c.type, f.nullable) for f, c in zip(table.schema, columns, strict=True)]
    return pa.table(columns, schema=pa.schema(fields)).replace_schema_metadata(table.schema.metadata)


def storable_schema(schema: pa.Schema) -> pa.Schema:
    """What `storable` makes of a schema, without its metadata."""
    return pa.schema([pa.field(field.name, _storable_type(field), field.nullable) for field in schema])


def evolved(known: pa.Schema, given: pa.Schema, where: str) -> pa.Schema:
    """The dataset's schema after a day of ``given``: new nullable columns are added at the end.

    Raises
    ------
    DatasetError
        If a column is gone, has another type, or is new and not nullable; names it.
    """
    for field in known:
        at = given.get_field_index(field.name)
        if at < 0:
            raise DatasetError(f"{where}: column {field.name} is missing; fill it with nulls where it has no values")
        if given.field(at).type != field.type:
            raise DatasetError(f"{where}: column {field.name} is {given.field(at).type}, expected {field.type}")
    added = [field for field in given if known.get_field_index(field.name) < 0]
    for field in added:
        if not field.nullable:
            raise DatasetError(f"{where}: new column {field.name} must be nullable: the days before have no values")
    return pa.schema([*known, *added])


def conformed(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A day's table with the dataset's columns in their order: those that it lacks are null.

    Raises
    ------
    DatasetError
        If it has a column that the schema has not, or of another type.
    """
    for field in table.schema:
        at = schema.get_field_index(field.name)
        if at < 0 or schema.field(at).type != field.type:
            expected = "no such column" if at < 0 else str(schema.field(at).type)
            raise DatasetError(f"a file's column {field.name} is {field.type}, the dataset has {expected}")
    columns = [
        table.column(field.name) if field.name in table.column_names else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def schema_to_json(schema: pa.Schema) -> list[dict[str, Any]]:
    """Name, type and nullability of each column."""
    return [{"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in schema]


def schema_from_json(rows: list[dict[str, Any]]) -> pa.Schema:
    """The schema that `schema_to_json` wrote; ValueError or KeyError where it did not."""
    return pa.schema([pa.field(row["name"], _type_named(row["type"]), row["nullable"]) for row in rows])


def _type_named(name: str) -> pa.DataType:
    if name in _TYPES:
        return _TYPES[name]
    match = _DECIMAL.fullmatch(name)
    if match is None:
        raise ValueError(f"type {name!r} is not known")
    return pa.decimal128(int(match[1]), int(match[2]))


def _storable_type(field: pa.Field[Any]) -> pa.DataType:
    if field.name == RESERVED:
        raise DatasetError(f"column {field.name}: the name is taken by the folders of the dataset")
    kind: Any = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC" if kind.tz else None)  # nanoseconds that are not zero: an int64 column
    kind = _WIDER.get(kind, kind)
    if str(kind) not in _TYPES and not pa.types.is_decimal128(kind):
        raise DatasetError(f"column {field.name}: {kind} does not read the same in pandas, polars, Arrow and Spark")
    stored: pa.DataType = kind
    return stored
