"""SQLite as a dialect: joins what the modules beside this one do."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence

from sodaf_nb.plan import Operation
from sodaf_nb.schema import Column, DataType, Schema, SchemaObject
from sodaf_nb.sql.dialect import Rows, SchemaCopy
from sodaf_nb.sql.dialects import sqlite as spelling
from sodaf_nb.sql.dialects import sqlite_checks as checks
from sodaf_nb.sql.dialects.sqlite_alone import refused_if, required_ground
from sodaf_nb.sql.dialects.sqlite_look import SQLiteLook
from sodaf_nb.sql.dialects.sqlite_rebuild import numbered_key
from sodaf_nb.sql.dialects.sqlite_reflection import reflect
from sodaf_nb.sql.dialects.sqlite_render import MOST_PASSES, render
from sodaf_nb.sql.dialects.sqlite_shadow import Shadow, catalog
from sodaf_nb.sql.dialects.sqlite_values import Conversion
from sodaf_nb.sql.script import Step


class SQLiteDialect:
    """SQLite 3.35 and later.

    Args:
        most_passes: Passes over a table from which on columns are changed by a rebuild; below 0, always.
    """

    look = SQLiteLook()
    row_name = "rowid"
    order = ("rowid", "")
    by_bytes = spelling.BY_BYTES
    has_fence = True
    keeps_misfits = True

    def __init__(self, *, most_passes: int = MOST_PASSES) -> None:
        self._most_passes = most_passes

    @property
    def version(self) -> str:
        """The engine and its version."""
        return f"SQLite {sqlite3.sqlite_version}"

    def reflect(self, source: Rows) -> Schema:
        """Return the live schema."""
        return reflect(source)

    def copy(self, live: Schema, *, backup: tuple[str, ...]) -> Shadow:
        """Return an empty copy of a schema."""
        return Shadow(live, backup=backup)

    def render(self, operations: Sequence[Operation], copy: SchemaCopy) -> tuple[Step, ...]:
        """Return the steps for operations, having run each on the copy."""
        return render(operations, copy, most_passes=self._most_passes)

    def catalog(self, schema: Schema) -> dict[tuple[str, str], str]:
        """Return the catalog in comparison form."""
        return catalog(schema)

    def convert(self, value: str, before: Column, after: Column) -> Conversion:
        """Return how a value of one column's type becomes the other's."""
        return spelling.convert(value, before, after)

    def renumbered(self, value: str, before: Column, after: Column, table: str) -> str:
        """Return what a text key becomes when it is numbered."""
        return numbered_key(value, before, after, table)

    def is_bookkeeping(self, statement: str) -> bool:
        """Return True when a statement writes the catalog, a counter, statistics or a full-text index only."""
        own = statement.startswith(("UPDATE main.sqlite_", "UPDATE sqlite_", "INSERT INTO sqlite_"))
        return own or statement.endswith(" VALUES ('rebuild')")

    def differs(self, left: str, right: str) -> str:
        """Return an SQL condition that is true when two values differ, one of them NULL included."""
        return f"{left} IS NOT {right} COLLATE BINARY"

    def keeps_values(self, before: DataType, after: DataType) -> bool:
        """Return True when no stored value can change between two types."""
        return spelling.keeps_values(before, after)

    def broken_checks(self, sql: str, values: Mapping[str, str], column: str) -> str:
        """Return SQL true for rows that would break a CHECK naming a column."""
        return checks.broken_checks(sql, values, column)

    def collation(self, definition: str) -> str | None:
        """Return the collation that a column's text declares."""
        return checks.collation(definition)

    def checks(self, sql: str) -> tuple[str, ...]:
        """Return the condition of each CHECK of a catalog text."""
        return checks.check_texts(sql)

    def refused_if(self, query: str, why: str) -> tuple[str, ...]:
        """Return statements that fail with `why` when a query returns a row."""
        return refused_if(query, why)

    def required_ground(self, entries: Collection[SchemaObject], tables: Collection[str]) -> tuple[str, ...]:
        """Return statements that fail unless the tables are as they are known, and foreign keys are off."""
        return required_ground(entries, tables)


SQLITE = SQLiteDialect()
