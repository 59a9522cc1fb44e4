"""Rows that share a value: the SQL that finds all but the first of each, and what they hold instead.

All of it is standard SQL (window functions: SQLite 3.25, PostgreSQL 8.4), and the same text serves when rows are
counted, when they are written, and when a rollback tells what the migration wrote from what people wrote since.
"""

from __future__ import annotations

from dataclasses import dataclass

from sodaf_nb.options import Dedupe
from sodaf_nb.sql.quoting import quote

LATER = "sodaf_later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Rows of one table that share values of one column; the row with the lowest key keeps its value.

    Args:
        source: SQL of the rows: a table, quoted.
        column: The column's name there.
        key: The key's name there; it is unique.
        how: What the others get: nothing, or the value with the key behind it.
        collation: What the unique index takes for equal; None for the engine's own.
        by_bytes: What makes the key's order that of its bytes, such as ` COLLATE BINARY`; empty where it is fixed.
    """

    source: str
    column: str
    key: str
    how: Dedupe
    collation: str | None = None
    by_bytes: str = ""

    @property
    def marked(self) -> str:
        """SQL of the rows, with `sodaf_later` true for those that do not keep their value; in parentheses."""
        value, equal = quote(self.column), f" COLLATE {quote(self.collation)}" if self.collation else ""
        number = f"ROW_NUMBER() OVER (PARTITION BY {value}{equal} ORDER BY {quote(self.key)}{self.by_bytes})"
        return f"(SELECT *, {value} IS NOT NULL AND {number} > 1 AS {LATER} FROM {self.source})"

    @property
    def condition(self) -> str:
        """SQL condition that is true for the rows to change."""
        key = quote(self.key)
        return f"{key} IN (SELECT {key} FROM {self.marked} AS d WHERE {LATER})"

    @property
    def update(self) -> str:
        """The statement that changes them."""
        instead = self._instead("")
        return f"UPDATE {self.source} SET {quote(self.column)} = {instead} WHERE {self.condition}"

    @property
    def left(self) -> str:
        """SQL of the column as it is afterwards, under its own name; in parentheses."""
        return f"(SELECT {self.left_in('d')} AS {quote(self.column)} FROM {self.marked} AS d)"

    def left_in(self, alias: str) -> str:
        """Return the SQL of a row's value afterwards, read from `marked` under an alias."""
        value = f"{alias}.{quote(self.column)}"
        return f"CASE WHEN {alias}.{LATER} THEN {self._instead(f'{alias}.')} ELSE {value} END"

    def _instead(self, prefix: str) -> str:
        if self.how == "blank":
            return "NULL"
        return f"CAST({prefix}{quote(self.column)} AS TEXT) || '-' || CAST({prefix}{quote(self.key)} AS TEXT)"
