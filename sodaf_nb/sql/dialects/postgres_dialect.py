"""PostgreSQL as a dialect: joins what the modules beside this one do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache

from sodaf_nb.plan import Operation
from sodaf_nb.schema import Column, DataType, Schema, SchemaObject
from sodaf_nb.sql.dialect import Rows, SchemaCopy
from sodaf_nb.sql.dialects.postgres_alone import refused_if
from sodaf_nb.sql.dialects.postgres_alter import renumbered
from sodaf_nb.sql.dialects.postgres_copy import PostgresCopy, Scratch
from sodaf_nb.sql.dialects.postgres_look import PostgresLook
from sodaf_nb.sql.dialects.postgres_reflection import reflect
from sodaf_nb.sql.dialects.postgres_render import render
from sodaf_nb.sql.dialects.postgres_text import comparable
from sodaf_nb.sql.dialects.postgres_values import Conversion, conversion, holds_all
from sodaf_nb.sql.dialects.sqlite_checks import check_texts
from sodaf_nb.sql.script import Step


class PostgresDialect:
    """PostgreSQL 13 and later.

    Args:
        scratch: Opens a transaction that is taken back when it is closed.
        version: The server's version number, such as 160004.
        namespace: The schema that is migrated.
    """

    look = PostgresLook()
    row_name = "ctid::text"
    order = ("sodaf_order", '"sodaf_order" bigint GENERATED ALWAYS AS IDENTITY')
    by_bytes = ""
    has_fence = False
    keeps_misfits = False

    def __init__(self, scratch: Callable[[], Scratch], *, version: int, namespace: str = "public") -> None:
        self._scratch = scratch
        self._version = version
        self.namespace = namespace

    @property
    def version(self) -> str:
        """The engine and its version."""
        return f"PostgreSQL {self._version // 10000}.{self._version % 10000}"

    def reflect(self, source: Rows) -> Schema:
        """Return the live schema."""
        return reflect(source, self.namespace)

    def copy(self, live: Schema, *, backup: tuple[str, ...]) -> PostgresCopy:
        """Return an empty copy of what statements will name."""
        return PostgresCopy(self._scratch(), live, self.namespace, backup=backup)

    def render(self, operations: Sequence[Operation], copy: SchemaCopy) -> tuple[Step, ...]:
        """Return the steps for operations, having run each on the copy."""
        return render(operations, copy, self.namespace, self._version)

    def catalog(self, schema: Schema) -> dict[tuple[str, str], str]:
        """Return the catalog in comparison form; what belongs to a table is called by both names."""
        return {(o.kind, _label(o.kind, o.table, o.name)): _comparable(o.sql or "") for o in schema.objects}

    def convert(self, value: str, before: Column, after: Column) -> Conversion:
        """Return how a value of one column's type becomes the other's."""
        return conversion(value, before.type, after.type, version=self._version)

    def renumbered(self, value: str, before: Column, after: Column, table: str) -> str:
        """Return what a text key becomes when it is numbered."""
        return renumbered(value, before.type, after.type, table)

    def is_bookkeeping(self, statement: str) -> bool:
        """Return True when a statement sets a counter only."""
        return statement.startswith("SELECT setval(")

    def differs(self, left: str, right: str) -> str:
        """Return an SQL condition that is true when two values differ, one of them NULL included."""
        return f"{left} IS DISTINCT FROM {right}"

    def keeps_values(self, before: DataType, after: DataType) -> bool:
        """Return True when no stored value can change between two types."""
        return holds_all(before, after)

    def broken_checks(self, sql: str, values: Mapping[str, str], column: str) -> str:  # noqa: ARG002
        """Return nothing: a CHECK of another type does not even fit, and a rehearsal tells."""
        return ""

    def collation(self, definition: str) -> str | None:  # noqa: ARG002
        """Return None: what is equal does not depend on a collation, unless it is one that says so."""
        return None

    def checks(self, sql: str) -> tuple[str, ...]:
        """Return the condition of each CHECK of a catalog text."""
        return check_texts(sql)

    def refused_if(self, query: str, why: str) -> tuple[str, ...]:
        """Return a statement that fails with `why` when a query returns a row."""
        return refused_if(query, why)

    def required_ground(self, entries: Collection[SchemaObject], tables: Collection[str]) -> tuple[str, ...]:  # noqa: ARG002
        """Return nothing: the server refuses what does not fit, and enforces its foreign keys."""
        return ()


_comparable = lru_cache(maxsize=4096)(comparable)


def _label(kind: str, table: str, name: str) -> str:
    # Names of tables, views and indexes are one namespace; those of triggers and constraints are their table's.
    return (name if kind in ("table", "view", "index", "function") else f"{table}.{name}").lower()
