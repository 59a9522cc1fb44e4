"""SQL for looking at values in PostgreSQL, where not every type can be sorted, and one result column has one type."""

from __future__ import annotations

from sodaf_nb.schema import Column, Kind
from sodaf_nb.sql.dialect import LONGEST
from sodaf_nb.sql.quoting import quote

_TEXTS = frozenset({Kind.VARCHAR, Kind.TEXT})
_INTEGERS = frozenset({Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT})
_NUMBERS = _INTEGERS | {Kind.REAL, Kind.DECIMAL}


class PostgresLook:
    """How values are looked at in PostgreSQL."""

    def ordered(self, value: str, column: Column) -> str:
        """Return the value, as text where its type may have no order, such as json."""
        return f"{value}::text" if column.type.kind is Kind.OTHER else value

    def cut(self, value: str, column: Column) -> str:
        """Return the value as JSON: one result column holds numbers and texts that way."""
        if column.type.kind in _INTEGERS | {Kind.REAL}:
            return f"to_jsonb({value})"
        # As text a decimal keeps all its digits, and so does a date beyond the driver's years.
        text = f"trim_scale({value})" if column.type.kind is Kind.DECIMAL else value
        if column.type.declared == "bytea":
            return f"to_jsonb((length(({value})::text) - 2) / 2 || ' bytes')"
        return f"to_jsonb(left(({text})::text, {LONGEST + 1}))"

    def shown(self, name: str, column: Column) -> str:
        """Return the value, as text where the driver has no Python value for some, such as an infinite date."""
        here = quote(name)
        return here if column.type.kind in _TEXTS | _NUMBERS else f"{here}::text AS {here}"

    def kept(self, name: str, column: Column) -> str:
        """Return the value's text, whole numbers as they are."""
        here = quote(name)
        return here if column.type.kind in _INTEGERS else f"{here}::text AS {here}"

    def is_number(self, value: str, column: Column) -> str:
        """Return an SQL condition that is true for finite numbers."""
        if column.type.kind is Kind.REAL:  # NaN counts as greater than all numbers
            return f"{value} > '-Infinity' AND {value} < 'Infinity'"
        if column.type.kind is Kind.DECIMAL:
            return f"{value} <> 'NaN'"
        return f"{value} IS NOT NULL" if column.type.kind in _INTEGERS else "FALSE"

    def like(self, value: str, column: Column, other: Column) -> str:
        """Return the value, as text where the other column is of another family; nothing is converted by itself."""
        families = {_family(column.type.kind), _family(other.type.kind)}
        return value if len(families) == 1 else f"({value})::text"


def _family(kind: Kind) -> object:
    return "text" if kind in _TEXTS else "number" if kind in _NUMBERS else kind
