"""SQLite's spelling of types, defaults and columns, and what its ALTER TABLE can do."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from sodaf_nb.schema import Column, DataType, Kind
from sodaf_nb.schema.types import other
from sodaf_nb.sql.dialects.sqlite_values import Conversion, affinity, conversion
from sodaf_nb.sql.quoting import literal, quote

# The closed table of type names (trap R16: a name outside it gets a surprising affinity).
_TYPES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.VARCHAR: "VARCHAR({length})",
        Kind.TEXT: "TEXT",
        Kind.SMALLINT: "SMALLINT",
        Kind.INTEGER: "INTEGER",
        Kind.BIGINT: "BIGINT",
        Kind.REAL: "REAL",
        Kind.DECIMAL: "DECIMAL({precision},{scale})",
        Kind.DATE: "DATE",
        Kind.DATETIME: "DATETIME",
        Kind.TIME: "TIME",
    }
)
_PLAIN: Mapping[str, Kind] = MappingProxyType(
    {text: kind for kind, text in _TYPES.items() if "(" not in text} | {"INT": Kind.INTEGER}
)
_VARCHAR = re.compile(r"VARCHAR\s*\(\s*(\d+)\s*\)", re.IGNORECASE)
_DECIMAL = re.compile(r"DECIMAL\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", re.IGNORECASE)
# The order of keys whatever collation their column has; a backup's copy of it has none.
BY_BYTES = " COLLATE BINARY"
_TEXT = re.compile(r"'(?:[^']|'')*'")
_INTEGER = re.compile(r"[+-]?\d{1,19}")
_INT64 = range(-(2**63), 2**63)
_REAL = re.compile(r"[+-]?(\d+\.\d*|\.\d+|\d+)(e[+-]?\d+)?", re.IGNORECASE)


def type_sql(data_type: DataType) -> str:
    """Return how SQLite spells a type; a type outside the closed table comes back as it was declared."""
    if data_type.kind is Kind.OTHER:
        return data_type.declared or ""
    return _TYPES[data_type.kind].format(
        length=data_type.length, precision=data_type.precision, scale=data_type.scale or 0
    )


def parse_type(declared: str) -> DataType:
    """Return the logical type of a declared one; what is not in the closed table is `Kind.OTHER`."""
    plain = _PLAIN.get(declared.strip().upper())
    if plain is not None:
        return DataType(kind=plain)
    if match := _VARCHAR.fullmatch(declared.strip()):
        return DataType(kind=Kind.VARCHAR, length=int(match[1]))
    if match := _DECIMAL.fullmatch(declared.strip()):
        return DataType(kind=Kind.DECIMAL, precision=int(match[1]), scale=int(match[2] or 0))
    return other(declared)


def parse_default(text: str | None) -> tuple[str | int | float | None, str | None]:
    """Return a live default as (literal, expression); exactly one is set unless there is none."""
    if text is None or text.upper() == "NULL":
        return None, None
    # The catalog shows `DEFAULT ('a' || 'b')` without its parentheses.
    if _TEXT.fullmatch(text):
        return text[1:-1].replace("''", "'"), None
    if _INTEGER.fullmatch(text) and int(text) in _INT64:
        return int(text), None
    if _REAL.fullmatch(text) and math.isfinite(float(text)):  # 9e999 is how SQLite writes infinity
        return float(text), None
    return None, text


def default_sql(column: Column) -> str | None:
    """Return the text behind DEFAULT, or None when the column has none."""
    return literal(column.default) if column.default is not None else column.default_sql


def column_sql(column: Column, *, primary_key: bool = False) -> str:
    """Return a column definition; a column with live text keeps it word for word."""
    if column.definition is not None:
        return column.definition
    default = default_sql(column)
    words = [quote(column.name), type_sql(column.type)]
    words += ["NOT NULL"] if not column.nullable else []
    words += [f"DEFAULT {default}"] if default is not None else []
    words += ["PRIMARY KEY"] if primary_key else []
    words += ["AUTOINCREMENT"] if column.autoincrement else []
    return " ".join(words)


def forward(before: Column, after: Column, backfill: str | float | None, value: str) -> str:
    """Return the SQL of what `value`, stored as `before`, becomes when the column is `after`."""
    converted = convert(value, before, after).expression
    value_for_null = filler(after, backfill)
    return converted if value_for_null is None else f"COALESCE({converted}, {literal(value_for_null)})"


def filler(after: Column, backfill: str | float | None) -> str | int | float | None:
    """Return what a row gets that would hold NULL; None leaves the NULL."""
    return backfill if backfill is not None else (None if after.nullable else after.default)


def convert(value: str, before: Column, after: Column) -> Conversion:
    """Return how the SQL text `value` of one column's type becomes the other's."""
    return conversion(value, before.type, after.type)


def keeps_values(before: DataType, after: DataType) -> bool:
    """Return True when no stored value can change between two types."""
    return conversion("x", before, after).trivial


def can_add(column: Column) -> bool:
    """Return True when ALTER TABLE ADD COLUMN accepts the column on a table with rows (trap R25)."""
    # On an empty copy ADD COLUMN takes an expression, too, so trying it there proves nothing.
    constant = column.default_sql is None
    text = (column.definition or "").upper()
    hard = any(word in text for word in ("UNIQUE", "PRIMARY KEY", "REFERENCES", "STORED", "CURRENT_"))
    return (column.nullable or column.default is not None) and constant and not hard and reads_its_default(column)


def reads_its_default(column: Column) -> bool:
    """Return True when a row older than the column reads its default as an INSERT would store it.

    Measured on 3.40.1: in a column without affinity such a row reads DEFAULT 2.0 as the integer 2.
    """
    return not isinstance(column.default, float) or affinity(type_sql(column.type)) != "BLOB"
