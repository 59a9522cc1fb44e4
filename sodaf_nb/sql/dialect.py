"""What every engine's dialect provides. Nothing outside `sql.dialects` asks for a dialect's name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sodaf_nb.plan import Operation
from sodaf_nb.schema import Column, DataType, Schema, SchemaObject
from sodaf_nb.sql.script import Step

LONGEST = 60
"""The most characters of a value that are fetched to be shown."""

BACKUP = "sodaf_backup"
"""The name under which a backup's data can be read while a rollback runs."""


class Rows(Protocol):
    """Whatever can run a query: a session or a schema copy."""

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a query."""
        ...


class EngineRefusedError(Exception):
    """The engine refused a statement on the empty copy; never reaches a caller of the package."""


class SchemaCopy(Rows, Protocol):
    """An empty copy of a live schema, on which scripts are tried before anybody sees them."""

    def run(self, statement: str) -> None:
        """Run one statement; raises `EngineRefusedError` when the engine refuses it."""
        ...

    def refusal(self, statement: str) -> str:
        """Run one statement and return the engine's reason for refusing it; empty when it ran."""
        ...

    def trial(self) -> AbstractContextManager[None]:
        """Run a block that is taken back when it fails."""
        ...

    def schema(self) -> Schema:
        """Return the copy's schema as it is now."""
        ...

    def broken(self) -> Mapping[str, str]:
        """Return the objects that no longer compile, each with the engine's reason."""
        ...

    def close(self) -> None:
        """Throw the copy away."""
        ...


class Conversion(Protocol):
    """How a stored value becomes one of another type."""

    @property
    def expression(self) -> str:
        """SQL of the converted value, NULL where it does not convert exactly."""
        ...

    @property
    def inexact(self) -> str:
        """SQL condition that is true for values that would be lost."""
        ...

    @property
    def trivial(self) -> bool:
        """True when no stored value can change."""
        ...


class Look(Protocol):
    """SQL for looking at values of any column without changing them; a value is a quoted name or such an expression."""

    def ordered(self, value: str, column: Column) -> str:
        """Return the value in a form that can be sorted, grouped and counted, texts where it can be no other."""
        ...

    def cut(self, value: str, column: Column) -> str:
        """Return the value no longer than what is shown of it; values of all columns fit one result column."""
        ...

    def shown(self, name: str, column: Column) -> str:
        """Return what stands behind SELECT for people to see a value, under its own name."""
        ...

    def kept(self, name: str, column: Column) -> str:
        """Return what stands behind SELECT for a value as backups hold it."""
        ...

    def is_number(self, value: str, column: Column) -> str:
        """Return an SQL condition that is true for values that are finite numbers."""
        ...

    def like(self, value: str, column: Column, other: Column) -> str:
        """Return the value in a form that can be compared with values of another column."""
        ...


class Dialect(Protocol):
    """One engine's way of doing things; a dialect is one object.

    Args:
        row_name: What tells any row from another, for a table without a key.
        order: What tells the order in which rows of our own tables were written: its name, and its column
            definition, which is empty where every table has it.
        by_bytes: What makes ORDER BY sort keys by their bytes; empty where a copy of a table sorts as the table does.
        has_fence: True when the engine asks what a statement that somebody wrote may do, before it runs any of it.
        keeps_misfits: True when a value that a column's declared type has no room for is kept all the same.
    """

    row_name: str
    order: tuple[str, str]
    by_bytes: str
    has_fence: bool
    keeps_misfits: bool

    @property
    def version(self) -> str:
        """The engine and its version, as recorded in the history."""
        ...

    @property
    def look(self) -> Look:
        """SQL for looking at values."""
        ...

    def reflect(self, source: Rows) -> Schema:
        """Return the live schema."""
        ...

    def copy(self, live: Schema, *, backup: tuple[str, ...]) -> SchemaCopy:
        """Return an empty copy of a schema; `backup` are CREATE TABLE texts a rollback reads from."""
        ...

    def render(self, operations: Sequence[Operation], copy: SchemaCopy) -> tuple[Step, ...]:
        """Return the steps for operations, having run each on the copy."""
        ...

    def catalog(self, schema: Schema) -> Mapping[tuple[str, str], str]:
        """Return the catalog in a form in which equal schemas are equal whatever their spelling."""
        ...

    def convert(self, value: str, before: Column, after: Column) -> Conversion:
        """Return how the SQL text `value` of one column's type becomes the other's."""
        ...

    def renumbered(self, value: str, before: Column, after: Column, table: str) -> str:
        """Return the SQL of what a text key becomes when the engine numbers it; `table` holds all keys."""
        ...

    def is_bookkeeping(self, statement: str) -> bool:
        """Return True when a statement writes the engine's own tables only, and no row of a user's."""
        ...

    def differs(self, left: str, right: str) -> str:
        """Return an SQL condition that is true when two values differ, one of them NULL included."""
        ...

    def keeps_values(self, before: DataType, after: DataType) -> bool:
        """Return True when no stored value can change between two types."""
        ...

    def broken_checks(self, sql: str, values: Mapping[str, str], column: str) -> str:
        """Return SQL true for rows that would break a CHECK naming a column, given what columns will hold."""
        ...

    def collation(self, definition: str) -> str | None:
        """Return the collation that a column's text declares; None for the engine's own."""
        ...

    def checks(self, sql: str) -> tuple[str, ...]:
        """Return the condition of each CHECK of a catalog text."""
        ...

    def refused_if(self, query: str, why: str) -> tuple[str, ...]:
        """Return statements for other programs that fail with `why` when a query returns a row."""
        ...

    def required_ground(self, entries: Collection[SchemaObject], tables: Collection[str]) -> tuple[str, ...]:
        """Return statements for other programs that fail where running a script would do damage.

        Args:
            entries: What the catalog says of the tables when the script fits.
            tables: Their names.
        """
        ...
