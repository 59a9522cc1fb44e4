"""SQL for looking at values in SQLite, whose columns hold values of any type."""

from __future__ import annotations

from sodaf_nb.schema import Column
from sodaf_nb.sql.dialect import LONGEST
from sodaf_nb.sql.quoting import quote


class SQLiteLook:
    """How values are looked at in SQLite: its types are those of values, not of columns."""

    def ordered(self, value: str, column: Column) -> str:  # noqa: ARG002
        """Return the value: everything can be sorted."""
        return value

    def cut(self, value: str, column: Column) -> str:  # noqa: ARG002
        """Return the value no longer than what is shown of it, blobs as their length."""
        return (
            f"CASE typeof({value}) WHEN 'text' THEN SUBSTR({value}, 1, {LONGEST + 1}) "
            f"WHEN 'blob' THEN LENGTH({value}) || ' bytes' ELSE {value} END"
        )

    def shown(self, name: str, column: Column) -> str:  # noqa: ARG002
        """Return the value."""
        return quote(name)

    def kept(self, name: str, column: Column) -> str:  # noqa: ARG002
        """Return the value."""
        return quote(name)

    def is_number(self, value: str, column: Column) -> str:  # noqa: ARG002
        """Return an SQL condition that is true for numbers."""
        return f"typeof({value}) IN ('integer', 'real')"

    def like(self, value: str, column: Column, other: Column) -> str:  # noqa: ARG002
        """Return the value: affinities make values of all columns comparable."""
        return value
